"""The nightly check: when it runs, and what becomes of what it finds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared import books


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-26T01:59", "2026-11-26T02:00"),
        ("2026-11-26T02:00", "2026-11-27T02:00"),
        ("2026-07-01T00:30", "2026-07-01T01:00"),  # summer: two in London is one in UTC
        ("2026-07-01T23:30", "2026-07-02T01:00"),
        ("2026-10-24T23:30", "2026-10-25T01:00"),  # the clocks go back in this night
        ("2026-03-29T00:30", "2026-03-29T02:00"),  # and forward in this
    ],
)
def test_the_next_check_is_at_that_hour_in_london(now: str, expected: str) -> None:
    """Counted from midnight, so that a night in which the clocks change has one check too."""
    found = books.next_check(datetime.fromisoformat(now).replace(tzinfo=UTC), 2)
    assert datetime.fromisoformat(expected).replace(tzinfo=UTC) == found


def test_what_was_found_is_told_with_its_first_failure() -> None:
    """A check that found nothing is no alarm."""
    at = datetime(2026, 11, 26, 2, tzinfo=UTC)
    assert None is books.Check(at, 0, None).alarm
    words = "books_differ: 3 found at 2026-11-26 02:00 UTC, the first: receipt 7: gone"
    assert words == books.Check(at, 3, "receipt 7: gone").alarm
