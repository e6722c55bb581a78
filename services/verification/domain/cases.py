"""Shortfall and no-data cases: their life, and what a rating does to them (rules C1, C2, C4).

Promises: everything that moves a case is in `MOVES`; what is not there is refused. A case opens at
Requires improvement or worse, or at Approaching target for two assessed periods running; one open
case per commitment; it ends by itself after two periods at Good by what is counted.
Refuses: to let Other count or reset anything, and to open on a late rating that a later Good has
overtaken.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from shared.wire.events import Rating

State: TypeAlias = Literal[
    "opened",
    "notified",
    "replied",
    "plan_agreed",
    "reassessed",
    "resolved_completely",
    "resolved_partly",
    "resolved_not",
    "withdrawn",
]

_OPEN_ENDS: Final = frozenset({"resolved_completely", "withdrawn"})
"""Automatic closing, and withdrawal with a reason, work from any open state."""

MOVES: Final[dict[str | None, frozenset[str]]] = {
    None: frozenset({"opened"}),
    "opened": _OPEN_ENDS | {"notified"},
    "notified": _OPEN_ENDS | {"replied", "reassessed"},
    "replied": _OPEN_ENDS | {"plan_agreed"},
    "plan_agreed": _OPEN_ENDS | {"reassessed"},
    "reassessed": _OPEN_ENDS | {"resolved_partly", "resolved_not"},
    "resolved_completely": frozenset(),
    "resolved_partly": frozenset(),
    "resolved_not": frozenset(),
    "withdrawn": frozenset(),
}
"""The life of a case (rule C2): from each state, where it may go. None: it is not there yet."""

GOODS_TO_RECOVER: Final = 2
"""Periods at Good, by what is counted, that resolve a case completely (rule C4)."""

_SEVERITY: Final[dict[str, int]] = {
    "Good": 0,
    "Approaching target": 1,
    "Requires improvement": 2,
    "Inadequate": 3,
}


class Rated(msgspec.Struct, frozen=True, array_like=True):
    """A commitment's last rating of one period."""

    rating: Rating
    reason: str | None
    """Why it is Other."""
    is_good: bool | None
    """Good by what is counted (posts: by low); None neither counts nor resets (rule C4)."""


class Case(msgspec.Struct, frozen=True, array_like=True):
    case_id: UUID
    state: State
    period: str
    """The period whose rating opened it."""
    worst: Rating


Step: TypeAlias = Literal["open", "withdraw", "worsen", "recover"]


def is_move(moved_from: str | None, moved_to: str) -> bool:
    """True where the life of a case allows the move (rule C2)."""
    return moved_to in MOVES.get(moved_from, frozenset())


def is_open(state: State) -> bool:
    return bool(MOVES[state])


def step(case: Case | None, ratings: dict[str, Rated], period: str) -> Step | None:
    """What the rating of `period`, already among `ratings`, does to the commitment's open case."""
    if case is None:
        return "open" if _opens(ratings, period) else None
    if case.period == period and not _opens(ratings, period):
        return "withdraw"  # rule A5: it was opened by a rating that has been replaced
    if _SEVERITY.get(ratings[period].rating, -1) > _SEVERITY[case.worst]:
        return "worsen"
    return "recover" if _recovers(case, ratings) else None


def _opens(ratings: dict[str, Rated], period: str) -> bool:
    severity = _SEVERITY.get(ratings[period].rating, -1)
    if severity < 1:
        return False
    described = sorted(p for p, rated in ratings.items() if rated.rating != "Other")
    place = described.index(period)
    if any(ratings[later].rating == "Good" for later in described[place + 1 :]):
        return False  # rule C1: a late rating opens nothing if a later period is Good
    neighbours = described[max(0, place - 1) : place] + described[place + 1 : place + 2]
    return severity > 1 or any(
        ratings[beside].rating == "Approaching target" for beside in neighbours
    )


def _recovers(case: Case, ratings: dict[str, Rated]) -> bool:
    since = [
        ratings[period].is_good
        for period in sorted(ratings)
        if period > case.period and ratings[period].is_good is not None
    ]
    return len(since) >= GOODS_TO_RECOVER and all(since[-GOODS_TO_RECOVER:])
