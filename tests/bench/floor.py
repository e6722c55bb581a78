"""Floor B: the least that could move a return through Kafka into a table. No guarantee at all.

Raw aiokafka, pydantic and COPY in two processes, one message a return: the first reads returns and
writes results, the second copies the lines of the results into a table. No dedupe, no rules, no
outbox, no tree; offsets are left to aiokafka. What ours costs beyond this is what guarantees cost.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from itertools import chain
from typing import Any

import asyncpg
import pydantic
from aiokafka import AIOKafkaConsumer

from . import ground, oracle, workload

ARM = "floor"
RETURNS, RESULTS = "bench.floor.returns.{}", "bench.floor.results.{}"
BATCH_MAX = 500
POLL_MS = 100
SCHEMA = """
    DROP TABLE IF EXISTS floor_line;
    CREATE TABLE floor_line (
        contract_id text NOT NULL, period text NOT NULL, return_id text NOT NULL,
        line_id text NOT NULL, commitment_id text NOT NULL, counted numeric NOT NULL
    )
"""
COLUMNS = ("contract_id", "period", "return_id", "line_id", "commitment_id", "counted")


class Line(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    quantity: Decimal
    unit: str


class Return(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    lines: list[Line]


class LineResult(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    counted: Decimal


class Result(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    results: list[LineResult]


async def measure(here: ground.Ground, plan: workload.Plan, number: int) -> list[ground.Sample]:
    """Lines a second, from the first batch in hand to the last commit."""
    returns, results = RETURNS.format(number), RESULTS.format(number)
    await here.database(SCHEMA)
    await here.create_topics(returns, results)
    await here.fill(returns, plan)
    arguments = (here.bootstrap, returns, results, str(len(plan)))
    second = here.start("floor-record", ("tests.bench.floor", "record", *arguments, here.dsn))
    first = here.start("floor-check", ("tests.bench.floor", "check", *arguments))
    began = (await ground.told(first))["began"]
    ended = (await ground.told(second))["ended"]
    await oracle.check_lines(here.dsn, "floor_line", plan)
    rate = len(plan) * workload.LINES / (ended - began)
    return [ground.Sample("lines recorded", ARM, rate, "lines/s")]


async def check(bootstrap: str, returns: str, results: str, goal: int) -> None:
    """Process 1: returns in, results out."""
    began = 0.0
    async with (
        _consumer(bootstrap, returns) as consumer,
        ground.producer(bootstrap) as producer,
    ):
        while goal > 0:
            records = await _batch(consumer)
            began = began or ground.now()
            for record in records:
                result = _result(Return.model_validate_json(record.value))
                await producer.send(results, result.model_dump_json().encode(), record.key)
            goal -= len(records)
        await producer.flush()
    ground.tell(began=began)


def _result(given: Return) -> Result:
    results = [
        LineResult(line_id=line.line_id, commitment_id=line.commitment_id, counted=line.quantity)
        for line in given.lines
    ]
    return Result(
        contract_id=given.contract_id,
        period=given.period,
        return_id=given.return_id,
        results=results,
    )


async def record(bootstrap: str, results: str, goal: int, dsn: str) -> None:
    """Process 2: results in, rows out."""
    connection = await asyncpg.connect(dsn)
    async with _consumer(bootstrap, results) as consumer:
        while goal > 0:
            records = await _batch(consumer)
            rows = chain.from_iterable(
                _rows(Result.model_validate_json(record.value)) for record in records
            )
            await connection.copy_records_to_table("floor_line", records=rows, columns=COLUMNS)
            goal -= len(records)
        ended = ground.now()
    await connection.close()
    ground.tell(ended=ended)


def _rows(result: Result) -> list[tuple[object, ...]]:
    return [
        (
            result.contract_id,
            result.period,
            result.return_id,
            line.line_id,
            line.commitment_id,
            line.counted,
        )
        for line in result.results
    ]


def _consumer(bootstrap: str, topic: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="earliest"
    )


async def _batch(consumer: AIOKafkaConsumer) -> list[Any]:
    polled = await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH_MAX)
    return list(chain.from_iterable(polled.values()))


if __name__ == "__main__":
    part, bootstrap, returns, results, goal, *dsn = sys.argv[1:]
    if part == "check":
        asyncio.run(check(bootstrap, returns, results, int(goal)))
    else:
        asyncio.run(record(bootstrap, results, int(goal), dsn[0]))
