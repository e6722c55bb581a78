"""Returns as spreadsheets over HTTP, on a real database: templates out, files of lines in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.intake.spreadsheets import columns
from shared.spreadsheets import reading, tables, writing
from tests.support import intake_builders as build
from tests.web.test_intake_api import RunningSystem, open_system

ASKED: Final = {"contract": build.CONTRACT, "period": "2026-10"}
OWN: Final = {
    "revision": 1,
    "declaration": build.a_return()["declaration"],
    "invoiced_to_date": "182340.00",
}
ROW: Final[dict[str, writing.Value]] = {
    "Promise": "local-spend",
    "Quantity": Decimal("18250.00"),
    "First day": date(2026, 10, 20),
    "Postcode": "L36 9YG",
    "Invoice number": "INV-2231",
    "Invoice total": Decimal("18250.00"),
    "Payer's company number": build.PARTY,
    "Payee's company number": "GB-COH-00000002",
}


def table(*rows: dict[str, writing.Value]) -> bytes:
    headings = list(ROW)
    cells = [[row.get(name) for name in headings] for row in rows]
    return writing.xlsx_file([writing.Sheet(name="Lines", headings=headings, rows=cells)])


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as made:
        yield made


class Sender:
    """A supplier that sends files."""

    def __init__(self, system: RunningSystem, token: str) -> None:
        self._system, self._headers = system, {"authorization": f"Bearer {token}"}

    async def send(
        self, body: bytes, own: Any = OWN, key: str | None = None, **asked: Any
    ) -> httpx.Response:
        return await self._system.client.post(
            "/api/v1/returns/file",
            params=ASKED | asked,
            files={"file": ("october.xlsx", body)},
            data={} if own is None else {"return": json.dumps(own)},
            headers=self._headers | ({"idempotency-key": key} if key else {}),
        )

    async def send_raw(self, body: bytes, **asked: Any) -> httpx.Response:
        return await self._system.client.post(
            "/api/v1/returns/file",
            params=ASKED | asked,
            content=body,
            headers=self._headers | {"content-type": writing.XLSX},
        )

    async def get(self, path: str, **asked: Any) -> httpx.Response:
        return await self._system.client.get(path, params=asked, headers=self._headers)


@pytest.fixture
async def supplier(system: RunningSystem) -> Sender:
    caller = await system.caller("supplier", build.PARTY)
    return Sender(system, caller._headers["authorization"].removeprefix("Bearer "))


class TestSendingAFile:
    async def test_gives_the_receipt_of_the_return_that_it_means(
        self, system: RunningSystem, supplier: Sender
    ) -> None:
        """The bytes that are kept are JSON. The same file again is the same return."""
        first = await supplier.send(table(ROW), key="k1")
        again = await supplier.send(table(ROW))
        assert [201, 200] == [first.status_code, again.status_code]
        assert first.json() == again.json()
        shown = await supplier.get(f"/api/v1/returns/{first.json()['return_id']}")
        (line,) = shown.json()["lines"]
        expected = ("local-spend", "18250", "GBP", "INV-2231")
        got = (line["commitment_id"], line["quantity"], line["unit"], line["invoice"]["number"])
        assert expected == got

    async def test_names_the_cell_of_every_fault(self, supplier: Sender) -> None:
        """With row, column and what to do; nothing is stored."""
        bad = ROW | {"Quantity": "1,5", "Postcode": "Huyton", "Invoice number": None}
        answer = await supplier.send(table(ROW, bad))
        assert 422 == answer.status_code
        assert [("B3", 3, "Quantity"), ("D3", 3, "Postcode"), ("E3", 3, "Invoice number")] == [
            (each["cell"], each["row"], each["column"]) for each in answer.json()["errors"]
        ]
        assert [] == (await supplier.get("/api/v1/returns")).json()["items"]

    async def test_needs_the_declaration_and_the_next_revision(self, supplier: Sender) -> None:
        """As a return by JSON does: without them it is refused, by their pointers."""
        alone = await supplier.send_raw(table(ROW))
        assert ["/declaration"] == [each["pointer"] for each in alone.json()["errors"]]
        assert 201 == (await supplier.send(table(ROW))).status_code
        other = table(ROW | {"Quantity": Decimal(5)})
        conflict = await supplier.send(other)
        assert ["/revision"] == [each["pointer"] for each in conflict.json()["errors"]]
        corrected = await supplier.send(other, OWN | {"revision": 2, "reason": "wrong figure"})
        assert 201 == corrected.status_code

    async def test_checks_without_storing(self, system: RunningSystem, supplier: Sender) -> None:
        """What would be sent, and totals; asked again, a return can still be sent first."""
        answer = await supplier.send_raw(table(ROW), dry_run=True)
        assert 200 == answer.status_code
        said = answer.json()
        assert ["local-spend"] == [each["commitment_id"] for each in said["return"]["lines"]]
        spend = next(each for each in said["totals"] if each["commitment_id"] == "local-spend")
        assert ("18250", "0", 1, True) == (
            spend["quantity"],
            spend["quantity_before"],
            spend["lines"],
            spend["answered"],
        )
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM accepted_return")
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM refusal")

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "The file is empty"),
            (b"%PDF-1.7", "This is a PDF, not a spreadsheet"),
            (b"PK\x03\x04broken", "The file is damaged: it cannot be unpacked"),
        ],
    )
    async def test_refuses_what_is_no_spreadsheet(
        self, supplier: Sender, body: bytes, message: str
    ) -> None:
        """By what it is."""
        answer = await supplier.send_raw(body)
        assert (422, [message]) == (
            answer.status_code,
            [each["message"] for each in answer.json()["errors"]],
        )

    @pytest.mark.parametrize("own", ["[]", '{"lines": []}', '{"revision": 1, "revision": 2}', "{"])
    async def test_refuses_own_fields_that_cannot_be_read(
        self, system: RunningSystem, supplier: Sender, own: str
    ) -> None:
        """Lines come from the file alone, and no key is there twice."""
        answer = await system.client.post(
            "/api/v1/returns/file",
            params=ASKED,
            files={"file": ("a.xlsx", table(ROW))},
            data={"return": own},
            headers=supplier._headers,
        )
        message = "The part return cannot be read"
        assert [message] == [each["message"] for each in answer.json()["errors"]]

    async def test_is_taken_thirty_times_a_minute(self, supplier: Sender) -> None:
        """To read a file may take a second, of each client the same service."""
        answers = [await supplier.send_raw(b"", dry_run=True) for _ in range(30)]
        assert {422} == {each.status_code for each in answers}
        while (more := await supplier.send_raw(b"", dry_run=True)).status_code == 422:
            answers.append(more)  # on a slow machine two seconds bring another one
            assert 200 > len(answers)
        assert (429, True) == (more.status_code, more.headers["retry-after"] in ("1", "2"))

    async def test_is_for_own_contracts_alone(self, system: RunningSystem) -> None:
        """Anybody else's does not exist, for a file and for a template."""
        caller = await system.caller("supplier", "GB-COH-00000009")
        other = Sender(system, caller._headers["authorization"].removeprefix("Bearer "))
        path = f"/api/v1/contracts/{build.CONTRACT}/template"
        assert 404 == (await other.send(table(ROW))).status_code
        assert 404 == (await other.get(path, period="2026-10")).status_code


class TestTheTemplate:
    async def test_has_the_people_of_the_month_before(
        self, system: RunningSystem, supplier: Sender
    ) -> None:
        """As XLSX and as CSV; it comes back without a fault once it is filled in."""
        caller = await system.caller("supplier", build.PARTY)
        assert 201 == (await caller.send(build.a_return())).status_code
        path = f"/api/v1/contracts/{build.CONTRACT}/template"
        xlsx = await supplier.get(path, period="2026-11")
        csv = await supplier.get(path, period="2026-11", format="csv")
        assert (writing.XLSX, "text/csv; charset=utf-8") == (
            xlsx.headers["content-type"],
            csv.headers["content-type"],
        )
        name = f'attachment; filename="{build.CONTRACT}-2026-11.xlsx"'
        assert name == xlsx.headers["content-disposition"]
        for answer in (xlsx, csv):
            book = reading.read(answer.content)
            assert isinstance(book, tables.Book)
            headings = [cell.text for cell in book.sheets[0].rows[0].cells.values()]
            assert [each.heading for each in columns.OFFERED] == headings
            at = headings.index("Person's number") + 1
            people = [row.cells[at].text for row in book.sheets[0].rows[1:] if at in row.cells]
            assert ["APP-014"] == people
