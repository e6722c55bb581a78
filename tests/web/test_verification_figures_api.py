"""Verification over HTTP: figures, alerts, and who may see them, on a real database, without a
broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared import calendar
from shared.web import lists
from shared.wire import ids
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    Caller,
    VerificationService,
    a_commitment,
    day_ended,
)

OTHER = "GB-LAE-SHN"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


@pytest.fixture
async def approver(service: VerificationService) -> Caller:
    return await service.caller("approver")


def figure(answer: httpx.Response, name: str = "counted") -> str:
    assert 200 == answer.status_code, answer.text
    (only,) = answer.json()["commitments"]
    return str(only[name])


class TestWhoMaySee:
    @pytest.fixture
    async def paths(self, service: VerificationService) -> list[str]:
        await service.promise("C1")
        await service.deliver(build.returned(1, "2026-10", build.line("1", "1.00")))
        return ["/contracts/C1", "/contracts/C1/performance"]

    async def test_the_supplier_sees_its_own(
        self, service: VerificationService, paths: list[str]
    ) -> None:
        """Its contract, figures and lines."""
        supplier = await service.caller("supplier", build.SUPPLIER)
        assert [200, 200] == [(await supplier.get(path)).status_code for path in paths]
        for listed in ("/contracts", "/lines"):
            assert 1 == len((await supplier.get(listed)).json()["items"])

    async def test_of_several_suppliers_each_sees_its_own(
        self, service: VerificationService, manager: Caller, approver: Caller
    ) -> None:
        """Lines, alerts and cases of the other are not shown; the contract's figures are."""
        both = (build.SUPPLIER, "GB-COH-00000009")
        await manager.post("/contracts", verification_service.a_contract(supplier_ids=list(both)))
        await manager.post("/contracts/C1/commitments", a_commitment())
        await approver.post("/contracts/C1/commitments/spend/activate")
        await manager.put("/contracts/C1/people", {"owner": verification_service.OWNER})
        for number, party_id in enumerate(both, 1):
            line = build.line("1", f"{number}.00", invoice=build.invoice(f"INV-{number}"))
            await service.deliver(build.returned(number, "2026-10", line, party_id=party_id))
        for day in ("2026-10-31", "2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"):
            await service.deliver(day_ended(day))
        seen: dict[tuple[str | None, str], Any] = {}
        for seer in (*both, None):
            caller = manager if seer is None else await service.caller("supplier", seer)
            for path in ("/lines", "/cases", "/alerts"):
                seen[seer, path] = (await caller.get(path)).json()["items"]
            assert 200 == (await caller.get("/contracts/C1/performance")).status_code
        for party_id in both:
            assert [party_id] == [line["party_id"] for line in seen[party_id, "/lines"]]
            assert {party_id, None} >= {each["party_id"] for each in seen[party_id, "/cases"]}
            assert {party_id, None} >= {a["supplier_id"] for a in seen[party_id, "/alerts"]}
        assert 2 == len(seen[None, "/lines"])
        assert set(both) <= {each["party_id"] for each in seen[None, "/cases"]}
        assert set(both) <= {alert["supplier_id"] for alert in seen[None, "/alerts"]}

    @pytest.mark.parametrize(
        ("role", "party", "authority"),
        [
            ("supplier", "GB-COH-00000009", build.AUTHORITY),
            ("supplier", build.SUPPLIER, OTHER),
            ("manager", None, OTHER),
            ("auditor", None, OTHER),
        ],
    )
    async def test_others_see_nothing(
        self,
        service: VerificationService,
        paths: list[str],
        role: Any,
        party: str | None,
        authority: str,
    ) -> None:
        """404 and empty lists, as if nothing existed."""
        stranger = await service.caller(role, party, authority)
        assert [404, 404] == [(await stranger.get(path)).status_code for path in paths]
        for listed in ("/contracts", "/lines", "/alerts", "/cases"):
            assert [] == (await stranger.get(listed)).json()["items"]

    async def test_only_managers_draft_and_only_approvers_approve(
        self, service: VerificationService, paths: list[str]
    ) -> None:
        """403 for every other role, 404 for another authority's."""
        supplier = await service.caller("supplier", build.SUPPLIER)
        auditor, approver = await service.caller("auditor"), await service.caller("approver")
        stranger = await service.caller("manager", authority=OTHER)
        drafts = [
            await who.post("/contracts/C1/commitments", a_commitment("other"))
            for who in (supplier, auditor, approver, stranger)
        ]
        assert [403, 403, 403, 404] == [each.status_code for each in drafts]
        manager = await service.caller("manager")
        activated = await manager.post("/contracts/C1/commitments/spend/activate")
        assert 403 == activated.status_code


class TestPerformance:
    async def test_shows_what_was_known_on_each_day(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Example 15: 18,250 at 30 November, 15,250 at 31 December, 14,250 at 28 February."""
        await service.promise("C1")
        paid = build.invoice("INV-1", "18250.00")
        line = build.line("1", "18250.00", invoice=paid)
        revised = build.line("1", "15250.00", invoice=build.invoice("INV-1", "15250.00"))
        credit = build.line(
            "1", "-1000.00", invoice=build.invoice("CR-1", "-1000.00", credit_of="INV-1")
        )
        await service.deliver(
            build.returned(1, "2026-10", line, day="2026-11-10"),
            build.returned(2, "2026-10", revised, day="2026-12-09", revision=2),
            build.returned(3, "2027-01", credit, day="2027-02-10"),
        )
        path = "/contracts/C1/performance"
        counted = [
            figure(await manager.get(path, as_at=day))
            for day in ("2026-11-30", "2026-12-31", "2027-02-10")
        ]
        assert ["18250.00", "15250.00", "14250.00"] == counted
        now = (await manager.get(path)).json()["commitments"][0]
        assert "14250.00" == now["counted"]
        months = {each["period"]: each["counted"] for each in now["by_period"]}
        assert {"2026-10": "15250.00", "2027-01": "-1000.00"} == months

    async def test_as_at_today_is_what_it_shows_now(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Folding the journal again gives what the tables have."""
        await service.promise("C1")
        await service.deliver(
            build.returned(1, "2026-10", build.line("1", "9000.00"), day="2026-11-03"),
            day_ended("2026-11-13"),
        )
        path = "/contracts/C1/performance"
        now = (await manager.get(path)).json()
        then = (await manager.get(path, as_at="2026-11-14")).json()
        assert now | {"as_at": "2026-11-14"} == then

    async def test_as_at_a_day_that_lies_ahead_is_refused(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Nothing is known of it, whatever the figures are now."""
        await service.promise("C1")
        answer = await manager.get("/contracts/C1/performance", as_at="2099-01-01")
        assert (422, "as_at") == (answer.status_code, answer.json()["errors"][0]["parameter"])

    @pytest.mark.parametrize(
        ("path", "asked", "status"),
        [
            ("/lines", {"contract": "C-NONE"}, 404),
            ("/alerts", {"contract": "C-NONE"}, 404),
            ("/cases", {"contract": "C-NONE"}, 404),
            ("/lines", {"state": "lost"}, 422),
            ("/alerts", {"kind": "return_lost"}, 422),
            ("/cases", {"state": "lost"}, 422),
            ("/contracts", {"contract": "C1"}, 422),
        ],
    )
    async def test_lists_are_not_asked_for_what_cannot_be(
        self,
        service: VerificationService,
        manager: Caller,
        path: str,
        asked: dict[str, str],
        status: int,
    ) -> None:
        """An empty list says that there is nothing, never that a name was misspelt."""
        await service.promise("C1")
        answer = await manager.get(path, **asked)
        assert status == answer.status_code
        if status == 422:
            assert list(asked) == [each["parameter"] for each in answer.json()["errors"]]

    async def test_rounds_down_the_attainment_that_it_shows(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """£600,000 over 731 days: 31 of them by 31 October."""
        await service.promise("C1")
        spent = build.returned(1, "2026-10", build.line("1", "22886.00"))
        await service.deliver(spent, day_ended("2026-10-31"))
        path = "/contracts/C1/performance"
        answer = await manager.get(path)
        shown = (figure(answer, "expected"), figure(answer, "attainment"), figure(answer, "rating"))
        assert ("25444.60", "89.9", "Requires improvement") == shown

    async def test_of_a_day_before_the_contract_is_not_found(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """404, not an empty answer."""
        await service.promise("C1")
        answer = await manager.get("/contracts/C1/performance", as_at="2026-09-01")
        assert 404 == answer.status_code

    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "never"])
    async def test_of_an_impossible_day_is_refused(
        self, service: VerificationService, manager: Caller, day: str
    ) -> None:
        """422: no clock can tell the end of such a day."""
        await service.promise("C1")
        answer = await manager.get("/contracts/C1/performance", as_at=day)
        assert 422 == answer.status_code


class TestAlerts:
    async def test_say_in_plain_words_what_is_behind(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Rule L1: contract, supplier, commitment, figures, gap, why, the next step and its day."""
        await service.promise("C1")
        spent = build.returned(1, "2026-10", build.line("1", "18250.00"), day="2026-11-10")
        await service.deliver(day_ended("2026-10-31"), spent)
        (alert,) = (await manager.get("/alerts")).json()["items"]
        assert (
            "Spend in the borough is behind: Community hub (Example Builders (fictional))"
            == alert["headline"]
        )
        assert (
            "By 31 October 2026, £25,444.60 of £600,000 was due. £18,250 was reported and £18,250 "
            "counted. That is £7,194.60 behind: 1.1% of the whole target. Rated: Inadequate. "
            "Why: less was delivered than was due." == alert["words"]
        )
        assert (
            "Notify Example Builders (fictional) of the shortfall by 17 November 2026."
            == alert["next_step"]["words"]
        )
        (case,) = (await manager.get("/cases")).json()["items"]
        assert ("shortfall", "opened", alert["subject"]) == (
            case["kind"],
            case["state"],
            case["case_id"],
        )

    async def test_come_page_by_page_the_newest_first(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Each alert once; filtered by contract and kind."""
        await service.promise("C1", "C2")
        await service.deliver(
            *(
                day_ended(day, contract_id)
                for contract_id in ("C1", "C2")
                for day in ("2026-10-31", "2026-11-10", "2026-11-12", "2026-11-19")
            )
        )
        seen: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await manager.get("/alerts", limit=2, **cursor)).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert 6 == len(seen) == len({each["alert_id"] for each in seen})
        assert seen == sorted(seen, key=lambda each: (each["raised_at"], each["alert_id"]))[::-1]
        only = (await manager.get("/alerts", contract="C2", kind="return_overdue")).json()["items"]
        assert [("C2", "return_overdue")] == [(each["contract_id"], each["kind"]) for each in only]

    @pytest.mark.parametrize(
        "cursor",
        [
            "x",
            "WyJhIiwiYiJd",
            lists.encode_cursor("2026-11-10T12:00:00", str(ids.derived("no zone"))),
            lists.encode_cursor("0001-01-01T00:00:00+14:00", str(ids.derived("before all"))),
        ],
    )
    async def test_refuse_a_cursor_of_another_list(self, manager: Caller, cursor: str) -> None:
        """400, never 500."""
        for path in ("/alerts", "/cases"):
            assert 400 == (await manager.get(path, cursor=cursor)).status_code


class TestTheDemosClock:
    async def test_follows_what_arrives(self, service: VerificationService) -> None:
        """Intake's operator moves the day; verification's clock follows the end of the day."""
        await service.deliver(day_ended("2026-12-31"))
        assert "2027-01-01" == str(calendar.london_day(service.clock.now()))
