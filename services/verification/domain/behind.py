"""Who is behind, in words: one commitment as it stands (rules A3, L1).

Promises: pure, plain English, and no figure that the standing does not carry.
"""

from __future__ import annotations

import functools
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple

from services.verification.domain.standing import Standing
from services.verification.domain.wording import WHY
from shared import calendar, formats

_ONE_PLACE: Final = Decimal("0.1")
_OTHER: Final = {
    "data_missing": "a return is missing",
    "awaiting_council": "lines wait for the council's decision",
    "nothing_due": "nothing is due yet",
    "suspended": "it is suspended",
}
"""Why a rating is Other."""


class Words(NamedTuple):
    headline: str
    words: str
    gap_share: str | None
    """The gap in per cent of the whole target, rounded down to one decimal."""


def describe(found: Standing, title: str) -> Words:
    """A commitment in words. `title`: its own."""
    return Words(_headline(found, title), _words(found), percent(found.behind))


def percent(part: Decimal) -> str:
    """A fraction in per cent, rounded down to one decimal."""
    return str((part * 100).quantize(_ONE_PLACE, ROUND_DOWN))


def _headline(found: Standing, title: str) -> str:
    if found.period is None:
        return f"{title} is not rated yet"
    gap = formats.amount(found.gap, found.unit)
    if found.rating == "Other":
        if found.reason in ("data_missing", "awaiting_council"):
            short = f"; it is {gap} behind so far" if found.gap else ""
            return f"{title} cannot be rated: {_OTHER[found.reason]}{short}"
        return f"{title}: {_OTHER.get(found.reason or '', 'it is not rated')}"
    return f"{title} is {gap} behind" if found.gap else f"{title} is on course"


def _words(found: Standing) -> str:
    if found.period is None:
        return "No month has been rated yet."
    figure = functools.partial(formats.amount, unit=found.unit)
    were = functools.partial(formats.were, unit=found.unit)
    due = formats.part_of(found.expected, found.target, found.unit)
    end = formats.day(calendar.last_day(found.period))
    said = [
        f"By {end}, {due} {were(found.target)} due.",
        f"{figure(found.reported)} {were(found.reported)} reported and {_counts(found)}.",
    ]
    if found.low > found.counted:
        said.append(f"A further {figure(found.low - found.counted)} counts for now.")
    if found.queried > 0:
        said.append(f"{figure(found.queried)} waits for the council.")
    if found.gap:
        share = percent(found.behind)
        said.append(f"That is {figure(found.gap)} behind: {share}% of the whole target.")
    said.append(f"Rated: {_rating(found)}.")
    if found.why:
        said.append(f"Why: {'; '.join(WHY.get(code, code) for code in found.why)}.")
    return " ".join(said)


def _counts(found: Standing) -> str:
    verb = "counts" if formats.were(found.counted, found.unit) == "was" else "count"
    return f"{formats.amount(found.counted, found.unit)} {verb}"


def _rating(found: Standing) -> str:
    if found.rating != "Other":
        return str(found.rating)
    because = _OTHER.get(found.reason or "", found.reason or "")
    before = found.rating_before
    return f"Other, since {because}" + (f"; before that {before}" if before else "")
