"""What a version of a commitment promises, in the words of pages.

Promises: pure, and no figure that the version does not carry. Another shape than the fold can read
is named as such, not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shared import formats

STEPS_NAMED_MAX: Final = 4
"""Of a profile in steps; the others are counted."""
CODES_NAMED_MAX: Final = 3
"""Of a local area."""


def due(profile: Mapping[str, Any], unit: str | None) -> str:
    """How the target falls due: `Evenly from 1 October 2026 to 30 September 2028`."""
    kind = profile.get("kind")
    if kind == "linear":
        days = formats.days(_day(profile["from"]), _day(profile["to"]))
        said = f"Evenly, {days}" if days.count(" to ") == 0 else f"Evenly from {days}"
    elif kind == "milestone":
        said = f"All by {formats.day(_day(profile['by']))}"
    else:
        said = _steps(profile.get("steps", []), unit)
    lost = profile.get("suspended") or []
    if lost:
        spans = [formats.days(_day(first), _day(last)) for first, last in lost]
        said += f"; suspended {formats.listed(spans)}"
    return said


def _steps(steps: list[list[str]], unit: str | None) -> str:
    named = [
        f"{formats.amount(Decimal(amount), unit)} by {formats.day(_day(day))}"
        for day, amount in steps[:STEPS_NAMED_MAX]
    ]
    more = len(steps) - len(named)
    if more:
        named.append(f"{formats.count(more, 'further step')}")
    return f"In steps: {'; '.join(named)}"


def area(area: Mapping[str, Any] | None) -> str:
    """Where it counts: `In E08000011, by the boundaries of 2026-08`."""
    if area is None:
        return "Anywhere"
    codes = list(area["gss"])
    named = codes[:CODES_NAMED_MAX]
    more = len(codes) - len(named)
    if more:
        named.append(f"{more:,} more")
    return f"In {formats.listed(named)}, by the boundaries of {area['edition']}"


def _day(written: str) -> date:
    return date.fromisoformat(written)
