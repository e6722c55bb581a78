"""The floor: the least that can move a return through Kafka into a table, without any guarantee.

It uses plain aiokafka, pydantic and COPY in two processes, with one message for each return. The
first reads returns and writes results; the second copies the lines of the results into a table.
There are no rules, no outbox, no tree and no check for repeats, and offsets are left to aiokafka.
What ours costs beyond this is the cost of its guarantees.

There are two floors, which differ in what they store of a return: `floor_whole` stores all of it,
as ours does, and `floor_lean` the least that can be summed.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import chain
from types import ModuleType
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer

from . import floor_lean, floor_whole, ground, oracle, workload

KEPT: Final = {"whole": floor_whole, "lean": floor_lean}
RETURNS, RESULTS = "bench.floor.{}.returns.{}", "bench.floor.{}.results.{}"
BATCH_MAX = 500
POLL_MS = 100


async def measure(
    here: ground.Ground, plan: workload.Plan, number: int, kept: str
) -> list[ground.Sample]:
    """Lines per second, from the first batch to the last commit."""
    returns, results = RETURNS.format(kept, number), RESULTS.format(kept, number)
    arm = KEPT[kept]
    await here.database(arm.SCHEMA)
    await here.create_topics(returns, results)
    await here.fill(returns, plan)
    arguments = (here.bootstrap, returns, results, str(len(plan)))
    command = ("tests.bench.floor", kept)
    second = here.start("floor-record", (*command, "record", *arguments, here.dsn))
    first = here.start("floor-check", (*command, "check", *arguments))
    began = (await ground.told(first))["began"]
    ended = (await ground.told(second))["ended"]
    await oracle.check_lines(here.dsn, arm.TABLE, plan)
    rate = len(plan) * workload.LINES / (ended - began)
    return [ground.Sample("lines recorded", arm.ARM, rate, "lines/s")]


async def check(arm: ModuleType, bootstrap: str, returns: str, results: str, goal: int) -> None:
    """Process 1 reads returns and writes results."""
    began = 0.0
    async with (
        _consumer(bootstrap, returns) as consumer,
        ground.producer(bootstrap) as producer,
    ):
        while goal > 0:
            records = await _batch(consumer)
            began = began or ground.now()
            for record in records:
                await producer.send(results, arm.check(record.value), record.key)
            goal -= len(records)
        await producer.flush()
    ground.tell(began=began)


async def record(arm: ModuleType, bootstrap: str, results: str, goal: int, dsn: str) -> None:
    """Process 2 reads results and writes rows."""
    connection = await asyncpg.connect(dsn)
    async with _consumer(bootstrap, results) as consumer:
        while goal > 0:
            records = await _batch(consumer)
            rows = chain.from_iterable(arm.rows(record.value) for record in records)
            await connection.copy_records_to_table(arm.TABLE, records=rows, columns=arm.COLUMNS)
            goal -= len(records)
        ended = ground.now()
    await connection.close()
    ground.tell(ended=ended)


def _consumer(bootstrap: str, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest"
    )


async def _batch(consumer: AIOKafkaConsumer) -> list[Any]:
    polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_MAX)
    return list(chain.from_iterable(polled.values()))


if __name__ == "__main__":
    kept, part, bootstrap, returns, results, goal, *dsn = sys.argv[1:]
    if part == "check":
        asyncio.run(check(KEPT[kept], bootstrap, returns, results, int(goal)))
    else:
        asyncio.run(record(KEPT[kept], bootstrap, results, int(goal), dsn[0]))
