"""The council's people of a contract, as pages over HTTP (rule P6)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from services.verification.pages import people
from shared.web import auth
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, officer
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

PATH = "/contracts/C1/people"
PRIYA, JOE, ELLEN, RUTH, NOOR = (
    f"{name}@{build.AUTHORITY}" for name in ("priya-nair", "joe", "ellen", "ruth", "noor")
)
MANAGER = auth.Caller(PRIYA, "manager", build.AUTHORITY)
AUDITOR = auth.Caller(NOOR, "auditor", build.AUTHORITY)
SUPPLIER = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """Priya owns C1 since 1 October 2026, 09:00."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1")
        await made.deliver(
            officer("priya-nair", "Priya Nair"),
            officer("joe", "Joe Marsh"),
            officer("ellen", "Ellen Ford"),
            officer("ruth", "Ruth Okafor", "approver"),
            officer("noor", "Noor Aziz", "auditor"),
        )
        yield made


async def opened(service: VerificationService, who: auth.Caller, path: str = PATH) -> str:
    """The page, as HTML."""
    answer = await Visitor(service.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return answer.text


async def save(service: VerificationService, who: auth.Caller, **parts: str) -> httpx.Response:
    return await Visitor(service.app, who).ask("POST", PATH, parts)


class TestThePeopleOfAContract:
    async def test_are_shown_and_can_be_changed(self, service: VerificationService) -> None:
        """Managers and approvers are offered, by name; an auditor is not."""
        page = await opened(service, MANAGER)
        said = drawing.text(page)
        assert "Priya Nair owns this contract." in said
        assert "Owner Priya Nair Deputy Nobody Category lead Nobody Director Nobody" in said
        offered = re.findall(r'<option value="([^"]*)"', page)
        assert ["", ELLEN, JOE, PRIYA, RUTH] * 4 == offered
        assert "Ruth Okafor, approver" in page
        answer = await save(service, MANAGER, owner=JOE, deputy=ELLEN)
        assert (303, True) == (answer.status_code, answer.headers["location"].endswith(PATH))
        said = drawing.text(await opened(service, MANAGER))
        assert "Owner Joe Marsh Deputy Ellen Ford" in said
        assert "Ended by Priya Nair" in said

    async def test_are_named_on_the_page_of_the_contract(
        self, service: VerificationService
    ) -> None:
        """Also as they were on a day; not to the supplier."""
        service.clock.move_to(datetime(2026, 10, 20, 9, tzinfo=UTC))
        await save(service, MANAGER, owner=JOE, deputy=ELLEN)
        page = await opened(service, MANAGER, "/contracts/C1")
        assert "Owner Joe Marsh Deputy Ellen Ford People" in drawing.text(page)
        assert f'href="{PATH}"' in page
        then = await opened(service, MANAGER, "/contracts/C1?as_at=2026-10-19")
        assert "Owner Priya Nair Deputy Nobody People" in drawing.text(then)
        for path in ("/contracts/C1", "/contracts/C1?as_at=2026-10-19"):
            assert "Owner" not in await opened(service, SUPPLIER, path)

    async def test_are_refused_as_the_rule_says(self, service: VerificationService) -> None:
        """What was sent stays; the fault leads to its list."""
        answer = await save(service, MANAGER, owner=JOE, deputy=JOE)
        assert 422 == answer.status_code
        assert 'href="#deputy">Owner and deputy are two people.</a>' in answer.text
        assert "<title>Error: People of this contract" in answer.text
        assert f'<option value="{JOE}" selected' in answer.text
        for odd in (NOOR, "x" * 3000 + "@" + build.AUTHORITY):
            answer = await save(service, MANAGER, owner=odd)
            assert (422, True) == (answer.status_code, 'href="#owner"' in answer.text)
        assert "Owner Priya Nair" in drawing.text(await opened(service, MANAGER))

    async def test_may_be_somebody_who_was_never_named(self, service: VerificationService) -> None:
        """As programs may say. Whoever holds a part can stay, and has no name here."""
        director = f"dilys-venn@{build.AUTHORITY}"
        manager = await service.caller("manager", actor=PRIYA)
        await manager.put(PATH, {"owner": PRIYA, "director": director})
        page = await opened(service, MANAGER)
        assert re.search(r"Director Officer [0-9A-F]{4}", drawing.text(page))
        assert "dilys" not in drawing.text(page)
        answer = await save(service, MANAGER, owner=JOE, director=director)
        assert 303 == answer.status_code

    async def test_are_read_but_not_changed_by_auditors(self, service: VerificationService) -> None:
        """Suppliers do not see them."""
        assert "<select" not in await opened(service, AUDITOR)
        assert 403 == (await save(service, AUDITOR, owner=JOE)).status_code
        assert 403 == (await Visitor(service.app, SUPPLIER).get(PATH)).status_code

    async def test_are_offered_a_bounded_number(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """And the page says so."""
        monkeypatch.setattr(people, "CHOICES_MAX", 1)
        said = drawing.text(await opened(service, MANAGER))
        assert "The first 1 officers are offered here; programs can name others." in said

    async def test_cost_little(self, service: VerificationService) -> None:
        """Three queries; with many officers and a long history it is a small page still."""
        await service.deliver(*(officer(f"person-{n:03}", "Name " * 6) for n in range(120)))
        manager = await service.caller("manager", actor=PRIYA)
        for owner in (JOE, ELLEN, PRIYA) * 12:
            await manager.put(PATH, {"owner": owner})
        async with counted(service.pool) as queries:
            page = await opened(service, MANAGER)
        assert 3 == len(queries) <= QUERIES_MAX, queries
        assert len(page.encode()) <= HTML_BYTES_MAX
