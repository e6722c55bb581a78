"""An operator accepts a loss: only if there is one, and while nobody reads on."""

from __future__ import annotations

import pytest

from shared import sql
from shared.delivery import losses, topics
from tests.support.delivery_service import BareService

TOPIC = topics.RETURNS.name


async def accept(service: BareService, topic: str = TOPIC) -> int:
    """As the command does: with a pool of its own."""
    pool = await sql.connect(service.settings, "ledger")
    try:
        return await losses.accept(pool, service.settings, "ledger", topic)
    finally:
        await pool.close()


class TestALoss:
    async def test_is_not_accepted_if_nothing_is_lost(self, service: BareService) -> None:
        """Else everything would be read again for nothing."""
        async with service.running():
            await service.exchange("C1", range(1, 20))
        with pytest.raises(losses.NothingLostError, match=rf"never read here\..*: {TOPIC}"):
            await accept(service, "makegood.nothing.v1")
        with pytest.raises(losses.RunningError, match=r"ledger is running.*Stop it first"):
            await accept(service)
        await service.pool.close()
        with pytest.raises(losses.NothingLostError, match="Nothing is lost"):
            await accept(service)

    async def test_is_accepted_once(self, service: BareService) -> None:
        """Where the last record is not the one that was read, and where the broker is empty."""
        async with service.running():
            await service.exchange("C1", range(1, 20))
        await service.pool.execute(
            "UPDATE consumer_offset SET last_digest = sha256('other') WHERE last_digest IS NOT NULL"
        )
        await service.pool.close()
        assert 2 == await accept(service)
        with pytest.raises(losses.NothingLostError, match="Nothing is lost"):
            await accept(service)
        await service.empty_the_broker()
        assert 3 == await accept(service)
