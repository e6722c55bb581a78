"""Profiles: what is expected of a commitment by a day (rule A1), as an exact fraction.

Shapes of `Commitment.profile` on the wire (days are ISO dates, both ends included):
    {"kind": "linear", "from": "2026-10-06", "to": "2028-10-05"}
    {"kind": "steps", "from": "2026-10-06", "steps": [["2026-12-31", "4"], ["2027-06-30", "10"]]}
    {"kind": "milestone", "from": "2026-10-06", "by": "2027-03-31"}
each with an optional `"suspended": [["2027-04-11", "2027-06-09"]]`. Steps are cumulative and end at
the target; `from` is the day from which suspended shares are taken.

Promises: suspended days leave the profile and reduce the target pro rata; steps and a milestone
lose the suspended share of the days since the step before. A change never works backwards: the new
profile goes on from what was expected on the day of the change (docs/rules.md, Commitments and
versions).
Refuses: floats. Amounts are decimal strings, answers are (numerator, denominator).
"""

from __future__ import annotations

import functools
import itertools
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import gcd
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

Ratio: TypeAlias = tuple[int, int]
"""Numerator and denominator, reduced, the denominator positive."""

ZERO: Final[Ratio] = (0, 1)
STEPS_MAX: Final = 500
"""Enough for weekly steps over nine years."""
DECIMALS_MAX: Final = 6
"""Of a step's amount, as of a target: one without end could not be written as a decimal."""


class Step(NamedTuple):
    """By the end of the day `due` the amount is due, all that came before included."""

    due: int
    amount: Decimal


class Span(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: int
    last: int


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """A profile as read. Days are proleptic ordinals, so that spans are differences."""

    kind: Literal["linear", "steps", "milestone"]
    first: int
    steps: tuple[Step, ...]
    """Linear and milestone have one, of the whole target."""
    suspended: tuple[Span, ...] = ()
    base: Ratio = ZERO
    """What is expected before `first`."""
    before: Profile | None = None
    """An extension goes on from this one, which holds until `first`."""

    @property
    def last(self) -> int:
        """The last due date."""
        return self.steps[-1].due

    @property
    def nominal(self) -> Fraction:
        """What it comes to where no day is suspended."""
        return max(Fraction(self.steps[-1].amount), Fraction(*self.base))


def read(profile: dict[str, Any], target: Decimal, default_from: date) -> Profile:
    """The profile of a commitment. Raises ValueError, in words, for any other shape."""
    kind = profile.get("kind")
    first = _day(profile, "from", default_from)
    if kind == "linear":
        steps: tuple[Step, ...] = (Step(_day(profile, "to"), target),)
    elif kind == "milestone":
        steps = (Step(_day(profile, "by"), target),)
    elif kind == "steps":
        steps = _read_steps(profile.get("steps"), target)
    else:
        raise ValueError("profile: kind must be linear, steps or milestone")
    if steps[0].due < first:
        raise ValueError("profile: its first due date lies before it begins")
    return Profile(kind, first, steps, _read_spans(profile.get("suspended", [])))


def change(before: Profile, after: Profile, day: int) -> Profile:
    """`after`, from the change on `day` on. An extension is appended; anything else starts at
    (`day`, expected on that day), so that expected never falls. A suspension that begins with its
    own decision takes that day out too."""
    if after.first > before.last:
        return msgspec.structs.replace(after, base=expected(before, before.last), before=before)
    first = day if is_suspended(after, day) else day + 1
    base = expected(before, first - 1)
    first = max(after.first, first)
    return msgspec.structs.replace(
        after,
        first=first,
        steps=tuple(step for step in after.steps if step.due >= first) or after.steps[-1:],
        suspended=tuple(span for span in after.suspended if span.last >= first),
        base=base,
    )


def expected(profile: Profile, day: int) -> Ratio:
    """What is due by the end of `day` (an ordinal), unrounded (rule A1)."""
    profile = _in_force(profile, day)
    return _expected(profile, min(day, profile.last))


def is_suspended(profile: Profile, day: int) -> bool:
    """True where `day` was taken out of the profile: a period that ends then rates Other."""
    return any(first <= day <= last for first, last in _in_force(profile, day).suspended)


def _in_force(profile: Profile, day: int) -> Profile:
    while profile.before is not None and day < profile.first:
        profile = profile.before
    return profile


@functools.lru_cache(maxsize=8192)
def _expected(profile: Profile, day: int) -> Ratio:
    nominal = Fraction(*profile.base) if profile.before is None else profile.before.nominal
    total, start = Fraction(*profile.base), profile.first
    for due, amount in profile.steps:
        if due > day and profile.kind != "linear":
            break
        part = max(Fraction(amount) - nominal, Fraction(0))
        if due >= start:
            total += part * Fraction(_active(profile, start, min(due, day)), due - start + 1)
        else:
            total += part  # its due date had passed when it was promised
        nominal, start = nominal + part, due + 1
    return (total.numerator, total.denominator)


def _active(profile: Profile, first: int, last: int) -> int:
    """Days from `first` to `last` that are not suspended."""
    if last < first:
        return 0
    lost = sum(
        max(0, min(last, until) - max(first, since) + 1) for since, until in profile.suspended
    )
    return last - first + 1 - lost


def reduced(numerator: int, denominator: int) -> Ratio:
    divisor = gcd(numerator, denominator)
    return (numerator // divisor, denominator // divisor)


def plus(left: Ratio, right: Ratio) -> Ratio:
    return reduced(left[0] * right[1] + right[0] * left[1], left[1] * right[1])


def _read_steps(steps: Any, target: Decimal) -> tuple[Step, ...]:
    if not isinstance(steps, list) or not 0 < len(steps) <= STEPS_MAX:
        raise ValueError(f"profile: steps must be a list of 1 to {STEPS_MAX} pairs [day, amount]")
    try:
        read_ = tuple(Step(_ordinal(day), Decimal(amount)) for day, amount in steps)
        is_finite = all(step.amount.is_finite() for step in read_)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise ValueError('profile: each step must be ["YYYY-MM-DD", "amount"]') from error
    if not is_finite or any(map(_is_disordered, read_, read_[1:])):
        raise ValueError("profile: steps must be cumulative and in order of their days")
    if read_[0].amount < 0 or read_[-1].amount != target:
        raise ValueError("profile: the last step must be the target, and no step may be negative")
    if any(_decimals(step.amount) > DECIMALS_MAX for step in read_):
        raise ValueError(f"profile: a step must have at most {DECIMALS_MAX} decimals")
    return read_


def _is_disordered(step: Step, after: Step) -> bool:
    return after.due <= step.due or after.amount < step.amount


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _read_spans(spans: Any) -> tuple[Span, ...]:
    try:
        read_ = tuple(Span(_ordinal(first), _ordinal(last)) for first, last in spans)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "profile: suspended must be a list of pairs [first day, last day]"
        ) from error
    ends = [day for span in read_ for day in span]
    if ends != sorted(ends) or any(a.last == b.first for a, b in itertools.pairwise(read_)):
        raise ValueError("profile: suspended spans must be in order and must not touch")
    return read_


def _day(profile: dict[str, Any], name: str, default: date | None = None) -> int:
    value = profile.get(name)
    if value is None and default is not None:
        return default.toordinal()
    try:
        return _ordinal(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"profile: {name} must be a date, YYYY-MM-DD") from error


def _ordinal(day: Any) -> int:
    """An ISO date as a number of days. Raises TypeError and ValueError."""
    return date.fromisoformat(day).toordinal()
