"""Days, money, counts and shares as pages write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from shared import formats


class TestDay:
    def test_is_written_out(self) -> None:
        """Without a leading zero, with the year."""
        assert "3 July 2026" == formats.day(date(2026, 7, 3))

    def test_of_a_moment_is_londons(self) -> None:
        """In summer London is an hour ahead of UTC."""
        moment = datetime(2026, 7, 3, 23, 30, tzinfo=UTC)
        assert "4 July 2026, 00:30" == formats.moment(moment)
        assert "13 November 2026, 09:00" == formats.moment(datetime(2026, 11, 13, 9, tzinfo=UTC))

    def test_of_a_period_is_a_month(self) -> None:
        assert "October 2026" == formats.month("2026-10")

    @pytest.mark.parametrize(
        ("first", "last", "expected"),
        [
            (date(2026, 10, 5), None, "5 October 2026"),
            (date(2026, 10, 5), date(2026, 10, 5), "5 October 2026"),
            (date(2026, 10, 1), date(2026, 10, 28), "1 to 28 October 2026"),
            (date(2026, 9, 28), date(2026, 10, 2), "28 September to 2 October 2026"),
            (date(2026, 5, 1), date(2027, 4, 30), "1 May 2026 to 30 April 2027"),
        ],
    )
    def test_with_another_says_no_more_than_it_must(
        self, first: date, last: date | None, expected: str
    ) -> None:
        assert expected == formats.days(first, last)

    def test_with_another_follows_between(self) -> None:
        days = (date(2026, 11, 1), date(2026, 11, 13))
        assert "1 and 13 November 2026" == formats.days(*days, "and")


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "unit", "expected"),
        [
            ("150000.00", "GBP", "£150,000"),
            ("1234.5", "GBP", "£1,234.50"),
            ("-34000", "GBP", "-£34,000"),
            ("0", "GBP", "£0"),
            ("1", "visits", "1 visit"),
            ("0", "visits", "0 visits"),
            ("12", "visits", "12 visits"),
            ("36.80", "weeks", "36.8 weeks"),
            ("1", "people", "1 person"),
            ("0.5", "FTE", "0.5 FTE"),
            ("1", "FTE", "1 FTE"),
            ("1234", "hours", "1,234 hours"),
            ("1E+3", "hours", "1,000 hours"),
        ],
    )
    def test_has_its_unit(self, value: str, unit: str, expected: str) -> None:
        assert expected == formats.amount(Decimal(value), unit)

    def test_has_pence_in_lines(self) -> None:
        """A line repeats an invoice."""
        assert "£12,500.00" == formats.amount(Decimal("12500"), "GBP", has_pence=True)


class TestCount:
    @pytest.mark.parametrize(
        ("number", "expected"), [(0, "0 lines"), (1, "1 line"), (1204, "1,204 lines")]
    )
    def test_agrees_with_its_noun(self, number: int, expected: str) -> None:
        assert expected == formats.count(number, "line")

    def test_may_have_a_plural_of_its_own(self) -> None:
        assert "2 entries" == formats.count(2, "entry", "entries")


class TestShare:
    @pytest.mark.parametrize(
        ("value", "expected"), [("81.52", "81.5%"), ("99.96", "99.9%"), ("100", "100.0%")]
    )
    def test_is_rounded_down(self, value: str, expected: str) -> None:
        """What is nearly all is not all."""
        assert expected == formats.share(Decimal(value))
