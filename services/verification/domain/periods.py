"""The ladder: what is said while a return is not in (rule O1).

Promises: a pure calendar. The ladder has four steps, counted in English working days from the due
day (`shared/obligations.py`).
"""

from __future__ import annotations

import functools
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias

from shared import calendar

LADDER: Final = (-3, 0, 5, 15)
"""Working days from the due day at which a step is climbed; the last opens a `no_data` case."""

StepName: TypeAlias = Literal["soon", "today", "overdue", "no_data"]
STEP_NAMES: Final[tuple[StepName, ...]] = ("soon", "today", "overdue", "no_data")


class Step(NamedTuple):
    name: StepName
    on: date
    """The morning on which it is climbed: with the DayEnded of the day before."""


@functools.lru_cache(maxsize=4096)
def ladder(due: date, further: frozenset[date] = calendar.NONE) -> tuple[Step, ...]:
    """The four steps of an obligation, in order. `further`: holidays besides the calendar's."""
    return tuple(
        Step(name, calendar.working_day(due, days, further))
        for name, days in zip(STEP_NAMES, LADDER, strict=True)
    )
