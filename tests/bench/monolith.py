"""The monolith: FastAPI, asyncpg and a hash chain, without Kafka, rules and proofs.

It is one uvicorn process. A POST is one transaction: the lines, and a row whose hash covers the
body and the row before it, under the lock of the chain's head. A good team would build this first.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import asyncpg
import fastapi
import pydantic
import uvicorn

from . import ground, load, oracle, workload

ARM = "monolith"
CONNECTIONS = 8
SCHEMA = """
    DROP TABLE IF EXISTS monolith_line, monolith_chain, monolith_head;
    CREATE TABLE monolith_line (
        contract_id text NOT NULL, period text NOT NULL, return_id text NOT NULL,
        line_id text NOT NULL, commitment_id text NOT NULL, counted numeric NOT NULL,
        PRIMARY KEY (contract_id, period, line_id)
    );
    CREATE TABLE monolith_chain (idx bigint PRIMARY KEY, hash bytea NOT NULL, body bytea NOT NULL);
    CREATE TABLE monolith_head (idx bigint NOT NULL, hash bytea NOT NULL);
    INSERT INTO monolith_head VALUES (0, '')
"""
INSERT = """
    INSERT INTO monolith_line (contract_id, period, return_id, line_id, commitment_id, counted)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


class Line(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    quantity: Decimal
    unit: str


class Return(pydantic.BaseModel):
    contract_id: str
    period: str
    lines: list[Line]


async def measure(here: ground.Ground, plan: workload.Plan) -> list[ground.Sample]:
    """POSTs per second over loopback, and the lines per second that they recorded."""
    await here.database(SCHEMA)
    port = load.free_port()
    server = here.start(
        "monolith",
        ("tests.bench.monolith",),
        {"BENCH_DSN": here.dsn, "BENCH_PORT": str(port)},
    )
    await load.until_open(port)
    report = await load.run(here, load.Order(port, "/returns", plan))
    await server.stop()
    await oracle.check_lines(here.dsn, "monolith_line", plan)
    await oracle.check_chain(here.dsn, plan)
    return [
        ground.Sample("posts recorded", ARM, report.rate, "POST/s"),
        ground.Sample("lines recorded", ARM, report.rate * workload.LINES, "lines/s"),
    ]


@asynccontextmanager
async def _lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["BENCH_DSN"], min_size=CONNECTIONS, max_size=CONNECTIONS
    ) as pool:
        app.state.pool = pool
        yield


app = fastapi.FastAPI(lifespan=_lifespan)


@app.post("/returns", status_code=201)
async def post_return(sent: Return, request: fastapi.Request) -> dict[str, str]:
    body = await request.body()
    return_id = hashlib.sha256(body).hexdigest()
    rows = [
        (sent.contract_id, sent.period, return_id, ln.line_id, ln.commitment_id, ln.quantity)
        for ln in sent.lines
    ]
    async with request.app.state.pool.acquire() as conn, conn.transaction():
        await conn.executemany(INSERT, rows)
        idx, before = await conn.fetchrow("SELECT idx, hash FROM monolith_head FOR UPDATE")
        digest = hashlib.sha256(before + body).digest()
        await conn.execute("INSERT INTO monolith_chain VALUES ($1, $2, $3)", idx, digest, body)
        await conn.execute("UPDATE monolith_head SET idx = $1, hash = $2", idx + 1, digest)
    return {"return_id": return_id, "hash": digest.hex()}


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
