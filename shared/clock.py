"""The clock an app is built with. `calendar` knows its days.

Promises: order never depends on it; it only says what is printed on a receipt and which day has
ended. The demo's starts in the past and is moved by hand, forwards only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """Now, in UTC."""
        ...


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class MovedClock:
    """Runs on from a moment that an operator set. Refuses (ValueError) to be moved back."""

    def __init__(self, start: datetime) -> None:
        self._ahead = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        if moment < self.now():
            raise ValueError(f"the clock stands at {self.now():%Y-%m-%d %H:%M}; it cannot go back")
        self._ahead += moment - self.now()
