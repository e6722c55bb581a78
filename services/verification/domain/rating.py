"""Rating: when a period is assessed, when a rating is replaced, and what that does to cases.

Promises: a period is assessed once, never before it has ended: when all required returns are in,
else at the end of the due day. Until then a revision replaces the rating; afterwards it is final,
but for one that was Other because data was missing or the council's queue held it: that is replaced
when the cause ends. A correction that comes too late for that is told. Months after the contract's
end are assessed when their due day has ended, if a return is in. History is assessed whenever it
comes, and quietly (rules A5, C1, C4, L3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from services.verification.domain import assessment, cases
from services.verification.domain.assessment import Assessment, Missing, Subject
from services.verification.domain.cases import Case, Rated
from services.verification.domain.state import Commitment, State, slot_key
from services.verification.domain.work import Correction, Held, Shortfall, Work
from shared import calendar, rules
from shared.wire import ids

KEPT_MONTHS: Final = 12
"""How long sums and ratings of a closed period are kept, so that a correction of it can be told. A
late claim reaches back as far (rule I5)."""

WAITING: Final = frozenset({"data_missing", "awaiting_council"})
"""Why a rating is Other for the time being, and replaced when that ends (rule A5)."""


def rerate(work: Work, start: str, filed: str | None = None) -> None:
    """Assesses what an input made possible or changed, from the period `start` on; `filed`: the
    period whose own return the input was."""
    state = work.state
    for period in _periods(work, start):
        is_complete, missing = _is_complete(work, period), owed_by(work.state, period)
        for subject in _subjects(work, period):
            found = state.commitments[subject.commitment_id]
            if found.is_history(period):
                _rerate_history(work, subject, missing)
            elif period <= state.closed_through:
                _rerate_closed(work, subject, missing)
            elif is_complete or period in found.ratings:
                is_due = period == filed or work.is_touched(subject.commitment_id, period)
                is_due |= period not in found.ratings
                _rate(work, subject, missing, is_due=is_due)


def close(work: Work, period: str) -> None:
    """The due day of `period` has ended: what is not rated yet is rated with what there is, after
    the contract's end only if a return is in."""
    state, missing = work.state, owed_by(work.state, period)
    if period <= last_period(state) or period in work.filed_periods():
        for subject in _subjects(work, period):
            found = state.commitments[subject.commitment_id]
            if not found.is_history(period) and period not in found.ratings:
                _rate(work, subject, missing)
    state.closed_through = period
    _forget(work)


def last_period(state: State) -> str:
    """The contract's last month."""
    return calendar.period_of(state.ends_on)


def is_kept(state: State, period: str) -> bool:
    """Whether a rating of `period` can still be asked for, so that its returns are remembered."""
    return not state.commitments or any(each.is_kept(period) for each in state.commitments.values())


def owed_by(found: State, period: str) -> Missing:
    """Which returns are not in of those that a rating of `period` needs."""
    owed = [key[:7] for key in found.owed if key[:7] <= period]
    return Missing(bool(owed), period in owed)


# --- which periods are rated ---------------------------------------------------------------------


def _periods(work: Work, start: str) -> Iterator[str]:
    """Those from `start` on that have ended; of what is history for every commitment, which may
    reach far back, only those with a return or a rating."""
    every = work.state.commitments.values()
    first = max(start, min((each.known_from for each in every), default=start))
    told = work.filed_periods().union(*(each.ratings for each in every))
    yield from sorted(period for period in told if start <= period < first)
    while first <= work.state.ended_through:
        yield first
        first = calendar.next_period(first)


def _subjects(work: Work, period: str) -> list[Subject]:
    """The commitments that are active at the end of `period`, where their sums are at hand."""
    day, found = calendar.last_day(period), []
    for commitment_id, each in work.state.commitments.items():
        version = each.active_on(day) if each.is_kept(period) else None
        if version is not None:
            found.append(Subject(commitment_id, version, period))
    return found


def _rerate_history(work: Work, subject: Subject, missing: Missing) -> None:
    """History is rated like any other, whatever of it arrives first."""
    is_rated = subject.period in work.state.commitments[subject.commitment_id].ratings
    if is_rated or subject.period in work.filed_periods():
        _rate(work, subject, missing, is_due=not is_rated)


def _rerate_closed(work: Work, subject: Subject, missing: Missing) -> None:
    """Replaces a rating that waited, where the cause has ended (rule A5); any other stands, and a
    correction that it does not show is told (rules A9, L2)."""
    commitment_id, _, period = subject
    rated = work.state.commitments[commitment_id].ratings.get(period)
    if rated is None:  # after the contract's end, also where that has moved since
        if period in work.filed_periods():
            _rate(work, subject, missing)
    elif rated.reason in WAITING:
        still_waits = rated.reason == "awaiting_council" or missing.any_so_far
        if not still_waits or work.is_touched(commitment_id, period):
            _rate(work, subject, missing, is_due=False)
    elif work.is_touched(commitment_id, period):
        _tell_correction(work, subject, rated, missing)


def _tell_correction(work: Work, subject: Subject, rated: Rated, missing: Missing) -> None:
    """One alert a change: for the first period that would be rated differently now."""
    if any(
        isinstance(alert, Correction) and alert.assessment.subject[0] == subject.commitment_id
        for alert in work.alerts
    ):
        return
    made = _assess(work, subject, missing)
    if made.answer.rated.rating != rated.rating:
        work.alerts.append(Correction(made, rated.rating))


def _is_complete(work: Work, period: str) -> bool:
    """All required returns up to an open period are in, or were missing at the end of their own
    due day. After the contract's end none is required: the due day is waited for."""
    state = work.state
    if period > last_period(state):
        return False
    if any(state.closed_through < key[:7] <= period for key in state.owed):
        return False
    return bool(state.suppliers) and all(
        slot_key((period, supplier)) in state.filed for supplier in state.suppliers
    )


# --- a rating, and the case that it moves --------------------------------------------------------


def _rate(work: Work, subject: Subject, missing: Missing, *, is_due: bool = True) -> None:
    """Assesses and, where it is due or comes out differently, keeps the rating and what it does to
    the case. History moves no case: that is for the first rating after it."""
    before = work.state.commitments[subject.commitment_id].ratings.get(subject.period)
    made = _assess(work, subject, missing)
    if not is_due and before == made.answer.rated:
        return
    commitment = work.commitment(subject.commitment_id)
    commitment.ratings[subject.period] = made.answer.rated
    work.assessments.append(made)
    if not commitment.is_history(subject.period):
        _tell_held(work, made, before)
        _move_case(work, commitment, made)


def _tell_held(work: Work, made: Assessment, before: Rated | None) -> None:
    """One alert for as long as the council's queue holds a rating (rules A2, L2)."""
    held = "awaiting_council"
    if made.answer.rated.reason == held and (before is None or before.reason != held):
        work.alerts.append(Held(made))


def _assess(work: Work, subject: Subject, missing: Missing) -> Assessment:
    found = work.state.commitments[subject.commitment_id]
    sums = found.through(subject.period)
    answer = assessment.assess(subject.version, sums, calendar.last_day(subject.period), missing)
    is_rated = subject.period in found.ratings
    return Assessment(subject, sums, answer, work.returns(subject.period), replaces=is_rated)


def _move_case(work: Work, commitment: Commitment, made: Assessment) -> None:
    subject = cases.Subject("shortfall", commitment_id=made.subject.commitment_id)
    rating, case = made.answer.rated.rating, commitment.case
    effect = cases.effect(case, commitment.ratings, made.subject.period)
    if effect == "open":
        commitment.cases += 1
        commitment.case = case = _new_case(work, commitment, made)
        reason = "approaching_twice" if rating == "Approaching target" else "rated_behind"
        work.moves.append(cases.open_(subject, case, reason))
        work.alerts.append(Shortfall("shortfall_opened", case, made, why(work, made)))
    elif case is None or effect is None:
        return
    elif effect == "worsen":
        commitment.case = case = msgspec.structs.replace(case, worst=rating)
        work.alerts.append(Shortfall("shortfall_worsened", case, made, why(work, made)))
    elif effect == "withdraw":
        commitment.case = None
        work.moves.append(cases.move(subject, case, "withdrawn", "rating_replaced"))
    else:
        commitment.case = None
        recovered = cases.move(subject, case, "resolved_completely", "two_good_periods")
        work.moves.append(recovered)
        work.alerts.append(Shortfall("shortfall_recovered", case, made, why=()))


def _new_case(work: Work, commitment: Commitment, made: Assessment) -> Case:
    commitment_id, _, period = made.subject
    case_id = ids.derived(
        "case", work.state.contract_id, commitment_id, period, commitment.cases, rules.RULE_SET
    )
    return Case(case_id, "opened", period, made.answer.rated.rating)


def why(work: Work, made: Assessment) -> tuple[str, ...]:
    """Why it is behind, by code (rule L1)."""
    _, version, period = made.subject
    is_owed = any(key[:7] <= period for key in work.state.owed)
    return assessment.why(version, made.sums, made.answer.due, is_owed=is_owed)


# --- what is kept --------------------------------------------------------------------------------


def _forget(work: Work) -> None:
    """Forgets, period by period, what no rating can ask for any more."""
    state = work.state
    for commitment_id, found in list(state.commitments.items()):
        through = _forgotten_through(found, state.closed_through)
        if through > found.forgotten_through:
            commitment = work.commitment(commitment_id)
            commitment.forgotten_through = through
            commitment.sums = {p: sums for p, sums in found.sums.items() if commitment.is_kept(p)}
            commitment.ratings = _kept(commitment)
            state.filed = {
                key: each for key, each in state.filed.items() if is_kept(state, key[:7])
            }


def _forgotten_through(commitment: Commitment, closed_through: str) -> str:
    """Never past a rating that waits."""
    through = calendar.add_months(closed_through, -KEPT_MONTHS)
    waiting = (p for p, rated in commitment.ratings.items() if rated.reason in WAITING)
    first = min((p for p in waiting if not commitment.is_history(p)), default=None)
    return through if first is None else min(through, calendar.previous_period(first))


def _kept(commitment: Commitment) -> dict[str, Rated]:
    """Of those that are not kept only the last described one (rule C1) and those since the open
    case's (rule C4) are asked for again."""
    described = [p for p, rated in commitment.ratings.items() if rated.rating != "Other"]
    last = max((p for p in described if not commitment.is_kept(p)), default="")
    since = commitment.case.period if commitment.case else commitment.forgotten_through
    return {
        p: rated
        for p, rated in commitment.ratings.items()
        if commitment.is_kept(p) or p == last or p >= since
    }
