"""Parked records that are sent again after the mend, on a real broker and database."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from shared.delivery import kafka, parking
from shared.wire import events
from tests.support.delivery_builders import refusal
from tests.support.delivery_service import BareService
from tests.support.waiting import eventually


async def send_again(service: BareService, key: bytes = b"k" * 32) -> parking.Sent:
    producer = await kafka.start_producer(service.settings)
    try:
        return await parking.send_again(service.pool, key, producer)
    finally:
        await producer.stop()


async def waiting(service: BareService) -> int:
    return int(await service.pool.fetchval("SELECT count(*) FROM parked WHERE taken_up_at IS NULL"))


class TestParkedRecords:
    async def test_are_processed_after_the_mend(self, service: BareService) -> None:
        """In the order in which they came, each once; it is told. Others did not wait for them."""
        service.fails_on = lambda event: event.faults in (2, 3)
        async with service.running():
            await service.post(*(refusal("C1", number) for number in range(1, 5)))
            await eventually(lambda: service.received("C1"), [1, 4])
            await eventually(lambda: waiting(service), 2)
            service.fails_on = lambda _: False
            assert parking.Sent(again=2, unreadable=0) == await send_again(service)
            await eventually(lambda: service.received("C1"), [1, 4, 2, 3])
            await eventually(lambda: waiting(service), 0)
            assert parking.Sent(again=0, unreadable=0) == await send_again(service)
        told = await service.pool.fetch(
            "SELECT body FROM outbox WHERE type = 'RecordTakenUp' ORDER BY id"
        )
        taken_up: list[Any] = [events.read(row["body"]) for row in told]
        assert {refusal("C1", 2).event_id, refusal("C1", 3).event_id} == {
            each.record_id for each in taken_up
        }

    async def test_need_the_key_that_they_were_sealed_with(self, service: BareService) -> None:
        """Another key is refused in words; nothing is sent."""
        service.fails_on = lambda _: True
        async with service.running():
            await service.post(refusal("C1", 1))
            await eventually(lambda: waiting(service), 1)
        with pytest.raises(ValueError, match="parking key"):
            await send_again(service, b"x" * 32)

    async def test_that_this_version_cannot_read_go_on_waiting(self, service: BareService) -> None:
        """They are counted, so that the operator knows what is left to mend."""
        producer = await kafka.start_producer(service.settings)
        body = b'{"type":"ReturnForgotten","event_id":"%s"}' % str(uuid.uuid4()).encode()
        await producer.send_and_wait("makegood.returns.v1", body, b"C1", headers=[])
        await producer.stop()
        async with service.running():
            await eventually(lambda: waiting(service), 1)
        assert parking.Sent(again=0, unreadable=1) == await send_again(service)
        assert 1 == await waiting(service)
