"""As it was known on a day: how a day is asked for, and what is said of it."""

from __future__ import annotations

from datetime import date

import pytest

from services.verification.pages import known


class TestKnown:
    @pytest.mark.parametrize(
        "text", ["2026-08-31", "31 August 2026", " 31  aug 2026", "31/08/2026", "31/8/2026"]
    )
    def test_day_is_read_as_people_write_it(self, text: str) -> None:
        assert date(2026, 8, 31) == known.read(text)

    @pytest.mark.parametrize(
        "text", ["", "soon", "31 June 2026", "2026-02-30", "٣١/٠٨/٢٠٢٦", "1 May 0001", "31-08"]
    )
    def test_day_that_is_none_is_explained(self, text: str) -> None:
        expected = "Give a day, such as 31 August 2026."
        assert expected == known.check(text, date(2026, 11, 16))

    def test_day_that_lies_ahead_is_explained(self) -> None:
        today = date(2026, 11, 16)
        assert known.check("16 November 2026", today) is None
        expected = "This day lies ahead: it is 16 November 2026."
        assert expected == known.check("17 November 2026", today)

    def test_page_says_which_day_it_shows(self) -> None:
        """And leads to today."""
        shown_ = known.show("/contracts/C1", "31/8/2026", date(2026, 8, 31), None)
        assert shown_.banner is not None
        assert shown_.banner.startswith("This is what was known at the end of 31 August 2026.")
        assert shown_.today is not None
        assert "/contracts/C1" == shown_.today.href
        assert "/contracts/C1?as_at=2026-08-31" == known.at("/contracts/C1", date(2026, 8, 31))
