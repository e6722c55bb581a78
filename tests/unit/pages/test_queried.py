"""Lines that wait for the council: why, and what deciding would change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.verification.api.documents import queried as documents
from services.verification.pages import filters, queried
from shared.pages.parts import Pages
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX

RETURN = UUID(int=7)


def change(period: str, now: str, then: str) -> documents.RatingChange:
    return drawing.made(documents.RatingChange, period=period, rating=now, rating_if_confirmed=then)


def a_line(**changes: Any) -> documents.QueriedLine:
    values: dict[str, Any] = {
        "contract_id": "KMBC-2026-0101",
        "contract_title": "Community hub",
        "commitment_id": "spend",
        "commitment_title": "Spend with firms in Knowsley",
        "party_id": "GB-COH-99000001",
        "party_name": "Brackenfold",
        "period": "2026-06",
        "return_id": RETURN,
        "line_id": "3",
        "activity_on": date(2026, 6, 12),
        "unit": "GBP",
        "reported": Decimal(500),
        "queried": Decimal(500),
        "findings": [
            {
                "words": "The directory does not have L36 9ZZ.",
                "what_to_do": "Ask the supplier, or decide by the evidence.",
            }
        ],
        "received_at": datetime(2026, 7, 2, 23, 30, tzinfo=UTC),
        "changes": [change("2026-09", "Other", "Good")],
    }
    return drawing.made(documents.QueriedLine, **(values | changes))


def listed(*lines: documents.QueriedLine, contracts: int = 1) -> documents.QueriedLines:
    return drawing.made(
        documents.QueriedLines, items=list(lines), next=None, lines=len(lines), contracts=contracts
    )


def shown(*lines: documents.QueriedLine, contracts: int = 1) -> queried.Page:
    return queried.show(filters.Queried(), listed(*lines, contracts=contracts), Pages(None, None))


def row(**changes: Any) -> list[tuple[str, tuple[str, ...]]]:
    """The cells of one line: text, and what stands below it."""
    table = shown(a_line(**changes)).table
    assert table is not None
    return [(cell.text, cell.why) for cell in table.rows[0]]


class TestSentence:
    @pytest.mark.parametrize(
        ("lines", "contracts", "expected"),
        [
            (0, 0, "No line waits for the council."),
            (1, 1, "1 line waits for the council."),
            (3, 2, "3 lines wait for the council, of 2 contracts."),
        ],
    )
    def test_says_how_many_wait(self, lines: int, contracts: int, expected: str) -> None:
        assert expected == shown(*[a_line()] * lines, contracts=contracts).sentences[0]


class TestRow:
    def test_says_why_and_what_deciding_changes(self) -> None:
        """Received by the clocks of London: at half past midnight on 3 July."""
        assert [
            (
                "Spend with firms in Knowsley",
                ("Community hub, Brackenfold", "Line 3, 12 June 2026"),
            ),
            (
                "The directory does not have L36 9ZZ.",
                ("Ask the supplier, or decide by the evidence.",),
            ),
            ("£500", ()),
            ("September 2026: Other → Good", ()),
            ("3 July 2026", ("Return for June 2026",)),
        ] == row()

    @pytest.mark.parametrize(
        ("changes", "column", "expected"),
        [
            ({"changes": None}, 3, ("", ())),
            ({"changes": []}, 3, ("No rating", ())),
            (
                {"changes": [change(f"2026-0{n}", "Other", "Good") for n in range(4, 9)]},
                3,
                (
                    "April 2026: Other → Good",
                    (
                        "May 2026: Other → Good",
                        "June 2026: Other → Good",
                        "and 2 more months",
                    ),
                ),
            ),
            ({"queried": Decimal(200)}, 2, ("£500", ("£200 of it waits",))),
            ({"received_at": None}, 4, ("Return for June 2026", ())),
            ({"unit": None}, 2, ("500", ())),
            ({"findings": []}, 1, ("", ())),
        ],
    )
    def test_says_no_more_than_is_known(
        self, changes: dict[str, Any], column: int, expected: tuple[str, tuple[str, ...]]
    ) -> None:
        assert expected == row(**changes)[column]

    def test_leads_to_the_promise_and_the_return(self) -> None:
        drawn = drawing.html("verification", "queried.html", shown(a_line()))
        assert 'href="/council/contracts/KMBC-2026-0101/commitments/spend"' in drawn
        assert f'href="https://makegood.example/supplier/returns/{RETURN}"' in drawn


class TestPage:
    def test_is_drawn_with_nothing(self) -> None:
        drawn = drawing.html("verification", "queried.html", shown())
        assert "No line waits for the council." in drawn
        assert "<table" not in drawn
        assert "Filter" not in drawn

    def test_says_what_is_wrong_with_a_filter(self) -> None:
        asked = filters.Queried(contract="a/b")
        faults = asked.check()
        drawn = drawing.html("verification", "queried.html", queried.show_faults(asked, faults))
        assert "<title>Error: Queried lines" in drawn
        assert 2 == drawn.count("You have no contract &#39;a/b&#39;.")

    def test_that_is_full_is_light(self) -> None:
        every = [a_line(changes=[change("2026-09", "Other", "Good")] * 5)] * filters.LINES
        drawn = drawing.html("verification", "queried.html", shown(*every))
        assert HTML_BYTES_MAX >= len(drawn.encode())
