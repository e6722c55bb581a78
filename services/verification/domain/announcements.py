"""What is said of a decision: line results, assessments, moves of cases, alerts (rules A9, L1).

Promises: ids are derived of the subject and step, so that the same thing is said once; figures and
codes only, never words. One alert per change: per subject, kind and transition.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from services.verification.domain import assessment, profiles
from services.verification.domain.assessment import Assessed
from services.verification.domain.cases import Case
from services.verification.domain.periods import Step
from services.verification.domain.state import Finding, Line, Owed, Slot, Sums, Version, slot_key
from services.verification.domain.work import RULE_SET, Work
from shared import calendar
from shared.wire import events, ids

NOTICE_WORKING_DAYS: Final = 5
"""A manager has this long to notify the supplier before the case escalates."""

ShortfallKind = Literal["shortfall_opened", "shortfall_worsened", "shortfall_recovered"]


def result(line: Line, *, is_other: bool = False) -> events.LineResult:
    """A line's result on the wire. `is_other`: of another return than the event's own."""
    found, per = line.result, line.per
    return events.LineResult(
        return_id=line.return_id if is_other else None,
        line_id=line.line_id,
        commitment_id=line.commitment_id,
        outcome=found.outcome,
        counted=assessment.units(found.counted, per),
        provisional=assessment.units(found.provisional, per) if found.provisional else events.NIL,
        queried=assessment.units(found.queried, per) if found.queried else events.NIL,
        findings=tuple(map(_finding, found.findings)),
    )


def _finding(found: Finding) -> events.Finding:
    return events.Finding(rule=found.rule, code=found.code, found=found.found, wanted=found.wanted)


def assessed(
    work: Work, subject: tuple[str, Version, str], sums: Sums, found: Assessed, *, replaces: bool
) -> events.Assessment:
    """One assessment with all that it used (rule A9). `subject`: commitment, version, period."""
    commitment_id, version, period = subject
    low = sums.counted + sums.provisional
    attained = assessment.attainment(found)
    return events.Assessment(
        commitment_id=commitment_id,
        commitment_version=version.number,
        period=period,
        target=version.target,
        expected=assessment.written(found.due.expected),
        counted=assessment.units(sums.counted, version.per),
        low=assessment.units(low, version.per),
        high=assessment.units(low + sums.queried, version.per),
        attainment=None if attained is None else assessment.written(attained),
        rating=found.rated.rating,
        reason=found.rated.reason,
        bands=assessment.BANDS,
        returns=work.standing(period),
        inputs=work.state.inputs,
        replaces=replaces,
    )


def case_moved(
    work: Work, case: Case, move: tuple[str | None, str, str], **about: Any
) -> events.CaseMoved:
    """A case's move. `move`: from, to, reason; `about`: kind, and commitment or party."""
    moved_from, moved_to, reason = move
    return events.CaseMoved(
        **work.head(ids.derived("CaseMoved", case.case_id, moved_from, moved_to, RULE_SET)),
        case_id=case.case_id,
        period=case.period,
        moved_from=moved_from,
        moved_to=moved_to,
        reason=reason,
        **about,
    )


def shortfall(
    work: Work,
    kind: ShortfallKind,
    case: Case,
    subject: tuple[str, Version, str],
    found: Assessed,
) -> events.AlertRaised:
    """A case that opened, worsened or recovered, with its figures (rule L1)."""
    commitment_id, version, period = subject
    promise = work.state.promises[commitment_id]
    sums = promise.through(period)
    expected = found.due.expected
    behind = profiles.plus(expected, (-found.low[0], found.low[1]))
    transition = f"{period}:{found.rated.rating}"
    has_recovered = kind == "shortfall_recovered"
    low = sums.counted + sums.provisional
    return events.AlertRaised(
        **work.head(_alert_id(work, kind, str(case.case_id), transition)),
        kind=kind,
        subject=str(case.case_id),
        supplier_id=work.state.suppliers[0] if len(work.state.suppliers) == 1 else None,
        commitment_id=commitment_id,
        period=period,
        unit=version.unit,
        target=version.target,
        expected=assessment.shown(expected),
        reported=assessment.units(sums.reported, version.per),
        counted=assessment.units(sums.counted, version.per),
        low=assessment.units(low, version.per),
        gap=assessment.shown(behind) if behind[0] > 0 else Decimal(0),
        rating=found.rated.rating,
        why=() if has_recovered else _why(work, subject, sums, expected),
        step=None if has_recovered else "notify_supplier",
        step_by=None if has_recovered else _step_by(work),
        returns=work.standing(period),
        rule_set=RULE_SET,
    )


def return_step(work: Work, slot: Slot, owed: Owed, step: Step) -> events.AlertRaised:
    """A step of the ladder of a return that is not in (rule O1)."""
    period, party_id = slot
    is_overdue = step.on > owed.due_on
    subject = slot_key(slot)
    return events.AlertRaised(
        **work.head(
            _alert_id(
                work,
                "return_overdue" if is_overdue else "return_due",
                subject,
                f"{owed.due_on}:{step.name}",
            )
        ),
        kind="return_overdue" if is_overdue else "return_due",
        subject=subject,
        supplier_id=party_id,
        period=period,
        due_on=owed.due_on,
        why=("no_return",),
        step="chase_return" if is_overdue else "send_return",
        step_by=step.on if is_overdue else owed.due_on,
        rule_set=RULE_SET,
    )


def duplicate(work: Work, line: Line, winner_no: int) -> events.AlertRaised:
    """A line for which an earlier claim left no room (rule V6); `winner_no`: its receipt."""
    assert line.claim is not None
    subject = f"{line.return_id}/{line.line_id}"
    promise = work.state.promises[line.commitment_id]
    version = promise.in_force(line.activity_on)
    transition = f"{line.claim.key}:{line.claim.receipt_no}:{winner_no}"
    if line.crowded > 1:  # it had room again in between
        transition += f":{line.crowded}"
    return events.AlertRaised(
        **work.head(_alert_id(work, "duplicate_claim", subject, transition)),
        kind="duplicate_claim",
        subject=subject,
        supplier_id=line.party_id,
        commitment_id=line.commitment_id,
        period=line.period,
        unit=None if version is None else version.unit,
        reported=assessment.units(line.value, line.per),
        counted=Decimal(0),
        why=("claimed_before",),
        step="decide_line",
        step_by=_step_by(work),
        returns=(line.return_id,),
        rule_set=RULE_SET,
    )


def _why(
    work: Work, subject: tuple[str, Version, str], sums: Sums, expected: profiles.Ratio
) -> tuple[str, ...]:
    """Why it is behind, by code (rule L1)."""
    _, version, period = subject
    high = sums.counted + sums.provisional + sums.queried
    reported = assessment.ratio(sums.reported, version.per)
    codes = []
    if reported[0] * expected[1] < expected[0] * reported[1]:
        codes.append("not_delivered")
    if sums.reported > high:
        codes.append("rejected")
    if sums.queried > 0:
        codes.append("awaiting_council")
    if any(key[:7] <= period for key in work.state.owed):
        codes.append("no_return")
    return tuple(codes)


def _step_by(work: Work) -> date:
    day = calendar.london_day(work.event.occurred_at)
    return calendar.working_day(day, NOTICE_WORKING_DAYS)


def _alert_id(work: Work, kind: str, subject: str, transition: str) -> Any:
    return ids.derived("AlertRaised", work.state.contract_id, kind, subject, transition, RULE_SET)
