"""Standing: where each commitment of a contract stands now, so that the worst of all contracts can
be listed first (rules A1 to A4, A8).

Promises: pure, of the state alone, so a replay makes it again. The figures are those of the last
period that was rated: what was due at its end and what of it counts. Contracts have no score: each
commitment stands for itself.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from services.verification.domain import assessment, profiles
from services.verification.domain.cases import Rated
from services.verification.domain.state import Commitment, State, slot_of
from shared import calendar
from shared.wire import events

_ZERO: Final = Decimal(0)
_RANKS: Final[dict[str, int]] = {
    "Inadequate": 1,
    "Requires improvement": 2,
    "Approaching target": 3,
}
_WAITING: Final = frozenset({"data_missing", "awaiting_council"})
RANK_BEHIND_MAX: Final = 3
"""Up to here it is behind."""
RANK_WAITING: Final = 4
RANK_GOOD: Final = 5
RANK_NOT_DUE: Final = 6
"""Nothing is due, or nothing was rated yet."""


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One commitment. Figures in its unit."""

    commitment_id: str
    rank: int
    """1 is the worst."""
    unit: str
    target: Decimal
    behind: Decimal
    """The gap as a fraction of the target, to six places: the order among equal ratings."""
    period: str | None = None
    """The last that was rated; the figures are of its end. None: none was."""
    rating: events.Rating | None = None
    reason: str | None = None
    """Why it is Other."""
    rating_before: events.Rating | None = None
    """Where it is Other: the last that was not."""
    expected: Decimal = _ZERO
    """Rounded to two places."""
    reported: Decimal = _ZERO
    counted: Decimal = _ZERO
    low: Decimal = _ZERO
    queried: Decimal = _ZERO
    gap: Decimal = _ZERO
    """Expected minus low, if positive."""
    why: tuple[str, ...] = ()
    """Why it is behind, by code."""
    case_id: UUID | None = None
    """Its open shortfall case."""


class Missing(msgspec.Struct, frozen=True, array_like=True):
    """A return that is not in, from the end of its month on."""

    period: str
    party_id: str
    due_on: date
    case_id: UUID | None = None
    """Its open `no_data` case."""


class Counts(NamedTuple):
    """How many commitments stand where."""

    standings: int
    behind: int
    contracts_behind: int
    """Contracts with a commitment that is behind."""
    waiting: int
    """They cannot be rated: a return is missing, or the council must decide lines."""
    good: int


def of(state: State) -> list[Standing]:
    """Every commitment that was ever active, by id."""
    return [_stand(state, each, state.commitments[each]) for each in sorted(state.commitments)]


def missing(state: State) -> list[Missing]:
    """The returns that are owed, by month."""
    return [
        Missing(*slot_of(key), owed.due_on, owed.case_id)
        for key, owed in sorted(state.owed.items())
    ]


def _stand(state: State, commitment_id: str, commitment: Commitment) -> Standing:
    period = max(commitment.ratings, default=None)
    case_id = None if commitment.case is None else commitment.case.case_id
    version = commitment.versions[-1]
    if period is not None:
        version = commitment.in_force(calendar.last_day(period)) or version
    head = Standing(
        commitment_id=commitment_id,
        rank=RANK_NOT_DUE,
        unit=version.unit,
        target=version.target,
        behind=_ZERO,
        case_id=case_id,
    )
    if period is None:
        return head
    rated, per = commitment.ratings[period], version.per
    due, sums = assessment.due(version, calendar.last_day(period)), commitment.through(period)
    low = assessment.ratio(sums.low, per)
    short = profiles.plus(due.expected, (-low[0], low[1]))
    gap = assessment.shown(short) if short[0] > 0 else _ZERO
    is_owed = any(key[:7] <= period for key in state.owed)
    return msgspec.structs.replace(
        head,
        rank=_rank(rated),
        period=period,
        rating=rated.rating,
        reason=rated.reason,
        rating_before=_described(commitment) if rated.rating == "Other" else None,
        expected=assessment.shown(due.expected),
        reported=assessment.units(sums.reported, per),
        counted=assessment.units(sums.counted, per),
        low=assessment.units(sums.low, per),
        queried=assessment.units(sums.queried, per),
        gap=gap,
        behind=assessment.share(gap, version.target),
        why=assessment.why(version, sums, due, is_owed=is_owed) if gap else (),
    )


def _rank(rated: Rated) -> int:
    if rated.rating == "Other":
        return RANK_WAITING if rated.reason in _WAITING else RANK_NOT_DUE
    return _RANKS.get(rated.rating, RANK_GOOD)


def _described(commitment: Commitment) -> events.Rating | None:
    """The last rating that was not Other."""
    described = [p for p, rated in commitment.ratings.items() if rated.rating != "Other"]
    return commitment.ratings[max(described)].rating if described else None
