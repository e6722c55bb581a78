"""A supplier sends a month's lines as a spreadsheet, in a real browser: three problems are told by
their cells, mended, and what is right goes into the draft. With script and without. At the end the
draft is deleted, and all is as it was."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from services.intake.pages import upload
from shared.spreadsheets import reading, tables, writing
from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk
from tests.browser.test_drafts import JULY, press, the_draft_is_deleted

pytestmark = NEEDS_BROWSER
HEADINGS: Final = ("Contract", "Month", "Promise", "Quantity", "First day", "Nothing this month")
CONTRACT: Final = "KMBC-2026-0104"
NOTHING: Final[tuple[writing.Cells, ...]] = (
    (CONTRACT, "July 2026", "training-hours", None, None, "yes"),
    (CONTRACT, "July 2026", "pocket-parks", None, None, "yes"),
)
WRONG: Final[writing.Cells] = (CONTRACT, "June 2026", "volunteering", "4,5", "07/14/2026", None)
RIGHT: Final[writing.Cells] = (
    CONTRACT, "July 2026", "volunteering", Decimal("4.5"), "14/07/2026", None
)  # fmt: skip


class TestASpreadsheet:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_is_mended_and_used(
        self, demo: dict[str, str], tmp_path: Path, has_script: bool
    ) -> None:
        """For July, which is overdue."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Wen Harper")
            await a_file_is_checked_alone(person)
            await person.open(person.sites["intake"] + JULY)
            await person.follow("Upload a spreadsheet", ends="/upload")
            await a_template_is_saved(person, tmp_path)
            await three_problems_are_told(person)
            await the_lines_are_used(person)
            await the_draft_is_deleted(person)


async def a_file_is_checked_alone(person: Person) -> None:
    """The file says what it is for, and nothing is stored."""
    await person.follow("Check a file", ends="/check-file")
    await choose(person, RIGHT)
    await person.follow("Check this file")
    await person.reads(
        "KMBC-2026-0104, July 2026 No problem in july.xlsx",
        "1 line. Nothing was stored. Of 2 promises the file says nothing.",
        "1 4.5 hours 70 hours",
    )


async def a_template_is_saved(person: Person, folder: Path) -> None:
    """It has a row for each of the three promises."""
    async with person.page.expect_download() as download:
        await person.page.get_by_role("link", name="Spreadsheet for July 2026").click()
    file = folder / "template.xlsx"
    await (await download.value).save_as(file)
    book = reading.read(file.read_bytes())
    assert isinstance(book, tables.Book)
    assert 1 + 3 == len(book.sheets[0].rows)


async def three_problems_are_told(person: Person) -> None:
    """A month, a number and a day; each with its cell and what to do."""
    await choose(person, WRONG, *NOTHING)
    await press(person, "Check this file")
    await person.reads(
        "There is a problem",
        "3 problems in july.xlsx Nothing was stored.",
        "B2 Month June 2026 This is another month than July 2026.",
        "D2 Quantity 4,5 There is a comma where a number cannot have one.",
        "E2 First day 07/14/2026 This has the month first.",
    )
    assert "Error: 3 problems in july.xlsx" in await person.page.title()
    if person.has_script:
        await person.ask_axe()
    person.complaints.clear()  # the browser's own word about 422


async def the_lines_are_used(person: Person) -> None:
    """4.5 hours of one promise, and nothing of two: the return is ready to be checked."""
    await choose(person, RIGHT, *NOTHING)
    await person.follow("Check this file")
    await person.reads("No problem in july.xlsx", "1 4.5 hours 70 hours")
    await person.follow("Use this line", ends=JULY)
    await person.reads("1 line, 4.5 hours Completed", "Nothing this month", "Saved 16 November")


async def choose(person: Person, *rows: writing.Cells) -> None:
    """A file with these rows, in the field."""
    sheet = writing.Sheet(name="Lines", headings=HEADINGS, rows=rows)
    file = {
        "name": "july.xlsx",
        "mimeType": writing.XLSX,
        "buffer": writing.xlsx_file([sheet]),
    }
    await person.page.set_input_files(f"#{upload.FILE}", file)  # type: ignore[arg-type]
