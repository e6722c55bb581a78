"""Shortfall and no-data cases: their life, and what a rating does to them (rules C1, C2, C4).

Promises: `MOVES` is the whole life of a case. `open_` and `move` are the only ways to change a
case's state, and both hold to the table. A case opens at Requires improvement or worse, or at
Approaching target for two assessed periods running; there is one open case per commitment; it ends
by itself after two periods at Good by what is counted.
Refuses: to let Other count or reset anything, and to open on a late rating that a later Good has
overtaken.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from shared.wire.events import Rating

CaseState: TypeAlias = Literal[
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

_OPEN_ENDS: Final[frozenset[CaseState]] = frozenset({"resolved_completely", "withdrawn"})
"""Automatic closing, and withdrawal with a reason, work from any open state."""

MOVES: Final[dict[CaseState | None, frozenset[CaseState]]] = {
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
"""The life of a case (rule C2): from each state, where it may go. None: it does not exist yet."""

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
    state: CaseState
    period: str
    """The period whose rating, or whose missing return, opened it."""
    worst: Rating


class Subject(NamedTuple):
    """What a case is about: a commitment that is behind, or a party's return that is missing."""

    kind: Literal["shortfall", "no_data"]
    commitment_id: str | None = None
    party_id: str | None = None


class Move(NamedTuple):
    """A case that moved."""

    subject: Subject
    case: Case
    """As it is now."""
    moved_from: CaseState | None
    reason: str
    """By code."""


def open_(subject: Subject, case: Case, reason: str) -> Move:
    """A new case, in the state that a case begins in."""
    return _moved(subject, case, None, reason)


def move(subject: Subject, case: Case, to: CaseState, reason: str) -> Move:
    """The case in the state `to`."""
    return _moved(subject, msgspec.structs.replace(case, state=to), case.state, reason)


def _moved(subject: Subject, case: Case, moved_from: CaseState | None, reason: str) -> Move:
    assert case.state in MOVES[moved_from], f"a case never moves from {moved_from} to {case.state}"
    return Move(subject, case, moved_from, reason)


def is_open(state: CaseState) -> bool:
    return bool(MOVES[state])


Effect: TypeAlias = Literal["open", "withdraw", "worsen", "recover"]


def effect(case: Case | None, ratings: dict[str, Rated], period: str) -> Effect | None:
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
    at = described.index(period)
    if any(ratings[later].rating == "Good" for later in described[at + 1 :]):
        return False  # rule C1: a late rating opens nothing if a later period is Good
    neighbours = described[max(0, at - 1) : at] + described[at + 1 : at + 2]
    return severity > 1 or any(ratings[each].rating == "Approaching target" for each in neighbours)


def _recovers(case: Case, ratings: dict[str, Rated]) -> bool:
    since = [
        ratings[period].is_good
        for period in sorted(ratings)
        if period > case.period and ratings[period].is_good is not None
    ]
    return len(since) >= GOODS_TO_RECOVER and all(since[-GOODS_TO_RECOVER:])
