"""Places: whether a postcode lay in the contract's local area on a day (rule V3).

Promises: the boundaries are those of the edition that the area is pinned to; when the postcode was
introduced and terminated comes from the newest edition. Months are whole: a postcode lives from the
first day of the one to the last day of the other.
Refuses: guessing. No postcode, an unknown one, one not yet introduced or one gone for twelve months
or more is queried; a live one outside is not counted.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, Literal, TypeAlias

import msgspec

from shared import calendar

GRACE_MONTHS: Final = 12
"""A postcode terminated less than this before still counts, with a note."""

CODES_MAX: Final = 2_000
CODE_CHARACTERS_MAX: Final = 20
EDITION_CHARACTERS_MAX: Final = 100
"""Codes and editions are repeated in what is found about each line. A GSS code has nine
characters; a region of England has at most 1,500 wards."""

Verdict: TypeAlias = Literal["inside", "inside_terminated", "outside", "none", "unknown", "gone"]


class Area(msgspec.Struct, frozen=True):
    """A commitment's `area` on the wire: `{"gss": ["E08000011", …], "edition": "2026-08"}`."""

    gss: tuple[str, ...]
    """Districts, wards or LSOAs; inside any of them is inside."""
    edition: str
    """The postcode edition to which the boundaries are pinned."""


class PlaceFact(msgspec.Struct, frozen=True, array_like=True):
    """What the directory says of one postcode; a foreign fact of the contract."""

    gss: tuple[str, ...]
    """District, ward and LSOA, in the pinned edition (or the newest, where it is newer)."""
    introduced: str
    """`YYYY-MM`, from the newest edition."""
    terminated: str | None
    edition: str
    """The edition that `gss` comes from."""


def read_area(area: dict[str, Any] | None) -> Area | None:
    """The area of a commitment. Raises ValueError, in words, for any other shape."""
    if area is None:
        return None
    try:
        read = msgspec.convert(area, Area)
    except msgspec.ValidationError as error:
        raise ValueError(f"area: {error}") from error
    if not read.gss:
        raise ValueError("area: give at least one GSS code")
    if len(read.gss) > CODES_MAX or max(map(len, read.gss)) > CODE_CHARACTERS_MAX:
        raise ValueError(
            f"area: give at most {CODES_MAX:,} GSS codes of {CODE_CHARACTERS_MAX} characters"
        )
    if len(read.edition) > EDITION_CHARACTERS_MAX:
        raise ValueError(f"area: an edition has at most {EDITION_CHARACTERS_MAX} characters")
    return Area(tuple(sorted(set(read.gss))), read.edition)


def fact_key(edition: str, postcode: str) -> str:
    """Under which key a contract's facts keep what `edition` says of `postcode` (normal form)."""
    return f"{edition}/{postcode}"


def judge(area: Area, fact: PlaceFact | None, day: date) -> Verdict:
    """Where a line's activity of `day` lay (rule V3). `fact` is None for an unknown postcode."""
    if fact is None or day < calendar.first_day(fact.introduced):
        return "unknown"
    is_ended = fact.terminated is not None and day > calendar.last_day(fact.terminated)
    if is_ended and fact.terminated is not None and day >= _gone_on(fact.terminated):
        return "gone"
    if not any(code in area.gss for code in fact.gss):
        return "outside"
    return "inside_terminated" if is_ended else "inside"


def _gone_on(month: str) -> date:
    """Exactly twelve months after the last day: from then on the postcode is gone."""
    ended = calendar.last_day(month)
    if (ended.month, ended.day) == (2, 29):
        ended -= timedelta(days=1)
    return ended.replace(year=ended.year + GRACE_MONTHS // 12)
