"""Where a topic is read from, when it is read for the first time, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiokafka import TopicPartition

from services.intake.consumer import handlers
from shared.delivery import offsets, topics
from tests.support import intake_service

ALERTS = TopicPartition(topics.ALERTS.name, 3)
RETURNS = TopicPartition(topics.RETURNS.name, 3)


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.at_work(database) as made:
        yield made


class TestATopicThatWasNeverRead:
    async def test_has_lost_what_the_broker_has_no_more(
        self, service: intake_service.IntakeService
    ) -> None:
        """The first 40 records have expired: nobody here has read them."""
        with pytest.raises(offsets.LostError, match="begins at 40"):
            await offsets.assign(service.pool, "cluster", {RETURNS: 40}, {RETURNS: 50})

    async def test_starts_with_what_is_there_if_it_was_added_later(
        self, service: intake_service.IntakeService
    ) -> None:
        """As alerts were at intake: an installation that is older than they are kept goes on after
        an upgrade. What expires later is a loss like any other."""
        late = handlers.SUBSCRIPTION.late
        assert {topics.ALERTS.name} == late
        found = await offsets.assign(service.pool, "cluster", {ALERTS: 40}, {ALERTS: 50}, late)
        assert {ALERTS: 40} == found
        with pytest.raises(offsets.LostError, match="begins at 45"):
            await offsets.assign(service.pool, "cluster", {ALERTS: 45}, {ALERTS: 50}, late)
