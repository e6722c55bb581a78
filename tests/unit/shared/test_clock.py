"""The demo's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared import clock

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class TestMovedClock:
    def test_follows_a_later_moment_and_never_goes_back(self) -> None:
        moved = clock.MovedClock(START)
        moved.follow(START + timedelta(days=3))
        moved.follow(START + timedelta(days=1))
        assert timedelta() <= moved.now() - START - timedelta(days=3) < timedelta(minutes=1)

    def test_is_not_moved_back(self) -> None:
        """An operator who tries is told the time."""
        moved = clock.MovedClock(START)
        with pytest.raises(ValueError, match="it is 2026-03-02 09:00 already"):
            moved.move_to(START - timedelta(minutes=1))
