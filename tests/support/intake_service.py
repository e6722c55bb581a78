"""A running intake with a database of its own, without a broker: for store and web tests."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from services.intake import store
from services.intake.acceptance import desk, group_commit
from services.intake.consumer import handlers
from services.intake.domain import admission, receipts
from shared import clock, sql
from shared.delivery import offsets, tasks, topics, transaction
from shared.delivery.messages import Record
from shared.settings import Settings
from shared.wire import events, replies
from shared.wire.events import ContractPublished
from tests.support import delivery_builders
from tests.support import intake_builders as build

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
SIGNER = receipts.Signer(b"s" * 32)
INBOUND = topics.inbound(build.PARTY).name


@dataclasses.dataclass
class IntakeService:
    """What intake is made of, and a clock that tests move."""

    dsn: str
    pool: sql.Pool
    delivery: transaction.Delivery
    clock: clock.MovedClock
    desk: desk.Desk
    committer: group_commit.Committer

    async def publish(self, *published: ContractPublished) -> None:
        """Applies contracts as if they had come from their topic."""
        async with self.pool.acquire() as conn:
            rows = [store.rows.contract_row(one, events.write(one)) for one in published]
            await store.projections.apply_contracts(conn, rows)

    async def submit(
        self, document: Any, key: str | None = None, party: str = build.PARTY
    ) -> admission.Decision:
        """The decision on a submission, after its commit."""
        body = document if isinstance(document, bytes) else build.written(document)
        return await self.committer.submit(await desk.read(body, key, sender(party)))

    async def messages(self) -> list[Any]:
        """The events in the outbox, in order."""
        rows = await self.pool.fetch(
            "SELECT body FROM outbox WHERE type <> 'ReturnAnswered' ORDER BY id"
        )
        return [events.read(row["body"]) for row in rows]

    async def replies(self, topic: str) -> list[replies.ReturnAnswered]:
        """The replies in the outbox to one topic, in order."""
        rows = await self.pool.fetch("SELECT body FROM outbox WHERE topic = $1 ORDER BY id", topic)
        return [msgspec.json.decode(row["body"], type=replies.ReturnAnswered) for row in rows]

    async def handle(self, records: Sequence[Record]) -> None:
        """Handles a batch of Kafka records."""
        await handlers.handler(self.delivery, self.desk, 8)(records)

    async def begin(self, topic: str) -> None:
        """Assigns the only partition of a topic, from offset 0."""
        ends = {TopicPartition(topic, 0): 0}
        await offsets.assign(self.pool, "cluster", ends, ends)


def sender(party: str = build.PARTY) -> desk.Sender:
    return desk.Sender(party, build.AUTHORITY, "http")


def settings(dsn: str, **more: Any) -> Settings:
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=dsn, **more)


def record(
    topic: str, offset: int, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
) -> Record:
    """A record, as the consumer gives it to the handler."""
    return ConsumerRecord(
        topic=topic,
        partition=0,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=len(value or b""),
        headers=tuple(headers),
    )


def record_of(event: events.Event, topic: str, offset: int) -> Record:
    """One of our own events, as a record."""
    plain = record(topic, offset, events.write(event), delivery_builders.headers(event))
    return dataclasses.replace(plain, key=events.subject(event).encode())


@contextlib.asynccontextmanager
async def at_work(dsn: str, now: datetime = NOW) -> AsyncIterator[IntakeService]:
    """Intake on a migrated database, with the contract of the builders and a running committer."""
    await sql.migrate(dsn, "intake", store.MIGRATIONS)
    pool = await sql.connect(settings(dsn), "intake")
    delivery = transaction.Delivery("intake", pool, b"k" * 32, reader=handlers.read)
    moved = clock.MovedClock(now)
    made = desk.Desk(SIGNER, b"p" * 32, timedelta(hours=24), moved.now)
    service = IntakeService(
        dsn=dsn,
        pool=pool,
        delivery=delivery,
        clock=moved,
        desk=made,
        committer=group_commit.Committer(delivery, made),
    )
    await service.publish(build.a_contract_published())
    running = asyncio.create_task(service.committer.run())
    try:
        yield service
    finally:
        await tasks.end(running)
        pool.terminate()


@contextlib.asynccontextmanager
async def listening(dsn: str) -> AsyncIterator[IntakeService]:
    """Intake at work, with a party's inbound topic, which begins with all that it reads."""
    async with at_work(dsn) as made:
        owner = store.parties.Owner(build.PARTY, build.AUTHORITY)
        async with made.pool.acquire() as conn:
            await store.parties.add_inbound_topic(conn, INBOUND, owner)
        ours = (topics.CONTRACTS, topics.OUTCOMES, topics.ALERTS, topics.ENTRIES, topics.PARKED)
        for name in (INBOUND, *(topic.name for topic in ours)):
            await made.begin(name)
        yield made
