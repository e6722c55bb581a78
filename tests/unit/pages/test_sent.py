"""The list of all returns, and of what was refused: its form and its rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.api import documents
from services.intake.pages import sent
from shared.pages.parts import Cell
from tests.unit.pages import drawing
from tests.unit.pages.test_returned import a_line, a_return

TODAY = date(2026, 11, 16)


def a_refusal(**changes: Any) -> documents.Refusal:
    values: dict[str, Any] = {
        "refusal_id": UUID(int=9),
        "refused_at": datetime(2026, 11, 5, 9, tzinfo=UTC),
        "party_id": "GB-COH-99000001",
        "contract_id": "KMBC-2026-0101",
        "period": "2026-10",
        "route": "http",
        "rules": ["I4"],
        "faults_count": 1,
        "faults": [
            documents.RefusedFault(
                pointer="/lines/0/unit", rule="I4", message="It is <in> hours", fix="Give visits."
            )
        ],
        "count": 1,
    }
    return documents.Refusal(**(values | changes))


class TestForm:
    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, []),
            ({"year": "2026", "status": "refused"}, []),
            (
                {"year": "2027"},
                ["Year of the month cannot be '2027'. Write a year from 2013 to 2026."],
            ),
            ({"year": "26"}, ["Year of the month cannot be '26'. Write a year from 2013 to 2026."]),
            ({"status": "lost"}, ["Status cannot be 'lost'. Choose one of the list."]),
            (
                {"contract": "X"},
                ["You have no contract 'X'. Write its reference as the list does."],
            ),
        ],
    )
    def test_names_what_cannot_be(self, asked: dict[str, str], expected: list[str]) -> None:
        found = sent.check(sent.Asked(**asked), TODAY, has_contract=False)
        assert expected == [each.text for each in found]

    def test_asks_for_the_months_of_a_year(self) -> None:
        asked = sent.query(sent.Asked(contract="KMBC-2026-0101", year="2026", status="checked"))
        assert ("2026-01", "2026-12") == (asked.period_from, asked.period_to)
        assert ("KMBC-2026-0101", "checked") == (asked.contract, asked.status)

    def test_comes_back_filled_with_what_is_wrong(self) -> None:
        asked = sent.Asked(year="26")
        page = sent.show_faults(asked, sent.check(asked, TODAY, has_contract=False))
        drawn = drawing.html("intake", "sent.html", page)
        assert 'href="#year"' in drawn
        assert 'value="26"' in drawn
        assert "No return" not in drawn


class TestList:
    def test_of_returns_keeps_what_it_is_narrowed_down_to(self) -> None:
        found = a_return(a_line(1))
        page = sent.show(sent.Asked(year="2026"), [found], "abc", is_supplier=True)
        assert page.table is not None
        assert "/returns?year=2026&cursor=abc" == page.pages.next
        assert "/returns.csv?year=2026" == page.csv
        assert Cell("June 2026", f"/returns/{found.return_id}") == page.table.rows[0][0]

    def test_of_refusals_says_what_was_wrong(self) -> None:
        """The first faults in words, and how many more there are."""
        faults = [
            documents.RefusedFault(
                pointer=f"/lines/{n}/unit", rule="I4", message="Odd", fix="Mend it."
            )
            for n in range(4)
        ]
        many = a_refusal(faults=faults, faults_count=30)
        page = sent.show(sent.Asked(status="refused"), [a_refusal(), many], None, is_supplier=True)
        assert page.table is not None
        first, second = (row[-1] for row in page.table.rows)
        assert "1 problem" == first.text
        assert ("Line 1: Unit: it is <in> hours. Give visits.",) == first.why
        assert ("30 problems", 4, "And 27 more.") == (second.text, len(second.why), second.why[-1])
        assert "it is &lt;in&gt; hours" in drawing.html("intake", "sent.html", page)

    def test_of_refusals_tells_what_cannot_be_read(self) -> None:
        """And those of a day together."""
        odd = a_refusal(contract_id=None, period=None, faults=[], faults_count=80, count=40)
        page = sent.show(sent.Asked(status="refused"), [odd], None, is_supplier=False)
        assert page.table is not None
        texts = [cell.text for cell in page.table.rows[0]]
        assert ["Not readable", "GB-COH-99000001", "Not readable"] == texts[1:4]
        assert "40 returns with 80 problems in all" == texts[4]

    @pytest.mark.parametrize(
        ("asked", "is_supplier", "expected"),
        [
            ({}, True, "You have sent no return yet."),
            ({}, False, "No return has come yet."),
            ({"year": "2025"}, True, "No return matches these filters."),
            ({"status": "refused"}, True, "Nothing was refused."),
        ],
    )
    def test_that_is_empty_says_so(
        self, asked: dict[str, str], is_supplier: bool, expected: str
    ) -> None:
        page = sent.show(sent.Asked(**asked), [], None, is_supplier=is_supplier)
        assert expected == page.nothing
        assert expected in drawing.html("intake", "sent.html", page)
