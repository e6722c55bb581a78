"""Intake's first page over HTTP, on a real database: each sees what is due in its own scope."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from services.intake import store
from shared.web import auth
from shared.wire import events
from tests.support import intake_builders as build
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_intake_api import OTHER, RunningSystem, open_system
from tests.web.test_intake_due import contracts, obligations
from tests.web.test_pages import QUERIES_MAX

UNKNOWN: Final = "It is not known here yet which returns 1 contract asks for."
"""One contract was published without its obligations."""
SUPPLIER: Final = auth.Caller("s", "supplier", build.AUTHORITY, build.PARTY)
MANAGER: Final = auth.Caller("m", "manager", build.AUTHORITY)


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026, with the contracts of `GET /due`."""
    async with open_system(database, tmp_path) as made:
        rows = [store.rows.contract_row(one, events.write(one)) for one in contracts()]
        async with made.pool.acquire() as conn:
            await store.projections.apply_contracts(conn, rows)
        yield made


async def read(system: RunningSystem, who: auth.Caller, path: str = "/") -> str:
    answer = await Visitor(system.app, who).get(path)
    assert 200 == answer.status_code
    return drawing.text(re.split("</?main", answer.text)[1])


class TestHome:
    async def test_tells_a_supplier_what_to_send(self, system: RunningSystem) -> None:
        """August was due on 14 September, 38 working days ago; September on 14 October, 16 ago.
        October is due on 13 November; November has not ended."""
        said = await read(system, SUPPLIER)
        table = (
            "Month Contract Send between Status Fill in "
            "August 2026 KMBC-2026-0117 1 and 14 September 2026 Overdue by 38 working days "
            "Start August 2026, KMBC-2026-0117 "
            "September 2026 KMBC-2026-0117 1 and 14 October 2026 Overdue by 16 working days "
            "Start September 2026, KMBC-2026-0117 "
            "October 2026 KMBC-2026-0117 1 and 13 November 2026 Open "
            "Start October 2026, KMBC-2026-0117 "
            "October 2026 KMBC-2026-0200 1 and 13 November 2026 Open "
            "Start October 2026, KMBC-2026-0200 "
            "November 2026 KMBC-2026-0117 1 and 14 December 2026 Not yet "
            "November 2026 KMBC-2026-0200 1 and 14 December 2026 Not yet"
        )
        sentences = (
            f"2 returns are overdue. 2 returns can be sent now, by 13 November 2026. {UNKNOWN}"
        )
        way = "You can fill in a return here, or send it by program ."
        assert f"{sentences} Returns to send {table} {way}" in said
        assert said.endswith("You have sent no return yet. All returns, and what was not accepted")

    async def test_tells_no_more_of_what_was_sent(self, system: RunningSystem) -> None:
        """October's return of one contract is in, and stands below."""
        own = await system.caller("supplier", build.PARTY)
        assert 201 == (await own.send(build.a_return())).status_code
        to_send, _, lately = (await read(system, SUPPLIER)).partition("Sent lately")
        assert "1 return can be sent now, by 13 November 2026." in to_send
        assert "October 2026 KMBC-2026-0117" not in to_send
        assert "October 2026 KMBC-2026-0117 1" in lately

    async def test_shows_a_supplier_its_own(self, system: RunningSystem) -> None:
        """The other one of the shared contract, since October; another authority's nothing."""
        said = await read(system, auth.Caller("o", "supplier", build.AUTHORITY, OTHER))
        assert "Returns 1 return can be sent now, by 13 November 2026. Returns to send" in said
        assert ["0200", "0200", "0200"] == re.findall(r"KMBC-2026-(\d+)", said)
        elsewhere = auth.Caller("e", "supplier", "GB-LAE-SHN", build.PARTY)
        assert "Returns Nothing to send. You can fill in a return" in await read(system, elsewhere)

    @pytest.mark.parametrize("role", ["manager", "approver", "auditor"])
    async def test_tells_the_council_what_is_overdue(
        self, system: RunningSystem, role: auth.Role
    ) -> None:
        """Of all suppliers, and nothing of what is open."""
        said = await read(system, auth.Caller("c", role, build.AUTHORITY))
        row = f"September 2026 KMBC-2026-0117 {build.PARTY} 1 and 14 October 2026 Overdue by 16"
        assert f"Returns 2 returns are overdue. {UNKNOWN} Returns that are overdue" in said
        assert row in said
        assert "Open" not in said
        assert "by program" not in said
        there = await read(system, auth.Caller("c", role, "GB-LAE-SHN"))
        nothing = "Returns No return is overdue. No return has come yet."
        assert f"{nothing} All returns, and what was not accepted" == there.partition("> ")[2]

    async def test_is_narrowed_down_to_a_contract(self, system: RunningSystem) -> None:
        """Also to the one of which nothing is known."""
        said = await read(system, SUPPLIER, "/?contract=KMBC-2026-0200")
        assert "1 return can be sent now, by 13 November 2026. Returns to send" in said
        assert "KMBC-2026-0117" not in said
        unknown = await read(system, MANAGER, "/?contract=KMBC-2026-0300")
        assert f"No return is overdue, as far as is known here. {UNKNOWN}" in unknown

    async def test_is_bounded(self, system: RunningSystem) -> None:
        """Of 503 contracts the first 500 are looked at: one owes August and September, one nothing
        yet, one is unknown, 497 owe September. 20 of these returns are shown."""
        since = obligations(date(2026, 9, 1), ended_through="2026-08")
        many = [
            build.a_contract_published(f"KMBC-2027-{number:04}", obligations=since)
            for number in range(500)
        ]
        rows = [store.rows.contract_row(one, events.write(one)) for one in many]
        async with system.pool.acquire() as conn:
            await store.projections.apply_contracts(conn, rows)
        said = await read(system, MANAGER)
        assert "Returns 499 returns are overdue. The first 20 of 499 returns are shown." in said
        assert "Only the first 500 contracts are looked at here." in said
        assert 20 == said.count("Overdue by")

    async def test_costs_a_handful_of_queries(self, system: RunningSystem) -> None:
        """Not more, however many contracts there are."""
        paths = ("/", "/?contract=KMBC-2026-0200")
        for who, path in itertools.product((SUPPLIER, MANAGER), paths):
            async with counted(system.pool) as queries:
                await read(system, who, path)
            assert 3 <= len(queries) <= QUERIES_MAX, queries
