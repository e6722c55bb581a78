"""The course of a commitment: what is due on any day of its life, and what it still needs a month.

Promises: pure, by the rules that ratings use: what is due comes from the version in force (rule
A1), what is needed from what was due in the end and what counts, provisional included (rule A6).
Refuses: to guess. With fewer than three rated months, with nothing left to deliver or no month left
to do it in, and for what does not come by the month (shares, deliverables, a single date), nothing
is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from services.verification.domain import assessment, profiles
from services.verification.domain.state import Commitment, Version
from shared import calendar, catalogue

DAYS_MAX: Final = 60
"""At which what is due is reckoned: a chart has no room for more."""
MONTHS_MIN: Final = 3
"""Of rated months, before a rate says something (rule A6)."""
_BY_THE_MONTH: Final = frozenset({"sum", "distinct", "post"})


class Due(NamedTuple):
    """What is due by the end of a day, to the penny."""

    on: date
    value: Decimal


class Needed(NamedTuple):
    """What must come each month so that all is delivered in the end. In the commitment's unit."""

    a_month: Fraction
    months: int
    """The months after the last rated one in which something can be delivered."""
    best: Decimal
    """The most that came in a month."""
    is_of_all: bool
    """False: months that are over a year old are not remembered, so it is the best of the rest."""


def due(commitment: Commitment) -> list[Due]:
    """What is due, from the day before it begins to the end: on the days at which that bends."""
    days = sorted({day for each in _spans(commitment) for day in each})
    if len(days) > DAYS_MAX:
        step = (len(days) - 1) / (DAYS_MAX - 1)
        days = [days[round(step * place)] for place in range(DAYS_MAX)]
    first, found = commitment.versions[0], []
    for day in days:
        on = date.fromordinal(day)
        version = commitment.in_force(on) or first
        found.append(Due(on, assessment.shown(assessment.due(version, on).expected)))
    return found


def needed(commitment: Commitment) -> Needed | None:
    """What it takes from the month after the last that was rated (rule A6)."""
    if len(commitment.ratings) < MONTHS_MIN:
        return None
    period, version = max(commitment.ratings), commitment.versions[-1]
    if version.kind not in _BY_THE_MONTH or version.profile.kind == "milestone":
        return None
    low = Fraction(*assessment.ratio(commitment.through(period).low, version.per))
    end = date.fromordinal(version.profile.last)
    left = Fraction(*assessment.due(version, end).expected) - low
    months = sum(_can_deliver(version, each) for each in _after(period, end))
    if left <= 0 or not months:
        return None
    kept = {p: sums for p, sums in commitment.sums.items() if p <= period}
    best = max((sums.low for sums in kept.values()), default=Decimal(0))
    return Needed(
        left / months,
        months,
        assessment.units(max(best, Decimal(0)), version.per),
        is_of_all=commitment.forgotten_through < calendar.period_of(commitment.versions[0].from_on),
    )


# --- days and months -----------------------------------------------------------------------------


def _spans(commitment: Commitment) -> Iterator[list[int]]:
    """The days at which what is due bends, of each version while it is in force."""
    versions = commitment.versions
    first = min(versions[0].profile.first, versions[0].from_on.toordinal()) - 1
    for place, version in enumerate(versions):
        start = version.from_on.toordinal() if place else first
        if place + 1 < len(versions):
            stop = versions[place + 1].from_on.toordinal() - 1
        else:
            stop = max(version.profile.last, start)
        bends = {each for each in _bends(version) if start <= each <= stop}
        yield sorted({start, stop, *bends})


def _bends(version: Version) -> Iterator[int]:
    """Where whole things come due bit by bit, the ends of months: those are rated."""
    profile: profiles.Profile | None = version.profile
    is_whole = catalogue.is_indivisible(version.kind, version.unit)
    while profile is not None:
        yield profile.first - 1
        for since, until in profile.suspended:
            yield since - 1
            yield until
        for step in profile.steps:
            if profile.kind != "linear":
                yield step.due - 1
            yield step.due
        if profile.kind == "linear" and is_whole:
            yield from _month_ends(profile)
        profile = profile.before


def _month_ends(profile: profiles.Profile) -> Iterator[int]:
    period = calendar.period_of(date.fromordinal(profile.first))
    while (end := calendar.last_day(period).toordinal()) < profile.last:
        yield end
        period = calendar.next_period(period)


def _after(period: str, end: date) -> Iterator[str]:
    """The months after `period`, to that of the end."""
    while (period := calendar.next_period(period)) <= calendar.period_of(end):
        yield period


def _can_deliver(version: Version, period: str) -> bool:
    """Whether any day of the month is not suspended."""
    first, last = calendar.first_day(period).toordinal(), calendar.last_day(period).toordinal()
    return not any(since <= first and last <= until for since, until in version.profile.suspended)


def rounded(rate: Fraction, unit: str) -> Decimal:
    """A rate as people read it: whole pounds; of other things one decimal place, and never
    nothing."""
    if unit == "GBP":
        return Decimal(math.floor(rate + Fraction(1, 2)))
    tenths = math.floor(rate * 10 + Fraction(1, 2))
    return Decimal(tenths) / 10 if tenths else Decimal(math.ceil(rate * 100)) / 100
