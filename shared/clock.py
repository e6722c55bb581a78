"""The clock of an app. Days and months are in `calendar`.

Promises: no order depends on the clock. It only tells what is printed on a receipt and which day
has ended. The demo's clock starts in the past; an operator moves it, forwards only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Now, in UTC."""
        ...


class WallClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovedClock:
    """Runs from a moment that an operator set. Moving it back raises ValueError."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        if moment < self.now():
            raise ValueError(f"it is {self.now():%Y-%m-%d %H:%M} already; the clock cannot go back")
        self._ahead += moment - self.now()

    def follow(self, moment: datetime) -> None:
        """Moves to a moment, if it has not passed yet."""
        self._ahead += max(timedelta(), moment - self.now())
