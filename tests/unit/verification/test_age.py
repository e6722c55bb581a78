"""Whether reference data is out of date (rule L2)."""

from __future__ import annotations

from datetime import date

import pytest

from services.verification.reference import age


class TestThePostcodeDirectory:
    @pytest.mark.parametrize(
        ("newest", "today", "words"),
        [
            ("2026-05", date(2026, 10, 31), None),
            ("2026-05", date(2026, 11, 1), "The postcode directory is 6 months old."),
            ("2025-11", date(2026, 11, 16), "The postcode directory is 12 months old."),
            ("2027-01", date(2026, 11, 16), None),
            (
                None,
                date(2026, 11, 16),
                "No edition of the postcode directory is named by its month.",
            ),
        ],
    )
    def test_is_old_from_the_sixth_month_after_its_own_on(
        self, newest: str | None, today: date, words: str | None
    ) -> None:
        """May's edition is six months old from 1 November on."""
        assert [words] * (words is not None) == [each.words for each in age.check(newest, today)]

    def test_is_the_same_one_until_a_newer_one_is_loaded(self) -> None:
        """So it is told once, and again if the next grows old."""
        (first,) = age.check("2026-05", date(2026, 11, 1))
        (later,) = age.check("2026-05", date(2027, 1, 1))
        (another,) = age.check("2026-08", date(2027, 3, 1))
        assert (first.key, True) == (later.key, first.key != another.key)


class TestBankHolidays:
    def test_are_known_for_next_year(self) -> None:
        assert () == age.check("2026-11", date(2026, 11, 16))

    def test_that_are_not_known_for_next_year_are_told(self) -> None:
        """No calendar reaches for ever: ours ends with 2100."""
        (found,) = age.check("2100-11", date(2100, 11, 16))
        assert ("holidays", "holidays:2101") == (found.what, found.key)
        assert (
            "The bank holidays of 2101 are not known: due days then fall too early." == found.words
        )
