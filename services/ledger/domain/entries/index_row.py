"""The fields by which an entry is found: a projection of its event.

Promises: derived from the event alone, and so rebuildable. `party_id` is the supplier that the
event concerns, if it concerns one. `return_id` is the return that the event is, or is about.
`receipt_no` is set on the one entry that keeps the receipt of this number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.domain.entries import facts
from shared.wire import events

_RECEIPTED: Final = (events.ReturnReceived, events.ReturnWithdrawn)


class IndexRow(NamedTuple):
    """One entry's row, without its index."""

    event_id: UUID
    caused_by: UUID | None
    type: str
    authority_id: str
    contract_id: str | None
    party_id: str | None
    period: str | None
    return_id: UUID | None
    commitment_ids: str
    """Sorted and separated by blanks (no id has one). An array would take as long to write as all
    other columns together."""
    occurred_at: datetime
    receipt_no: int | None


def of(event: facts.Recorded) -> IndexRow:
    """The row of `event`."""
    return IndexRow(
        event_id=event.event_id,
        caused_by=event.caused_by,
        type=event.type,
        authority_id=event.authority_id,
        contract_id=getattr(event, "contract_id", None),
        party_id=getattr(event, "party_id", None) or getattr(event, "supplier_id", None),
        period=getattr(event, "period", None),
        return_id=getattr(event, "return_id", None),
        commitment_ids=" ".join(sorted(_commitment_ids(event))),
        occurred_at=event.occurred_at,
        receipt_no=event.receipt_no if isinstance(event, _RECEIPTED) else None,
    )


def _commitment_ids(event: facts.Recorded) -> set[str]:
    """The commitment that the event names, and those of its lines and assessments."""
    match event:
        case events.ReturnReceived():
            return {line.commitment_id for line in event.lines}
        case events.ReturnChecked():
            lines = {line.commitment_id for line in (*event.results, *event.changed)}
            return lines | {each.commitment_id for each in event.assessments}
        case events.CommitmentAssessed():
            lines = {line.commitment_id for line in event.changed}
            return lines | {each.commitment_id for each in event.assessments}
        case events.CommitmentChanged():
            return {event.commitment.commitment_id}
        case events.CaseMoved(commitment_id=str(own)) | events.AlertRaised(commitment_id=str(own)):
            return {own}
        case _:
            return set()
