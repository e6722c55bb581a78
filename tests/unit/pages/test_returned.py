"""The page of a return: what counts, and why not the rest."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.api import documents
from services.intake.pages import returned
from shared.pages.parts import Cell, Link
from tests.unit.pages import drawing

ID = UUID(int=7)
AT = datetime(2026, 7, 3, 9, tzinfo=UTC)


def a_line(number: int, **changes: Any) -> documents.Line:
    values = {
        "line_id": str(number),
        "commitment_id": "local-spend",
        "quantity": "500.00",
        "unit": "GBP",
        "from": date(2026, 6, 25),
        "to": None,
        "status": "counted",
        "counted": "500.00",
        "provisional": "0",
        "queried": "0",
    }
    return documents.Line.model_validate(values | changes)


NOT_COUNTED: dict[str, Any] = {
    "status": "not_counted",
    "counted": "0",
    "reasons": [{"rule": "V3", "code": "outside_area", "words": "It lies <outside>."}],
}
QUERIED: dict[str, Any] = {"status": "queried", "counted": "0", "queried": "500.00"}
PROVISIONAL: dict[str, Any] = {"status": "provisional", "counted": "0", "provisional": "500.00"}


def a_return(*lines: documents.Line, **changes: Any) -> documents.Return:
    own = {
        "return_id": ID,
        "receipt_no": 24,
        "contract_id": "KMBC-2026-0101",
        "party_id": "GB-COH-99000001",
        "period": "2026-06",
        "revision": 1,
        "received_at": AT,
    }
    signed = {"sha256": "ab" * 32, "salt": "", "merge_by": datetime(2026, 7, 4, 9, tzinfo=UTC)}
    receipt = drawing.made(documents.Receipt, **own, **signed)
    values = {
        **own,
        "status": "checked",
        "superseded_by": None,
        "withdrawn_at": None,
        "entry": 41,
        "held": None,
        "differs": None,
        "reason": None,
        "supersedes": None,
        "withdrawal": None,
        "receipt": receipt,
        "lines": list(lines),
    }
    return drawing.made(documents.Return, **(values | changes))


def said(found: documents.Return, *, is_supplier: bool = True) -> tuple[str, ...]:
    return returned.show(found, {}, is_supplier=is_supplier).sentences


class TestSentences:
    def test_say_first_how_many_lines_count(self) -> None:
        """Then what waits and for whom, then what does not count."""
        lines = [a_line(1), a_line(2), a_line(3, **QUERIED), a_line(4, **NOT_COUNTED)]
        expected = (
            "2 of 4 lines count.",
            "1 waits for the council; you need not do anything.",
            "1 does not count: the reason is beside it.",
        )
        assert expected == said(a_return(*lines))

    def test_speak_to_the_council_without_the_advice(self) -> None:
        expected = ("0 of 1 line count.", "1 waits for the council.")
        assert expected == said(a_return(a_line(1, **QUERIED)), is_supplier=False)

    def test_count_what_counts_for_now(self) -> None:
        """It counts, and the page says that it may change."""
        found = a_return(a_line(1), a_line(2, **PROVISIONAL))
        assert ("All 2 lines count.", "1 counts for now.") == said(found)

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"status": "withdrawn"}, "This return was withdrawn. Nothing of it counts."),
            (
                {"status": "superseded", "superseded_by": UUID(int=8)},
                "A later revision has taken the place of this return. Nothing of this one counts.",
            ),
            ({"status": "held", "held": "we are looking at it"}, "We are looking at it."),
            ({"status": "received"}, "This return was received. It is checked within minutes."),
            ({"differs": "Something was changed."}, "Something was changed."),
        ],
    )
    def test_of_a_return_that_is_not_just_checked(
        self, changes: dict[str, Any], expected: str
    ) -> None:
        assert (expected,) == said(a_return(a_line(1), **changes))

    def test_of_a_nil_return_say_so(self) -> None:
        expected = ("Nothing was delivered in this month, as this return says.",)
        assert expected == said(a_return())


class TestLines:
    def test_begin_with_what_the_supplier_can_mend(self) -> None:
        """Then what waits, then what counts for now, then the rest in its order."""
        lines = [
            a_line(1),
            a_line(2),
            a_line(3, **PROVISIONAL),
            a_line(4, **QUERIED),
            a_line(5, **NOT_COUNTED),
        ]
        table = returned.show(a_return(*lines), {}, is_supplier=True).lines
        assert table is not None
        order = ["Line 5", "Line 4", "Line 3", "Line 1", "Line 2"]
        assert order == [row[0].why[0] for row in table.rows]

    def test_begin_for_the_council_with_what_does_not_count(self) -> None:
        """What can be mended quickest by its supplier comes first to the supplier alone."""
        to_do = {"rule": "V3", "code": "postcode_unknown", "words": "We do not know it."}
        to_do["what_to_do"] = "If it is wrong, correct it: that is quicker."
        nothing = {"rule": "V6", "code": "counted_once", "words": "It counted before."}
        nothing["what_to_do"] = "Nothing to do."
        found = a_return(
            a_line(1, **NOT_COUNTED | {"reasons": [nothing]}),
            a_line(2, **QUERIED | {"reasons": [to_do]}),
        )
        for is_supplier, order in ((True, ["Line 2", "Line 1"]), (False, ["Line 1", "Line 2"])):
            table = returned.show(found, {}, is_supplier=is_supplier).lines
            assert table is not None
            assert order == [row[0].why[0] for row in table.rows]
        assert table is not None
        said = {row[0].why[0]: row[4].why for row in table.rows}
        assert ("It counted before.",) == said["Line 1"]
        assert ("We do not know it. If it is wrong, correct it: that is quicker.",) == said[
            "Line 2"
        ]

    def test_are_fifty_a_page(self) -> None:
        """Of 120 lines the last page has 20."""
        found = a_return(*(a_line(n) for n in range(120)))
        pages = [returned.show(found, {}, (), n, is_supplier=True) for n in (0, 50, 100)]
        assert [50, 50, 20] == [len(each.lines.rows) for each in pages if each.lines]
        at = f"/returns/{ID}"
        expected = [(None, f"{at}?lines_from=50"), (at, f"{at}?lines_from=100"), (at, None)]
        assert expected == [(each.pages.first, each.pages.next) for each in pages]

    def test_have_the_figures_and_the_reason(self) -> None:
        """The promise by its title, money to the penny."""
        promises = {"local-spend": "Spend in the local area"}
        found = a_return(a_line(1, **NOT_COUNTED))
        table = returned.show(found, promises, is_supplier=True).lines
        assert table is not None
        (row,) = table.rows
        assert Cell("Spend in the local area", why=("Line 1",)) == row[0]
        assert ["25 June 2026", "£500.00", "£0.00"] == [cell.text for cell in row[1:4]]
        assert ("It lies <outside>.",) == row[4].why

    def test_that_were_not_checked_have_no_count(self) -> None:
        line = a_line(1, status="received", counted=None, provisional=None)
        table = returned.show(a_return(line, status="received"), {}, is_supplier=True).lines
        assert table is not None
        assert "" == table.rows[0][3].text


WITHDRAWAL: Final = documents.Withdrawal(
    receipt_no=30, reason="turned round", withdrawn_at=AT, entry=50
)


class TestWays:
    @pytest.mark.parametrize(
        ("changes", "is_offered"),
        [
            ({"status": "received"}, True),
            ({"status": "held", "held": "we are looking at it"}, True),
            ({"status": "checked"}, True),
            ({"status": "superseded", "superseded_by": UUID(int=8)}, False),
            ({"status": "withdrawn", "withdrawal": WITHDRAWAL}, False),
            ({"status": "held", "withdrawal": WITHDRAWAL, "held": "we are looking"}, False),
        ],
    )
    def test_are_of_the_current_return(self, changes: dict[str, Any], is_offered: bool) -> None:
        """And of its supplier alone."""
        found = a_return(a_line(1), **changes)
        at = f"/returns/{ID}"
        ways = (Link("Correct", f"{at}/revise"), Link("Withdraw", f"{at}/withdraw"))
        assert (ways if is_offered else ()) == returned.show(found, {}, is_supplier=True).ways
        assert () == returned.show(found, {}, is_supplier=False).ways


class TestRevisions:
    def test_of_the_month_are_linked(self) -> None:
        """But for the one on the page; a single one is no list."""
        found = a_return(a_line(1), revision=2, reason="A line was missing.")
        first = drawing.made(
            documents.ReturnSummary,
            return_id=UUID(int=6),
            revision=1,
            receipt_no=20,
            received_at=AT,
            status="superseded",
        )
        page = returned.show(found, {}, [found, first], is_supplier=True)
        assert page.revisions is not None
        expected = [
            Cell("Revision 2, on this page"),
            Cell("Revision 1", f"/returns/{UUID(int=6)}"),
        ]
        assert expected == [row[0] for row in page.revisions.rows]
        assert "A line was missing." in [fact.text for fact in page.facts]
        assert returned.show(found, {}, [found], is_supplier=True).revisions is None


class TestLife:
    def test_leads_to_what_was_decided_of_its_lines(self) -> None:
        """Two lines in one entry, one in another, one not yet."""
        found = a_return(*(a_line(n, entry=entry) for n, entry in enumerate((44, 44, 51, None))))
        _, *decided = returned.show(found, {}, is_supplier=True).happenings
        assert ["2 lines decided", "1 line decided"] == [each.what for each in decided]
        assert Link("Entry 51 of the record", "record:/entries/51") == decided[1].link

    def test_leads_to_the_entries(self) -> None:
        """Of the return and of its withdrawal, with the time in London."""
        found = a_return(status="withdrawn", withdrawal=WITHDRAWAL)
        first, second = returned.show(found, {}, is_supplier=True).happenings
        assert "3 July 2026, 10:00" == first.when
        assert Link("Entry 41 of the record", "record:/entries/41") == first.link
        assert "Withdrawn, receipt 30: turned round" == second.what
        assert Link("Entry 50 of the record", "record:/entries/50") == second.link

    def test_says_by_when_it_is_in_the_record(self) -> None:
        _, second = returned.show(a_return(entry=None), {}, is_supplier=True).happenings
        assert "at latest on 4 July 2026" == second.when


class TestPage:
    def test_is_drawn_with_everything_and_with_nothing(self) -> None:
        """What was sent is escaped; a link leads to another site."""
        full = a_return(a_line(1, **NOT_COUNTED), a_line(2), superseded_by=UUID(int=8))
        page = drawing.html("intake", "returned.html", returned.show(full, {}, is_supplier=True))
        assert "It lies &lt;outside&gt;." in page
        assert 'href="https://makegood.example/record/entries/41"' in page
        assert f'href="/supplier/returns/{UUID(int=8)}"' in page
        nil = returned.show(a_return(), {}, is_supplier=False)
        assert "Nothing was delivered" in drawing.html("intake", "returned.html", nil)
