"""Importing contracts as a page: a file is shown first, then imported as it was shown."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.verification.consumer import replay
from services.verification.pages import imports
from services.verification.register.spreadsheets import columns
from shared.spreadsheets import reading, tables
from shared.web import auth
from tests.support import published, verification_service
from tests.support import verification_builders as build
from tests.support.published import PATH
from tests.support.verification_service import VerificationService
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.unit.verification.test_register_sheets import CONTRACT, PROMISE, book
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

PRIYA = auth.Caller("priya", "manager", build.AUTHORITY)
JOE = auth.Caller("joe", "manager", build.AUTHORITY)
GOOD = book([CONTRACT], [PROMISE])
FAULTY = book([CONTRACT, CONTRACT | {"Contract reference": "C2"}], [PROMISE | {"Unit": "hours"}])


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


async def look(
    service: VerificationService, body: bytes = GOOD, name: str = "works.xlsx", who: Any = PRIYA
) -> httpx.Response:
    """What a file would do."""
    return await Visitor(service.app, who).send_one("/imports", name, body)


def action(page: str) -> str:
    """Where the button leads."""
    (found,) = re.findall(r'action="[^"]*(/imports/[0-9a-f]{64})"', page)
    return str(found)


async def press(service: VerificationService, page: str, who: Any = PRIYA) -> httpx.Response:
    """The button that imports."""
    return await Visitor(service.app, who).ask("POST", action(page), {})


class TestAPreview:
    async def test_says_what_the_file_would_do(self, service: VerificationService) -> None:
        """And stores no contract."""
        answer = await look(service)
        page = drawing.text(answer.text)
        assert 200 == answer.status_code
        assert "Contracts: 1 new, 0 changed, 0 as they are, 0 left out." in page
        assert "1 promise is drafted, and will wait for an approver." in page
        assert "Import 1 contract and 1 promise" in page
        assert [] == await service.rows("contract")

    async def test_names_every_fault_by_its_cell(self, service: VerificationService) -> None:
        """The contract of a faulty promise is left out; the other one can be imported."""
        answer = await look(service, FAULTY)
        page = drawing.text(answer.text)
        assert "Contracts: 1 new, 0 changed, 0 as they are, 1 left out." in page
        fault = (
            "Promises!F2 hours School visits is counted in visits. Write visits, or choose another "
            "measure."
        )
        assert fault in page
        assert "1 contract A promise of it is faulty. See Promises!F2. Contracts!A2" in page
        assert "Import 1 contract " in page

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b"", "Choose a file."),
            (b"a,b,c,d\n1,2,3,4\n", "No sheet has the headings of contracts or of promises"),
            (b"Dear council,\n", "The file is not JSON: line 1, column 1"),
            (b"%PDF-1.4", "This is a PDF, not a spreadsheet. Open it in a spreadsheet program"),
        ],
    )
    async def test_of_what_cannot_be_read_is_a_fault_of_the_field(
        self, service: VerificationService, body: bytes, words: str
    ) -> None:
        """Above the heading, and beside the field."""
        answer = await look(service, body, "letter")
        assert (422, 2) == (answer.status_code, answer.text.count(words)), answer.text
        assert 'href="#file"' in answer.text

    async def test_of_releases_is_the_same_page(self, service: VerificationService) -> None:
        """OCDS, as before."""
        page = drawing.text((await look(service, published.package(published.release()))).text)
        assert "Contracts: 1 new, 0 changed, 0 as they are, 0 left out." in page
        assert "ocds-abc123-7-1 New" in page

    async def test_without_anything_new_has_no_button(self, service: VerificationService) -> None:
        """The same file again changes nothing."""
        await press(service, (await look(service)).text)
        page = (await look(service)).text
        assert "There is nothing to import." in page
        assert "0 new, 0 changed, 1 as it is, 0 left out" in page

    async def test_weighs_little_however_long_the_file(self, service: VerificationService) -> None:
        """200 contracts, each with faults."""
        many = [CONTRACT | {"Contract reference": f"C{n}", "Title": ""} for n in range(200)]
        answer = await look(service, book(many, []))
        assert HTML_BYTES_MAX >= len(answer.text)
        assert "What is wrong: the first 100 of 200" in answer.text


class TestImporting:
    async def test_stores_what_was_shown(self, service: VerificationService) -> None:
        """The contract with its promise as a draft; pressed twice, it is done once."""
        page = (await look(service)).text
        first = await press(service, page)
        again = await press(service, page)
        assert [303, 303] == [first.status_code, again.status_code]
        assert action(page) == re.sub(r"^https?://[^/]+", "", first.headers["location"])
        done = await Visitor(service.app, PRIYA).get(action(page))
        said = drawing.text(done.text)
        assert "works.xlsx was imported" in said
        assert "Imported: 1 new, 0 changed, 0 as they are, 0 left out." in said
        manager = await service.caller("manager")
        contract = (await manager.get("/contracts/KMBC-2026-0301")).json()
        assert (2, "Kerb works", ["draft"]) == (
            contract["version"],
            contract["title"],
            [each["state"] for each in contract["commitments"]],
        )
        words = json.loads(await service.pool.fetchval("SELECT words FROM contract"))
        assert ("1200000.00", "2026-11-02") == (words["value"], words["signed_on"])
        assert [] == (await replay.run(service.pool)).differences

    async def test_is_shown_again_if_the_register_has_changed(
        self, service: VerificationService
    ) -> None:
        """Somebody else imports the same contract meanwhile: nothing is stored unseen."""
        page = (await look(service)).text
        other = book([CONTRACT | {"Title": "Other works"}], [])
        await press(service, (await look(service, other, who=JOE)).text, JOE)
        answer = await press(service, page)
        assert 409 == answer.status_code
        assert "The register has changed since you looked at this file." in answer.text
        assert "0 new, 1 changed, 0 as they are, 0 left out" in answer.text
        title = "SELECT convert_from(words, 'UTF8')::json ->> 'title' FROM contract"
        assert "Other works" == await service.pool.fetchval(title)
        assert 303 == (await press(service, answer.text)).status_code
        assert "Kerb works" == await service.pool.fetchval(title)

    async def test_is_for_an_hour(self, service: VerificationService) -> None:
        """And for whoever was shown it: to anybody else there is none."""
        page = (await look(service)).text
        assert 422 == (await press(service, page, JOE)).status_code
        service.clock.move_to(service.clock.now() + timedelta(minutes=61))
        late = await press(service, page)
        assert (422, True) == (late.status_code, "is not kept any more" in late.text)
        assert [] == await service.rows("contract")

    async def test_changes_what_is_said_and_keeps_the_rest(
        self, service: VerificationService
    ) -> None:
        """A published contract keeps its award, its buyer and the date of its release."""
        await look(service, published.package(published.release()))
        await press(service, (await look(service, published.package(published.release()))).text)
        before = await service.pool.fetchrow("SELECT * FROM contract")
        row = CONTRACT | {"Contract reference": "ocds-abc123-7-1", "Title": "Hub, corrected"}
        await press(service, (await look(service, book([row], []))).text)
        after = await service.pool.fetchrow("SELECT * FROM contract")
        assert before is not None
        assert after is not None
        same = ("ocid", "award_id", "buyer_id", "published_at")
        assert [before[name] for name in same] == [after[name] for name in same]
        assert (2, "Hub, corrected") == (after["version"], json.loads(after["words"])["title"])

    async def test_adds_promises_to_a_registered_contract(
        self, service: VerificationService
    ) -> None:
        """A file of promises alone leaves the contract as it is."""
        await press(service, (await look(service, book([CONTRACT], []))).text)
        dated = PROMISE | {"From": "2026-12-01", "Until": "2028-11-30"}
        page = (await look(service, book([], [dated]))).text
        assert "Import 1 promise" in page
        assert 303 == (await press(service, page)).status_code
        rows = await service.pool.fetch("SELECT commitment_id, state FROM commitment")
        assert [("school-visits", "draft")] == [tuple(row) for row in rows]


class TestPages:
    @pytest.mark.parametrize("role", ["approver", "auditor"])
    async def test_are_for_managers(self, service: VerificationService, role: auth.Role) -> None:
        """Who may do it is said."""
        answer = await Visitor(service.app, auth.Caller("x", role, build.AUTHORITY)).get("/imports")
        assert (403, True) == (answer.status_code, "contract manager" in answer.text)

    async def test_cost_little(self, service: VerificationService) -> None:
        """A preview of one contract: two look-ups, its dry run, and what is kept."""
        async with counted(service.pool) as queries:
            page = (await Visitor(service.app, PRIYA).get("/imports")).text
        assert [] == queries
        assert len(page) <= HTML_BYTES_MAX
        await press(service, (await look(service)).text)
        async with counted(service.pool) as queries:
            again = await look(service)
        assert len(queries) <= QUERIES_MAX, queries
        assert 200 == again.status_code

    async def test_give_out_the_template(self, service: VerificationService) -> None:
        """As a workbook, and each sheet as CSV."""
        answer = await Visitor(service.app, PRIYA).get("/imports/template.xlsx")
        found = reading.read(answer.content)
        assert isinstance(found, tables.Book)
        assert ["Contracts", "Promises", columns.GUIDE, columns.MEASURES] == [
            each.name for each in found.sheets
        ]
        assert 'attachment; filename="contracts.xlsx"' == answer.headers["content-disposition"]
        for name in ("contracts", "promises"):
            assert (
                200 == (await Visitor(service.app, PRIYA).get(f"/imports/{name}.csv")).status_code
            )

    @pytest.mark.parametrize("odd", ["x", "AB" * 32, "ab" * 32])
    async def test_that_there_are_none_of_are_not_found(
        self, service: VerificationService, odd: str
    ) -> None:
        """By address."""
        assert 404 == (await Visitor(service.app, PRIYA).get(f"/imports/{odd}")).status_code


class TestTheDoorForPrograms:
    async def test_takes_the_same_spreadsheet(self, service: VerificationService) -> None:
        """Every fault of a row has its cell."""
        manager = await service.caller("manager")
        body = book([CONTRACT | {"Title": "", "Last day": "never"}], [])
        answer = await manager.upload(PATH, body, authority=build.AUTHORITY)
        told = answer.json()
        assert {"sheet": {"read": 2}, "contract": {"faulty": 1}, "commitment": {}} == told["counts"]
        (fault,) = [each for each in told["outcomes"] if each["fate"] == "faulty"]
        assert ("Contracts!B2", ["Contracts!F2"]) == (
            fault["place"],
            [each["place"] for each in fault["more"]],
        )
        done = await manager.upload(PATH, GOOD, authority=build.AUTHORITY, commit=True)
        assert {"new": 1, "changed": 0, "unchanged": 0} == done.json()["contracts"]


def test_words_of_the_form_say_what_is_taken() -> None:
    """All three formats."""
    assert "XLSX or CSV" in imports.show().form.label
