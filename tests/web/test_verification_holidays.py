"""Bank holidays that are declared late, from an operator's request to the due days of both services
(rule O1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from services.intake.domain import due
from services.verification.consumer import replay
from services.verification.register import holidays
from shared import calendar
from shared.delivery import topics
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, day_ended

FRIDAY = {
    "day": "2026-12-11",
    "known_from": "2026-12-01",
    "reason": "declared by royal proclamation on 25 November",
}


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """It is 26 November 2026."""
    async with verification_service.at_work(database) as made:
        made.clock.move_to(build.at("2026-11-26"))
        yield made


async def enter(service: VerificationService, **changes: str) -> Any:
    operator = await service.caller("operator")
    return await operator.post("/holidays", FRIDAY | changes)


async def owed(service: VerificationService) -> dict[str, str]:
    """The months of C1 that are owed, with their due days."""
    text = await service.pool.fetchval("SELECT missing FROM standing WHERE contract_id = 'C1'")
    return {period: due_on for period, _, due_on, *_ in json.loads(text)}


class TestAHoliday:
    async def test_is_entered_by_an_operator_and_seen_by_officers(
        self, service: VerificationService
    ) -> None:
        answer = await enter(service)
        assert 201 == answer.status_code
        for role in ("manager", "approver", "auditor", "operator"):
            caller = await service.caller(role)
            (found,) = (await caller.get("/holidays")).json()["items"]
            assert answer.json() == found
            assert FRIDAY == {name: found[name] for name in FRIDAY}
            assert (f"operator@{build.AUTHORITY}", False) == (
                found["entered_by"],
                found["published"],
            )

    @pytest.mark.parametrize(
        ("changes", "status", "title"),
        [
            (
                {"known_from": "2026-11-26"},
                422,
                "The holiday is known from a day that lies ahead: 2026-11-27 or later",
            ),
            (
                {"day": "2026-12-01"},
                422,
                ("The holiday comes after the day from which it is known: later than 2026-12-01"),
            ),
            (
                {"day": "2028-11-27"},
                422,
                "The holiday lies too far ahead: at most on 2028-11-26",
            ),
            (
                {"day": "2026-12-25"},
                422,
                ("This day is a weekend or a bank holiday of the calendar already: 2026-12-25"),
            ),
            (
                {"day": "2026-12-12"},
                422,
                ("This day is a weekend or a bank holiday of the calendar already: 2026-12-12"),
            ),
        ],
    )
    async def test_that_cannot_be_is_refused(
        self, service: VerificationService, changes: dict[str, str], status: int, title: str
    ) -> None:
        """In words that say which day can be."""
        answer = await enter(service, **changes)
        assert (status, title) == (answer.status_code, answer.json()["title"])

    async def test_is_entered_once(self, service: VerificationService) -> None:
        """It cannot be changed; the installation may have the same day besides."""
        await enter(service)
        again = await enter(service, known_from="2026-12-02")
        assert (409, "This holiday was entered before: 2026-12-11") == (
            again.status_code,
            again.json()["title"],
        )
        installer = await service.caller("operator", authority=events.INSTALLATION)
        assert 201 == (await installer.post("/holidays", FRIDAY)).status_code
        manager = await service.caller("manager")
        assert [build.AUTHORITY, events.INSTALLATION] == [
            each["authority_id"] for each in (await manager.get("/holidays")).json()["items"]
        ]

    @pytest.mark.parametrize("role", ["manager", "approver", "auditor", "supplier"])
    async def test_is_entered_by_nobody_else(self, service: VerificationService, role: Any) -> None:
        caller = await service.caller(role, build.SUPPLIER if role == "supplier" else None)
        assert 403 == (await caller.post("/holidays", FRIDAY)).status_code

    async def test_goes_on_page_by_page(self, service: VerificationService) -> None:
        """By day; an odd cursor is refused."""
        days = ["2026-12-14", "2026-12-11", "2026-12-18"]
        for day in days:
            await enter(service, day=day)
        manager = await service.caller("manager")
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await manager.get("/holidays", limit=2, **cursor)).json()
            found += [each["day"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert sorted(days) == found
        assert 400 == (await manager.get("/holidays", cursor="eyJ4IjoxfQ")).status_code


class TestDueDays:
    async def test_follow_in_both_services(self, service: VerificationService) -> None:
        """November is due on Tuesday the 15th, a working day later. All contracts tell intake of
        it, once; a replay finds the tables as they are."""
        await service.promise("C1", "C2")
        await enter(service)
        assert 1 == await holidays.publish(service.pool, service.clock)
        assert 0 == await holidays.publish(service.pool, service.clock)
        told = (await service.messages(topics.CONTRACTS))[-2:]
        assert {"C1", "C2"} == {each.contract_id for each in told}
        for each in told:
            (found,) = due.due(each, {}, due.Asked(None, "2026-11", "2026-11"), date(2026, 12, 1))
            assert date(2026, 12, 15) == found.due_on
        await service.deliver(*(day_ended(day, "C1") for day in ("2026-10-31", "2026-11-30")))
        assert "2026-12-15" == (await owed(service))["2026-11"]
        assert [] == (await replay.run(service.pool)).differences

    async def test_that_were_set_stay(self, service: VerificationService) -> None:
        """Known from 2 December, when November's due day was set. October had ended when the
        contract was registered, and is not owed."""
        await service.promise("C1")
        await enter(service, known_from="2026-12-02")
        await service.deliver(
            *(day_ended(day, "C1") for day in ("2026-10-31", "2026-11-13", "2026-11-30"))
        )
        await service.deliver(*(day_ended(day, "C1") for day in ("2026-12-08", "2026-12-14")))
        assert {"2026-11": "2026-12-14"} == await owed(service)
        assert [] == (await replay.run(service.pool)).differences

    async def test_of_another_authority_stay(self, service: VerificationService) -> None:
        """And its contracts tell nothing of it."""
        await service.promise("C1")
        elsewhere = await service.caller("operator", authority="GB-LAE-LIV")
        assert 201 == (await elsewhere.post("/holidays", FRIDAY)).status_code
        before = len(await service.messages(topics.CONTRACTS))
        await holidays.publish(service.pool, service.clock)
        assert before == len(await service.messages(topics.CONTRACTS))
        await service.deliver(*(day_ended(day, "C1") for day in ("2026-10-31", "2026-11-30")))
        assert "2026-12-14" == (await owed(service))["2026-11"]

    async def test_keep_what_a_contract_tells_when_it_changes(
        self, service: VerificationService
    ) -> None:
        """Its next version tells of the holiday too."""
        await enter(service)
        await service.promise("C1")
        last = (await service.messages(topics.CONTRACTS))[-1]
        expected = calendar.LateHoliday(date(2026, 12, 11), date(2026, 12, 1))
        assert (expected,) == due.late_holidays(last)
