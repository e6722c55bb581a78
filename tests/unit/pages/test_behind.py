"""Every promise: who is behind, and why?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.verification.api import documents
from services.verification.api.documents import standings
from services.verification.domain import standing
from services.verification.pages import filters, promises, ratings
from shared.pages.parts import Pages
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

ONE_PAGE = Pages(None, None)


def missing(period: str, supplier: str = "GB-COH-99000001") -> standings.MissingReturn:
    return drawing.made(
        standings.MissingReturn,
        period=period,
        supplier_id=supplier,
        supplier_name="Brackenfold" if supplier == "GB-COH-99000001" else None,
        due_on=date(2026, 11, 13),
    )


def a_standing(**changes: Any) -> standings.Standing:
    """A promise that is behind, with a case."""
    case = drawing.made(
        standings.OpenCase,
        case_id=UUID(int=1),
        state="opened",
        period="2026-06",
        opened_at=datetime(2026, 7, 14, 23, 30, tzinfo=UTC),
    )
    values: dict[str, Any] = {
        "contract_id": "KMBC-2026-0101",
        "contract_title": "Community hub",
        "suppliers": [documents.Organisation(id="GB-COH-99000001", name="Brackenfold")],
        "commitment_id": "spend",
        "commitment_title": "Spend with firms in Knowsley",
        "unit": "GBP",
        "gap": Decimal(34000),
        "gap_share": "9.3",
        "rating": "Requires improvement",
        "reason": None,
        "why": ["not_delivered", "claimed_before"],
        "case": case,
        "returns_missing": [],
    }
    return drawing.made(standings.Standing, **(values | changes))


def counted(behind: int, over: int, waiting: int = 0, good: int = 0, early: int = 0) -> Any:
    """`early`: not rated yet."""
    return standing.Counts(behind + waiting + good + early, behind, over, waiting, good)


def shown(*rows: standings.Standing, counts: Any = None, **asked: str) -> promises.Page:
    counts = counted(len(rows), len(rows)) if counts is None else counts
    return promises.show(filters.Promises(**asked), rows, counts, ONE_PAGE)


def row(**changes: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The cells of one promise: text, and what stands below it."""
    table = shown(a_standing(**changes)).table
    assert table is not None
    return [(cell.text, cell.why) for cell in table.rows[0]]


class TestSentence:
    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            (counted(0, 0), ["Nothing is promised yet."]),
            (counted(1, 1, good=4), ["1 promise is behind."]),
            (counted(2, 1), ["2 promises are behind, over 1 contract."]),
            (counted(3, 2), ["3 promises are behind, over 2 contracts."]),
            (counted(0, 0, good=2), ["Nobody is behind."]),
            (
                counted(0, 0, good=1, early=1),
                ["Nobody is behind.", "1 promise is not rated yet."],
            ),
            (
                counted(0, 0, early=2),
                ["Nothing can be rated yet.", "2 promises are not rated yet."],
            ),
            (
                counted(1, 1, waiting=2, early=3),
                [
                    "1 promise is behind.",
                    "2 promises cannot be rated till a return comes or the council decides.",
                    "3 promises are not rated yet.",
                ],
            ),
        ],
    )
    def test_says_who_is_behind(self, counts: standing.Counts, expected: list[str]) -> None:
        """Then what is not rated, if anything."""
        assert expected == list(shown(counts=counts).sentences)

    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            (counted(0, 0), "No promise matches these filters."),
            (counted(0, 0, good=1), "1 promise matches these filters: it is not behind."),
            (counted(0, 0, good=2), "2 promises match these filters: none is behind."),
            (counted(1, 1), "1 promise matches these filters: 1 promise is behind."),
            (
                counted(3, 2, good=1),
                "4 promises match these filters: 3 promises are behind, over 2 contracts.",
            ),
        ],
    )
    def test_says_what_was_asked_for(self, counts: standing.Counts, expected: str) -> None:
        """A part is not said to be all."""
        assert expected == shown(counts=counts, rating="Good").sentences[0]


class TestPromise:
    def test_has_its_contract_figures_reason_and_case(self) -> None:
        """23:30 UTC in July is the next day in London."""
        assert [
            ("Community hub", ("KMBC-2026-0101",)),
            (
                "Spend with firms in Knowsley",
                ("Less was delivered than was due; the same thing was claimed before.",),
            ),
            ("", ()),
            ("£34,000", ("9.3% of the whole target",)),
            ("None", ()),
            ("Open: the supplier is to be notified", ("Opened 15 July 2026",)),
        ] == row()
        table = shown(a_standing()).table
        assert table is not None
        assert "/contracts/KMBC-2026-0101" == table.rows[0][0].href
        assert ratings.tag("Requires improvement") == table.rows[0][2].tag

    def test_that_is_on_course_has_no_gap(self) -> None:
        cells = row(rating="Good", gap=Decimal(0), gap_share="0.0", why=[], case=None)
        assert [("–", ()), ("None", ()), ("None", ())] == cells[3:]

    def test_that_was_not_rated_says_so(self) -> None:
        cells = row(rating=None, gap=None, gap_share=None, why=[], case=None)
        assert [("Not rated yet", ()), ("–", ())] == cells[2:4]

    def test_that_cannot_be_rated_says_why(self) -> None:
        """And how far it is behind so far."""
        cells = row(rating="Other", reason="data_missing", unit="weeks", gap=Decimal(1))
        assert [("", ("A return is missing.",)), ("1 week", ("9.3% of the whole target",))] == (
            cells[2:4]
        )

    def test_names_the_first_returns_that_are_missing(self) -> None:
        """Three, then how many more."""
        owed = [missing(f"2026-0{month}") for month in range(5, 10)]
        assert ("1", ("May 2026",)) == row(returns_missing=owed[:1])[4]
        assert ("3", ("May 2026", "June 2026", "July 2026")) == row(returns_missing=owed[:3])[4]
        assert ("5", ("May 2026", "June 2026", "July 2026", "and 2 more")) == (
            row(returns_missing=owed)[4]
        )

    def test_of_several_suppliers_says_whose_return_is_missing(self) -> None:
        """By name, or by id where none is known."""
        both = [documents.Organisation(id=each, name=None) for each in ("GB-COH-99000001", "X-1")]
        owed = [missing("2026-05"), missing("2026-05", "X-1")]
        assert ("2", ("May 2026, Brackenfold", "May 2026, X-1")) == (
            row(suppliers=both, returns_missing=owed)[4]
        )


class TestFilters:
    def test_has_a_choice_for_each_rating(self) -> None:
        assert list(ratings.COLOURS) == [
            each.value for each in filters.Promises.FILTERS["rating"].choices
        ]

    def test_ask_the_api_for_what_was_chosen(self) -> None:
        """What is empty is not asked for; an org-id may be written in any of its spellings."""
        asked = filters.Promises(
            rating="", missing="true", case="open", supplier=" gb-coh-99000001 "
        )
        assert () == asked.check(has_contract=False)
        found = asked.query()
        assert (None, True, "open", "GB-COH-99000001", None, filters.PROMISES) == (
            *(found.rating, found.missing, found.case, found.supplier, found.contract),
            found.limit,
        )

    def test_name_every_fault_at_once(self) -> None:
        """With the value, and what to do."""
        asked = filters.Promises(
            rating="Bad", missing="yes", case="shut", supplier="Brackenfold", contract="a/b"
        )
        assert {
            "rating": "Rating cannot be 'Bad'. Choose one of the list.",
            "missing": "Returns missing cannot be 'yes'. Choose one of the list.",
            "case": "Case open cannot be 'shut'. Choose one of the list.",
            "supplier": "'Brackenfold' is no org-id. Write one such as GB-COH-01234567.",
            "contract": "You have no contract 'a/b'. Write its reference as the list does.",
        } == dict(asked.check(has_contract=False))

    def test_keep_what_was_written_beside_the_fault(self) -> None:
        """Above the form and at the field, in the same words."""
        asked = filters.Promises(supplier="<Brackenfold>", case="open")
        faults = asked.check(has_contract=False)
        drawn = drawing.html("verification", "promises.html", promises.show_faults(asked, faults))
        assert "<title>Error: Who is behind" in drawn
        assert 2 == drawn.count("&lt;Brackenfold&gt;&#39; is no org-id.")
        assert 'href="#supplier"' in drawn
        assert 'value="&lt;Brackenfold&gt;"' in drawn
        assert '<option value="open" selected>Yes</option>' in drawn
        assert "<table" not in drawn


class TestPage:
    def test_is_drawn_with_everything(self) -> None:
        """Every field has its label, and the way back to all."""
        page = drawing.html("verification", "promises.html", shown(a_standing(), rating="Good"))
        for name, (label, *_) in filters.Promises.FILTERS.items():
            assert f'for="{name}"' in page
            assert label in drawing.text(page)
        assert 'action="/council/promises"' in page
        assert 'href="/council/contracts/KMBC-2026-0101"' in page
        assert "Clear filters" in page

    def test_is_drawn_with_nothing(self) -> None:
        page = drawing.html("verification", "promises.html", shown())
        assert "Nothing is promised yet." in page
        assert "<table" not in page
        assert "Clear filters" not in page

    def test_that_is_full_is_light(self) -> None:
        """Forty promises, each with all that a row can have."""
        owed = [missing(f"2026-0{month}") for month in range(1, 10)]
        every = [a_standing(returns_missing=owed)] * filters.PROMISES
        page = drawing.html("verification", "promises.html", shown(*every))
        assert HTML_BYTES_MAX >= len(page.encode())
