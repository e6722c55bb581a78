"""All contracts: who is behind?"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.verification.api import documents
from services.verification.api.documents import overviews
from services.verification.domain import standing
from services.verification.pages import contracts, filters, ratings
from shared.pages import listing
from shared.pages.parts import Pages
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

TODAY = date(2026, 11, 30)


def a_worst(**changes: Any) -> overviews.Worst:
    values: dict[str, Any] = {
        "commitment_id": "spend",
        "commitment_title": "Spend with firms in Knowsley",
        "unit": "GBP",
        "rating": "Requires improvement",
        "reason": None,
        "gap": Decimal(34000),
        "gap_share": "9.3",
    }
    return drawing.made(overviews.Worst, **(values | changes))


def an_overview(**changes: Any) -> overviews.Overview:
    values: dict[str, Any] = {
        "contract_id": "KMBC-2026-0101",
        "contract_title": "Community hub",
        "suppliers": [
            documents.Organisation(id="GB-COH-99000001", name="Brackenfold"),
            documents.Organisation(id="GB-COH-99000002"),
        ],
        "ends_on": date(2028, 9, 30),
        "commitments": 3,
        "commitments_behind": 1,
        "worst": a_worst(),
        "returns_missing": 2,
        "missing_since": "2026-07",
        "cases_open": 1,
    }
    return drawing.made(overviews.Overview, **(values | changes))


def counted(
    contracts: int, behind: int = 0, promises: int = 0, *, waiting: int = 0, overdue: int = 0
) -> standing.ContractCounts:
    good = contracts - behind - waiting
    return standing.ContractCounts(contracts, behind, promises, waiting, good, overdue)


def shown(*rows: overviews.Overview, counts: Any = None, **asked: str) -> contracts.Page:
    counts = counts or counted(len(rows), len(rows), len(rows))
    return contracts.show(filters.Contracts(**asked), rows, counts, Pages(None, None))


def row(**changes: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The cells of one contract: text, and what stands below it."""
    table = shown(an_overview(**changes)).table
    assert table is not None
    return [(cell.text, cell.why) for cell in table.rows[0]]


class TestSentence:
    @pytest.mark.parametrize(
        ("counts", "asked", "expected"),
        [
            (counted(0), {}, ["There is no contract yet."]),
            (counted(0), {"case": "open"}, ["No contract matches these filters."]),
            (counted(500, 12, 31), {}, ["12 of 500 contracts are behind, with 31 promises."]),
            (counted(2, 1, 1), {}, ["1 of 2 contracts is behind, with 1 promise."]),
            (counted(2), {}, ["None of 2 contracts is behind."]),
            (
                counted(3, 1, 2),
                {"case": "open"},
                ["1 of 3 contracts that match is behind, with 2 promises."],
            ),
            (counted(1), {"case": "none"}, ["None of 1 contract that matches is behind."]),
            (
                standing.ContractCounts(2, 0, 0, 0, 0, 0),
                {},
                ["2 contracts; nothing can be rated yet."],
            ),
            (
                counted(4, 1, 1, waiting=2, overdue=3),
                {},
                [
                    "1 of 4 contracts is behind, with 1 promise.",
                    "2 contracts cannot be rated till a return comes or the council decides.",
                    "3 returns are overdue.",
                ],
            ),
        ],
    )
    def test_says_who_is_behind(
        self, counts: standing.ContractCounts, asked: dict[str, str], expected: list[str]
    ) -> None:
        """Then what cannot be rated, and what is overdue."""
        assert expected == list(shown(counts=counts, **asked).sentences)


class TestRow:
    def test_says_how_the_worst_promise_stands(self) -> None:
        """Units are not added: the gap is that of one promise, which is named."""
        assert [
            ("Community hub", ("KMBC-2026-0101",)),
            ("Brackenfold, GB-COH-99000002", ()),
            ("", ()),
            (
                "1 of 3 promises",
                ("Spend with firms in Knowsley: £34,000, 9.3% of the whole target",),
            ),
            ("2", ("Since July 2026",)),
            ("1", ()),
            ("30 September 2028", ()),
        ] == row()

    @pytest.mark.parametrize(
        ("changes", "column", "expected"),
        [
            ({"worst": None, "commitments_behind": 0}, 2, ("Nothing promised yet", ())),
            ({"worst": None, "commitments_behind": 0}, 3, ("–", ())),
            ({"worst": a_worst(rating=None), "commitments_behind": 0}, 2, ("Not rated yet", ())),
            ({"returns_missing": 0, "missing_since": None}, 4, ("None", ())),
            ({"returns_missing": 1}, 4, ("1", ("July 2026",))),
            ({"cases_open": 0}, 5, ("None", ())),
        ],
    )
    def test_says_what_is_not_there(
        self, changes: dict[str, Any], column: int, expected: tuple[str, tuple[str, ...]]
    ) -> None:
        """In words, not as a gap."""
        assert expected == row(**changes)[column]

    def test_says_why_a_rating_is_other(self) -> None:
        worst = a_worst(rating="Other", reason="awaiting_council")
        table = shown(an_overview(worst=worst)).table
        assert table is not None
        cell = table.rows[0][2]
        assert ratings.tag("Other") == cell.tag
        assert ("The council must decide lines.",) == cell.why


class TestFilters:
    @pytest.mark.parametrize(
        ("today", "months", "ends_by"),
        [
            (TODAY, "3", date(2027, 2, 28)),
            (TODAY, "12", date(2027, 11, 30)),
            (date(2026, 8, 31), "6", date(2027, 2, 28)),
        ],
    )
    def test_end_within_months(self, today: date, months: str, ends_by: date) -> None:
        """On the same day of the month, or on its last."""
        assert ends_by == filters.Contracts(ends=months).query(today).ends_by

    def test_ask_the_api_for_what_was_chosen(self) -> None:
        """What is empty is not asked for."""
        asked = filters.Contracts(search=" hub ", rating="", missing="false", case="open")
        assert () == asked.check()
        found = asked.query(TODAY)
        assert ("hub", None, None, False, "open", None, listing.ROWS) == (
            *(found.search, found.supplier, found.rating, found.missing, found.case),
            *(found.ends_by, found.limit),
        )

    def test_name_every_fault_at_once(self) -> None:
        asked = filters.Contracts(rating="Bad", ends="-1")
        assert {
            "rating": "Worst rating cannot be 'Bad'. Choose one of the list.",
            "ends": "Ends within cannot be '-1'. Choose one of the list.",
        } == dict(asked.check())
        drawn = drawing.html(
            "verification", "contracts.html", contracts.show_faults(asked, asked.check())
        )
        assert "<title>Error: Contracts" in drawn
        assert 'href="#ends"' in drawn
        assert "<table" not in drawn


class TestPage:
    def test_asks_suppliers_nothing_about_owners(self) -> None:
        """The council's people are none of their business."""
        said = {
            is_supplier: [
                field.name
                for page in (
                    contracts.show(asked, (), counted(0), pages, is_supplier=is_supplier),
                    contracts.show_faults(asked, (), is_supplier=is_supplier),
                )
                for field in page.form
                if field.name == "owner"
            ]
            for asked, pages in [(filters.Contracts(), Pages(None, None))]
            for is_supplier in (True, False)
        }
        assert {True: [], False: ["owner", "owner"]} == said

    def test_leads_to_the_same_list_as_a_file(self) -> None:
        """With the same filters; an empty list has none."""
        assert "/contracts.csv?rating=Good" == shown(an_overview(), rating="Good").csv
        assert "/contracts.csv" == shown(an_overview()).csv
        assert shown().csv is None

    def test_that_is_full_is_light(self) -> None:
        every = [an_overview()] * listing.ROWS
        page = drawing.html("verification", "contracts.html", shown(*every))
        assert HTML_BYTES_MAX >= len(page.encode())
        assert 'href="/council/promises"' in page
        assert "Clear filters" not in page
