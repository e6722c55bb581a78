"""Delivery on a real broker and database: what mail, outbox, positions and consumer promise.

A bare slice of the street, without any house's rules: letters are posted to an outbox, relayed,
and taken by a consumer whose only effect is a row and a letter onwards.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import functools
import random
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from pydantic import SecretStr

from deploy.local import servers as local_servers
from shared import consumer, events, kafka, mail, outbox, positions, sql, tasks, topics
from shared.settings import Settings
from tests.delivery_builders import refusal

WAIT_SECONDS = 40


class Slice:
    """One house with one table: `taken(contract, number)` in the order of taking."""

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
        self.room = mail.Mailroom("ledger", self.pool, b"k" * 32)
        await self.create_topics()

    async def create_topics(self) -> None:
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()

    async def handle(self, records: Sequence[mail.Record]) -> None:
        async with mail.unit(self.room, records) as work:
            for letter in work.letters:
                if self.fails_on(letter.event):
                    raise ValueError("a record that no rule foresaw")
                work.send(topics.OUTCOMES, refusal(letter.event.contract_id, -letter.event.faults))
            await work.conn.executemany(
                "INSERT INTO taken (contract, number) VALUES ($1, $2)",
                [(letter.event.contract_id, letter.event.faults) for letter in work.letters],
            )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[consumer.Consumer]:
        what = kafka.Subscription(
            "makegood-slice", [topics.RETURNS.name], pause_seconds=self.pause_seconds
        )
        taker = consumer.Consumer(self.settings, self.room, what, self.handle)
        relay = outbox.relay(
            "ledger", self.pool, lambda: kafka.start_producer(self.settings), self.room.posted
        )
        running = [asyncio.create_task(taker.run()), asyncio.create_task(relay)]
        try:
            yield taker
        finally:
            await tasks.end(*running)

    async def post(self, *sent: events.ReturnRefused) -> None:
        async with self.pool.acquire() as conn, conn.transaction():
            await outbox.post(conn, [outbox.Row.of(topics.RETURNS, event) for event in sent])
        self.room.posted.set()

    async def begin(self) -> None:
        """A first position, for tests that hand over batches themselves."""
        await positions.take_up(
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


@pytest.fixture
async def bare(own_servers: local_servers.Servers, tmp_path: Path) -> AsyncIterator[Slice]:
    migrations = tmp_path / "slice" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_taken.sql").write_text(
        "CREATE TABLE taken (place bigint GENERATED ALWAYS AS IDENTITY, contract text NOT NULL, "
        "number integer NOT NULL, CONSTRAINT taken_once UNIQUE (contract, number));"
    )
    made = Slice(own_servers, migrations)
    await made.open()
    yield made
    made.pool.terminate()


class TestDelivery:
    async def test_takes_every_letter_once_and_in_order_per_contract(self, bare: Slice) -> None:
        """Posted in shuffled groups over ten contracts; taken in the order of posting."""
        wanted: dict[str, list[int]] = {f"C{n}": [] for n in range(10)}
        async with bare.running():
            for number in range(1, 300):
                contract = random.Random(number).choice(list(wanted))
                wanted[contract].append(number)
                await bare.post(refusal(contract, number))
            for contract, numbers in wanted.items():
                await eventually(functools.partial(bare.taken, contract), numbers)
            sent = "SELECT count(*) FROM outbox_unsent"
            await eventually(lambda: bare.pool.fetchval(sent), 0)
        posted = await bare.pool.fetchval("SELECT count(*) FROM outbox")
        assert 2 * 299 == posted

    async def test_parks_what_cannot_be_read_and_moves_on(self, bare: Slice) -> None:
        """Twelve kinds of poison between two good letters of one contract."""
        good, later = refusal("C1", 1), refusal("C1", 2)
        partition = 0
        producer = await kafka.start_producer(bare.settings)
        body, key = events.write(good), b"C1"
        head = [("ce_id", str(good.event_id).encode()), ("ce_type", b"ReturnRefused")]
        poison: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
            (b"\x00\xff\xfe random \x80", key, head),
            (body[:-7], key, head),
            (b"[]", key, head),
            (b'{"type": "ReturnRefused"}', key, head),
            (body.replace(b"ReturnRefused", b"ReturnForgotten"), key, head),
            (None, key, head),
            (body, None, head),
            (body, b"C2", head),
            (body, key, []),
            (body, key, [("ce_id", b"\xff\xfe"), ("ce_type", b"ReturnRefused")]),
            (body, key, [("ce_id", str(good.event_id).encode()), ("ce_type", b"DayEnded")]),
            (b"x" * 1_000_000, key, head),
            (b"", key, head),
            (b'{"type": "ReturnRefused", "faults": 1e400}', key, head),
        ]
        async with bare.running():
            await _produce(producer, partition, body, key, head)
            for value, its_key, headers in poison:
                await _produce(producer, partition, value, its_key, headers)
            more = [("ce_id", str(later.event_id).encode()), ("ce_type", b"ReturnRefused")]
            await _produce(producer, partition, events.write(later), key, more)
            await eventually(lambda: bare.taken("C1"), [1, 2])
        await producer.stop()
        reasons = await bare.pool.fetch('SELECT reason FROM parked ORDER BY "offset"')
        assert [
            "malformed_json",
            "malformed_json",
            "wrong_schema",
            "wrong_schema",
            "unknown_type",
            "null_value",
            "no_key",
            "wrong_key",
            "bad_headers",
            "bad_headers",
            "bad_headers",
            "malformed_json",
            "malformed_json",
            "wrong_schema",
        ] == [row["reason"] for row in reasons]

    async def test_parks_the_one_record_that_the_house_cannot_act_on(self, bare: Slice) -> None:
        """An unforeseen error is narrowed down to its record; its neighbours are taken."""
        bare.fails_on = lambda event: event.faults == 7
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 20)))
            await eventually(lambda: bare.taken("C1"), [n for n in range(1, 20) if n != 7])
        assert ["handler_failed_ValueError"] == [
            row["reason"] for row in await bare.pool.fetch("SELECT reason FROM parked")
        ]

    async def test_goes_on_after_broker_and_database_were_killed(self, bare: Slice) -> None:
        """Each is killed with letters in flight; what was posted is taken once, in order."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 200)))
            bare.servers.kafka.kill()
            await bare.post(*(refusal("C1", number) for number in range(200, 400)))
            await bare.servers.kafka.start()
            bare.servers.postgres.kill()
            await bare.servers.postgres.start()
            await eventually(lambda: bare.taken("C1"), list(range(1, 400)))

    async def test_passes_over_what_is_published_again_at_new_offsets(self, bare: Slice) -> None:
        """The whole outbox a second time: no new effect, the same totals."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 100)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 100)))
            async with bare.pool.acquire() as conn:
                await outbox.republish(conn, topics.RETURNS.name)
            bare.room.posted.set()
            await eventually(bare.next_offset, 2 * 99)
        assert list(range(1, 100)) == await bare.taken("C1")

    async def test_takes_nothing_twice_when_its_offsets_are_set_back(self, bare: Slice) -> None:
        """Offsets set back to the start while it stands: read again, counted once."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 100)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 100)))
        await bare.pool.execute("UPDATE consumer_offset SET next_offset = 0, last_digest = NULL")
        async with bare.running():
            await bare.post(refusal("C1", 100))
            await eventually(lambda: bare.taken("C1"), list(range(1, 101)))
            await eventually(bare.next_offset, 100)

    async def test_counts_an_overlapping_batch_once(self, bare: Slice) -> None:
        """A batch whose first half was taken before, by hand, without a consumer."""
        records = [_record(offset, refusal("C1", offset + 1)) for offset in range(10)]
        await bare.begin()
        await bare.handle(records[:6])
        await bare.handle(records[3:])
        await bare.handle(records)
        assert list(range(1, 11)) == await bare.taken("C1")

    async def test_reads_again_where_something_is_missing(self, bare: Slice) -> None:
        """A batch that begins above the next offset is refused whole."""
        records = [_record(offset, refusal("C1", offset + 1)) for offset in range(10)]
        await bare.begin()
        await bare.handle(records[:3])
        with pytest.raises(mail.Hole) as hole:
            await bare.handle(records[5:])
        assert (3, 5) == (hole.value.next_offset, hole.value.found_offset)
        assert [1, 2, 3] == await bare.taken("C1")

    async def test_parks_an_id_that_comes_again_with_other_bytes(self, bare: Slice) -> None:
        """Not a duplicate but an alarm: the second text is put aside."""
        first = refusal("C1", 1)
        forged = msgspec.structs.replace(first, faults=9)
        await bare.begin()
        await bare.handle([_record(0, first), _record(1, forged)])
        await bare.handle([_record(2, forged)])
        assert [1] == await bare.taken("C1")
        reasons = await bare.pool.fetch("SELECT reason FROM parked")
        assert ["same_id_other_bytes"] * 2 == [row["reason"] for row in reasons]

    async def test_parks_only_the_forged_of_two_that_come_again(self, bare: Slice) -> None:
        """The same text and another one in one batch, in either order: each is judged by its own
        bytes."""
        first = refusal("C1", 1)
        forged = msgspec.structs.replace(first, faults=9)
        await bare.begin()
        await bare.handle([_record(0, first)])
        await bare.handle([_record(1, first), _record(2, forged)])
        await bare.handle([_record(3, forged), _record(4, first)])
        assert [1] == await bare.taken("C1")
        parked = await bare.pool.fetch('SELECT "offset" FROM parked ORDER BY "offset"')
        assert [2, 3] == [row["offset"] for row in parked]

    async def test_stops_with_an_alarm_when_the_broker_lost_its_data(self, bare: Slice) -> None:
        """An emptied broker is noticed by its cluster id or its end; nothing is jumped."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 50)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 50)))
        await bare.empty_the_broker()
        async with bare.running() as taker:
            await eventually(lambda: _stopped(taker), "broker_and_database_disagree")
            assert 49 == await bare.next_offset()

    async def test_stops_when_a_record_is_not_the_one_it_was(self, bare: Slice) -> None:
        """Same length, other history: the last record taken no longer has its digest."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 50)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 50)))
        await bare.pool.execute("UPDATE consumer_offset SET last_digest = sha256('other')")
        async with bare.running() as taker:
            await eventually(lambda: _stopped(taker), "record_changed")

    async def test_reads_on_after_the_operator_accepted_the_loss(self, bare: Slice) -> None:
        """A new incarnation from offset 0; the kept letters published again count once."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 50)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 50)))
        await bare.empty_the_broker()
        admin = await kafka.start_admin(bare.settings)
        cluster = str((await admin.describe_cluster())["cluster_id"])
        await admin.close()
        incarnation = await positions.accept_loss(bare.pool, topics.RETURNS.name, cluster)
        async with bare.pool.acquire() as conn:
            await outbox.republish(conn, topics.RETURNS.name)
        async with bare.running():
            await bare.post(refusal("C1", 50))
            await eventually(lambda: bare.taken("C1"), list(range(1, 51)))
        assert 2 == incarnation

    async def test_takes_at_once_what_came_while_a_batch_was_in_hand(
        self, bare: Slice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One record is in hand when one follows, and 48 more: they are the next batch, all of
        them."""
        sizes: list[int] = []
        may_go_on, handle = asyncio.Event(), bare.handle

        async def slow(records: Sequence[mail.Record]) -> None:
            sizes.append(len(records))
            await may_go_on.wait()
            await handle(records)

        async def calls() -> int:
            return len(sizes)

        monkeypatch.setattr(bare, "handle", slow)
        async with bare.running():
            await bare.post(refusal("C1", 1))
            await eventually(calls, 1)
            sent = "SELECT count(*) FROM outbox_unsent"
            await bare.post(refusal("C1", 2))
            await eventually(lambda: bare.pool.fetchval(sent), 0)
            await bare.post(*(refusal("C1", number) for number in range(3, 51)))
            await eventually(lambda: bare.pool.fetchval(sent), 0)
            may_go_on.set()
            await eventually(lambda: bare.taken("C1"), list(range(1, 51)))
        assert [1, 49] == sizes

    async def test_pauses_behind_a_batch_where_nobody_waits(
        self, bare: Slice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What comes one by one during the pause is one batch."""
        sizes: list[int] = []
        handle, sent = bare.handle, "SELECT count(*) FROM outbox_unsent"

        async def counted(records: Sequence[mail.Record]) -> None:
            await handle(records)
            sizes.append(len(records))

        monkeypatch.setattr(bare, "handle", counted)
        bare.pause_seconds = 2.0
        async with bare.running():
            await bare.post(refusal("C1", 1))
            await eventually(lambda: bare.taken("C1"), [1])
            for number in range(2, 5):
                await bare.post(refusal("C1", number))
                await eventually(lambda: bare.pool.fetchval(sent), 0)
            await eventually(lambda: bare.taken("C1"), [1, 2, 3, 4])
        assert [1, 3] == sizes


async def _stopped(taker: consumer.Consumer) -> str | None:
    return taker.alarm.partition(":")[0] if taker.alarm else None


def _record(offset: int, event: events.ReturnRefused) -> mail.Record:
    head = (("ce_id", str(event.event_id).encode()), ("ce_type", b"ReturnRefused"))
    body, key = events.write(event), events.subject(event).encode()
    return ConsumerRecord(
        topics.RETURNS.name, 0, offset, 1_780_000_000_000, 0, key, body, None, 0, 0, head
    )


async def _produce(
    producer: AIOKafkaProducer,
    partition: int,
    value: bytes | None,
    key: bytes | None,
    headers: list[tuple[str, bytes]],
) -> None:
    await producer.send_and_wait(
        topics.RETURNS.name, value=value, key=key, partition=partition, headers=headers
    )
