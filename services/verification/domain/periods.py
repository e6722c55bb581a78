"""Obligations: when a return is due, and what is said while it is not in (rule O1).

Promises: a pure calendar. A period's return is due on the 10th working day after it; the ladder has
four steps, counted in English working days from the due day.
Refuses: the machine's calendar and clock; days are values.
"""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import holidays

DUE_WORKING_DAYS: Final = 10
"""Also the time given anew when a return is withdrawn."""

LADDER: Final = (-3, 0, 5, 15)
"""Working days from the due day at which a step is taken; the last opens a `no_data` case."""

_LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)

StepName: TypeAlias = Literal["soon", "today", "overdue", "no_data"]
STEP_NAMES: Final[tuple[StepName, ...]] = ("soon", "today", "overdue", "no_data")


class Step(NamedTuple):
    name: StepName
    on: date
    """The morning on which it is taken: with the DayEnded of the day before."""


@functools.lru_cache(maxsize=4096)
def due_on(period: str) -> date:
    """The day by whose end the return of `period` is due (rule O1)."""
    return working_day(last_day(period), DUE_WORKING_DAYS)


@functools.lru_cache(maxsize=4096)
def ladder(due: date) -> tuple[Step, ...]:
    """The four steps of an obligation, in order."""
    return tuple(
        Step(name, working_day(due, days)) for name, days in zip(STEP_NAMES, LADDER, strict=True)
    )


@functools.lru_cache(maxsize=8192)
def working_day(day: date, count: int) -> date:
    """The `count`-th English working day after `day` (before it, where below zero); 0: `day`."""
    step = _DAY if count > 0 else -_DAY
    left = abs(count)
    while left:
        day += step
        if day.weekday() < 5 and day not in _holidays(day.year):
            left -= 1
    return day


@functools.lru_cache(maxsize=128)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


@functools.lru_cache(maxsize=4096)
def last_day(period: str) -> date:
    """The last day of a month `YYYY-MM`."""
    return _first_day(next_period(period)) - _DAY


@functools.lru_cache(maxsize=4096)
def next_period(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + 1:04}-01" if month == 12 else f"{year:04}-{month + 1:02}"


def previous_period(period: str) -> str:
    return period_of(_first_day(period) - _DAY)


def period_of(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def london_day(moment: datetime) -> date:
    """The day in London at `moment`: days end at its midnight."""
    return moment.astimezone(_LONDON).date()


def _first_day(period: str) -> date:
    return date(int(period[:4]), int(period[5:]), 1)
