"""Alerts over HTTP: the lines meant, what to do by when, and who has seen them (rules L1 to L3)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification.consumer import replay
from shared.delivery import topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, VerificationService, day_ended

OTHER = "GB-LAE-SHN"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


@pytest.fixture
async def short(service: VerificationService) -> None:
    """October is £7,194.60 behind; one of its two lines has an unknown postcode. It is 10
    November."""
    await service.promise("C1", area=build.KNOWSLEY)
    await service.pool.execute(
        "INSERT INTO postcode VALUES ('L36 9YU', 'sample-1', 'E08000011', NULL, '1980-01')"
    )
    lines = [
        build.line("1", "18250.00", place={"postcode": "L36 9YU"}),
        build.line("2", "500.00", place={"postcode": "L99 9ZZ"}),
    ]
    returned = build.returned(1, "2026-10", *lines, day="2026-11-10")
    await service.deliver(day_ended("2026-10-31"), returned)


async def alerts(caller: Caller, **filters: Any) -> list[Any]:
    answer = await caller.get("/alerts", **filters)
    assert 200 == answer.status_code, answer.text
    return list(answer.json()["items"])


class TestAnAlert:
    async def test_names_the_lines_meant(self, short: None, manager: Caller) -> None:
        """What each reported, what of it counts and why: what does not count comes first."""
        (alert,) = await alerts(manager)
        assert [("2", "500.00", "0"), ("1", "18250.00", "18250.00")] == [
            (line["line_id"], line["reported"], line["counted"]) for line in alert["lines"]
        ]
        assert alert["has_all_lines"]
        assert [alert["returns"][0]] * 2 == [line["return_id"] for line in alert["lines"]]
        (finding,) = alert["lines"][0]["findings"]
        assert (
            "The directory does not have L99 9ZZ.",
            "Ask the supplier, or decide by the evidence.",
        ) == (
            finding["words"],
            finding["what_to_do"],
        )

    async def test_says_what_to_do_by_a_day_that_lies_ahead(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """Five working days; once they have passed, the next working day."""
        (alert,) = await alerts(manager)
        words = "Notify Example Builders (fictional) of the shortfall by 17 November 2026."
        step = {"code": "notify_supplier", "words": words, "by": "2026-11-17", "is_late": False}
        assert step == alert["next_step"]
        service.clock.move_to(build.at("2026-11-20"))
        (late,) = await alerts(manager)
        assert ("2026-11-23", True) == (late["next_step"]["by"], late["next_step"]["is_late"])

    async def test_asks_the_supplier_for_what_is_the_suppliers(
        self, short: None, service: VerificationService
    ) -> None:
        """The sentences of its lines are its own too."""
        (alert,) = await alerts(await service.caller("supplier", build.SUPPLIER))
        assert "Wait for the council's notice by 17 November 2026." == alert["next_step"]["words"]
        (finding,) = alert["lines"][0]["findings"]
        assert "We do not know L99 9ZZ. The council will look at the line." == finding["words"]

    async def test_of_a_duplicate_names_the_claim_that_goes_first(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Invoice, receipt, month and contract."""
        await service.promise("C1", "C2")
        line = build.line("7", "9000.00", invoice=build.invoice("INV-7", "9000.00"))
        await service.deliver(
            build.returned(1, "2026-10", line),
            build.returned(2, "2026-10", line, contract_id="C2"),
        )
        (alert,) = await alerts(manager, kind="duplicate_claim")
        assert (
            "Spend in the borough: INV-7 was claimed twice: Community hub (Example Builders "
            "(fictional))" == alert["headline"]
        )
        assert (
            "Example Builders (fictional) reported £9,000 in October 2026 for INV-7. Receipt 1 of "
            "Example Builders (fictional) for October 2026 on C1 goes first. It does not count "
            "until the council decides or the earlier claim is withdrawn." == alert["words"]
        )
        ((shown,), (finding,)) = (alert["lines"], alert["lines"][0]["findings"])
        assert ("7", "C1", 1) == (
            shown["line_id"],
            finding["goes_first"]["contract_id"],
            finding["goes_first"]["receipt_no"],
        )

    async def test_asks_for_nothing_once_it_is_over(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The return has come; the earlier claim was withdrawn."""
        await service.promise("C1", "C2")
        await service.deliver(*(day_ended(day) for day in ("2026-10-31", "2026-11-19")))
        line = build.line("7", "9000.00", invoice=build.invoice("INV-7", "9000.00"))
        first = build.returned(1, "2026-10", line, contract_id="C2", day="2026-11-20")
        await service.deliver(first, build.returned(2, "2026-10", line, day="2026-11-20"))
        kinds = ("return_overdue", "duplicate_claim")
        shown = [(await alerts(manager, kind=kind))[0] for kind in kinds]
        assert [True, False] == [each["is_over"] for each in shown]
        assert [True, False] == [each["next_step"] is None for each in shown]
        await service.deliver(build.withdrawn(3, first, "2026-11-23"))
        await service.settle()
        (free,) = await alerts(manager, kind="duplicate_claim")
        assert (True, None) == (free["is_over"], free["next_step"])
        assert free["words"].endswith("The line no longer waits for another claim.")

    async def test_shows_ten_lines_at_most(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """And says that there are more."""
        await service.promise("C1")
        lines = [
            build.line(f"{n:02}", "1.00", invoice=build.invoice(f"INV-{n}")) for n in range(12)
        ]
        returned = build.returned(1, "2026-10", *lines, day="2026-11-10")
        await service.deliver(day_ended("2026-10-31"), returned)
        (alert,) = await alerts(manager)
        assert (10, False) == (len(alert["lines"]), alert["has_all_lines"])


class TestAcknowledging:
    async def test_says_by_whom_and_when(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """In the answer, in the list, and as an event of ids for the ledger."""
        (alert,) = await alerts(manager)
        assert (None, None) == (alert["acknowledged_by"], alert["acknowledged_at"])
        service.clock.move_to(build.at("2026-11-12"))
        answer = await manager.post(f"/alerts/{alert['alert_id']}/acknowledge")
        assert 200 == answer.status_code
        said = answer.json()
        assert (alert["alert_id"], "manager@GB-LAE-KWL", "2026-11-12T12:00") == (
            said["alert_id"],
            said["acknowledged_by"],
            said["acknowledged_at"][:16],
        )
        (listed,) = await alerts(manager)
        assert said.items() <= listed.items()
        event = (await service.messages(topics.OUTCOMES))[-1]
        assert isinstance(event, events.AlertAcknowledged)
        assert (alert["alert_id"], "C1", "manager@GB-LAE-KWL") == (
            str(event.alert_id),
            event.contract_id,
            event.acknowledged_by,
        )

    async def test_again_tells_who_was_first(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """Also where two do it at once: one event, one answer."""
        (alert,) = await alerts(manager)
        path = f"/alerts/{alert['alert_id']}/acknowledge"
        others = [await service.caller("manager", actor=f"officer-{n}@here") for n in range(4)]
        answers = await asyncio.gather(*(each.post(path) for each in others))
        answers.append(await manager.post(path))
        assert [200] * 5 == [each.status_code for each in answers]
        assert 1 == len({each.text for each in answers})
        posted = await service.messages(topics.OUTCOMES)
        assert 1 == sum(isinstance(each, events.AlertAcknowledged) for each in posted)

    async def test_filters_the_list(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """What waits for somebody, and what does not."""
        for day in ("2026-11-30", "2026-12-14"):
            await service.deliver(day_ended(day))
        every = await alerts(manager)
        await manager.post(f"/alerts/{every[0]['alert_id']}/acknowledge")
        found = {
            state: [each["alert_id"] for each in await alerts(manager, acknowledged=state)]
            for state in ("true", "false")
        }
        ids = [each["alert_id"] for each in every]
        assert len(ids) > 1
        assert {"true": ids[:1], "false": ids[1:]} == found

    @pytest.mark.parametrize("role", ["supplier", "approver", "auditor", "operator"])
    async def test_is_for_managers(
        self, short: None, service: VerificationService, manager: Caller, role: Any
    ) -> None:
        """403 for every other role."""
        (alert,) = await alerts(manager)
        party = build.SUPPLIER if role == "supplier" else None
        caller = await service.caller(role, party)
        assert 403 == (await caller.post(f"/alerts/{alert['alert_id']}/acknowledge")).status_code

    async def test_of_another_authority_or_of_nothing_is_not_found(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """404 both times, as if it did not exist; an odd id is 422."""
        (alert,) = await alerts(manager)
        stranger = await service.caller("manager", authority=OTHER)
        answers = [
            await stranger.post(f"/alerts/{alert['alert_id']}/acknowledge"),
            await manager.post(f"/alerts/{uuid.UUID(int=7)}/acknowledge"),
        ]
        assert [(404, "There is no such alert")] * 2 == [
            (each.status_code, each.json()["title"]) for each in answers
        ]
        assert 422 == (await manager.post("/alerts/first/acknowledge")).status_code
        assert None is (await alerts(manager))[0]["acknowledged_by"]

    async def test_is_in_the_journal(
        self, short: None, service: VerificationService, manager: Caller
    ) -> None:
        """Replay makes it again, and names what was changed by hand; what comes later is folded as
        before."""
        (alert,) = await alerts(manager)
        await manager.post(f"/alerts/{alert['alert_id']}/acknowledge")
        await service.deliver(day_ended("2026-11-13"), day_ended("2026-11-30"))
        assert [] == (await replay.run(service.pool)).differences
        await service.pool.execute(
            "UPDATE alert SET acknowledged_by = 'somebody' WHERE acknowledged_by IS NOT NULL"
        )
        assert ["C1: the alerts differ"] == (await replay.run(service.pool)).differences
