"""Returns at a steady pace, straight into the returns topic, and when each was produced."""

from __future__ import annotations

import asyncio
import itertools

from . import ground, workload

TICK_SECONDS = 0.002
TOPIC = "makegood.returns.v1"


async def produce(here: ground.Ground, plan: workload.Plan, per_second: float) -> dict[str, float]:
    """The moment at which each return was handed to the producer, by its id."""
    ready = [(r.return_id, r.contract_id, workload.event(r)) for r in workload.returns(plan)]
    produced: dict[str, float] = {}
    async with ground.producer(here.bootstrap, linger_ms=0) as out:
        began = ground.now()
        sent: list[asyncio.Future[object]] = []
        waiting = iter(ready)
        while len(sent) < len(ready):
            due = int((ground.now() - began) * per_second) + 1 - len(sent)
            for return_id, contract_id, body in itertools.islice(waiting, max(due, 0)):
                produced[return_id] = ground.now()
                sent.append(await out.send(TOPIC, body, contract_id.encode()))
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*sent)
    return produced
