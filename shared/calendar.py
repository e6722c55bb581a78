"""The calendar of all services: days in London, months, English working days.

Promises: pure functions of moments, days and periods. A day ends at midnight in London. A period is
a month, written `YYYY-MM`, so that periods compare as text.
Refuses: the machine's clock and time zone. The time comes from `clock`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

LONDON: Final = ZoneInfo("Europe/London")

BANK_HOLIDAYS: Final = Path(__file__).with_name("bank_holidays.txt")
"""Those of England; the file says how it is made."""
_DAY: Final = timedelta(days=1)


# --- days ---------------------------------------------------------------------------------------


def london_day(moment: datetime) -> date:
    """The day in London at `moment`."""
    return moment.astimezone(LONDON).date()


def midnight(day: date) -> datetime:
    """The moment at which `day` begins in London, in UTC."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def midnight_after(day: date) -> datetime:
    """The moment at which `day` ends in London, in UTC."""
    return midnight(day + _DAY)


def day_ended_by(moment: datetime) -> date:
    """The last day in London that has ended at `moment`."""
    return london_day(moment) - _DAY


# --- months -------------------------------------------------------------------------------------


def period_of(day: date) -> str:
    """The month of `day`."""
    return f"{day.year:04}-{day.month:02}"


def first_day(period: str) -> date:
    """The first day of a month `YYYY-MM`."""
    return date(int(period[:4]), int(period[5:7]), 1)


@functools.lru_cache(maxsize=4096)
def last_day(period: str) -> date:
    """The last day of a month `YYYY-MM`."""
    return first_day(next_period(period)) - _DAY


@functools.lru_cache(maxsize=4096)
def next_period(period: str) -> str:
    """The month after `period`."""
    year, month = int(period[:4]), int(period[5:])
    return f"{year + 1:04}-01" if month == 12 else f"{year:04}-{month + 1:02}"


def previous_period(period: str) -> str:
    """The month before `period`."""
    return period_of(first_day(period) - _DAY)


def add_months(period: str, count: int) -> str:
    """The month `count` months after `period`, or before it if negative."""
    months = int(period[:4]) * 12 + int(period[5:]) - 1 + count
    return f"{months // 12:04}-{months % 12 + 1:02}"


def months_since(period: str, later: str) -> int:
    """How many months `later` is after `period`; negative if it is before."""
    years = int(later[:4]) - int(period[:4])
    return years * 12 + int(later[5:]) - int(period[5:])


# --- working days -------------------------------------------------------------------------------


class LateHoliday(NamedTuple):
    """A bank holiday that was declared when due days had been counted without it."""

    day: date
    known_from: date
    """Only what is counted on this day or later is counted with it."""


Late: TypeAlias = tuple[LateHoliday, ...]
NONE: Final[frozenset[date]] = frozenset()


def known(late: Late, on: date) -> frozenset[date]:
    """Of the holidays that were declared late, those that are known on a day."""
    if not late:  # as nearly always
        return NONE
    return frozenset(each.day for each in late if each.known_from <= on)


@functools.lru_cache(maxsize=8192)
def working_day(day: date, count: int, further: frozenset[date] = NONE) -> date:
    """The `count`-th English working day after `day`, or before it if negative; 0 is `day`.
    `further`: bank holidays besides those of the calendar."""
    step = _DAY if count > 0 else -_DAY
    left = abs(count)
    while left:
        day += step
        if is_working_day(day) and day not in further:
            left -= 1
    return day


@functools.lru_cache(maxsize=4096)
def working_days_since(day: date, today: date, further: frozenset[date] = NONE) -> int:
    """How many English working days there are after `day`, up to `today`; 0 if it is not later."""
    count, each = 0, day
    while each < today:
        each += _DAY
        count += is_working_day(each) and each not in further
    return count


def has_holidays(year: int) -> bool:
    """Whether the bank holidays of `year` are known."""
    return year in _bank_holidays()


def is_working_day(day: date) -> bool:
    """Whether `day` is one by the calendar of England."""
    return day.weekday() < 5 and day not in _bank_holidays().get(day.year, NONE)


@functools.cache
def _bank_holidays() -> Mapping[int, frozenset[date]]:
    """By year, those from Monday to Friday."""
    found = {}
    for line in BANK_HOLIDAYS.read_text().splitlines():
        if not line.startswith("#"):
            year, *days = line.split()
            found[int(year)] = frozenset(date.fromisoformat(f"{year}-{day}") for day in days)
    return found
