"""Rating: when a period is assessed, when a rating is replaced, and what that does to cases.

Promises: a period is assessed once, when all required returns are in, else at the end of the due
day; until then a revision replaces the rating; afterwards it stands, but for one that was Other
because data was missing or the council's queue held it: that is replaced when the cause ends
(rules A5, C1, C4).
"""

from __future__ import annotations

from typing import Final

from services.verification.domain import announcements, assessment, cases
from services.verification.domain.assessment import Assessed, Missing
from services.verification.domain.cases import Case, Rated
from services.verification.domain.state import Promise, State, Version, slot_key
from services.verification.domain.work import RULE_SET, Work
from shared import calendar
from shared.wire import ids

_WAITING: Final = frozenset({"data_missing", "awaiting_council"})
"""Why a rating is Other for the time being (rule A5)."""


def rerate(work: Work, start: str, filed: str | None = None) -> None:
    """Assess what an input made possible or changed, from the period `start` on; `filed`: the
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
        settle(work)


def close(work: Work, period: str) -> None:
    """The due day of `period` has ended: what is not rated yet is rated with what there is."""
    missing = _missing(work, period)
    for commitment_id in work.state.promises:
        version = _active(work, commitment_id, period)
        if version is not None and period not in work.state.promises[commitment_id].ratings:
            _record(work, (commitment_id, version, period), missing)
    work.state.closed_through = period
    settle(work)


def settle(work: Work) -> None:
    """Forget, period by period, what no rating can ask for any more."""
    state = work.state
    for commitment_id, found in list(state.promises.items()):
        through = _settled_through(found, state.closed_through)
        if through > found.settled_through:
            promise = work.promise(commitment_id)
            promise.settled_through = through
            promise.sums = {p: sums for p, sums in promise.sums.items() if p > through}
            promise.ratings = _kept(promise)
    settled = settled_through(state)
    state.filed = {key: filed for key, filed in state.filed.items() if key[:7] > settled}


def settled_through(state: State) -> str:
    """Up to here no rating can be asked for any more: which return stands there is forgotten."""
    promises = state.promises.values()
    return min((state.closed_through, *(promise.settled_through for promise in promises)))


def _settled_through(promise: Promise, closed_through: str) -> str:
    through = promise.settled_through
    while through < closed_through:
        period = calendar.next_period(through)
        rated = promise.ratings.get(period)
        if rated is not None and rated.reason in _WAITING:
            break
        through = period
    return through


def _kept(promise: Promise) -> dict[str, Rated]:
    """Of the settled ratings only the last described one (rule C1) and those since the open case's
    (rule C4) are asked for again."""
    settled = promise.settled_through
    described = [p for p, rated in promise.ratings.items() if rated.rating != "Other"]
    last = max((p for p in described if p <= settled), default="")
    since = promise.case.period if promise.case else settled
    return {p: r for p, r in promise.ratings.items() if p > settled or p == last or p >= since}


def _rerate_open(work: Work, period: str, *, is_own: bool) -> None:
    is_complete = _is_complete(work, period)
    missing = _missing(work, period)
    for commitment_id in work.state.promises:
        version = _active(work, commitment_id, period)
        rated = work.state.promises[commitment_id].ratings.get(period)
        if version is None or (rated is None and not is_complete):
            continue
        is_due = rated is None or is_own or _is_touched(work, commitment_id, period)
        _record(work, (commitment_id, version, period), missing, is_due=is_due)


def _rerate_closed(work: Work, period: str) -> bool:
    """Replace ratings that waited, where the cause has ended (rule A5). True where one was."""
    missing = _missing(work, period)
    has_replaced = False
    for commitment_id in work.state.promises:
        rated = work.state.promises[commitment_id].ratings.get(period)
        if rated is None or rated.reason not in _WAITING:
            continue
        if rated.reason == "data_missing" and missing.any_so_far:
            if not _is_touched(work, commitment_id, period):
                continue
        elif rated.reason == "awaiting_council" and not _is_touched(work, commitment_id, period):
            continue
        version = _active(work, commitment_id, period)
        if version is not None:
            subject = (commitment_id, version, period)
            has_replaced |= _record(work, subject, missing, is_due=False)
    return has_replaced


def _record(
    work: Work, subject: tuple[str, Version, str], missing: Missing, *, is_due: bool = True
) -> bool:
    """Assess and, where it is due or comes out differently, keep the rating and what it does to
    the case."""
    commitment_id, version, period = subject
    found = work.state.promises[commitment_id]
    before = found.ratings.get(period)
    sums = found.through(period)
    day = calendar.last_day(period)
    answer = assessment.assess(version, sums, day, missing)
    if not is_due and before == answer.rated:
        return False
    promise = work.promise(commitment_id)
    promise.ratings[period] = answer.rated
    work.assessments.append(
        announcements.assessed(work, subject, sums, answer, replaces=before is not None)
    )
    _move_case(work, promise, subject, answer)
    return True


def _move_case(
    work: Work, promise: Promise, subject: tuple[str, Version, str], answer: Assessed
) -> None:
    commitment_id, _, period = subject
    about = {"kind": "shortfall", "commitment_id": commitment_id}
    case = promise.case
    step = cases.step(case, promise.ratings, period)
    if step == "open":
        rating = answer.rated.rating
        promise.cases += 1
        case_id = ids.derived(
            "case", work.state.contract_id, commitment_id, period, promise.cases, RULE_SET
        )
        promise.case = case = Case(case_id, "opened", period, rating)
        reason = "approaching_twice" if rating == "Approaching target" else "rated_behind"
        work.moves.append(announcements.case_moved(work, case, (None, "opened", reason), **about))
        work.out.alerts.append(
            announcements.shortfall(work, "shortfall_opened", case, subject, answer)
        )
    elif case is None or step is None:
        return
    elif step == "worsen":
        promise.case = case = Case(case.case_id, case.state, case.period, answer.rated.rating)
        work.out.alerts.append(
            announcements.shortfall(work, "shortfall_worsened", case, subject, answer)
        )
    else:
        has_recovered = step == "recover"
        moved_to = "resolved_completely" if has_recovered else "withdrawn"
        reason = "two_good_periods" if has_recovered else "rating_replaced"
        promise.case = None
        work.moves.append(
            announcements.case_moved(work, case, (case.state, moved_to, reason), **about)
        )
        if has_recovered:
            work.out.alerts.append(
                announcements.shortfall(work, "shortfall_recovered", case, subject, answer)
            )


def _active(work: Work, commitment_id: str, period: str) -> Version | None:
    version = work.state.promises[commitment_id].in_force(calendar.last_day(period))
    return version if version is not None and version.state == "active" else None


def _is_touched(work: Work, commitment_id: str, period: str) -> bool:
    since = work.touched.get(commitment_id)
    return since is not None and since <= period


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
