"""Assessments: is a commitment on course at a period's end (rules A1 to A4).

Promises: exact arithmetic on fractions; the bands of the table that is named in the answer; the
rating is made on low, and is Other where high would rate differently. The same inputs give the same
answer.
Refuses: floats, averages, and calling something behind that the council's own queue holds back.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple
from uuid import UUID

from services.verification.domain import profiles
from services.verification.domain.cases import Rated
from services.verification.domain.profiles import Ratio
from services.verification.domain.state import Sums, Version
from shared import catalogue
from shared.wire import events
from shared.wire.events import Rating

BANDS: Final = "makegood-bands-1"
"""The table below, stored with each assessment: the law names the words and sets no bands."""

_WORDS: Final[tuple[Rating, ...]] = (
    "Good",
    "Approaching target",
    "Requires improvement",
    "Inadequate",
)
_BANDS_PERCENT: Final = (100, 90, 75)
_UNITS_BEHIND: Final = (0, 1, 2)
_SMALL: Final = 10
"""Indivisible units below this go by whole units behind (rule A4)."""

_SIX_PLACES: Final = Decimal("0.000001")
_TWO_PLACES: Final = Decimal("0.01")


class Due(NamedTuple):
    """What is due by a day, and by which scale delivery is held against it."""

    expected: Ratio
    is_by_units: bool
    is_last: bool
    """The last due date has come."""


class Missing(NamedTuple):
    """Which returns are not in (rule A5)."""

    any_so_far: bool
    own: bool
    """That of the period itself."""


class Assessed(NamedTuple):
    """Figures in the commitment's unit, `low` exact."""

    rated: Rated
    due: Due
    low: Ratio


class Subject(NamedTuple):
    """What is assessed: a commitment, in the version in force at a period's end."""

    commitment_id: str
    version: Version
    period: str


class Assessment(NamedTuple):
    """One commitment at one period's end, with all that it used (rule A9)."""

    subject: Subject
    sums: Sums
    answer: Assessed
    returns: tuple[UUID, ...]
    """The returns of this period that were current then."""
    replaces: bool
    """Whether an earlier rating of the same period is replaced."""


def assess(version: Version, sums: Sums, day: date, missing: Missing) -> Assessed:
    """The rating of a commitment at the period that ends on `day` (rules A1 to A5)."""
    per = version.per
    due_ = due(version, day)
    low_ratio = ratio(sums.low, per)
    by_low = rate(due_, low_ratio)
    is_by_low = version.kind == "post" or not sums.provisional  # rule C4
    by_counted = by_low if is_by_low else rate(due_, ratio(sums.counted, per))
    if profiles.is_suspended(version.profile, day.toordinal()):
        rated = Rated("Other", "suspended", None)
    elif due_.expected[0] <= 0:
        rated = Rated("Other", "nothing_due", None)
    elif by_low != "Good" and missing.any_so_far:
        rated = Rated("Other", "data_missing", None)
    elif sums.queried and rate(due_, ratio(sums.high, per)) != by_low:
        rated = Rated("Other", "awaiting_council", None)
    else:
        rated = Rated(by_low, None, None if missing.own else by_counted == "Good")
    return Assessed(rated, due_, low_ratio)


def due(version: Version, day: date) -> Due:
    """Expected by the end of `day` (rule A1): rounded down for indivisible units and posts, until
    from the last due date on it is the target itself. What a suspension left of the target, or a
    change had frozen above it, is rounded down too."""
    ordinal = day.toordinal()
    expected = profiles.expected(version.profile, ordinal)
    is_last = ordinal >= version.profile.last
    is_whole = catalogue.is_indivisible(version.kind, version.unit)
    if is_whole and not (is_last and expected == version.target.as_integer_ratio()):
        expected = (expected[0] // expected[1], 1)
    return Due(expected, is_whole and expected[0] < _SMALL * expected[1], is_last)


def rate(due_: Due, delivered: Ratio) -> Rating:
    """One of the five words (rules A3, A4)."""
    numerator, denominator = due_.expected
    if numerator <= 0:
        return "Other"
    have, want = delivered[0] * denominator, numerator * delivered[1]
    if not due_.is_by_units:
        missed = [percent for percent in _BANDS_PERCENT if 100 * have < percent * want]
        return _WORDS[len(missed)]
    unit = denominator * delivered[1]
    behind = len([units_ for units_ in _UNITS_BEHIND if want - have > units_ * unit])
    if due_.is_last and behind:
        behind = len(_WORDS) - 1 if have <= 0 else min(behind + 1, len(_WORDS) - 1)
    return _WORDS[behind]


def why(version: Version, sums: Sums, due_: Due, *, is_owed: bool) -> tuple[str, ...]:
    """Why it is behind, by code (rule L1). `is_owed`: a return of it is not in."""
    reported = ratio(sums.reported, version.per)
    codes = []
    if reported[0] * due_.expected[1] < due_.expected[0] * reported[1]:
        codes.append("not_delivered")
    if sums.reported > sums.high:
        codes.append("rejected")
    if sums.queried > 0:
        codes.append("awaiting_council")
    if is_owed:
        codes.append("no_return")
    return tuple(codes)


def ratio(value: Decimal, per: int = 1) -> Ratio:
    """`value`, kept in parts of which `per` make one unit, as a fraction of the unit."""
    numerator, denominator = value.as_integer_ratio()
    return (numerator, denominator) if per == 1 else profiles.reduced(numerator, denominator * per)


def behind(assessed: Assessed) -> Ratio:
    """Expected minus low, exact; not positive where enough was delivered."""
    return profiles.plus(assessed.due.expected, (-assessed.low[0], assessed.low[1]))


def attainment(assessed: Assessed) -> Ratio | None:
    """low / expected, exact; none where nothing is expected (rule A3)."""
    expected, low = assessed.due.expected, assessed.low
    if expected[0] <= 0:
        return None
    return profiles.reduced(low[0] * expected[1], low[1] * expected[0])


def written(value: Ratio) -> str:
    return f"{value[0]}/{value[1]}"


def units(value: Decimal, per: int) -> Decimal:
    """`value` in whole units. Thirty-sevenths of a post have no finite decimal: they are cut after
    six places, and only here, on the way out."""
    if per == 1:
        return value
    return events.plain((value / per).quantize(_SIX_PLACES, ROUND_DOWN).normalize())


def share(part: Decimal, whole: Decimal) -> Decimal:
    """A part as a fraction of the whole, cut after six places."""
    return events.plain((part / whole).quantize(_SIX_PLACES, ROUND_DOWN).normalize())


def shown(value: Ratio) -> Decimal:
    """A fraction as people see it: to the penny, the half up."""
    return (Decimal(value[0]) / value[1]).quantize(_TWO_PLACES, ROUND_HALF_UP)
