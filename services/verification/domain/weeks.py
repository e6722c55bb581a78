"""Weeks: how many weeks a person was engaged, by the dates of the person's lines (docs/rules.md,
Weeks).

Promises: a week runs from Monday to Sunday and counts with three weekdays engaged, whichever lines
they come from. It sits on the line with most of its weekdays (of two with as many, on the one of
the lower rank). It belongs to the month of its Sunday, or to the month of that line's return where
that is later.
Refuses: stated numbers. They are only compared.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from shared import calendar

WEEKDAYS_MIN: Final = 3
"""Weekdays engaged that make a week."""

_FRIDAY: Final = 4
_SUNDAY: Final = timedelta(days=6)
_WEEK: Final = timedelta(days=7)


class Engaged(NamedTuple):
    """The days of one line, both included."""

    first: date
    last: date
    period: str
    """The month of its return."""
    is_waiting: bool
    """It waits for the council, and so do the weeks that come to be only with it."""


class Week(NamedTuple):
    """A week that counts."""

    line: int
    """On which of the lines it sits: its place among them."""
    month: str
    """The month that it belongs to."""


def count(lines: Sequence[Engaged]) -> list[Week]:
    """The weeks that these lines of one person come to, in order. The lines come by rank."""
    engaged: dict[date, dict[int, int]] = {}
    for place, line in enumerate(lines):
        for monday, days in _weekdays(line):
            engaged.setdefault(monday, {})[place] = days
    found = []
    for monday, by_line in sorted(engaged.items()):
        waiting = {place for place in by_line if lines[place].is_waiting}
        plain = by_line.keys() - waiting
        if _make_a_week(by_line[place] for place in plain):
            bearers = plain
        elif _make_a_week(by_line.values()):
            bearers = waiting
        else:
            continue
        bearer = min(bearers, key=lambda place: (-by_line[place].bit_count(), place))
        month = max(calendar.period_of(monday + _SUNDAY), lines[bearer].period)
        found.append(Week(bearer, month))
    return found


def _weekdays(line: Engaged) -> Iterator[tuple[date, int]]:
    """Each Monday with the weekdays of its week on which the line's person was engaged: a bit for
    each, Monday's the lowest."""
    monday = line.first - timedelta(days=line.first.weekday())
    while monday <= line.last:
        first = max((line.first - monday).days, 0)
        last = min((line.last - monday).days, _FRIDAY)
        if first <= last:
            yield monday, (1 << last + 1) - (1 << first)
        monday += _WEEK


def _make_a_week(engaged: Iterable[int]) -> bool:
    return functools.reduce(operator.or_, engaged, 0).bit_count() >= WEEKDAYS_MIN
