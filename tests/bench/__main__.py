"""`python -m tests.bench [--quick] [--arms floor,…]`: all arms, interleaved, ROUNDS times.

Prints a table and writes `.makegood/bench.json`, a list of `{measure, arm, value, unit, to,
ratio}`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import rich.console

from deploy.local.servers import both

from . import floor, ground, monolith, naive, ours, report, workload

ROUNDS_MIN = 3
ARMS = ("floor", "lean floor", "naive", "tuned naive", "monolith", "ours")
Arm = Callable[[int], Awaitable[list[ground.Sample]]]
RESULT = ground.REPOSITORY / ".makegood" / "bench.json"

_console = rich.console.Console()
_console.width = max(_console.width, 120)  # a log file has no width of its own


async def main(arms: list[str], scale: ground.Scale, rounds: int) -> int:
    """Returns the exit code: 1 if an arm broke. What was measured until then is shown, but not
    written."""
    samples: list[ground.Sample] = []
    broken: ground.BrokenArmError | None = None
    folder = Path(tempfile.mkdtemp(prefix="makegood-bench-"))
    folder.chmod(0o711)  # PostgreSQL may run as another user
    own = both.Servers(folder / "state")
    try:
        async with own:
            here = ground.Ground(own.kafka.bootstrap, own.postgres.dsn, folder, scale)
            by_name = _arms(here)
            try:
                for number in range(rounds):
                    for name in arms:
                        with _console.status(f"Round {number + 1} of {rounds}: {name} …"):
                            samples += await by_name[name](number)
            except ground.BrokenArmError as error:
                broken = error
            finally:
                await here.end()
    finally:
        own.remove()
    report.show(samples, _console)
    if broken is not None:
        _console.print(f"{broken}\nLogs: {folder / 'logs'}", style="red", markup=False)
        return 1
    shutil.rmtree(folder)
    report.write(samples, RESULT)
    _console.print(f"Written to {RESULT.relative_to(ground.REPOSITORY)}")
    return 0


def _arms(here: ground.Ground) -> dict[str, Arm]:
    scale = here.scale
    backlog = workload.Plan(scale.contracts, scale.pipeline_months)
    few = workload.Plan(scale.naive_returns, 1)
    posts = workload.Plan(scale.contracts, scale.post_months)
    return {
        "floor": lambda number: floor.measure(here, backlog, number, "whole"),
        "lean floor": lambda number: floor.measure(here, backlog, number, "lean"),
        "naive": lambda number: naive.measure(here, few, number),
        "tuned naive": lambda number: naive.measure_tuned(here, few, number),
        "monolith": lambda _: monolith.measure(here, posts),
        "ours": ours.Ours(here).measure,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one small round, to see whether it works"
    )
    parser.add_argument("--arms", default=",".join(ARMS), help="only these arms, by name")
    options = parser.parse_args()
    chosen = options.arms.split(",")
    if unknown := set(chosen) - set(ARMS):
        parser.error(f"no such arm: {', '.join(sorted(unknown))}")
    many = 1 if options.quick else max(ROUNDS_MIN, int(os.environ.get("ROUNDS", "0")))
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # it warns while new topics elect leaders
    sys.exit(asyncio.run(main(chosen, ground.QUICK if options.quick else ground.FULL, many)))
