"""Tables as CSV: no cell is a formula, and figures stay figures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared.web import spreadsheets


def written(*cells: str | Decimal | date | None) -> str:
    answer = spreadsheets.answer("t", ("heading",), [cells])
    text = bytes(answer.body).decode("utf-8-sig")
    heading, row = text.split("\r\n", 1)
    assert "heading" == heading
    return row.removesuffix("\r\n")


class TestACell:
    @pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t"])
    def test_of_text_is_no_formula(self, first: str) -> None:
        """An apostrophe comes before what a spreadsheet would run."""
        assert f"'{first}1+1" == written(f"{first}1+1")

    def test_that_begins_with_a_carriage_return_is_none_either(self) -> None:
        """It is quoted, since it ends a line."""
        assert '"\'\r=1"' == written("\r=1")

    def test_with_the_sign_further_on_stays_as_it_is(self) -> None:
        """A title may have a dash or an equals sign."""
        assert "A-B = C,it's" == written("A-B = C", "it's")

    def test_of_a_figure_or_a_day_stays_a_figure_or_a_day(self) -> None:
        """A negative sum is no formula; nothing is an empty cell."""
        cells = (Decimal("-1000.50"), Decimal("1E+3"), date(2026, 10, 31), None)
        assert "-1000.50,1000,2026-10-31," == written(*cells)
