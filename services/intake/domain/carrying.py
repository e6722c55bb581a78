"""What goes on from one month to the next: people in post, and people who work or learn by weeks.

Promises: pure. A line is carried on with who it is about and where, with the days of the new month,
and without evidence, note or reason. Nothing else is: a purchase or a visit counts once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from shared import catalogue, identifiers

WEEKDAYS_MIN: Final = 3
"""A week counts when the person was engaged on at least so many of its weekdays (rule of weeks)."""
_KEPT: Final = ("commitment_id", "quantity", "unit", "attribution", "person", "place")
_OF_DAY: Final = ("in_post_on", "left_on")
"""Of a person: what was so on a day only."""
_DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """Days, both included."""

    first: date
    last: date


class Who(NamedTuple):
    """One person, as one promise has it."""

    commitment_id: str
    employer_id: str
    ref: str


class Carried(NamedTuple):
    """A line of the month before, and what it would be in this month."""

    who: Who
    before: Mapping[str, Any]
    line: Mapping[str, Any]


def carry(
    before: Sequence[Mapping[str, Any]],
    now: Iterable[Mapping[str, Any]],
    promises: Mapping[str, catalogue.Measure | None],
    month: Span,
) -> list[Carried]:
    """What goes on of the lines of the month before. `now`: the lines that this month has already:
    nobody is carried on twice."""
    known = taken(now)
    found = []
    for line in before:
        measure = promises.get(str(line.get("commitment_id")))
        whom = who(line)
        if measure is None or whom is None or whom in known or not _goes_on(line, measure):
            continue
        known.add(whom)
        found.append(Carried(whom, line, _carried(line, measure, month)))
    return found


def leave(carried: Carried, left_on: str) -> dict[str, Any]:
    """The line of somebody who is no longer in post."""
    line = copy.deepcopy(dict(carried.line))
    line["person"].pop("in_post_on", None)
    line["person"]["left_on"] = left_on
    return line


def _goes_on(line: Mapping[str, Any], measure: catalogue.Measure) -> bool:
    return measure.unit == "weeks" or (measure.needs_person and not line["person"].get("left_on"))


def who(line: Mapping[str, Any]) -> Who | None:
    """Whom a line is about, on which promise; None if it is about nobody."""
    person = line.get("person")
    if not isinstance(person, Mapping) or not isinstance(person.get("ref"), str):
        return None
    ref = identifiers.person_reference(person["ref"]) or person["ref"]
    return Who(str(line.get("commitment_id")), str(person.get("employer_id")), ref)


def taken(lines: Iterable[Mapping[str, Any]]) -> set[Who]:
    """Whom these lines are about."""
    return {whom for line in lines if (whom := who(line)) is not None}


def _carried(line: Mapping[str, Any], measure: catalogue.Measure, month: Span) -> dict[str, Any]:
    kept = copy.deepcopy({name: line[name] for name in _KEPT if name in line})
    kept["person"] = {k: v for k, v in kept["person"].items() if k not in _OF_DAY}
    kept["from"] = str(month.first)
    if measure.unit == "weeks":
        kept["to"] = str(month.last)
        kept["quantity"] = str(weeks(month, _span(line)))
    else:
        kept["person"]["in_post_on"] = str(month.last)
    return kept


def _span(line: Mapping[str, Any]) -> Span | None:
    """The days of a line."""
    try:
        first = date.fromisoformat(str(line.get("from")))
        return Span(first, date.fromisoformat(str(line.get("to") or first)))
    except ValueError:
        return None


def weeks(month: Span, before: Span | None) -> int:
    """The weeks that somebody has worked who works all of a month: those whose Sunday lies in it,
    and of which at least three weekdays are worked, with what was worked `before` (docs/rules.md,
    Weeks)."""
    first_sunday = month.first + _DAY * (6 - month.first.weekday())
    count = 0
    sunday = first_sunday
    while sunday <= month.last:
        worked = [sunday - _DAY * n for n in range(2, 7)]
        spans = [month] if before is None else [month, before]
        days = sum(any(span.first <= day <= span.last for span in spans) for day in worked)
        count += days >= WEEKDAYS_MIN
        sunday += _DAY * 7
    return count
