"""`python -m tests.bench [--quick] [--arms floor,…]`: all arms, interleaved, ROUNDS times.

Shows a table and writes `.makegood/bench.json`: `{measure, arm, value, unit, to, ratio}` each.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import tempfile
from pathlib import Path

import rich.console

from deploy.local import servers

from . import floor, ground, monolith, naive, report, workload

ROUNDS_MIN = 3
ARMS = ("floor", "naive", "monolith", "ours")
RESULT = ground.REPOSITORY / ".makegood" / "bench.json"

_console = rich.console.Console()
_console.width = max(_console.width, 120)  # a log file has no width of its own


async def main(arms: list[str], scale: ground.Scale, rounds: int) -> None:
    samples: list[ground.Sample] = []
    folder = Path(tempfile.mkdtemp(prefix="makegood-bench-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user
    own = servers.Servers(folder / "state")
    try:
        async with own:
            here = ground.Ground(own.kafka.bootstrap, own.postgres.dsn, folder, scale)
            try:
                for number in range(rounds):
                    for arm in arms:
                        with _console.status(f"Round {number + 1} of {rounds}: {arm} …"):
                            samples += await _measure(here, arm, number)
            finally:
                await here.end()
    finally:
        own.remove()
    report.show(samples, _console)
    report.write(samples, RESULT)
    _console.print(f"Written to {RESULT.relative_to(ground.REPOSITORY)}")


async def _measure(here: ground.Ground, arm: str, number: int) -> list[ground.Sample]:
    scale = here.scale
    match arm:
        case "floor":
            plan = workload.Plan(scale.contracts, scale.pipeline_months)
            return await floor.measure(here, plan, number)
        case "naive":
            return await naive.measure(here, workload.Plan(scale.naive_returns, 1), number)
        case "monolith":
            return await monolith.measure(here, workload.Plan(scale.contracts, scale.post_months))
        case _:
            raise AssertionError(arm)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one small round: does it work?")
    parser.add_argument("--arms", default=",".join(ARMS), help="only these, by name")
    given = parser.parse_args()
    chosen = given.arms.split(",")
    if unknown := set(chosen) - set(ARMS):
        parser.error(f"no such arm: {', '.join(sorted(unknown))}")
    many = 1 if given.quick else max(ROUNDS_MIN, int(os.environ.get("ROUNDS", "0")))
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # new topics look for their leaders
    asyncio.run(main(chosen, ground.QUICK if given.quick else ground.FULL, many))
