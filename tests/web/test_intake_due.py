"""What is due, over HTTP, on a real database: of several contracts, suppliers and months."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from services.intake import store
from shared import clock
from shared.wire import events
from tests.support import intake_builders as build
from tests.web.test_intake_api import OTHER, Caller, RunningSystem, open_system

AT = "/api/v1/due"
SHARED = "KMBC-2026-0200"
BARE = "KMBC-2026-0300"


def obligations(first: date, **more: Any) -> events.Obligations:
    active = (events.Days(first=first),)
    return events.Obligations(**{"ended_through": "2026-07", "active": active} | more)


def contracts() -> list[events.ContractPublished]:
    """One since August, whose August return was owed when it was published; one of two suppliers
    since October; one that was published without its obligations."""
    owed = (events.OwedMonths(party_id=build.PARTY, first="2026-08", last="2026-08"),)
    own = obligations(date(2026, 8, 1), ended_through="2026-08", owed_from="2026-08", owed=owed)
    return [
        build.a_contract_published(starts_on=date(2026, 8, 1), obligations=own),
        build.a_contract_published(
            SHARED,
            supplier_ids=(build.PARTY, OTHER),
            obligations=obligations(date(2026, 10, 6)),
        ),
        build.a_contract_published(BARE, obligations=None),
    ]


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026."""
    async with open_system(database, tmp_path) as made:
        rows = [store.rows.contract_row(one, events.write(one)) for one in contracts()]
        async with made.pool.acquire() as conn:
            await store.projections.apply_contracts(conn, rows)
        yield made


@pytest.fixture
async def supplier(system: RunningSystem) -> Caller:
    return await system.caller("supplier", build.PARTY)


@pytest.fixture
async def manager(system: RunningSystem) -> Caller:
    return await system.caller("manager")


async def told(caller: Caller, **asked: Any) -> list[tuple[str, ...]]:
    items = (await caller.get(AT, **asked)).json()["items"]
    return [(each["contract_id"][-4:], each["period"], each["state"]) for each in items]


def move_to(system: RunningSystem, day: date) -> None:
    ticking = system.app.state.dependencies.clock
    assert isinstance(ticking, clock.MovedClock)
    ticking.move_to(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))


class TestASuppliersList:
    async def test_has_every_month_that_is_asked_for(self, supplier: Caller) -> None:
        """August's due day was 14 September, September's 14 October; October's is 13 November."""
        assert [
            ("0117", "2026-08", "overdue"),
            ("0117", "2026-09", "overdue"),
            ("0117", "2026-10", "open"),
            ("0117", "2026-11", "not_yet"),
            ("0200", "2026-10", "open"),
            ("0200", "2026-11", "not_yet"),
        ] == await told(supplier)

    async def test_says_when_to_send_and_how_long_it_is_overdue(self, supplier: Caller) -> None:
        """From 14 October to 5 November are 16 working days."""
        (shown,) = (await supplier.get(AT, **{"from": "2026-09", "to": "2026-09"})).json()["items"]
        wanted = {
            "contract_id": build.CONTRACT,
            "party_id": build.PARTY,
            "period": "2026-09",
            "state": "overdue",
            "send_from": "2026-10-01",
            "due_on": "2026-10-14",
            "overdue_working_days": 16,
            "next_revision": 1,
        }
        rest = ("revision", "return_id", "receipt_no", "received_at", "late", "withdrawn_at")
        assert wanted | dict.fromkeys(rest) == shown

    async def test_follows_a_return_through_its_life(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """Received in time; withdrawn on 5 November, so due on the 19th; sent again on the 20th,
        late; corrected."""
        sent = (await supplier.send(build.a_return())).json()
        shown = await self._october(supplier)
        assert ("received", 1, 1, False) == self._fate(shown)
        assert sent["return_id"] == shown["return_id"]
        await supplier.post(sent["links"]["withdraw"], {"reason": "wrong month"})
        shown = await self._october(supplier)
        assert ("open", None, None, None) == self._fate(shown)
        assert ("2026-11-19", 2) == (shown["due_on"], shown["next_revision"])
        move_to(system, date(2026, 11, 20))
        assert "overdue" == (await self._october(supplier))["state"]
        again = build.a_return(revision=2, reason="the right month")
        assert 201 == (await supplier.send(again)).status_code
        assert ("received", 2, 3, True) == self._fate(await self._october(supplier))
        more = build.a_return(revision=3, reason="a line more", invoiced_to_date="1.00")
        assert 201 == (await supplier.send(more)).status_code
        assert ("received", 3, 4, True) == self._fate(await self._october(supplier))

    async def _october(self, caller: Caller) -> Any:
        months = {"from": "2026-10", "to": "2026-10", "contract": build.CONTRACT}
        (shown,) = (await caller.get(AT, **months)).json()["items"]
        return shown

    def _fate(self, shown: Any) -> tuple[Any, ...]:
        return (shown["state"], shown["revision"], shown["receipt_no"], shown["late"])


class TestTheAuthoritysList:
    async def test_has_every_supplier(self, manager: Caller) -> None:
        """Of the contract of two suppliers each owes its own."""
        items = (await manager.get(AT, contract=SHARED, state="open")).json()["items"]
        assert [build.PARTY, OTHER] == [each["party_id"] for each in items]

    async def test_is_narrowed_down(self, manager: Caller) -> None:
        """By contract, party, state, months."""
        assert 2 == len(await told(manager, party=OTHER))
        assert {"open"} == {state for *_, state in await told(manager, state="open")}
        assert ["2026-12"] == [
            month
            for _, month, _ in await told(
                manager, party=OTHER, **{"from": "2026-12", "to": "2026-12"}
            )
        ]

    async def test_comes_page_by_page(self, manager: Caller) -> None:
        """With pages of one, three and all, the same."""
        whole = await told(manager)
        for limit in (1, 3):
            found: list[tuple[str, ...]] = []
            cursor: dict[str, str] = {}
            while True:
                page = (await manager.get(AT, limit=limit, **cursor)).json()
                found += [
                    (each["contract_id"][-4:], each["period"], each["state"])
                    for each in page["items"]
                ]
                if page["next"] is None:
                    break
                cursor = {"cursor": page["next"]}
            assert whole == found

    async def test_is_another_authoritys_of_nobody_here(self, system: RunningSystem) -> None:
        elsewhere = await system.caller("manager", authority="GB-LAE-SHN")
        assert [] == await told(elsewhere)


class TestAFilter:
    @pytest.mark.parametrize(
        ("asked", "status"),
        [
            ({"contract": "KMBC-9999"}, 404),
            ({"party": "GB-COH-00000009"}, 404),
            ({"state": "late"}, 422),
            ({"from": "2026-13"}, 422),
            ({"from": "2026-10", "to": "2026-09"}, 422),
            ({"perid": "2026-10"}, 422),
            ({"contract": BARE}, 409),
        ],
    )
    async def test_that_names_nothing_is_refused(
        self, manager: Caller, asked: dict[str, str], status: int
    ) -> None:
        """Never an empty list, which would say that nothing is due."""
        assert status == (await manager.get(AT, **asked)).status_code

    async def test_names_what_the_caller_may_see(self, system: RunningSystem) -> None:
        """Another party, and a contract of others, look as if they did not exist."""
        other = await system.caller("supplier", OTHER)
        for asked in ({"party": build.PARTY}, {"contract": build.CONTRACT}):
            assert 404 == (await other.get(AT, **asked)).status_code
        assert 2 == len(await told(other, party=OTHER))
