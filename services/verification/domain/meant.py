"""Which lines an alert is about, and whether there is still something to do (rule L1).

Promises: pure; the lines that do not count in full come first, the latest month before the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from services.verification.domain import cases
from services.verification.domain.cases import CaseState
from services.verification.domain.lines import Line, Slot
from shared.wire import events


def lines(alert: events.AlertRaised, current: Iterable[Line]) -> list[Line]:
    """Of a contract's current lines those that an alert is about. Of a duplicate the line itself,
    also where a revision has replaced it since; of a commitment those of the alert's month, and of
    earlier months those that do not count in full."""
    if alert.kind == "duplicate_claim":
        line_id = alert.subject.partition("/")[2]
        slot = (alert.period, alert.supplier_id)
        return [line for line in current if line.line_id == line_id and line.slot == slot]
    if alert.period is None or alert.commitment_id is None or alert.kind == "shortfall_recovered":
        return []
    own = [
        line
        for line in current
        if line.commitment_id == alert.commitment_id
        and (line.period == alert.period or (line.period < alert.period and not counts(line)))
    ]
    own.sort(key=lambda line: (line.period, line.party_id, line.order), reverse=True)
    return sorted(own, key=counts)


def is_over(
    alert: events.AlertRaised,
    case: CaseState | None,
    owed: Collection[Slot] | None,
    own: Sequence[Line] | None,
    has_owner: bool = False,
) -> bool:
    """Whether what an alert is about has ended since. `case`: the state of its case; `owed`: the
    returns that the contract owes, if that is known; `own`: the lines that it is about, if all are
    known; `has_owner`: whether somebody owns the contract."""
    if alert.kind in ("return_due", "return_overdue"):
        return owed is not None and (alert.period, alert.supplier_id) not in owed
    if alert.kind == "duplicate_claim":
        return own is not None and not any(line.result.is_displaced for line in own)
    if alert.kind == "queue_holds_rating":
        return own is not None and not any(line.result.outcome == "queried" for line in own)
    if alert.kind == "commitment_without_owner":
        return has_owner
    return case is not None and not cases.is_open(case)


def counts(line: Line) -> bool:
    """Whether all that a line reports counts."""
    result = line.result
    reported = line.value if result.reported is None else result.reported
    return result.outcome != "queried" and result.counted + result.provisional == reported
