"""Produces returns at a steady pace, directly to the returns topic, and notes when."""

from __future__ import annotations

import asyncio
import itertools

from . import ground, workload

TICK_SECONDS = 0.01
"""The producer's pauses. Shorter ones would use much of the CPU that is being measured."""
TOPIC = "makegood.returns.v1"


async def produce(here: ground.Ground, plan: workload.Plan, per_second: float) -> dict[str, float]:
    """The moment at which each return was handed to the producer, by its id."""
    produced: dict[str, float] = {}
    records = list(map(ground.Record.of, workload.returns(plan)))  # prepared before the clock runs
    async with ground.producer(here.bootstrap, linger_ms=0) as out:
        began = ground.now()
        sent: list[asyncio.Future[object]] = []
        waiting = iter(records)
        while len(sent) < len(plan):
            due = int((ground.now() - began) * per_second) + 1 - len(sent)
            for each in itertools.islice(waiting, max(due, 0)):
                produced[each.return_id] = ground.now()
                sent.append(await ground.send(out, TOPIC, each))
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*sent)
    return produced
