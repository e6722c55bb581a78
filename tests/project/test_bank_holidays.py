"""The bank holidays of England that are kept are those of the library.

After an update of the library: `python -m deploy.bank_holidays`, then look at what git shows.
"""

from __future__ import annotations

from datetime import date

import pytest

from deploy import bank_holidays
from shared import calendar


class TestTheBankHolidays:
    def test_are_those_of_the_library(self) -> None:
        assert bank_holidays.export() == calendar.BANK_HOLIDAYS.read_text()

    @pytest.mark.parametrize(
        ("day", "is_working_day"),
        [
            (date(2026, 4, 3), False),  # Good Friday
            (date(2026, 4, 6), False),  # Easter Monday
            (date(2026, 12, 25), False),
            (date(2026, 12, 28), False),  # for Boxing Day, a Saturday
            (date(2026, 12, 29), True),
            (date(2026, 12, 26), False),  # a Saturday
            (date(2023, 5, 8), False),  # the coronation
            (date(2026, 3, 17), True),  # a bank holiday in Northern Ireland only
            (date(2026, 11, 30), True),  # a bank holiday in Scotland only
            (date(2022, 5, 30), True),  # the spring bank holiday was moved to 2 June
            (date(2022, 6, 2), False),
        ],
    )
    def test_are_no_working_days(self, day: date, is_working_day: bool) -> None:
        """By the lists of GOV.UK."""
        assert is_working_day == calendar.is_working_day(day)

    @pytest.mark.parametrize(
        ("year", "is_known"), [(1899, False), (1900, True), (2100, True), (2101, False)]
    )
    def test_are_known_for_two_hundred_years(self, year: int, is_known: bool) -> None:
        assert is_known == calendar.has_holidays(year)
