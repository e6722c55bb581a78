"""Periods: when the return of a month is due, and what is said while it is not in (rule O1).

Promises: a pure calendar. A period's return is due on the 10th working day after it; the ladder has
four steps, counted in English working days from the due day.
"""

from __future__ import annotations

import functools
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias

from shared import calendar

DUE_WORKING_DAYS: Final = 10
"""Also the time given anew when a return is withdrawn."""

AFTER_END_MONTHS: Final = 6
"""Months after the contract's last for which a return is still taken (rule I2)."""

LADDER: Final = (-3, 0, 5, 15)
"""Working days from the due day at which a step is climbed; the last opens a `no_data` case."""

StepName: TypeAlias = Literal["soon", "today", "overdue", "no_data"]
STEP_NAMES: Final[tuple[StepName, ...]] = ("soon", "today", "overdue", "no_data")


class Step(NamedTuple):
    name: StepName
    on: date
    """The morning on which it is climbed: with the DayEnded of the day before."""


@functools.lru_cache(maxsize=4096)
def due_on(period: str) -> date:
    """The day by whose end the return of `period` is due (rule O1)."""
    return calendar.working_day(calendar.last_day(period), DUE_WORKING_DAYS)


@functools.lru_cache(maxsize=4096)
def ladder(due: date) -> tuple[Step, ...]:
    """The four steps of an obligation, in order."""
    return tuple(
        Step(name, calendar.working_day(due, days))
        for name, days in zip(STEP_NAMES, LADDER, strict=True)
    )
