"""Rating: when a period is assessed, when a rating is replaced, and what that does to cases.

Promises: a period is assessed once, when all required returns are in, else at the end of the due
day; until then a revision replaces the rating; afterwards it is final, but for one that was Other
because data was missing or the council's queue held it: that is replaced when the cause ends
(rules A5, C1, C4).
"""

from __future__ import annotations

from typing import Final

import msgspec

from services.verification.domain import assessment, cases, rules
from services.verification.domain.assessment import Assessment, Missing, Subject
from services.verification.domain.cases import Case, Rated
from services.verification.domain.state import Commitment, State, Version, slot_key
from services.verification.domain.work import Shortfall, Work
from shared import calendar
from shared.wire import ids

_WAITING: Final = frozenset({"data_missing", "awaiting_council"})
"""Why a rating is Other for the time being (rule A5)."""


def rerate(work: Work, start: str, filed: str | None = None) -> None:
    """Assesses what an input made possible or changed, from the period `start` on; `filed`: the
    period whose own return the input was."""
    state = work.state
    known = [key[:7] for key in (*state.filed, *state.owed)]
    last = max(known, default=start)
    period = max(start, state.owed_from)
    has_replaced = False
    while period <= last:
        if period <= state.closed_through:
            has_replaced |= _rerate_closed(work, period)
        else:
            _rerate_open(work, period, is_own=period == filed)
        period = calendar.next_period(period)
    if has_replaced:
        forget(work)


def close(work: Work, period: str) -> None:
    """The due day of `period` has ended: what is not rated yet is rated with what there is."""
    missing = _missing(work, period)
    for commitment_id in work.state.commitments:
        version = _active(work, commitment_id, period)
        if version is not None and period not in work.state.commitments[commitment_id].ratings:
            _rate(work, Subject(commitment_id, version, period), missing)
    work.state.closed_through = period
    forget(work)


def final_through(state: State) -> str:
    """Up to here no rating can be asked for any more: the current returns are forgotten."""
    every = state.commitments.values()
    return min((state.closed_through, *(commitment.final_through for commitment in every)))


# --- which periods are rated ---------------------------------------------------------------------


def _rerate_open(work: Work, period: str, *, is_own: bool) -> None:
    is_complete = _is_complete(work, period)
    missing = _missing(work, period)
    for commitment_id in work.state.commitments:
        version = _active(work, commitment_id, period)
        rated = work.state.commitments[commitment_id].ratings.get(period)
        if version is None or (rated is None and not is_complete):
            continue
        is_due = rated is None or is_own or work.is_touched(commitment_id, period)
        _rate(work, Subject(commitment_id, version, period), missing, is_due=is_due)


def _rerate_closed(work: Work, period: str) -> bool:
    """Replaces ratings that waited, where the cause has ended (rule A5). True where one was."""
    missing = _missing(work, period)
    has_replaced = False
    for commitment_id in work.state.commitments:
        rated = work.state.commitments[commitment_id].ratings.get(period)
        if rated is None or rated.reason not in _WAITING:
            continue
        still_waits = rated.reason == "awaiting_council" or missing.any_so_far
        if still_waits and not work.is_touched(commitment_id, period):
            continue
        version = _active(work, commitment_id, period)
        if version is not None:
            subject = Subject(commitment_id, version, period)
            has_replaced |= _rate(work, subject, missing, is_due=False)
    return has_replaced


def _active(work: Work, commitment_id: str, period: str) -> Version | None:
    return work.state.commitments[commitment_id].active_on(calendar.last_day(period))


def _is_complete(work: Work, period: str) -> bool:
    """All required returns up to an open period are in, or were missing at the end of their own
    due day."""
    state = work.state
    if any(state.closed_through < key[:7] <= period for key in state.owed):
        return False
    return bool(state.suppliers) and all(
        slot_key((period, supplier)) in state.filed for supplier in state.suppliers
    )


def _missing(work: Work, period: str) -> Missing:
    owed = [key[:7] for key in work.state.owed if key[:7] <= period]
    return Missing(bool(owed), period in owed)


# --- a rating, and the case that it moves --------------------------------------------------------


def _rate(work: Work, subject: Subject, missing: Missing, *, is_due: bool = True) -> bool:
    """Assesses and, where it is due or comes out differently, keeps the rating and what it does to
    the case. True where it does."""
    found = work.state.commitments[subject.commitment_id]
    before = found.ratings.get(subject.period)
    sums = found.through(subject.period)
    day = calendar.last_day(subject.period)
    answer = assessment.assess(subject.version, sums, day, missing)
    if not is_due and before == answer.rated:
        return False
    commitment = work.commitment(subject.commitment_id)
    commitment.ratings[subject.period] = answer.rated
    returns = work.returns(subject.period)
    made = Assessment(subject, sums, answer, returns, replaces=before is not None)
    work.assessments.append(made)
    _move_case(work, commitment, made)
    return True


def _move_case(work: Work, commitment: Commitment, made: Assessment) -> None:
    subject = cases.Subject("shortfall", commitment_id=made.subject.commitment_id)
    rating, case = made.answer.rated.rating, commitment.case
    effect = cases.effect(case, commitment.ratings, made.subject.period)
    if effect == "open":
        commitment.cases += 1
        commitment.case = case = _new_case(work, commitment, made)
        reason = "approaching_twice" if rating == "Approaching target" else "rated_behind"
        work.moves.append(cases.open_(subject, case, reason))
        work.alerts.append(Shortfall("shortfall_opened", case, made, _why(work, made)))
    elif case is None or effect is None:
        return
    elif effect == "worsen":
        commitment.case = case = msgspec.structs.replace(case, worst=rating)
        work.alerts.append(Shortfall("shortfall_worsened", case, made, _why(work, made)))
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


def _why(work: Work, made: Assessment) -> tuple[str, ...]:
    """Why it is behind, by code (rule L1)."""
    sums, expected = made.sums, made.answer.due.expected
    reported = assessment.ratio(sums.reported, made.subject.version.per)
    codes = []
    if reported[0] * expected[1] < expected[0] * reported[1]:
        codes.append("not_delivered")
    if sums.reported > sums.high:
        codes.append("rejected")
    if sums.queried > 0:
        codes.append("awaiting_council")
    if any(key[:7] <= made.subject.period for key in work.state.owed):
        codes.append("no_return")
    return tuple(codes)


# --- what is final -------------------------------------------------------------------------------


def forget(work: Work) -> None:
    """Forgets, period by period, what no rating can ask for any more."""
    state = work.state
    for commitment_id, found in list(state.commitments.items()):
        through = _final_through(found, state.closed_through)
        if through > found.final_through:
            commitment = work.commitment(commitment_id)
            commitment.final_through = through
            commitment.sums = {p: sums for p, sums in commitment.sums.items() if p > through}
            commitment.ratings = _kept(commitment)
    final = final_through(state)
    state.filed = {key: filed for key, filed in state.filed.items() if key[:7] > final}


def _final_through(commitment: Commitment, closed_through: str) -> str:
    through = commitment.final_through
    while through < closed_through:
        period = calendar.next_period(through)
        rated = commitment.ratings.get(period)
        if rated is not None and rated.reason in _WAITING:
            break
        through = period
    return through


def _kept(commitment: Commitment) -> dict[str, Rated]:
    """Of the final ratings only the last described one (rule C1) and those since the open case's
    (rule C4) are asked for again."""
    final = commitment.final_through
    described = [p for p, rated in commitment.ratings.items() if rated.rating != "Other"]
    last = max((p for p in described if p <= final), default="")
    since = commitment.case.period if commitment.case else final
    return {p: r for p, r in commitment.ratings.items() if p > final or p == last or p >= since}
