"""Spreadsheets of lines in a browser, on a real database: checked, marked, and put into a draft."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from services.intake.api import files
from services.intake.domain import drafts
from services.intake.drafts import drafting, months
from services.intake.pages import upload
from shared.pages import access
from shared.spreadsheets import reading, tables, writing
from shared.web import auth
from tests.support import intake_builders as build
from tests.support import intake_service, visitors
from tests.unit.pages import drawing
from tests.web.test_intake_api import RunningSystem, open_system
from tests.web.test_intake_files import ROW, table
from tests.web.test_pages import QUERIES_MAX

SUPPLIER: Final = auth.Caller("s", "supplier", build.AUTHORITY, build.PARTY)
HERE: Final = f"/drafts/{build.CONTRACT}/2026-10"
SAME_ORIGIN: Final = {"sec-fetch-site": "same-origin"}
WRONG: Final = ROW | {"Quantity": "1,5", "Postcode": "Huyton", "Invoice number": None}


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026: October can be sent till the 13th."""
    async with open_system(database, tmp_path) as made:
        yield made


class Uploader(visitors.Visitor):
    """A supplier that sends files from a page."""

    async def send_file(self, path: str, body: bytes, **more: str) -> httpx.Response:
        assert self.session is not None
        form = {access.TOKEN: visitors.SEALER.form_token(self.session)} | more
        async with self._client() as client:
            return await client.post(
                path,
                data=form,
                files={upload.FILE: ("october.xlsx", body)} if body else None,
                headers=self.headers | SAME_ORIGIN,
            )

    async def press(self, path: str, form: dict[str, Any]) -> httpx.Response:
        assert self.session is not None
        token = {access.TOKEN: visitors.SEALER.form_token(self.session)}
        return await self.post(path, form | token, **SAME_ORIGIN)


@pytest.fixture
def supplier(system: RunningSystem) -> Uploader:
    return Uploader(system.app, SUPPLIER, "Tom Feller")


def text(answer: httpx.Response) -> str:
    return drawing.text(re.split("</?main", answer.text)[1])


def hidden(answer: httpx.Response) -> dict[str, str]:
    return {
        name: re.findall(f'name="{name}" value="([^"]*)"', answer.text)[0]
        for name in ("checked", "seen")
    }


async def month(system: RunningSystem) -> months.Month:
    dependencies = system.app.state.dependencies
    return await files.find_month(SUPPLIER, dependencies, build.CONTRACT, "2026-10")


async def saved(system: RunningSystem) -> drafts.Draft | None:
    return (await month(system)).draft


class TestUploading:
    async def test_tells_every_problem_by_its_cell(
        self, system: RunningSystem, supplier: Uploader
    ) -> None:
        """And stores nothing."""
        answer = await supplier.send_file(f"{HERE}/upload", table(ROW, WRONG))
        assert 422 == answer.status_code
        assert "<title>Error: 3 problems in october.xlsx" in answer.text
        said = text(answer)
        assert "3 problems in october.xlsx Nothing was stored. Mend them in your file" in said
        assert (
            "B3 Quantity 1,5 There is a comma where a number cannot have one. "
            "Write a decimal point, such as 12.50, and no comma." in said
        )
        assert "D3 Postcode Huyton This must be a full postcode. Write it as L36 9YU." in said
        assert "E3 Invoice number – This is missing. Copy it from the invoice." in said
        assert await saved(system) is None

    async def test_shows_totals_and_puts_the_lines_into_the_draft(
        self, system: RunningSystem, supplier: Uploader
    ) -> None:
        """Three promises are not named, and stay to be answered."""
        async with visitors.counted(system.pool) as sent:
            checked = await supplier.send_file(f"{HERE}/upload", table(ROW))
        own = [each for each in sent if not re.search("outbox_unsent|desk", each)]
        assert QUERIES_MAX >= len(own), own  # without those of the tasks that run beside
        assert 200 == checked.status_code
        said = text(checked)
        assert "No problem in october.xlsx 1 line. Nothing was stored." in said
        assert "Spend in the local area 1 £18,250 –" in said
        assert "Use this line" in said
        used = await supplier.press(f"{HERE}/use-file", hidden(checked))
        assert (303, HERE) == (used.status_code, used.headers["location"])
        draft = await saved(system)
        assert draft is not None
        (line,) = draft.content.lines
        assert ("local-spend", "18250") == (line["commitment_id"], line["quantity"])
        assert {"local-spend": "finished"} == draft.content.answers
        assert "Tom Feller" == draft.saved_by

    async def test_replaces_what_the_file_is_about_and_says_so(
        self, system: RunningSystem, supplier: Uploader
    ) -> None:
        """Lines of other promises stay; pressed again, the draft has changed."""
        before = [build.a_line(build.SPEND, quantity="1.00"), build.a_line(build.VISIT)]
        saver = drafting.Saver("Asha", intake_service.NOW)
        await drafting.start(system.pool, await month(system), {"lines": before}, saver)
        checked = await supplier.send_file(f"{HERE}/upload", table(ROW))
        assert "Your draft has 1 line of the promises in this file. It is replaced." in text(
            checked
        )
        form = hidden(checked)
        assert 303 == (await supplier.press(f"{HERE}/use-file", form)).status_code
        draft = await saved(system)
        assert draft is not None
        assert [("3", "schools", "1"), ("1", "local-spend", "18250")] == [
            (line["line_id"], line["commitment_id"], line["quantity"])
            for line in draft.content.lines
        ]
        again = await supplier.press(f"{HERE}/use-file", form)
        assert 409 == again.status_code
        assert "Your draft was changed meanwhile." in text(again)

    async def test_uses_nothing_of_another_session_or_month(
        self, system: RunningSystem, supplier: Uploader
    ) -> None:
        """The name of a checked file opens it for whoever sent it, for that month alone."""
        form = hidden(await supplier.send_file(f"{HERE}/upload", table(ROW)))
        other = Uploader(system.app, SUPPLIER, "Somebody else")
        for visitor, checked in ((other, form), (supplier, form | {"checked": "nonsense"})):
            answer = await visitor.press(f"{HERE}/use-file", checked)
            assert 422 == answer.status_code
            assert "We no longer have the file that you checked." in text(answer)
        assert await saved(system) is None

    async def test_sends_a_file_back_marked(self, supplier: Uploader) -> None:
        """As a file to save, whether it has problems or not."""
        answer = await supplier.send_file(f"{HERE}/upload", table(ROW, WRONG), mark="yes")
        assert (200, writing.XLSX) == (answer.status_code, answer.headers["content-type"])
        name = 'attachment; filename="october-marked.xlsx"'
        assert name == answer.headers["content-disposition"]
        book = reading.read(answer.content)
        assert isinstance(book, tables.Book)
        marks = [row.cells[len(ROW) + 1].text for row in book.sheets[0].rows]
        assert ["Result", "Right"] == marks[:2]
        assert marks[2].startswith("B3 (Quantity): There is a comma")

    @pytest.mark.parametrize(
        ("body", "why"),
        [
            (b"", "Choose a file first."),
            (b"%PDF-1.7", "october.xlsx: This is a PDF, not a spreadsheet."),
        ],
    )
    async def test_asks_again_for_what_is_no_spreadsheet(
        self, supplier: Uploader, body: bytes, why: str
    ) -> None:
        """The reason stands at the field."""
        answer = await supplier.send_file(f"{HERE}/upload", body)
        assert 422 == answer.status_code
        assert 2 == text(answer).count(why)

    async def test_takes_six_files_a_minute(self, supplier: Uploader) -> None:
        """Of one session; reading one costs a second."""
        codes = [
            (await supplier.send_file("/check-file", b"%PDF-1.7")).status_code for _ in range(6)
        ]
        assert [422] * 6 == codes
        while (more := await supplier.send_file("/check-file", b"%PDF")).status_code == 422:
            codes.append(422)  # on a slow machine ten seconds bring another one
            assert 50 > len(codes)
        assert 429 == more.status_code

    async def test_takes_files_from_its_own_pages_alone(self, supplier: Uploader) -> None:
        """And only with the token of the session."""
        form = {access.TOKEN: "wrong"}
        assert 403 == (await supplier.post(f"{HERE}/upload", form, **SAME_ORIGIN)).status_code
        assert supplier.session is not None
        right = {access.TOKEN: visitors.SEALER.form_token(supplier.session)}
        elsewhere = await supplier.post(f"{HERE}/upload", right, **{"sec-fetch-site": "cross-site"})
        assert 403 == elsewhere.status_code

    async def test_keeps_its_page_small(self, supplier: Uploader) -> None:
        """All problems are counted; the first forty are shown."""
        rows = [WRONG | {"Promise": "local-spend"}] * 334
        answer = await supplier.send_file(f"{HERE}/upload", table(*rows))
        assert "1,002 problems in october.xlsx" in text(answer)
        assert "the first 40 of 1,002; the marked file has all" in text(answer)
        assert 60_000 > len(answer.content)


class TestCheckingAnyFile:
    async def test_takes_contract_and_month_from_the_file(
        self, system: RunningSystem, supplier: Uploader
    ) -> None:
        """Or from what was chosen; nothing can be used from here."""
        named = {"Contract": build.CONTRACT, "Month": "October 2026"}
        whole = writing.csv_file([*named, *ROW], [[*named.values(), *ROW.values()]])
        answer = await supplier.send_file("/check-file", whole)
        assert 200 == answer.status_code
        said = text(answer)
        assert f"{build.CONTRACT}, October 2026 No problem in october.xlsx" in said
        assert "Use this" not in said
        chosen = {"contract": build.CONTRACT, "period": "2026-10"}
        assert 200 == (await supplier.send_file("/check-file", table(ROW), **chosen)).status_code
        assert await saved(system) is None

    async def test_asks_for_what_the_file_does_not_say(self, supplier: Uploader) -> None:
        """And does not say whether somebody else's contract exists."""
        assert "does not say which contract" in text(
            await supplier.send_file("/check-file", table(ROW))
        )
        strange = {"contract": "KMBC-2026-9999", "period": "2026-10"}
        answer = await supplier.send_file("/check-file", table(ROW), **strange)
        assert (422, True) == (answer.status_code, "does not say which" in text(answer))


class TestTheTemplate:
    @pytest.mark.parametrize("format_", ["xlsx", "csv"])
    async def test_is_a_link_of_the_page(self, supplier: Uploader, format_: str) -> None:
        """For whoever may fill in the month."""
        page = await supplier.get(f"{HERE}/upload")
        address = f"/contracts/{build.CONTRACT}/template/2026-10.{format_}"
        assert f'href="{address}"' in page.text
        answer = await supplier.get(address)
        assert 200 == answer.status_code
        assert isinstance(reading.read(answer.content), tables.Book)
