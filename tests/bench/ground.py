"""What the arms stand on: one broker, one database server, child processes, and how much to do.

Promises: every arm gets the same partitions, producer and database server; a child that fails or
hangs ends the run with the end of its log, and none outlives the run.
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
"""What the local stack sets so that a group's commit is answered at once. Kafka's own default is to
wait 5 ms for more of them."""


class BrokenArmError(Exception):
    """An arm failed, or stored something else than the oracle expects: it has no figure."""


@dataclass(frozen=True)
class Sample:
    """One figure of one arm in one round."""

    measure: str
    arm: str
    value: float
    unit: str


@dataclass(frozen=True)
class Scale:
    """How much one round does: returns of `contracts` contracts, in months of each."""

    contracts: int
    pipeline_months: int
    """Floor and ours, from a standing backlog."""
    naive_returns: int
    post_months: int
    """Monolith and ours, by POST."""
    paced_seconds: float
    """Latency is taken at a steady pace for so long."""
    idle_seconds: float


FULL = Scale(600, 36, 100, 6, 10.0, 20.0)
QUICK = Scale(100, 12, 20, 4, 3.0, 5.0)


@dataclass
class Ground:
    bootstrap: str
    dsn: str
    state: Path
    scale: Scale
    _children: list[process.Process] = field(default_factory=list)

    def start(
        self, name: str, command: Sequence[str], env: Mapping[str, str] | None = None
    ) -> process.Process:
        """A child process, from the repository's root; what it prints goes to its log."""
        child = process.Process(name, self.state)
        child.spawn((sys.executable, "-m", *command), {**os.environ, **(env or {})}, REPOSITORY)
        self._children.append(child)
        return child

    async def end(self) -> None:
        """No child outlives the run."""
        for child in self._children:
            await child.stop()

    @contextlib.asynccontextmanager
    async def on_kafka_as_shipped(self) -> AsyncIterator[Ground]:
        """The same ground with a broker of its own, which lets a commit wait as Kafka's does."""
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
        """As many partitions as the system's own topics have."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        try:
            await topics.create(admin, tuple(topics.Topic(name, 1) for name in names))
        finally:
            await admin.close()

    async def fill(self, topic: str, plan: workload.Plan) -> None:
        """A standing backlog: keyed by contract, acknowledged by the broker."""
        async with producer(self.bootstrap) as out:
            sent = [await send(out, topic, Record.of(each)) for each in workload.returns(plan)]
            await asyncio.gather(*sent)

    async def database(self, schema: str) -> None:
        """Tables of an arm, anew in each round."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(schema)
            await connection.execute("CHECKPOINT")  # nobody pays for the arm before
        finally:
            await connection.close()


class Record(NamedTuple):
    """A return's event, ready to be sent."""

    return_id: str
    key: bytes
    body: bytes
    headers: list[tuple[str, bytes]]

    @classmethod
    def of(cls, given: workload.Return) -> Record:
        key, body = given.contract_id.encode(), workload.event(given)
        return cls(given.return_id, key, body, workload.headers(given))


async def send(out: AIOKafkaProducer, topic: str, record: Record) -> asyncio.Future[Any]:
    """Hands a record to the producer; the future waits for the broker."""
    sent: asyncio.Future[Any] = await out.send(
        topic, record.body, record.key, headers=record.headers
    )
    return sent


def producer(bootstrap: str, linger_ms: int = LINGER_MS) -> AIOKafkaProducer:
    """The one that fills the topics of every arm."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=linger_ms, compression_type="snappy"
    )


async def told(child: process.Process) -> dict[str, Any]:
    """What a child reports with its last line, when it has ended."""
    try:
        code = await asyncio.wait_for(child.exited(), CHILD_S_MAX)
    except TimeoutError:
        raise BrokenArmError(f"{child.name} hangs:\n{child.last_lines()}") from None
    if code != 0:
        raise BrokenArmError(f"{child.name} failed:\n{child.last_lines()}")
    report: dict[str, Any] = json.loads(child.last_lines(1))
    return report


def tell(**report: object) -> None:
    """A child's last line. Inverse of `told`."""
    print(json.dumps(report), flush=True)


def now() -> float:
    """Seconds of the machine's monotonic clock: the same one in every process."""
    return time.monotonic()
