"""Returns with a receipt that verification could not take, and what becomes of them."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.verification.consumer import handlers, replay
from services.verification.domain import fold
from shared.delivery import parking, topics, transaction
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        await made.promise("C1")
        yield made


def alarms(alarm: str = "receipted_parked") -> float:
    labels = {"alarm": alarm}
    return REGISTRY.get_sample_value("makegood_alarms_total", labels) or 0.0


def spent(receipt_no: int, quantity: str, revision: int = 1) -> events.ReturnReceived:
    line = build.line("1", quantity)
    return build.returned(receipt_no, "2026-10", line, revision=revision)


FIRST, SECOND = spent(1, "100.00"), spent(2, "70.00", revision=2)
WITHDRAWAL = build.withdrawn(3, FIRST, "2026-11-02")


async def fail(
    service: VerificationService, monkeypatch: pytest.MonkeyPatch, *given: events.Event
) -> None:
    """The fold has a fault: each record is parked as the consumer parks it."""

    def broken(*_: object) -> Any:
        raise ArithmeticError("a fault of ours")

    handle = handlers.handler(service.delivery, service.clock)
    with monkeypatch.context() as patched:
        patched.setattr(fold, "fold", broken)
        for event in given:
            record = service.record(event)
            with pytest.raises(ArithmeticError):
                await handle([record])
            await transaction.park(service.delivery, record, "handler_failed_ArithmeticError")


async def counted(service: VerificationService) -> list[Decimal]:
    return [line.result.counted for _, line in await service.lines()]


async def taken_up(service: VerificationService) -> list[Any]:
    told = await service.messages(topics.PARKED)
    return [each.record_id for each in told if isinstance(each, events.RecordTakenUp)]


class TestAReceiptedReturn:
    async def test_that_cannot_be_taken_raises_an_alarm_and_is_told_by_its_id(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The ids of event and return, and nothing else of it."""
        before = alarms()
        await fail(service, monkeypatch, FIRST, WITHDRAWAL)
        assert 2 == alarms() - before
        told = await service.messages(topics.PARKED)
        assert [
            (FIRST.event_id, FIRST.return_id),
            (WITHDRAWAL.event_id, FIRST.return_id),
        ] == [(each.record_id, each.return_id) for each in told]
        assert 2 == await parking.count_held(service.pool)

    async def test_counts_when_it_comes_again_after_the_mend(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is told that it was taken up, once; a repeat changes nothing."""
        await fail(service, monkeypatch, FIRST)
        await service.deliver(FIRST)
        await service.deliver(FIRST)
        assert [Decimal(100)] == await counted(service)
        assert [FIRST.event_id] == await taken_up(service)
        assert 0 == await parking.count_held(service.pool)
        assert [] == (await replay.run(service.pool)).differences

    async def test_goes_on_waiting_if_it_is_parked_again(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is told before it is processed."""
        await fail(service, monkeypatch, FIRST, FIRST)
        assert [] == await taken_up(service)
        assert 1 == await parking.count_held(service.pool)
        await service.deliver(FIRST)
        assert 0 == await parking.count_held(service.pool)

    async def test_that_was_overtaken_has_no_effect_any_more(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A later revision was counted meanwhile: the first one does not come back."""
        await fail(service, monkeypatch, FIRST)
        await service.deliver(SECOND)
        await service.deliver(FIRST)
        await service.deliver(FIRST)
        assert [Decimal(70)] == await counted(service)
        assert [FIRST.event_id] == await taken_up(service)
        assert [FIRST.return_id] == [
            each.return_id
            for each in await service.messages(topics.PARKED)
            if isinstance(each, events.RecordParked)
        ]
        assert [] == (await replay.run(service.pool)).differences

    async def test_that_was_withdrawn_meanwhile_does_not_come_back(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its withdrawal was processed while it waited."""
        await fail(service, monkeypatch, FIRST)
        await service.deliver(WITHDRAWAL)
        await service.deliver(FIRST)
        assert [] == await counted(service)
        assert [FIRST.event_id] == await taken_up(service)

    async def test_that_supersedes_one_that_waits_counts(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of three revisions the second could not be taken: the third does not wait for it."""
        await service.deliver(FIRST)
        await fail(service, monkeypatch, SECOND)
        await service.deliver(spent(4, "50.00", revision=3))
        await service.deliver(SECOND)
        assert [Decimal(50)] == await counted(service)
        assert [SECOND.event_id] == await taken_up(service)

    async def test_that_supersedes_what_never_came_has_no_effect(
        self, service: VerificationService
    ) -> None:
        """It names an invented return, also where a second forgery names the first; each raises an
        alarm."""
        before = alarms("not_believed")
        await service.deliver(FIRST)
        await service.deliver(spent(9, "90.00", revision=9))
        await service.deliver(spent(10, "95.00", revision=10))
        assert [Decimal(100)] == await counted(service)
        assert ["supersedes_unknown"] * 2 == [
            each.reason for each in await service.messages(topics.PARKED)
        ]
        assert 2 == alarms("not_believed") - before

    async def test_that_follows_a_withdrawal_counts_whatever_the_batch(
        self, service: VerificationService
    ) -> None:
        """The next revision of a month names what was withdrawn, in the same batch or a later
        one."""
        third = spent(5, "30.00", revision=3)
        gone = build.withdrawn(4, SECOND, "2026-11-03")
        await service.deliver(FIRST, SECOND, gone, third)
        assert [Decimal(30)] == await counted(service)
        await service.deliver(build.withdrawn(6, third, "2026-11-04"))
        await service.deliver(spent(7, "20.00", revision=4))
        assert [Decimal(20)] == await counted(service)

    async def test_that_cannot_be_read_is_held_too(self, service: VerificationService) -> None:
        """Its bytes still tell which event and which return it is."""
        record = service.record(FIRST)
        assert record.value is not None
        odd = record.value.replace(b'"revision":1', b'"revision":"one"')
        handle = handlers.handler(service.delivery, service.clock)
        await handle([dataclasses.replace(record, value=odd)])
        (told,) = await service.messages(topics.PARKED)
        assert ("wrong_schema", FIRST.return_id) == (told.reason, told.return_id)

    async def test_whose_id_came_with_other_bytes_is_not_held(
        self, service: VerificationService
    ) -> None:
        """The return itself was processed; another alarm is raised."""
        await service.deliver(FIRST)
        await service.deliver(build.returned(1, "2026-10", build.line("1", "7.00")))
        (told,) = await service.messages(topics.PARKED)
        assert ("same_id_other_bytes", None) == (told.reason, told.return_id)
        assert 0 == await parking.count_held(service.pool)
