"""What all arms share: one broker, one database server, child processes, and the scale.

Promises: every arm gets the same partitions, producer and database server. A child that fails or
hangs ends the run, with the last lines of its log. No child outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.servers import kafka, ports, process
from shared.delivery import topics

from . import workload

REPOSITORY = Path(__file__).resolve().parents[2]
CHILD_S_MAX = 300.0
LINGER_MS = 5
QUICK_COMMITS = "group.coordinator.append.linger.ms=0\n"
"""A setting of the local stack: a group's commit is answered at once. By default Kafka waits 5 ms
for more commits."""


class BrokenArmError(Exception):
    """An arm failed, or stored something that the oracle does not expect. It has no figure."""


@dataclass(frozen=True)
class Sample:
    """One figure of one arm in one round."""

    measure: str
    arm: str
    value: float
    unit: str


@dataclass(frozen=True)
class Scale:
    """How much one round does: returns of `contracts` contracts, for so many months."""

    contracts: int
    pipeline_months: int
    """For floor and ours, from a backlog."""
    naive_returns: int
    post_months: int
    """For monolith and ours, by POST."""
    paced_seconds: float
    """How long latency is measured, at a steady pace."""
    idle_seconds: float


FULL = Scale(
    contracts=600,
    pipeline_months=36,
    naive_returns=100,
    post_months=6,
    paced_seconds=10.0,
    idle_seconds=20.0,
)
QUICK = Scale(
    contracts=100,
    pipeline_months=12,
    naive_returns=20,
    post_months=4,
    paced_seconds=3.0,
    idle_seconds=5.0,
)


@dataclass
class Ground:
    """The servers' addresses, the folder for state and logs, and the scale of the run."""

    bootstrap: str
    dsn: str
    state: Path
    scale: Scale
    _children: list[process.Process] = field(default_factory=list)

    def start(
        self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None
    ) -> process.Process:
        """Starts a child process in the repository's root. Its output goes to its log."""
        child = process.Process(name, self.state)
        child.spawn((sys.executable, "-m", *command), {**os.environ, **(env or {})}, REPOSITORY)
        self._children.append(child)
        return child

    async def end(self) -> None:
        """Stops all children."""
        for child in self._children:
            await child.stop()

    @contextlib.asynccontextmanager
    async def on_kafka_as_shipped(self) -> AsyncIterator[Ground]:
        """The same with a broker of its own that answers commits as slowly as Kafka's default."""
        assert QUICK_COMMITS in kafka.SETTINGS
        state = self.state / "as-shipped"
        reserved = ports.Ports(state)
        broker = kafka.Kafka(state, reserved, kafka.SETTINGS.replace(QUICK_COMMITS, ""))
        try:
            await asyncio.to_thread(broker.prepare)
            await broker.start()
            yield dataclasses.replace(self, bootstrap=broker.bootstrap)
        finally:
            await broker.stop()
            reserved.release()

    async def create_topics(self, *names: str) -> None:
        """Creates topics with as many partitions as the system's own have."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await topics.create(admin, tuple(topics.Topic(name, 1) for name in names))
        finally:
            await admin.close()

    async def fill(self, topic: str, plan: workload.Plan) -> None:
        """Writes a backlog to the topic, keyed by contract and acknowledged by the broker."""
        async with producer(self.bootstrap) as out:
            sent = [await send(out, topic, Record.of(each)) for each in workload.returns(plan)]
            await asyncio.gather(*sent)

    async def database(self, schema: str) -> None:
        """Creates an arm's tables, anew in each round."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(schema)
            await connection.execute("CHECKPOINT")  # so that no arm pays for the one before
        finally:
            await connection.close()


class Record(NamedTuple):
    """A return's event, ready to be sent."""

    return_id: str
    key: bytes
    body: bytes
    headers: list[tuple[str, bytes]]

    @classmethod
    def of(cls, each: workload.Return) -> Record:
        key, body = each.contract_id.encode(), workload.event(each)
        return cls(each.return_id, key, body, workload.headers(each))


async def send(out: AIOKafkaProducer, topic: str, record: Record) -> asyncio.Future[Any]:
    """Hands a record to the producer. The future ends when the broker has acknowledged it."""
    sent: asyncio.Future[Any] = await out.send(
        topic, record.body, record.key, headers=record.headers
    )
    return sent


def producer(bootstrap: str, linger_ms: int = LINGER_MS) -> AIOKafkaProducer:
    """The producer that fills the topics of every arm."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=linger_ms, compression_type="snappy"
    )


async def told(child: process.Process) -> dict[str, Any]:
    """Waits for a child to end. Returns the report in its last line. Raises BrokenArmError."""
    try:
        code = await asyncio.wait_for(child.exited(), CHILD_S_MAX)
    except TimeoutError:
        raise BrokenArmError(f"{child.name} hangs:\n{child.last_lines()}") from None
    if code != 0:
        raise BrokenArmError(f"{child.name} failed:\n{child.last_lines()}")
    report: dict[str, Any] = json.loads(child.last_lines(1))
    return report


def tell(**report: object) -> None:
    """Prints a child's report as its last line. Inverse of `told`."""
    print(json.dumps(report), flush=True)


def now() -> float:
    """Seconds of the machine's monotonic clock, which is the same in every process."""
    return time.monotonic()
