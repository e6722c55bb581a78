"""What deciding a queried line changes: the ratings, if it were confirmed (rules A2, A5).

Promises: pure. The same arithmetic as the fold's, on the same state: what is queried of the line
counts, and everything else stays. Only ratings that a decision can still replace are looked at:
those of months that are not closed, those that wait, and history; a final one stands.
Refuses: to guess. Of a commitment or a month that the state has forgotten it says nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from services.verification.domain import assessment, rating, state
from services.verification.domain.lines import Line
from services.verification.domain.state import Commitment, State, Sums
from shared import calendar
from shared.wire.events import Rating

_ZERO: Final = Decimal(0)


class Change(NamedTuple):
    """The rating of a month, now and if the line were confirmed."""

    period: str
    now: Rating
    then: Rating


def changes(found: State, line: Line) -> tuple[Change, ...] | None:
    """The ratings that would change, by month. None: it cannot be reckoned, since no month is rated
    yet that the line belongs to, or the state has forgotten it."""
    commitment = found.commitments.get(line.commitment_id)
    if commitment is None or not commitment.is_kept(line.period):
        return None
    rated = [each for each in sorted(commitment.ratings) if each >= line.period]
    if not rated:
        return None
    added = _added(line)
    tried = (_change(found, commitment, period, added) for period in rated)
    return tuple(each for each in tried if each is not None and each.now != each.then)


def _added(line: Line) -> dict[str, Sums]:
    """What confirming the line adds to each month."""
    result = line.result
    confirmed = msgspec.structs.replace(
        line,
        alone=msgspec.structs.replace(
            result,
            outcome="counted",
            counted=result.counted + result.queried,
            queried=_ZERO,
        ),
        against=None,
    )
    after, before = state.totals([confirmed]), state.totals([line])
    return {
        key[1]: sums.plus(before[key].negated()) if key in before else sums
        for key, sums in after.items()
    }


def _change(
    found: State, commitment: Commitment, period: str, added: dict[str, Sums]
) -> Change | None:
    """None: the rating is final, or nothing was promised on that day."""
    rated = commitment.ratings[period]
    is_open = period > found.closed_through or commitment.is_history(period)
    version = commitment.active_on(calendar.last_day(period))
    if version is None or not (is_open or rated.reason in rating.WAITING):
        return None
    sums = commitment.through(period)
    for month, more in added.items():
        sums = sums.plus(more) if month <= period else sums
    owed = rating.owed_by(found, period)
    made = assessment.assess(version, sums, calendar.last_day(period), owed)
    return Change(period, rated.rating, made.rated.rating)
