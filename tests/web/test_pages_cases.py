"""Cases, as pages over HTTP: what they list, whose they are, what they cost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from services.verification.pages import cases
from shared.web import auth, lists
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, day_ended
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

MANAGER = auth.Caller("m", "manager", build.AUTHORITY)
SUPPLIER = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)
OTHER = auth.Caller("o", "supplier", build.AUTHORITY, "GB-COH-00000009")


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """£25,444.60 is due by 31 October: C1 reported 20,000 of it (Requires improvement), C2 1,000
    (Inadequate), C3 nothing: its return is missing since 13 November, and a case is opened 15
    working days later, at the end of 4 December."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1", "C2", "C3")
        for number, (contract_id, amount) in enumerate((("C1", "20000"), ("C2", "1000")), 1):
            spent = build.line("1", amount, invoice=build.invoice(f"INV-{number}", "30000.00"))
            await made.deliver(
                day_ended("2026-10-31", contract_id),
                build.returned(number, "2026-10", spent, contract_id=contract_id, day="2026-11-03"),
            )
        for day in ("2026-10-31", "2026-11-13", "2026-11-20", "2026-12-04"):
            await made.deliver(day_ended(day, "C3"))
        made.clock.move_to(build.at("2026-12-05"))
        yield made


async def opened(service: VerificationService, path: str, who: auth.Caller = MANAGER) -> str:
    """The page, as HTML."""
    answer = await Visitor(service.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return answer.text


async def case_of(service: VerificationService, contract_id: str) -> UUID:
    found = await service.pool.fetchval(
        "SELECT case_id FROM contract_case WHERE contract_id = $1", contract_id
    )
    assert isinstance(found, UUID)
    return found


def listed(page: str) -> list[str]:
    """The contracts of its rows."""
    return re.findall(r'href="[^"]*/contracts/([^"]+)"', page)


class TestCases:
    async def test_are_listed_the_worst_first(self, service: VerificationService) -> None:
        """24,444.60 of 600,000 is 4.0%, 5,444.60 is 0.9%; a missing return cannot be rated."""
        page = await opened(service, "/cases")
        said = drawing.text(page)
        assert "3 cases are open." in said
        assert ["C2", "C1", "C3"] == listed(page)
        assert "Spend in the borough: behind since October 2026" in said
        assert "£24,444.60 4.0% of the whole target" in said
        assert "The return of Example Builders (fictional) for October 2026 is missing" in said
        assert "Notify Example Builders (fictional) of the shortfall by 7 December 2026." in said

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("?state=&contract=", ["C2", "C1", "C3"]),
            ("?state=opened", ["C2", "C1", "C3"]),
            ("?state=notified", []),
            ("?state=ended", []),
            ("?contract=+C1+", ["C1"]),
        ],
    )
    async def test_are_narrowed_down(
        self, service: VerificationService, asked: str, expected: list[str]
    ) -> None:
        """By where they stand and by contract."""
        assert expected == listed(await opened(service, f"/cases{asked}"))

    @pytest.mark.parametrize(
        ("asked", "status", "words"),
        [
            ("?state=lost", 422, "There is no state &#39;lost&#39;."),
            ("?contract=C9", 422, "You have no contract &#39;C9&#39;."),
            ("?sate=opened", 404, "Page not found"),
            ("?cursor=x", 404, "Page not found"),
            (f"?cursor={lists.encode_cursor(1, 'NaN', '0', str(UUID(int=0)))}", 404, "not found"),
            (f"?cursor={lists.encode_cursor(1, '0', '0', 'x')}", 404, "Page not found"),
        ],
    )
    async def test_refuse_in_words_what_cannot_be(
        self, service: VerificationService, asked: str, status: int, words: str
    ) -> None:
        """A page in any case."""
        answer = await Visitor(service.app, MANAGER).get(f"/cases{asked}")
        assert (status, True) == (answer.status_code, words in answer.text), answer.text

    async def test_go_on_in_their_order(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One a page."""
        monkeypatch.setattr(cases, "ROWS", 1)
        path, found = "/cases?state=opened", []
        for _ in range(3):
            page = await opened(service, path)
            found += listed(page)
            nexts = re.findall(r'href="[^"]*(/cases\?state=opened&amp;cursor=[^"]+)"', page)
            path = nexts[0].replace("&amp;", "&") if nexts else ""
        assert (["C2", "C1", "C3"], "") == (found, path)

    async def test_that_have_ended_stand_behind(self, service: VerificationService) -> None:
        """C3's return comes: its case is resolved, and no longer among those that are open."""
        await service.deliver(
            build.returned(
                3, "2026-10", build.line("1", "30000"), contract_id="C3", day="2026-12-05"
            )
        )
        assert ["C2", "C1"] == listed(await opened(service, "/cases"))
        ended = await opened(service, "/cases?state=ended")
        assert ["C3"] == listed(ended)
        page = drawing.text(await opened(service, f"/cases/{await case_of(service, 'C3')}"))
        assert "Resolved on 5 December 2026: the return came." in page


class TestACase:
    async def test_says_where_it_stands_and_what_happened(
        self, service: VerificationService
    ) -> None:
        """The rating came with the return, on 3 November: five working days to notify."""
        page = drawing.text(await opened(service, f"/cases/{await case_of(service, 'C1')}"))
        assert "Open. Notify Example Builders (fictional) of the shortfall" in page
        assert "It is £5,444.60 behind, 0.9% of the whole target. Rated: Requires" in page
        assert "Opened → Notified" not in page  # the arrows are style
        assert "Opened Notified Replied Plan agreed Reassessed Resolved" in page
        assert "Behind: £5,444.60, Requires improvement" in page
        assert "Opened: rated Requires improvement or worse" in page

    async def test_gives_no_more_time_when_it_grows(self, service: VerificationService) -> None:
        """It opened on 3 November. In December it falls further behind; the notice was still to be
        sent within five working days of November."""
        spent = build.line("1", "1", invoice=build.invoice("INV-9", "30000.00"))
        await service.deliver(
            day_ended("2026-11-30", "C1"),
            build.returned(9, "2026-11", spent, contract_id="C1", day="2026-12-03"),
        )
        page = drawing.text(await opened(service, f"/cases/{await case_of(service, 'C1')}"))
        assert "Fell further behind" in page
        assert "It was to be done by 10 November 2026." in page

    async def test_of_a_missing_return_names_whose_it_is(
        self, service: VerificationService
    ) -> None:
        """With the reminders that came before it."""
        page = drawing.text(await opened(service, f"/cases/{await case_of(service, 'C3')}"))
        assert "The return of Example Builders (fictional) for October 2026 is missing" in page
        assert "Reminder: the return is overdue" in page
        assert "Opened: the return did not come" in page

    async def test_says_who_acknowledged_it(self, service: VerificationService) -> None:
        """By name, or by id while no name is known."""
        case_id = await case_of(service, "C1")
        manager = await service.caller("manager", actor="priya")
        answer = (await manager.get(f"/cases/{case_id}")).json()
        alert_id = answer["said"][0]["alert_id"]
        assert 200 == (await manager.post(f"/alerts/{alert_id}/acknowledge")).status_code
        page = drawing.text(await opened(service, f"/cases/{case_id}"))
        assert "Acknowledged by " in page

    async def test_is_for_a_supplier_what_it_is_to_do(self, service: VerificationService) -> None:
        """In its own words; to another supplier there is no such case."""
        path = f"/cases/{await case_of(service, 'C1')}"
        page = drawing.text(await opened(service, path, SUPPLIER))
        assert "Wait for the council&#39;s notice" in page
        assert 404 == (await Visitor(service.app, OTHER).get(path)).status_code
        assert [] == listed(await opened(service, "/cases", OTHER))

    async def test_that_there_is_none_of_is_not_found(self, service: VerificationService) -> None:
        """By page and by API."""
        nothing = f"/cases/{UUID(int=7)}"
        assert 404 == (await Visitor(service.app, MANAGER).get(nothing)).status_code
        manager = await service.caller("manager")
        answer = await manager.get(nothing)
        assert (404, "There is no such case") == (answer.status_code, answer.json()["title"])
        assert 404 == (await Visitor(service.app, MANAGER).get("/cases/none")).status_code


class TestPages:
    async def test_cost_little(self, service: VerificationService) -> None:
        """A list with all filters, and a case."""
        for path in ("/cases", "/cases?contract=C1", f"/cases/{await case_of(service, 'C1')}"):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert 1 <= len(queries) <= QUERIES_MAX, queries
            assert len(page) <= HTML_BYTES_MAX
