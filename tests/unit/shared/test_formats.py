"""Figures, days and months as people read them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shared import formats


class TestAnAmount:
    @pytest.mark.parametrize(
        ("value", "unit", "written"),
        [
            ("1234.5", "GBP", "£1,234.50"),
            ("600000.00", "GBP", "£600,000"),
            ("-1000", "GBP", "-£1,000"),
            ("0", "GBP", "£0"),
            ("12", "visits", "12 visits"),
            ("1", "visits", "1 visit"),
            ("1.00", "people", "1 person"),
            ("1.50", "FTE", "1.5 FTE"),
            ("1", "FTE", "1 FTE"),
            ("1200", "hours", "1,200 hours"),
            ("3", None, "3"),
        ],
    )
    def test_is_written_with_its_unit(self, value: str, unit: str | None, written: str) -> None:
        """Pounds without empty pence, thousands with commas, one of a thing in the singular."""
        assert written == formats.amount(Decimal(value), unit)

    def test_may_be_nothing(self) -> None:
        """An alert without the figure."""
        assert "nothing" == formats.amount(None, "GBP")


class TestAPartOfAWhole:
    @pytest.mark.parametrize(
        ("part", "unit", "written"),
        [
            ("184000", "GBP", "£184,000 of £1,460 was"),
            ("736", "hours", "736 of 1,460 hours were"),
            ("1", "hours", "1 of 1,460 hours was"),
            ("0.5", "FTE", "0.5 of 1,460 FTE was"),
        ],
    )
    def test_names_its_unit_once(self, part: str, unit: str, written: str) -> None:
        """And has the verb that fits."""
        value = Decimal(part)
        found = formats.part_of(value, Decimal(1460), unit)
        assert written == f"{found} {formats.were(value, unit)}"


class TestADayAndAMonth:
    def test_have_their_names(self) -> None:
        """No leading zero, no digits for the month."""
        written = (formats.day(date(2026, 5, 4)), formats.month("2026-05"))
        assert ("4 May 2026", "May 2026") == written


class TestAList:
    @pytest.mark.parametrize(
        ("words", "written"),
        [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
    )
    def test_ends_with_and(self, words: list[str], written: str) -> None:
        """As people say it."""
        assert written == formats.listed(words)
