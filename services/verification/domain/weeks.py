"""Weeks: how many weeks a person was engaged, by the dates of the person's lines (docs/rules.md,
Weeks).

Promises: a week runs from Monday to Sunday and counts with three weekdays engaged, whichever lines
they come from. It sits on the line with most of its weekdays (of two with as many, on the one of
the lower rank). It belongs to the month of its Sunday, or to the month of that line's return where
that is later.
Refuses: stated numbers. They are only compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from shared import calendar

WEEKDAYS_MIN: Final = 3
"""Weekdays engaged that make a week."""

_WEEKDAYS: Final = 5
_SUNDAY: Final = timedelta(days=6)


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
    days: dict[date, dict[int, set[date]]] = {}
    for place, line in enumerate(lines):
        for offset in range((line.last - line.first).days + 1):
            day = line.first + timedelta(days=offset)
            if day.weekday() < _WEEKDAYS:
                monday = day - timedelta(days=day.weekday())
                days.setdefault(monday, {}).setdefault(place, set()).add(day)
    found = []
    for monday, engaged in sorted(days.items()):
        waiting = {place for place in engaged if lines[place].is_waiting}
        plain = engaged.keys() - waiting
        if _make_a_week(engaged[place] for place in plain):
            bearers = plain
        elif _make_a_week(engaged.values()):
            bearers = waiting
        else:
            continue
        bearer = min(bearers, key=lambda place: (-len(engaged[place]), place))
        month = max(calendar.period_of(monday + _SUNDAY), lines[bearer].period)
        found.append(Week(bearer, month))
    return found


def _make_a_week(days: Iterable[set[date]]) -> bool:
    return len(set().union(*days)) >= WEEKDAYS_MIN
