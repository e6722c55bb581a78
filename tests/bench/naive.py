"""Naive FastStream: the documented idiom, unchanged.

Each of two processes handles message by message and acknowledges each (AckPolicy.ACK). The first
publishes a message for each line, the second inserts a row for each message. It loses nothing, but
counts twice what is delivered twice.

It runs once on a broker with Kafka's default settings ("naive"), which answers a commit after 5 ms,
and once on the broker of all other arms ("tuned naive"), which answers at once. The other arms
never wait for a commit.
"""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

import asyncpg
import pydantic
from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker

from . import ground, oracle, workload

RETURNS, LINES = "bench.naive.returns.{}", "bench.naive.lines.{}"
SCHEMA = """
    DROP TABLE IF EXISTS naive_line;
    CREATE TABLE naive_line (
        contract_id text NOT NULL, period text NOT NULL, return_id text NOT NULL,
        line_id text NOT NULL, commitment_id text NOT NULL, counted numeric NOT NULL
    )
"""
INSERT = """
    INSERT INTO naive_line (contract_id, period, return_id, line_id, commitment_id, counted)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


class Line(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    quantity: Decimal


class Return(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    lines: list[Line]


class Counted(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    line_id: str
    commitment_id: str
    counted: Decimal


async def measure(here: ground.Ground, plan: workload.Plan, number: int) -> list[ground.Sample]:
    """On a broker with Kafka's default settings."""
    async with here.on_kafka_as_shipped() as shipped:
        return await _measure(shipped, plan, number, "naive")


async def measure_tuned(
    here: ground.Ground, plan: workload.Plan, number: int
) -> list[ground.Sample]:
    """On the broker of the other arms."""
    return await _measure(here, plan, number, "tuned naive")


async def _measure(
    here: ground.Ground, plan: workload.Plan, number: int, arm: str
) -> list[ground.Sample]:
    """Lines per second, from the first message to the last row."""
    returns, lines = RETURNS.format(number), LINES.format(number)
    await here.database(SCHEMA)
    await here.create_topics(returns, lines)
    await here.fill(returns, plan)
    arguments = (here.bootstrap, returns, lines, str(len(plan)))
    second = here.start("naive-record", ("tests.bench.naive", "record", *arguments, here.dsn))
    first = here.start("naive-check", ("tests.bench.naive", "check", *arguments))
    began = (await ground.told(first))["began"]
    ended = (await ground.told(second))["ended"]
    await oracle.check_lines(here.dsn, "naive_line", plan)
    rate = len(plan) * workload.LINES / (ended - began)
    return [ground.Sample("lines recorded", arm, rate, "lines/s")]


async def check(bootstrap: str, returns: str, lines: str, goal: int) -> None:
    """Process 1 reads returns and writes a message for each line."""
    broker = KafkaBroker(bootstrap, logger=None)
    app = FastStream(broker, logger=None)
    began: list[float] = []

    @broker.subscriber(
        returns, group_id=returns, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
    )
    async def on_return(sent: Return) -> None:
        began.append(ground.now())
        for line in sent.lines:
            counted = Counted(
                contract_id=sent.contract_id,
                period=sent.period,
                return_id=sent.return_id,
                line_id=line.line_id,
                commitment_id=line.commitment_id,
                counted=line.quantity,
            )
            await broker.publish(counted, lines, key=sent.contract_id.encode())
        if len(began) == goal:
            app.exit()

    await app.run()
    ground.tell(began=began[0])


async def record(bootstrap: str, lines: str, goal: int, dsn: str) -> None:
    """Process 2 reads messages and writes a row for each."""
    broker = KafkaBroker(bootstrap, logger=None)
    app = FastStream(broker, logger=None)
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    ended: list[float] = []

    @broker.subscriber(
        lines, group_id=lines, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
    )
    async def on_line(line: Counted) -> None:
        await pool.execute(INSERT, *line.model_dump().values())
        ended.append(ground.now())
        if len(ended) == goal * workload.LINES:
            app.exit()

    await app.run()
    await pool.close()
    ground.tell(ended=ended[-1])


if __name__ == "__main__":
    part, bootstrap, returns, lines, goal, *dsn = sys.argv[1:]
    if part == "check":
        asyncio.run(check(bootstrap, returns, lines, int(goal)))
    else:
        asyncio.run(record(bootstrap, lines, int(goal), dsn[0]))
