"""The relay on a real broker and database: what it sends, in which order, and from where."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from pydantic import SecretStr

from shared import sql
from shared.delivery import kafka as clients
from shared.delivery import outbox, tasks, topics
from shared.settings import Settings
from shared.wire import events
from tests.conftest import Addresses
from tests.support.delivery_builders import refusal


class Watched(outbox.Posted):
    """Sets an event when the relay waits to be woken."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_for = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.is_waited_for.set()
        return await super().wait()


class Post:
    """An outbox, a producer, and a topic of its own."""

    def __init__(self, settings: Settings, pool: sql.Pool, producer: AIOKafkaProducer) -> None:
        self.settings, self.pool, self.producer = settings, pool, producer
        self.topic = topics.Topic(f"relay-{secrets.token_hex(6)}.v1", 1)
        self.posted = outbox.Posted()

    async def post(self, *sent: events.ReturnRefused) -> dict[int, outbox.Row]:
        async with self.pool.acquire() as conn, conn.transaction():
            return await outbox.post(conn, [outbox.Row.of(self.topic, event) for event in sent])

    async def relay(self) -> int:
        return await outbox.relay_once("ledger", self.pool, self.producer, self.posted)

    async def records(self) -> list[ConsumerRecord[bytes, bytes]]:
        """All records of the topic, by partition and offset."""
        reader = await clients.start_reader(self.settings)
        partitions = [TopicPartition(self.topic.name, n) for n in range(self.topic.partitions)]
        ends = await reader.end_offsets(partitions)
        reader.assign(partitions)
        for partition in partitions:
            reader.seek(partition, 0)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while len(found) < sum(ends.values()):
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += records
        await reader.stop()
        return sorted(found, key=lambda record: (record.partition, record.offset))


@pytest.fixture
async def post(servers: Addresses, database: str, tmp_path: Path) -> AsyncIterator[Post]:
    settings = Settings(kafka_bootstrap_servers=servers.bootstrap, database_url=SecretStr(database))
    await sql.migrate(database, "ledger", tmp_path)
    pool = await sql.connect(settings, "ledger")
    made = Post(settings, pool, await clients.start_producer(settings))
    admin = await clients.start_admin(settings)
    await topics.create(admin, (made.topic,))
    await admin.close()
    yield made
    await made.producer.stop()
    pool.terminate()


class TestRelay:
    async def test_keeps_the_order_of_a_key_over_many_batches(self, post: Post) -> None:
        """Messages of all sizes, some larger than a whole batch, are sent in order."""
        sizes = [10, 200_000, 300_000, 5, 400_000, 100_000, 100_000, 100_000, 1]
        await post.post(*(refusal("C1", n, size) for n, size in enumerate(sizes)))
        assert len(sizes) == await post.relay()
        events_sent = [events.read(record.value) for record in await post.records()]
        assert list(range(len(sizes))) == [getattr(event, "faults", None) for event in events_sent]
        assert 0 == await post.relay()

    async def test_sends_each_key_where_any_client_would(self, post: Post) -> None:
        """Partition, key and body are those of a plain `send` of the same message."""
        sent = [refusal(f"C{n}", n) for n in range(40)]
        await post.post(*sent)
        await post.relay()
        for event in sent:
            key = events.subject(event).encode()
            await post.producer.send_and_wait(post.topic.name, events.write(event), key)
        seen: dict[bytes, list[int]] = {}
        for record in await post.records():
            seen.setdefault(record.value, []).append(record.partition)
        assert len(sent) == len(seen)
        assert all(2 == len(places) and 1 == len(set(places)) for places in seen.values())

    async def test_describes_a_message_in_its_headers(self, post: Post) -> None:
        """CloudEvents 1.0, binary mode."""
        event = refusal("C1", 1)
        await post.post(event)
        await post.relay()
        (record,) = await post.records()
        assert {
            "ce_specversion": b"1.0",
            "ce_id": str(event.event_id).encode(),
            "ce_type": b"ReturnRefused",
            "ce_source": b"/makegood/ledger",
            "ce_time": b"2026-11-02T09:00:00Z",
            "ce_subject": b"C1",
            "content-type": b"application/json",
        } == dict(record.headers)

    async def test_sends_from_memory_and_from_the_table_alike(self, post: Post) -> None:
        """Messages in memory, dropped ones, and those of another process are sent in one order."""
        first = await post.post(*(refusal("C1", n) for n in range(3)))
        await post.post(*(refusal("C1", n) for n in range(3, 6)))
        third = await post.post(*(refusal("C1", n) for n in range(6, 9)))
        post.posted.keep(first)
        post.posted.keep(third)
        await post.relay()
        sent = [events.read(record.value) for record in await post.records()]
        assert [refusal("C1", n) for n in range(9)] == sent

    async def test_drops_what_is_too_much_for_memory(self, post: Post) -> None:
        """The limit holds, and everything is sent all the same."""
        posted = await post.post(*(refusal("C1", n) for n in range(outbox.KEPT_MESSAGES_MAX + 1)))
        post.posted.keep(posted)
        assert post.posted.is_set()
        assert {} == post.posted.pop(list(posted))
        sent = 0
        while done := await post.relay():
            sent += done
        assert outbox.KEPT_MESSAGES_MAX + 1 == sent

    async def test_ends_when_it_is_cancelled_while_it_wakes(self, post: Post) -> None:
        """One `cancel` is enough, however far the waking has got."""

        async def make_producer() -> AIOKafkaProducer:
            return await clients.start_producer(post.settings)

        for turns in range(5):
            posted = Watched()
            relay = asyncio.create_task(outbox.relay("ledger", post.pool, make_producer, posted))
            await asyncio.wait_for(posted.is_waited_for.wait(), 30)
            posted.set()
            for _ in range(turns):
                await asyncio.sleep(0)
            relay.cancel()
            ended, _ = await asyncio.wait([relay], timeout=10)
            await tasks.end(relay)
            assert {relay} == ended

    async def test_is_one_of_two_at_a_time(
        self, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two relays on one outbox: both send, nothing is sent twice, and the order holds."""
        monkeypatch.setattr(outbox, "BATCH_MAX", 100)  # in 50 rounds
        await post.post(*(refusal("C1", number) for number in range(5000)))
        second = await clients.start_producer(post.settings)
        sent = [0, 0]

        async def drain(which: int, producer: AIOKafkaProducer) -> None:
            while await post.pool.fetchval("SELECT count(*) FROM outbox_unsent"):
                posted = outbox.Posted()
                sent[which] += await outbox.relay_once("ledger", post.pool, producer, posted)

        await asyncio.gather(drain(0, post.producer), drain(1, second))
        await second.stop()
        found = [events.read(record.value) for record in await post.records()]
        assert [refusal("C1", number) for number in range(5000)] == found
        assert all(sent), "a relay that sent nothing proves nothing"


class TestPosting:
    async def test_posts_an_id_once(self, post: Post) -> None:
        """The same id comes twice in one call, and again in a later one."""
        first = await post.post(refusal("C1", 1), refusal("C1", 2), refusal("C1", 1))
        again = await post.post(refusal("C1", 2), refusal("C1", 3))
        numbers = [
            [getattr(events.read(row.body), "faults", None) for row in rows.values()]
            for rows in (first, again)
        ]
        assert [[1, 2], [3]] == numbers
        assert 3 == await post.pool.fetchval("SELECT count(*) FROM outbox_unsent")


class TestARound:
    async def test_is_bounded_by_its_bytes(self, post: Post) -> None:
        """Whether they are kept in memory or not: the others follow at once, in order."""
        large = [refusal("C1", number, size=3_000_000) for number in range(1, 6)]
        kept = await post.post(*large[:3])
        await post.post(*large[3:])
        post.posted.keep(kept)
        rounds = []
        while sent := await post.relay():
            rounds.append(sent)
        assert [2, 2, 1] == rounds
        assert post.posted.is_set()
        sent_numbers = [events.read(record.value) for record in await post.records()]
        assert [1, 2, 3, 4, 5] == [getattr(event, "faults", 0) for event in sent_numbers]
