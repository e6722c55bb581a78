"""What verification says again, and what it does not believe, on a real database."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.verification.consumer import handlers
from services.verification.register import publication
from shared import clock
from shared.delivery import parking, topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import START, VerificationService


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


class TestAContract:
    async def test_is_published_again_as_it_is(self, service: VerificationService) -> None:
        """One or all, with a new id, so that it is not taken for a repeat."""
        await service.promise("C1", "C2")
        before: list[events.ContractPublished] = await service.messages(topics.CONTRACTS)
        last = {each.contract_id: each for each in before}
        assert 0 == await publication.again(service.pool, "C3", START)
        assert 1 == await publication.again(service.pool, "C1", START)
        assert 2 == await publication.again(service.pool, None, START)
        again = (await service.messages(topics.CONTRACTS))[len(before) :]
        assert ["C1", "C1", "C2"] == [each.contract_id for each in again]
        for each in again:
            as_before = last[each.contract_id]
            assert (as_before.version, as_before.commitments) == (each.version, each.commitments)
        ids = [each.event_id for each in (*before, *again)]
        assert len(ids) == len(set(ids))

    async def test_stands_again_where_its_state_says(self, service: VerificationService) -> None:
        """A standing that was changed or lost by hand is made of the state again."""
        await service.promise("C1", "C2")
        before = await service.rows("standing", "1")
        await service.pool.execute("DELETE FROM standing WHERE contract_id = 'C1'")
        await service.pool.execute("UPDATE standing SET commitments = '[]'")
        await publication.again(service.pool, None, START)
        assert before == await service.rows("standing", "1")


class TestAnEvent:
    async def test_from_the_future_is_parked(self, service: VerificationService) -> None:
        """A day that ended too early could not be taken back. The demo's clock is not moved."""
        await service.promise("C1")
        await service.deliver(verification_service.day_ended("2099-01-01"))
        reasons = await service.pool.fetch("SELECT reason FROM parked")
        assert ["ahead_of_time"] == [row["reason"] for row in reasons]
        assert START + timedelta(days=1) > service.clock.now()

    async def test_of_tomorrow_is_parked_where_the_clock_is_not_moved(
        self, service: VerificationService
    ) -> None:
        """The machines' clocks differ by less than an hour."""
        await service.promise("C1")
        tomorrow = clock.WallClock().now() + timedelta(days=1)
        record = service.record(build.day_ended(f"{tomorrow:%Y-%m-%d}", 0))
        await handlers.handler(service.delivery, clock.WallClock())([record])
        reasons = await service.pool.fetch("SELECT reason FROM parked")
        assert ["ahead_of_time"] == [row["reason"] for row in reasons]

    async def test_that_another_service_wrote_is_never_sent_again(
        self, service: VerificationService
    ) -> None:
        """Or it would come back under the name of the one that may write it. It raises an alarm."""
        await service.promise("C1")
        forged = service.record(build.returned(1, "2026-10"))
        headers = dict(forged.headers) | {"ce_source": topics.source("ledger")}
        before = alarms()
        await handlers.handler(service.delivery, service.clock)(
            [dataclasses.replace(forged, headers=tuple(headers.items()))]
        )
        row = await service.pool.fetchrow("SELECT reason, event_id, return_id FROM parked")
        assert row is not None
        assert ("wrong_source", None, None) == tuple(row)
        assert before + 1 == alarms()


def alarms() -> float:
    """How often the alarm was raised."""
    labels = {"alarm": parking.NOT_BELIEVED}
    return REGISTRY.get_sample_value("makegood_alarms_total", labels) or 0.0
