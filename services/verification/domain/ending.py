"""Ending: what is told before a contract ends, while there is still time (rule L2).

Promises: in the morning of the day that is 90 days before the last one, each active commitment
that is behind is told, once for each end that the contract is given. Where the end is brought
forward past that day, it is told in the next morning; of a contract that was registered later,
nothing is. The figures are those of the last rating that says how it stands.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from services.verification.domain import assessment, rating
from services.verification.domain.assessment import Assessed, Assessment, Subject
from services.verification.domain.state import Commitment, State
from services.verification.domain.work import Ending, Work
from shared import calendar

WARNED_DAYS: Final = 90
"""So long before its end a contract with a gap is told."""

_DAY: Final = timedelta(days=1)


def told_on(ends_on: date) -> date:
    """The day in whose morning it is told that a contract ends then."""
    return ends_on - timedelta(days=WARNED_DAYS)


def wake_on(state: State) -> date | None:
    """The day whose end tells it; None: this end was told, or was near when it became known."""
    return None if state.end_told == state.ends_on else told_on(state.ends_on) - _DAY


def warn(work: Work, today: date) -> None:
    """Tells of the contract's end, if the morning of `today` is the one for it."""
    state = work.state
    if state.end_told == state.ends_on or today < told_on(state.ends_on):
        return
    state.end_told = state.ends_on
    if today > state.ends_on:
        return  # it was ended afterwards: there is no time left to use
    for commitment_id, found in state.commitments.items():
        if found.active_on(today) is None:
            continue
        made = _last_described(work, commitment_id, found)
        if made is not None and assessment.behind(made.answer)[0] > 0:
            work.alerts.append(Ending(made, rating.why(work, made)))


def _last_described(work: Work, commitment_id: str, found: Commitment) -> Assessment | None:
    """The newest assessment that says how a commitment stands, with the sums of that month's end;
    None: there is none, or its sums are no longer at hand."""
    described = [each for each, rated in found.ratings.items() if rated.rating != "Other"]
    period = max(described, default=None)
    if period is None or not (found.is_history(period) or period >= found.forgotten_through):
        return None
    day = calendar.last_day(period)
    version = found.in_force(day)
    assert version is not None, "it was rated in this version"
    sums = found.through(period)
    low = assessment.ratio(sums.low, version.per)
    answer = Assessed(found.ratings[period], assessment.due(version, day), low)
    subject = Subject(commitment_id, version, period)
    return Assessment(subject, sums, answer, work.returns(period), replaces=False)
