"""Delivery on a real broker and database: what mail, outbox, positions and consumer promise."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from deploy.local.servers import both as local_servers
from shared.delivery import consumer, kafka, offsets, outbox, topics, transaction
from shared.delivery.messages import Record
from shared.wire import events
from tests.support import delivery_service
from tests.support.delivery_builders import refusal
from tests.support.delivery_service import Slice, eventually


@pytest.fixture
async def bare(own_servers: local_servers.Servers, tmp_path: Path) -> AsyncIterator[Slice]:
    async with delivery_service.at_work(own_servers, tmp_path) as made:
        yield made


class TestDelivery:
    async def test_takes_every_message_once_and_in_order_per_contract(self, bare: Slice) -> None:
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
        """Twelve kinds of poison between two good messages of one contract."""
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

    async def test_parks_the_one_record_that_the_service_cannot_act_on(self, bare: Slice) -> None:
        """An unforeseen error is narrowed down to its record; its neighbours are taken."""
        bare.fails_on = lambda event: event.faults == 7
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 20)))
            await eventually(lambda: bare.taken("C1"), [n for n in range(1, 20) if n != 7])
        assert ["handler_failed_ValueError"] == [
            row["reason"] for row in await bare.pool.fetch("SELECT reason FROM parked")
        ]

    async def test_goes_on_after_broker_and_database_were_killed(self, bare: Slice) -> None:
        """Each is killed with messages in flight; what was posted is taken once, in order."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 200)))
            bare.servers.kafka.kill()
            await bare.post(*(refusal("C1", number) for number in range(200, 400)))
            await bare.servers.kafka.start()
            bare.servers.postgres.kill()
            await bare.servers.postgres.start()
            await eventually(lambda: bare.taken("C1"), list(range(1, 400)))

    async def test_reads_every_partition_after_a_long_outage(self, bare: Slice) -> None:
        """A batch is in hand while the database is gone for longer than anything waits: whoever
        starts afresh leaves the group first, and is its only member."""
        contracts = [f"C{number}" for number in range(30)]
        async with bare.running() as taker:
            await bare.post(*(refusal(contract, 1) for contract in contracts))
            for contract in contracts:
                await eventually(functools.partial(bare.taken, contract), [1])
            began_with = taker._subscriber

            async def is_afresh() -> bool:
                return taker._subscriber is not began_with

            def kill(_: events.ReturnRefused) -> bool:
                bare.servers.postgres.kill()
                return False

            bare.fails_on = kill
            await bare.post(*(refusal(contract, 2) for contract in contracts))
            await eventually(is_afresh, True)
            bare.fails_on = lambda _: False
            await bare.servers.postgres.start()
            await bare.post(*(refusal(contract, 3) for contract in contracts))
            for contract in contracts:
                await eventually(functools.partial(bare.taken, contract), [1, 2, 3])

    async def test_passes_over_what_is_published_again_at_new_offsets(self, bare: Slice) -> None:
        """The whole outbox a second time: no new effect, the same totals."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 100)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 100)))
            async with bare.pool.acquire() as conn:
                await outbox.republish(conn, topics.RETURNS.name)
            bare.delivery.posted.set()
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
        with pytest.raises(transaction.Hole) as hole:
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

    @pytest.mark.parametrize("timestamp", [-(10**15), 10**18])
    async def test_parks_what_was_made_at_no_time(self, bare: Slice, timestamp: int) -> None:
        """A producer may say anything of when a record was made."""
        await bare.begin()
        record = dataclasses.replace(_record(0, refusal("C1", 1)), value=b"{", timestamp=timestamp)
        await bare.handle([record, _record(1, refusal("C1", 2))])
        assert [2] == await bare.taken("C1")
        assert 1 == await bare.pool.fetchval("SELECT count(*) FROM parked")

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
        """A new incarnation from offset 0; the kept messages published again count once."""
        async with bare.running():
            await bare.post(*(refusal("C1", number) for number in range(1, 50)))
            await eventually(lambda: bare.taken("C1"), list(range(1, 50)))
        await bare.empty_the_broker()
        admin = await kafka.start_admin(bare.settings)
        cluster = str((await admin.describe_cluster())["cluster_id"])
        await admin.close()
        incarnation = await offsets.accept_loss(bare.pool, topics.RETURNS.name, cluster)
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

        async def slow(records: Sequence[Record]) -> None:
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

        async def counted(records: Sequence[Record]) -> None:
            await handle(records)
            sizes.append(len(records))

        monkeypatch.setattr(bare, "handle", counted)
        bare.pause_seconds = 8.0
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


def _record(offset: int, event: events.ReturnRefused) -> Record:
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
