"""Contracts with promises in force and no owner: they are told, once (rule L2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.verification.consumer import replay
from services.verification.domain import ownerless
from shared.delivery import topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    OWNER,
    Caller,
    VerificationService,
    a_commitment,
    a_contract,
    day_ended,
)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """C1 with a promise in force, and nobody who owns it."""
    async with verification_service.at_work(database) as made:
        await promise(made, "C1")
        yield made


async def promise(service: VerificationService, contract_id: str, **figures: Any) -> None:
    manager, approver = await service.caller("manager"), await service.caller("approver")
    await manager.post("/contracts", a_contract(contract_id, **figures))
    await manager.post(f"/contracts/{contract_id}/commitments", a_commitment())
    answer = await approver.post(f"/contracts/{contract_id}/commitments/spend/activate")
    assert 200 == answer.status_code, answer.text


async def own(service: VerificationService, owner: str | None) -> None:
    manager = await service.caller("manager")
    assert 200 == (await manager.put("/contracts/C1/people", {"owner": owner})).status_code


async def told(service: VerificationService) -> list[events.AlertRaised]:
    """All that was said of owners."""
    said = await service.messages(topics.ALERTS)
    return [each for each in said if each.kind == ownerless.KIND]


class TestAContractWithoutAnOwner:
    async def test_is_told_at_the_end_of_a_day(self, service: VerificationService) -> None:
        """The day ended on Friday 2 October; five working days later is Friday the 9th."""
        assert [] == await told(service)
        day = day_ended("2026-10-02")
        await service.deliver(day)
        (alert,) = await told(service)
        assert ("C1", "C1", build.SUPPLIER) == (
            alert.contract_id,
            alert.subject,
            alert.supplier_id,
        )
        assert (None, "name_owner", date(2026, 10, 9)) == (
            alert.commitment_id,
            alert.step,
            alert.step_by,
        )
        assert (day.event_id, day.occurred_at) == (alert.caused_by, alert.occurred_at)
        manager = await service.caller("manager")
        (shown,) = (await manager.get("/alerts")).json()["items"]
        assert shown["headline"].startswith("What was promised has no owner: Community hub")
        assert "Name an owner of the contract" in shown["next_step"]["words"]
        await own(service, OWNER)
        (shown,) = (await manager.get("/alerts")).json()["items"]
        assert (True, None) == (shown["is_over"], shown["next_step"])
        assert shown["words"].endswith("The contract has an owner now.")

    async def test_is_told_once(self, service: VerificationService) -> None:
        """Not again the next day, nor when the day comes again."""
        await service.deliver(day_ended("2026-10-02"), day_ended("2026-10-03"))
        await service.deliver(day_ended("2026-10-03"), day_ended("2026-10-04"))
        assert 1 == len(await told(service))

    async def test_is_told_again_after_an_owner_has_gone(
        self, service: VerificationService
    ) -> None:
        """Each time with an id of its own; an owner who came and went within a day is one too."""
        await service.deliver(day_ended("2026-10-02"))
        await own(service, OWNER)
        await service.deliver(day_ended("2026-10-03"))
        assert 1 == len(await told(service))
        await own(service, None)
        await service.deliver(day_ended("2026-10-04"), day_ended("2026-10-05"))
        assert 2 == len(await told(service))
        await own(service, OWNER)
        await own(service, None)
        await service.deliver(day_ended("2026-10-06"))
        assert 3 == len({each.event_id for each in await told(service)})

    async def test_is_not_told_where_there_is_nothing_to_own(
        self, service: VerificationService
    ) -> None:
        """No promise in force, an owner in time, or a contract that has ended."""
        await own(service, OWNER)
        manager = await service.caller("manager")
        await manager.post("/contracts", a_contract("C2"))
        await manager.post("/contracts/C2/commitments", a_commitment())
        await promise(service, "C3", starts_on="2026-10-01", ends_on="2026-12-31")
        last = [day_ended("2027-01-01", contract_id) for contract_id in ("C1", "C2", "C3")]
        service.clock.move_to(last[0].occurred_at)
        await service.deliver(*{each.partition: each for each in last}.values())
        assert [] == await told(service)

    async def test_is_told_with_others_a_bounded_number_at_once(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The rest is told the next day."""
        monkeypatch.setattr(ownerless, "AT_ONCE_MAX", 1)
        await promise(service, "C2")
        for day in ("2026-10-02", "2026-10-03", "2026-10-04"):
            both = [day_ended(day, contract_id) for contract_id in ("C1", "C2")]
            await service.deliver(*{each.partition: each for each in both}.values())
            if day == "2026-10-02":
                assert ["C1"] == [each.contract_id for each in await told(service)]
        assert {"C1", "C2"} == {each.contract_id for each in await told(service)}

    async def test_is_no_difference_for_a_replay(self, service: VerificationService) -> None:
        """Before and after it is acknowledged; but an alert that is not as it was posted is one."""
        await service.deliver(day_ended("2026-10-02"))
        assert [] == (await replay.run(service.pool)).differences
        (alert,) = await told(service)
        manager: Caller = await service.caller("manager")
        answer = await manager.post(f"/alerts/{alert.event_id}/acknowledge")
        assert 200 == answer.status_code, answer.text
        assert [] == (await replay.run(service.pool)).differences
        await service.pool.execute("UPDATE alert SET acknowledged_by = 'nobody'")
        assert ["C1: the alerts differ"] == (await replay.run(service.pool)).differences
        await service.pool.execute("UPDATE alert SET body = body || ' '")
        said = (await replay.run(service.pool)).differences
        assert f"C1: message {alert.event_id} was posted with different bytes" in said
