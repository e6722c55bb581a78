"""The page of a spreadsheet: what is wrong cell by cell, or what it reports."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from services.intake.api import files
from services.intake.domain import drafts, returns
from services.intake.drafts import months
from services.intake.pages import upload
from services.intake.spreadsheets import judging
from shared.pages.parts import Fault, Table
from shared.spreadsheets import tables
from tests.support import intake_builders as build
from tests.unit.intake.test_spreadsheets import PROMISES, VISIT, book, judge, table

PLACE: Final = drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, "2026-10")
OFFER: Final = upload.Offer([build.CONTRACT], "2026-11")


def month(**changes: Any) -> months.Month:
    facts: dict[str, Any] = {
        "place": PLACE,
        "contract": returns.contract(build.a_contract_published()),
        "promises": PROMISES,
        "asked": None,
        "sent": None,
        "draft": None,
        "today": date(2026, 11, 5),
    }
    return months.Month(**facts | changes)


def sent(*rows: Any, before: Any = (), kept_as: str | None = "k", **changes: Any) -> upload.Sent:
    body = table(*rows)
    judged = judging.without(judge(body))
    checked = files.Checked(month(**changes), book(body), judged, list(before))
    return upload.Sent("october.xlsx", checked, kept_as)


def cells(found: Table | None) -> list[list[str]]:
    assert found is not None
    return [[each.tag.word if each.tag else each.text for each in row] for row in found.rows]


class TestTheForm:
    def test_offers_the_month_and_its_template(self) -> None:
        """Nothing was sent yet."""
        page = upload.for_month(month())
        assert ("Upload a spreadsheet for October 2026", "KMBC-2026-0117, October 2026") == (
            page.title,
            page.contract,
        )
        assert [
            "/contracts/KMBC-2026-0117/template/2026-10.xlsx",
            "/contracts/KMBC-2026-0117/template/2026-10.csv",
        ] == [link.href for link in page.templates]
        assert ((), None, None, None) == (page.faults, page.wrong, page.totals, page.use)

    def test_offers_contracts_and_months_where_the_file_may_say_them(self) -> None:
        """Thirteen months, the running one first."""
        contract, period, file = upload.for_any(OFFER).fields
        assert ["", build.CONTRACT] == [each.value for each in contract.choices]
        values = [each.value for each in period.choices]
        assert (["", "2026-11", "2026-10"], "2025-11", 14) == (values[:3], values[-1], len(values))
        assert ("file", "file") == (file.name, file.kind)

    def test_says_why_there_is_no_file(self) -> None:
        """At the field, and above the heading."""
        page = upload.for_month(month(), wrong="Choose a file first.")
        assert "Error: Upload a spreadsheet for October 2026" == page.title
        assert (Fault("file", "Choose a file first."),) == page.faults
        assert "Choose a file first." == page.fields[-1].fault

    def test_says_why_a_file_cannot_be_read(self) -> None:
        """With what to do."""
        unreadable = tables.Unreadable("This is a PDF, not a spreadsheet", "Save it as XLSX.")
        page = upload.for_month(month(), upload.Sent("october.pdf", unreadable))
        (fault,) = page.faults
        assert "october.pdf: This is a PDF, not a spreadsheet. Save it as XLSX." == fault.text


class TestAFileWithProblems:
    def test_has_a_row_for_each(self) -> None:
        """Cell and heading, what was written, what is wrong, what to do; days as people write
        them."""
        late = {**VISIT, "First day": "2026-09-30", "Start time": None, "School's URN": "12"}
        page = upload.for_month(month(), sent(late))
        assert "Error: 3 problems in october.xlsx" == page.title
        assert [
            [
                "C2",
                "2026-09-30",
                "This is before October 2026, the month of this return.",
                "If it is a late claim, say why it is late.",
            ],
            [
                "D2",
                "12",
                "This must be a school's URN.",
                "Write GB-EDU- and six digits, such as GB-EDU-143878.",
            ],
            [
                "E2",
                "–",
                "This is missing.",
                "Say when it was, how long, for how many people, and who delivered it.",
            ],
        ] == cells(page.wrong)
        assert ("First day",) == page.wrong.rows[0][0].why if page.wrong else False
        assert page.use is None

    def test_never_shows_who_a_person_is(self) -> None:
        """Rule I7."""
        row = {
            "Promise": "apprentices",
            "First day": "2026-10-06",
            "Person's number": "Jane Example",
            "Employer's company number": build.PARTY,
            "Hours a week": "37",
        }
        page = upload.for_month(month(), sent(row))
        assert [["D2", "(not shown)"]] == [row[:2] for row in cells(page.wrong)]


class TestAFileWithoutProblems:
    def test_shows_what_it_reports_beside_last_month(self) -> None:
        """Of two promises it says nothing."""
        nothing = {"Promise": "training", "Nothing this month": "yes"}
        before = [build.a_line(build.VISIT, quantity="3"), build.a_line(build.VISIT)]
        page = upload.for_month(month(), sent(VISIT, VISIT, nothing, before=before))
        assert [
            ["Apprentices started", "0", "Not said", "–"],
            ["Spend in the local area", "0", "Not said", "–"],
            ["School visits", "2", "2 visits", "4 visits"],
            ["Participant hours: duration times attendees", "0", "Nothing this month", "–"],
        ] == cells(page.totals)
        assert (
            "2 lines; of 1 promise nothing this month. Nothing was stored.",
            "Of 2 promises the file says nothing. You are asked about that before you send.",
        ) == page.sentences
        assert page.use is not None
        assert ("Use these 2 lines", "k", "") == (
            page.use.text,
            page.use.checked,
            page.use.warning,
        )

    def test_cannot_be_used_where_it_is_only_checked(self) -> None:
        """Nothing is stored there."""
        page = upload.for_any(OFFER, sent(VISIT, kept_as=None))
        assert ("KMBC-2026-0117, October 2026", None) == (page.contract, page.use)
