"""A service without any rules, for tests of delivery itself: messages are posted to its outbox,
relayed, and consumed. The only effects of a message are a row and another message."""

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
from tests.support.waiting import eventually


class BareService:
    """A service with one table: `received (contract, number)`, in the order of processing."""

    def __init__(self, servers: local_servers.Servers, folder: Path) -> None:
        self.settings = Settings(
            kafka_bootstrap_servers=servers.kafka.bootstrap,
            database_url=SecretStr(servers.postgres.dsn),
        )
        self.servers, self.folder = servers, folder
        self.fails_on: Callable[[events.ReturnRefused], bool] = lambda _: False
        self.pause_seconds = 0.0

    async def open(self) -> None:
        """Creates its tables, its pool and the topics."""
        dsn = self.settings.database_url.get_secret_value()
        await sql.migrate(dsn, "ledger", self.folder)
        self.pool = await sql.connect(self.settings, "ledger")
        self.delivery = transaction.Delivery("ledger", self.pool, b"k" * 32)
        await self.create_topics()

    async def create_topics(self) -> None:
        """Creates the system's topics."""
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()

    async def handle(self, records: Sequence[Record]) -> None:
        """The handler: a row and a message for each message, unless `fails_on` it."""
        async with transaction.unit(self.delivery, records) as work:
            for message in work.messages:
                if self.fails_on(message.event):
                    raise ValueError("a record that no rule foresaw")
                work.send(
                    topics.OUTCOMES, refusal(message.event.contract_id, -message.event.faults)
                )
            await work.conn.executemany(
                "INSERT INTO received (contract, number) VALUES ($1, $2)",
                [(message.event.contract_id, message.event.faults) for message in work.messages],
            )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[consumer.Consumer]:
        """Runs its consumer and its relay while the block runs."""
        subscription = kafka.Subscription(
            "makegood-bare", [topics.RETURNS.name], pause_seconds=self.pause_seconds
        )
        reader = consumer.Consumer(self.settings, self.delivery, subscription, self.handle)
        relay = outbox.relay(
            "intake", self.pool, lambda: kafka.start_producer(self.settings), self.delivery.posted
        )
        running = [asyncio.create_task(reader.run()), asyncio.create_task(relay)]
        try:
            yield reader
        finally:
            await tasks.end(*running)

    async def post(self, *sent: events.ReturnRefused) -> None:
        """Posts events to the topic that it reads itself."""
        async with self.pool.acquire() as conn, conn.transaction():
            await outbox.post(conn, [outbox.Row.of(topics.RETURNS, event) for event in sent])
        self.delivery.posted.set()

    async def exchange(self, contract: str, numbers: range) -> None:
        """Posts a contract's events and waits until it has processed them itself."""
        await self.post(*(refusal(contract, number) for number in numbers))
        await eventually(lambda: self.received(contract), list(numbers))

    async def assign(self) -> None:
        """Assigns a first offset, for tests that call `handle` themselves."""
        await offsets.assign(
            self.pool, "c", {TopicPartition(topics.RETURNS.name, 0): 0}, collections.Counter()
        )

    async def empty_the_broker(self) -> None:
        """Replaces the broker with a new one that has lost everything."""
        self.servers.kafka.kill()
        shutil.rmtree(self.servers.state / "kafka")
        self.servers.kafka.prepare()
        await self.servers.kafka.start()
        await self.create_topics()

    async def unsent(self) -> int:
        """How many messages its relay has not sent yet."""
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox_unsent"))

    async def next_offset(self) -> int:
        """How many records it has processed, over all partitions."""
        return int(
            await self.pool.fetchval(
                "SELECT sum(next_offset) FROM consumer_offset WHERE topic = $1",
                topics.RETURNS.name,
            )
        )

    async def received(self, contract: str) -> list[int]:
        """The numbers of a contract's events, in the order of processing."""
        rows = await self.pool.fetch(
            "SELECT number FROM received WHERE contract = $1 ORDER BY place", contract
        )
        return [row["number"] for row in rows]


@contextlib.asynccontextmanager
async def opened(servers: local_servers.Servers, folder: Path) -> AsyncIterator[BareService]:
    """A bare service, open while the block runs. Its one migration is written below `folder`."""
    migrations = folder / "bare" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_received.sql").write_text(
        "CREATE TABLE received (place bigint GENERATED ALWAYS AS IDENTITY, contract text NOT NULL, "
        "number integer NOT NULL, CONSTRAINT received_once UNIQUE (contract, number));"
    )
    made = BareService(servers, migrations)
    await made.open()
    try:
        yield made
    finally:
        made.pool.terminate()
