"""A bare slice of the system, without any service's rules: messages are posted to an outbox,
relayed, and taken by a consumer whose only effect is a row and a message onwards."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from aiokafka import TopicPartition
from pydantic import SecretStr

from deploy.local.servers import both as local_servers
from shared import sql
from shared.delivery import consumer, kafka, offsets, outbox, tasks, topics, transaction
from shared.delivery.messages import Record
from shared.settings import Settings
from shared.wire import events
from tests.support.delivery_builders import refusal

WAIT_SECONDS = 40


class Slice:
    """One service with one table: `taken(contract, number)` in the order of taking."""

    def __init__(self, both: local_servers.Servers, folder: Path) -> None:
        self.settings = Settings(
            kafka_bootstrap_servers=both.kafka.bootstrap,
            database_url=SecretStr(both.postgres.dsn),
        )
        self.servers, self.folder = both, folder
        self.fails_on: Callable[[events.ReturnRefused], bool] = lambda _: False
        self.pause_seconds = 0.0

    async def open(self) -> None:
        dsn = self.settings.database_url.get_secret_value()
        await sql.migrate(dsn, "ledger", self.folder)
        self.pool = await sql.connect(self.settings, "ledger")
        self.delivery = transaction.Delivery("ledger", self.pool, b"k" * 32)
        await self.create_topics()

    async def create_topics(self) -> None:
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()

    async def handle(self, records: Sequence[Record]) -> None:
        async with transaction.unit(self.delivery, records) as work:
            for message in work.messages:
                if self.fails_on(message.event):
                    raise ValueError("a record that no rule foresaw")
                work.send(
                    topics.OUTCOMES, refusal(message.event.contract_id, -message.event.faults)
                )
            await work.conn.executemany(
                "INSERT INTO taken (contract, number) VALUES ($1, $2)",
                [(message.event.contract_id, message.event.faults) for message in work.messages],
            )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[consumer.Consumer]:
        what = kafka.Subscription(
            "makegood-slice", [topics.RETURNS.name], pause_seconds=self.pause_seconds
        )
        taker = consumer.Consumer(self.settings, self.delivery, what, self.handle)
        relay = outbox.relay(
            "ledger", self.pool, lambda: kafka.start_producer(self.settings), self.delivery.posted
        )
        running = [asyncio.create_task(taker.run()), asyncio.create_task(relay)]
        try:
            yield taker
        finally:
            await tasks.end(*running)

    async def post(self, *sent: events.ReturnRefused) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            await outbox.post(conn, [outbox.Row.of(topics.RETURNS, event) for event in sent])
        self.delivery.posted.set()

    async def begin(self) -> None:
        """A first position, for tests that hand over batches themselves."""
        await offsets.assign(
            self.pool, "c", {TopicPartition(topics.RETURNS.name, 0): 0}, collections.Counter()
        )

    async def empty_the_broker(self) -> None:
        self.servers.kafka.kill()
        shutil.rmtree(self.servers.state / "kafka")
        self.servers.kafka.prepare()
        await self.servers.kafka.start()
        await self.create_topics()

    async def next_offset(self) -> int:
        return int(
            await self.pool.fetchval(
                "SELECT sum(next_offset) FROM consumer_offset WHERE topic = $1",
                topics.RETURNS.name,
            )
        )

    async def taken(self, contract: str) -> list[int]:
        rows = await self.pool.fetch(
            "SELECT number FROM taken WHERE contract = $1 ORDER BY place", contract
        )
        return [row["number"] for row in rows]


async def eventually(fact: Callable[[], object], wanted: object) -> None:
    """Waits for `await fact()` to be what is wanted; fails with what it is."""
    deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
    found: object = None
    while asyncio.get_running_loop().time() < deadline:
        found = await fact()  # type: ignore[misc]  # a coroutine function without arguments
        if found == wanted:
            return
        await asyncio.sleep(0.05)
    assert found == wanted


@contextlib.asynccontextmanager
async def at_work(both: local_servers.Servers, folder: Path) -> AsyncIterator[Slice]:
    """A slice on a broker and a database of its own; its one migration lies below `folder`."""
    migrations = folder / "slice" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_taken.sql").write_text(
        "CREATE TABLE taken (place bigint GENERATED ALWAYS AS IDENTITY, contract text NOT NULL, "
        "number integer NOT NULL, CONSTRAINT taken_once UNIQUE (contract, number));"
    )
    made = Slice(both, migrations)
    await made.open()
    try:
        yield made
    finally:
        made.pool.terminate()
