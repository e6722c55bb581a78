"""Standing: where a contract and each of its commitments stand now, so that the worst of all
contracts can be listed first (rules A1 to A4, A8).

Promises: pure, of the state alone, so a replay makes it again. The figures are those of the last
period that was rated: what was due at its end and what of it counts. Contracts have no score: a
contract stands where its worst commitment does, and units are never added.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A contract by its worst commitment, and how many of them stand where."""

    rank: int
    """That of the worst; `RANK_NOT_DUE` if nothing is promised."""
    behind: Decimal = _ZERO
    commitment_id: str | None = None
    """The worst. None: nothing is promised."""
    unit: str | None = None
    rating: events.Rating | None = None
    reason: str | None = None
    gap: Decimal = _ZERO
    promises: int = 0
    promises_behind: int = 0
    shortfalls: int = 0
    """Open shortfall cases."""
    held: dict[str, str] = msgspec.field(default_factory=dict)
    """Commitments with a rating that waits for the council to decide lines: the last such period
    of each."""


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


class ContractCounts(NamedTuple):
    """How many contracts stand where."""

    contracts: int
    behind: int
    """With a commitment that is behind."""
    promises_behind: int
    waiting: int
    """Their worst commitment cannot be rated: a return is missing, or the council must decide."""
    good: int
    overdue: int
    """Returns that are overdue."""


def of(state: State) -> list[Standing]:
    """Every commitment that was ever active, by id."""
    return [_stand(state, each, state.commitments[each]) for each in sorted(state.commitments)]


def overview(state: State, standings: Sequence[Standing]) -> Overview:
    """A contract by its commitments, which stand so."""
    held = {each.commitment_id: _held(state.commitments[each.commitment_id]) for each in standings}
    worst = min(standings, key=lambda s: (s.rank, -s.behind, s.commitment_id), default=None)
    if worst is None:
        return Overview(rank=RANK_NOT_DUE)
    return Overview(
        rank=worst.rank,
        behind=worst.behind,
        commitment_id=worst.commitment_id,
        unit=worst.unit,
        rating=worst.rating,
        reason=worst.reason,
        gap=worst.gap,
        promises=len(standings),
        promises_behind=sum(each.rank <= RANK_BEHIND_MAX for each in standings),
        shortfalls=sum(each.case_id is not None for each in standings),
        held={name: period for name, period in held.items() if period is not None},
    )


def _held(commitment: Commitment) -> str | None:
    """The last period whose rating waits for the council."""
    waiting = (p for p, rated in commitment.ratings.items() if rated.reason == "awaiting_council")
    return max(waiting, default=None)


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
