"""Announcements: the events that a fold posts, made of what its rules decided, once, at its end.

Promises: ids are derived of the subject and step, so that the same thing is said once; times are
the cause's; figures and codes only, never words (rules A9, L1). One alert per change: per subject,
kind and transition. The order is that in which events are posted: what was checked or assessed,
then the cases that it moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.verification.domain import assessment, cases, parts
from services.verification.domain.assessment import Assessment
from services.verification.domain.lines import Finding, Line
from services.verification.domain.state import Decisions, slot_key
from services.verification.domain.work import (
    Alert,
    Correction,
    Duplicate,
    Ending,
    Held,
    Reminder,
    Shortfall,
    Work,
)
from shared import calendar
from shared.rules import RULE_SET
from shared.wire import events, ids

NOTICE_WORKING_DAYS: Final = 5
"""A manager has this long to notify the supplier before the case escalates."""


def announce(work: Work) -> Decisions:
    """Everything that a fold decided, with its events."""
    return Decisions(
        outcomes=[*_outcomes(work), *(_case_moved(work, move) for move in work.moves)],
        alerts=(_alert(work, alert) for alert in work.alerts),
        reconsider=list(_reconsiderations(work)),
        lines_gone=work.lines_gone,
        lines_put=work.lines_put,
        claims_gone=work.claims_gone,
        claims_put=work.claims_put,
    )


def _head(work: Work, event_id: UUID) -> dict[str, Any]:
    """What every derived event says of itself."""
    return {
        "event_id": event_id,
        "authority_id": work.state.authority_id,
        "occurred_at": work.event.occurred_at,
        "caused_by": work.event.event_id,
        "contract_id": work.state.contract_id,
    }


# --- what was checked and assessed ---------------------------------------------------------------


def _outcomes(work: Work) -> Iterator[events.Event]:
    """One ReturnChecked per return or withdrawal; for a day or another contract's claim one
    CommitmentAssessed, where it changed anything. Both in as many parts as it takes."""
    event = work.event
    if isinstance(event, events.ReturnReceived | events.ReturnWithdrawn):
        yield from parts.cut(_checked(work, event))
    elif isinstance(event, events.DayEnded):
        yield from _assessed(work, f"day:{event.day}")
    elif isinstance(event, events.LineReconsidered):
        yield from _assessed(work, f"claim:{event.claim}:{event.winner}")


def _checked(
    work: Work, event: events.ReturnReceived | events.ReturnWithdrawn
) -> events.ReturnChecked:
    event_id = ids.derived("ReturnChecked", event.return_id, event.receipt_no, RULE_SET)
    return events.ReturnChecked(
        **_head(work, event_id),
        return_id=event.return_id,
        receipt_no=event.receipt_no,
        party_id=event.party_id,
        period=event.period,
        revision=event.revision,
        withdrawn=isinstance(event, events.ReturnWithdrawn),
        results=tuple(map(_result, work.results)),
        changed=_changed(work),
        assessments=_assessments(work),
        rule_set=RULE_SET,
        editions=tuple(sorted({fact.edition for fact in work.facts.postcodes.values()})),
    )


def _assessed(work: Work, step: str) -> Iterator[events.CommitmentAssessed]:
    if work.changed or work.assessments:
        event_id = ids.derived("CommitmentAssessed", work.state.contract_id, step, RULE_SET)
        whole = events.CommitmentAssessed(
            **_head(work, event_id),
            changed=_changed(work),
            assessments=_assessments(work),
            rule_set=RULE_SET,
        )
        yield from parts.cut(whole)


def _changed(work: Work) -> tuple[events.LineResult, ...]:
    return tuple(_result(line, line.return_id) for line in work.changed)


def _result(line: Line, return_id: UUID | None = None) -> events.LineResult:
    """A line's result on the wire; with its return where that is not the event's own."""
    found, per = line.result, line.per
    return events.LineResult(
        return_id=return_id,
        line_id=line.line_id,
        commitment_id=line.commitment_id,
        outcome=found.outcome,
        counted=assessment.units(found.counted, per),
        provisional=assessment.units(found.provisional, per) if found.provisional else events.NIL,
        queried=assessment.units(found.queried, per) if found.queried else events.NIL,
        findings=tuple(map(finding, found.findings)),
    )


def finding(found: Finding) -> events.Finding:
    """A finding on the wire."""
    return events.Finding(
        rule=found.rule, code=found.code, found=found.found, wanted=found.wanted, of=found.of
    )


def _assessments(work: Work) -> tuple[events.Assessment, ...]:
    return tuple(_assessment(made, work.state.inputs) for made in work.assessments)


def _assessment(made: Assessment, inputs: int) -> events.Assessment:
    """One assessment with all that it used (rule A9)."""
    (commitment_id, version, period), sums, answer = made.subject, made.sums, made.answer
    attained = assessment.attainment(answer)
    return events.Assessment(
        commitment_id=commitment_id,
        commitment_version=version.number,
        period=period,
        target=version.target,
        expected=assessment.written(answer.due.expected),
        counted=assessment.units(sums.counted, version.per),
        low=assessment.units(sums.low, version.per),
        high=assessment.units(sums.high, version.per),
        attainment=None if attained is None else assessment.written(attained),
        rating=answer.rated.rating,
        reason=answer.rated.reason,
        bands=assessment.BANDS,
        returns=made.returns,
        inputs=inputs,
        replaces=made.replaces,
    )


def _case_moved(work: Work, move: cases.Move) -> events.CaseMoved:
    case, subject = move.case, move.subject
    event_id = ids.derived("CaseMoved", case.case_id, move.moved_from, case.state, RULE_SET)
    return events.CaseMoved(
        **_head(work, event_id),
        case_id=case.case_id,
        kind=subject.kind,
        commitment_id=subject.commitment_id,
        party_id=subject.party_id,
        period=case.period,
        moved_from=move.moved_from,
        moved_to=case.state,
        reason=move.reason,
    )


def _reconsiderations(work: Work) -> Iterator[events.LineReconsidered]:
    for contract_id, key, winner in work.reconsiderations:
        event_id = ids.derived("LineReconsidered", contract_id, key, winner, RULE_SET)
        head = _head(work, event_id) | {"contract_id": contract_id}
        yield events.LineReconsidered(**head, claim=key, winner=winner)


# --- alerts --------------------------------------------------------------------------------------


def _alert(work: Work, alert: Alert) -> events.AlertRaised:
    if isinstance(alert, Shortfall):
        return _shortfall(work, alert)
    if isinstance(alert, Correction):
        return _correction(work, alert)
    if isinstance(alert, Held):
        return _held(work, alert)
    if isinstance(alert, Ending):
        return _ending(work, alert)
    if isinstance(alert, Reminder):
        return _reminder(work, alert)
    return _duplicate(work, alert)


def _shortfall(work: Work, alert: Shortfall) -> events.AlertRaised:
    """A case that opened, worsened or recovered (rule L1)."""
    made, subject = alert.assessment, str(alert.case.case_id)
    transition = f"{made.subject.period}:{made.answer.rated.rating}"
    has_recovered = alert.kind == "shortfall_recovered"
    return events.AlertRaised(
        **_alert_head(work, alert.kind, subject, transition),
        **_figures(work, made),
        kind=alert.kind,
        subject=subject,
        why=alert.why,
        step=None if has_recovered else "notify_supplier",
        step_by=None if has_recovered else _step_by(work),
    )


def _correction(work: Work, alert: Correction) -> events.AlertRaised:
    """A rating that stands, though what is known now would be rated differently (rule L2)."""
    made = alert.assessment
    subject = f"{made.subject.commitment_id}/{made.subject.period}"
    return events.AlertRaised(
        **_alert_head(work, "correction_changed_rating", subject, _cause(work)),
        **_figures(work, made),
        kind="correction_changed_rating",
        subject=subject,
        rating_before=alert.rating_before,
        why=("corrected",),
        step="review_rating",
        step_by=_step_by(work),
    )


def _held(work: Work, alert: Held) -> events.AlertRaised:
    """A rating that waits for the council to decide lines (rule L2)."""
    made = alert.assessment
    subject = f"{made.subject.commitment_id}/{made.subject.period}"
    return events.AlertRaised(
        **_alert_head(work, "queue_holds_rating", subject, _cause(work)),
        **_figures(work, made),
        kind="queue_holds_rating",
        subject=subject,
        queried=assessment.units(made.sums.queried, made.subject.version.per),
        why=("awaiting_council",),
        step="decide_lines",
        step_by=_step_by(work),
    )


def _ending(work: Work, alert: Ending) -> events.AlertRaised:
    """A commitment that is behind while its contract comes to its end (rule L2)."""
    made, ends_on = alert.assessment, work.state.ends_on
    subject = made.subject.commitment_id
    return events.AlertRaised(
        **_alert_head(work, "contract_ends_with_gap", subject, f"{ends_on}:{_cause(work)}"),
        **_figures(work, made),
        kind="contract_ends_with_gap",
        subject=subject,
        ends_on=ends_on,
        why=alert.why,
        step="review_contract",
        step_by=_step_by(work),
    )


def _cause(work: Work) -> str:
    """What of the event that caused it is like no other: its receipt number, the claim that won, or
    its day."""
    said = (getattr(work.event, name, None) for name in ("receipt_no", "winner", "day"))
    return str(next((each for each in said if each is not None), None))


def _figures(work: Work, made: Assessment) -> dict[str, Any]:
    """What an alert says of an assessment (rule L1)."""
    (commitment_id, version, period), sums, answer = made.subject, made.sums, made.answer
    expected, suppliers = answer.due.expected, work.state.suppliers
    behind = assessment.behind(answer)
    return {
        "supplier_id": suppliers[0] if len(suppliers) == 1 else None,
        "commitment_id": commitment_id,
        "period": period,
        "unit": version.unit,
        "target": version.target,
        "expected": assessment.shown(expected),
        "reported": assessment.units(sums.reported, version.per),
        "counted": assessment.units(sums.counted, version.per),
        "low": assessment.units(sums.low, version.per),
        "gap": assessment.shown(behind) if behind[0] > 0 else Decimal(0),
        "rating": answer.rated.rating,
        "returns": made.returns,
        "rule_set": RULE_SET,
    }


def _reminder(work: Work, alert: Reminder) -> events.AlertRaised:
    """A step of the ladder of a return that is not in (rule O1)."""
    (period, party_id), owed, step = alert
    is_overdue = step.on > owed.due_on
    kind: Any = "return_overdue" if is_overdue else "return_due"
    subject = slot_key(alert.slot)
    return events.AlertRaised(
        **_alert_head(work, kind, subject, f"{owed.due_on}:{step.name}"),
        kind=kind,
        subject=subject,
        supplier_id=party_id,
        period=period,
        due_on=owed.due_on,
        why=("no_return",),
        step="chase_return" if is_overdue else "send_return",
        step_by=_step_by(work) if is_overdue else owed.due_on,
        rule_set=RULE_SET,
    )


def _duplicate(work: Work, alert: Duplicate) -> events.AlertRaised:
    """A line that claims of a lower rank have displaced (rule V6)."""
    line = alert.line
    assert line.claim is not None
    subject = f"{line.return_id}/{line.line_id}"
    version = work.state.commitments[line.commitment_id].in_force(line.activity_on)
    transition = f"{line.claim.key}:{line.claim.receipt_no}:{alert.lowest_receipt_no}"
    if line.displaced > 1:  # it fitted again in between
        transition += f":{line.displaced}"
    return events.AlertRaised(
        **_alert_head(work, "duplicate_claim", subject, transition),
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


def _alert_head(work: Work, kind: str, subject: str, transition: str) -> dict[str, Any]:
    event_id = ids.derived(
        "AlertRaised", work.state.contract_id, kind, subject, transition, RULE_SET
    )
    return _head(work, event_id)


def _step_by(work: Work) -> date:
    day = calendar.london_day(work.event.occurred_at)
    further = calendar.known(work.state.holidays, day)
    return calendar.working_day(day, NOTICE_WORKING_DAYS, further)
