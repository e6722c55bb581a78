"""What transaction, outbox, offsets and consumer promise, on a real broker and database."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import random
from collections.abc import Sequence

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from shared.delivery import consumer, kafka, offsets, outbox, topics, transaction
from shared.delivery.messages import Record
from shared.wire import events
from tests.support.delivery_builders import headers, refusal
from tests.support.delivery_service import BareService
from tests.support.waiting import eventually


class TestDelivery:
    async def test_processes_every_message_once_and_in_order_per_contract(
        self, service: BareService
    ) -> None:
        """Events of ten contracts, shuffled, are processed in the order of posting."""
        wanted: dict[str, list[int]] = {f"C{n}": [] for n in range(10)}
        async with service.running():
            for number in range(1, 300):
                contract = random.Random(number).choice(list(wanted))
                wanted[contract].append(number)
                await service.post(refusal(contract, number))
            for contract, numbers in wanted.items():
                await eventually(functools.partial(service.received, contract), numbers)
            await eventually(service.unsent, 0)
        posted = await service.pool.fetchval("SELECT count(*) FROM outbox")
        assert 2 * 299 == posted

    async def test_parks_what_cannot_be_read_and_moves_on(self, service: BareService) -> None:
        """Fourteen unreadable records between two good messages of one contract."""
        good, later = refusal("C1", 1), refusal("C1", 2)
        partition = 0
        producer = await kafka.start_producer(service.settings)
        body, key = events.write(good), b"C1"
        head = list(headers(good))
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
        async with service.running():
            await _produce(producer, partition, body, key, head)
            for value, its_key, its_head in poison:
                await _produce(producer, partition, value, its_key, its_head)
            await _produce(producer, partition, events.write(later), key, list(headers(later)))
            await eventually(lambda: service.received("C1"), [1, 2])
        await producer.stop()
        reasons = await service.pool.fetch('SELECT reason FROM parked ORDER BY "offset"')
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

    async def test_parks_the_one_record_that_the_service_cannot_process(
        self, service: BareService
    ) -> None:
        """An unforeseen error is narrowed down to its record; the others are processed."""
        service.fails_on = lambda event: event.faults == 7
        async with service.running():
            await service.post(*(refusal("C1", number) for number in range(1, 20)))
            await eventually(lambda: service.received("C1"), [n for n in range(1, 20) if n != 7])
        assert ["handler_failed_ValueError"] == [
            row["reason"] for row in await service.pool.fetch("SELECT reason FROM parked")
        ]

    async def test_goes_on_after_broker_and_database_were_killed(
        self, service: BareService
    ) -> None:
        """Each is killed with messages in flight; every message is processed once, in order."""
        async with service.running():
            await service.post(*(refusal("C1", number) for number in range(1, 200)))
            service.servers.kafka.kill()
            await service.post(*(refusal("C1", number) for number in range(200, 400)))
            await service.servers.kafka.start()
            service.servers.postgres.kill()
            await service.servers.postgres.start()
            await eventually(lambda: service.received("C1"), list(range(1, 400)))

    async def test_reads_every_partition_after_a_long_outage(self, service: BareService) -> None:
        """The database is down during a batch, for longer than any time-out. The consumer that
        restarts leaves its group first, and is then its only member."""
        contracts = [f"C{number}" for number in range(30)]
        async with service.running() as reader:
            await service.post(*(refusal(contract, 1) for contract in contracts))
            for contract in contracts:
                await eventually(functools.partial(service.received, contract), [1])
            first = reader._subscriber

            async def has_restarted() -> bool:
                return reader._subscriber is not first

            def kill(_: events.ReturnRefused) -> bool:
                service.servers.postgres.kill()
                return False

            service.fails_on = kill
            await service.post(*(refusal(contract, 2) for contract in contracts))
            await eventually(has_restarted, True)
            service.fails_on = lambda _: False
            await service.servers.postgres.start()
            await service.post(*(refusal(contract, 3) for contract in contracts))
            for contract in contracts:
                await eventually(functools.partial(service.received, contract), [1, 2, 3])

    async def test_ignores_what_is_published_again_at_new_offsets(
        self, service: BareService
    ) -> None:
        """The whole outbox is published a second time: there is no new effect."""
        async with service.running():
            await service.exchange("C1", range(1, 100))
            async with service.pool.acquire() as conn:
                await outbox.republish(conn, topics.RETURNS.name)
            service.delivery.posted.set()
            await eventually(service.next_offset, 2 * 99)
        assert list(range(1, 100)) == await service.received("C1")

    async def test_counts_nothing_twice_when_its_offsets_are_set_back(
        self, service: BareService
    ) -> None:
        """Offsets are set back to 0 while it is stopped: everything is read again, counted once."""
        async with service.running():
            await service.exchange("C1", range(1, 100))
        await service.pool.execute("UPDATE consumer_offset SET next_offset = 0, last_digest = NULL")
        async with service.running():
            await service.post(refusal("C1", 100))
            await eventually(lambda: service.received("C1"), list(range(1, 101)))
            await eventually(service.next_offset, 100)

    async def test_counts_an_overlapping_batch_once(self, service: BareService) -> None:
        """A batch whose first half was processed before counts once (without a consumer)."""
        records = [_record(offset, refusal("C1", offset + 1)) for offset in range(10)]
        await service.assign()
        await service.handle(records[:6])
        await service.handle(records[3:])
        await service.handle(records)
        assert list(range(1, 11)) == await service.received("C1")

    async def test_reads_again_where_something_is_missing(self, service: BareService) -> None:
        """A batch that begins above the next offset is refused as a whole."""
        records = [_record(offset, refusal("C1", offset + 1)) for offset in range(10)]
        await service.assign()
        await service.handle(records[:3])
        with pytest.raises(transaction.Hole) as hole:
            await service.handle(records[5:])
        assert (3, 5) == (hole.value.next_offset, hole.value.found_offset)
        assert [1, 2, 3] == await service.received("C1")

    async def test_parks_an_id_that_comes_again_with_other_bytes(
        self, service: BareService
    ) -> None:
        """That is not a repeat but an alarm: the second record is parked."""
        first = refusal("C1", 1)
        forged = msgspec.structs.replace(first, faults=9)
        await service.assign()
        await service.handle([_record(0, first), _record(1, forged)])
        await service.handle([_record(2, forged)])
        assert [1] == await service.received("C1")
        reasons = await service.pool.fetch("SELECT reason FROM parked")
        assert ["same_id_other_bytes"] * 2 == [row["reason"] for row in reasons]

    async def test_parks_only_the_forged_of_two_that_come_again(self, service: BareService) -> None:
        """A repeat and a forgery in one batch, in either order: each is judged by its own bytes."""
        first = refusal("C1", 1)
        forged = msgspec.structs.replace(first, faults=9)
        await service.assign()
        await service.handle([_record(0, first)])
        await service.handle([_record(1, first), _record(2, forged)])
        await service.handle([_record(3, forged), _record(4, first)])
        assert [1] == await service.received("C1")
        parked = await service.pool.fetch('SELECT "offset" FROM parked ORDER BY "offset"')
        assert [2, 3] == [row["offset"] for row in parked]

    @pytest.mark.parametrize("timestamp", [-(10**15), 10**18])
    async def test_parks_a_record_with_an_impossible_time(
        self, service: BareService, timestamp: int
    ) -> None:
        """A producer may claim any time for its record."""
        await service.assign()
        record = dataclasses.replace(_record(0, refusal("C1", 1)), value=b"{", timestamp=timestamp)
        await service.handle([record, _record(1, refusal("C1", 2))])
        assert [2] == await service.received("C1")
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM parked")

    async def test_stops_with_an_alarm_when_the_broker_lost_its_data(
        self, service: BareService
    ) -> None:
        """A broker without its data is noticed by cluster id or end; no offset is skipped."""
        async with service.running():
            await service.exchange("C1", range(1, 50))
        await service.empty_the_broker()
        async with service.running() as reader:
            await eventually(lambda: _stopped(reader), "broker_and_database_disagree")
            assert 49 == await service.next_offset()

    async def test_stops_when_a_record_is_not_the_one_it_was(self, service: BareService) -> None:
        """The partition is as long as before, but its last processed record has another digest."""
        async with service.running():
            await service.exchange("C1", range(1, 50))
        await service.pool.execute("UPDATE consumer_offset SET last_digest = sha256('other')")
        async with service.running() as reader:
            await eventually(lambda: _stopped(reader), "record_changed")

    async def test_reads_on_after_the_operator_accepted_the_loss(
        self, service: BareService
    ) -> None:
        """The next incarnation starts at offset 0; messages published again count once."""
        async with service.running():
            await service.exchange("C1", range(1, 50))
        await service.empty_the_broker()
        admin = await kafka.start_admin(service.settings)
        cluster = str((await admin.describe_cluster())["cluster_id"])
        await admin.close()
        incarnation = await offsets.accept_loss(service.pool, topics.RETURNS.name, cluster)
        async with service.pool.acquire() as conn:
            await outbox.republish(conn, topics.RETURNS.name)
        async with service.running():
            await service.post(refusal("C1", 50))
            await eventually(lambda: service.received("C1"), list(range(1, 51)))
        assert 2 == incarnation

    async def test_processes_together_what_came_during_a_batch(
        self, service: BareService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """While one record is processed, one follows, then 48 more: all of them are the next
        batch."""
        sizes: list[int] = []
        may_go_on, handle = asyncio.Event(), service.handle

        async def slow(records: Sequence[Record]) -> None:
            sizes.append(len(records))
            await may_go_on.wait()
            await handle(records)

        async def calls() -> int:
            return len(sizes)

        monkeypatch.setattr(service, "handle", slow)
        async with service.running():
            await service.post(refusal("C1", 1))
            await eventually(calls, 1)
            await service.post(refusal("C1", 2))
            await eventually(service.unsent, 0)
            await service.post(*(refusal("C1", number) for number in range(3, 51)))
            await eventually(service.unsent, 0)
            may_go_on.set()
            await eventually(lambda: service.received("C1"), list(range(1, 51)))
        assert [1, 49] == sizes

    async def test_pauses_after_a_batch_where_nobody_waits(
        self, service: BareService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What arrives one by one during the pause becomes one batch."""
        sizes: list[int] = []
        handle = service.handle

        async def counted(records: Sequence[Record]) -> None:
            await handle(records)
            sizes.append(len(records))

        monkeypatch.setattr(service, "handle", counted)
        service.pause_seconds = 8.0
        async with service.running():
            await service.post(refusal("C1", 1))
            await eventually(lambda: service.received("C1"), [1])
            for number in range(2, 5):
                await service.post(refusal("C1", number))
                await eventually(service.unsent, 0)
            await eventually(lambda: service.received("C1"), [1, 2, 3, 4])
        assert [1, 3] == sizes


async def _stopped(reader: consumer.Consumer) -> str | None:
    return reader.alarm.partition(":")[0] if reader.alarm else None


def _record(offset: int, event: events.ReturnRefused) -> Record:
    head = headers(event)
    body, key = events.write(event), events.subject(event).encode()
    return ConsumerRecord(
        topic=topics.RETURNS.name,
        partition=0,
        offset=offset,
        timestamp=1_780_000_000_000,
        timestamp_type=0,
        key=key,
        value=body,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=head,
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
