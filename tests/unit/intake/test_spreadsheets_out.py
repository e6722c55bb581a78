"""Spreadsheets that go out: the template, and a file that is sent back marked."""

from __future__ import annotations

from typing import Any, Final

import pytest

from services.intake.spreadsheets import marked, templates
from shared.spreadsheets import tables
from tests.support import intake_builders as build
from tests.unit.intake.test_spreadsheets import PROMISES, VISIT, book, judge, table, told

MONTH: Final = templates.Month(
    contract_id=build.CONTRACT,
    party_id=build.PARTY,
    period="2026-10",
    promises=PROMISES,
    before=[
        build.a_line(),
        build.a_line(line_id="2", person__ref="APP-015", person__left_on="2026-09-20"),
        build.a_line(line_id="3"),
    ],
)


class TestTheTemplate:
    @pytest.mark.parametrize("write", [templates.xlsx, templates.csv])
    def test_untouched_reports_nothing_and_has_no_faults_but_that(self, write: Any) -> None:
        """Nobody is claimed to be in post by a file that was only opened and sent."""
        judged = judge(write(MONTH))
        assert ([], {}) == (judged.content.lines, judged.content.answers)
        assert ["/lines"] == [each.fault.pointer for each in judged.faults]

    def test_has_a_row_for_each_promise_and_person(self) -> None:
        """One person is there twice, one has left: one row, and one to add somebody."""
        (lines, how, about) = book(templates.xlsx(MONTH)).sheets
        assert ("Lines", "How to fill this in", "Columns") == (lines.name, how.name, about.name)
        found = headings_of(lines)
        assert [
            ("apprentices: Apprentices started", "APP-014", "37", "L36 9YU"),
            ("apprentices: Apprentices started", None, None, None),
            ("local-spend: Spend in the local area", None, None, None),
            ("schools: School visits", None, None, None),
            ("training: Participant hours: duration times attendees", None, None, None),
        ] == [
            tuple(row.get(n) for n in ("Promise", "Person's number", "Hours a week", "Postcode"))
            for row in found
        ]

    def test_names_promises_by_their_own_titles(self) -> None:
        """Until one is known, by their measures'."""
        titled = MONTH._replace(titles={"schools": "Visits in Huyton"})
        how = headings_of(book(templates.xlsx(titled)).sheets[1])
        assert [
            "apprentices: Apprentices started",
            "local-spend: Spend in the local area",
            "schools: Visits in Huyton",
            "training: Participant hours: duration times attendees",
        ] == [row["Promise"] for row in how]

    def test_says_what_each_promise_needs(self) -> None:
        """By the headings of its columns."""
        how = headings_of(book(templates.xlsx(MONTH)).sheets[1])
        spend = next(row for row in how if row["Promise"].startswith("local-spend"))
        assert "GBP" == spend["Counted in"]
        assert (
            "Quantity, First day, Payer's company number, Payee's company number, "
            "Invoice number, Invoice total, Postcode"
        ) == spend["A line needs"]


def headings_of(sheet: tables.Sheet) -> list[dict[str, str]]:
    first, *rest = sheet.rows
    names = {column: cell.text for column, cell in first.cells.items()}
    return [{names[at]: cell.text for at, cell in row.cells.items()} for row in rest]


class TestAMarkedFile:
    @pytest.mark.parametrize("format_", ["csv", "xlsx"])
    def test_says_in_each_row_what_is_wrong_there(self, format_: tables.Format) -> None:
        """Rows and cells stay where they were, and the marks are two columns more."""
        good = VISIT
        body = table(good, {**good, "Quantity": "1,5"}, format_=format_)
        judged = judge(body)
        back = book(marked.mark(judged, format_))
        rows = headings_of(back.sheets[0])
        assert ["1", "1,5"] == [row["Quantity"] for row in rows]
        assert [
            ("Right", None),
            (
                "B3 (Quantity): There is a comma where a number cannot have one.",
                "B3 (Quantity): Write a decimal point, such as 12.50, and no comma.",
            ),
        ] == [(row["Result"], row.get("What to do")) for row in rows]

    def test_can_be_mended_and_sent_again(self) -> None:
        """Its marks are passed over, and marked anew."""
        bad = {**VISIT, "Quantity": "1,5"}
        back = marked.mark(judge(table(bad)), "csv")
        mended = judge(back.replace(b'"1,5"', b"1"))
        assert [] == told(mended)
        rows = headings_of(book(marked.mark(mended, "csv")).sheets[0])
        assert ["Right"] == [row["Result"] for row in rows]

    def test_tells_what_is_of_no_row_at_the_end(self) -> None:
        """A column that is missing."""
        body = b"Promise,Quantity\nschools,1\n"
        rows = headings_of(book(marked.mark(judge(body), "csv")).sheets[0])
        assert "The column “First day” is missing." == rows[-1]["Result"]
