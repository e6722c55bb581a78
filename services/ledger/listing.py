"""What an entry is looked up by: a projection of its event, rebuildable from it.

Promises: derived from the event alone. `party_id` is the supplier whose matter it is, where it is
one supplier's; `return_id` the return that it is or that it judges.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.ledger import facts
from shared import events


class Listing(NamedTuple):
    """One entry's row, without its index."""

    type: str
    authority_id: str
    contract_id: str | None
    party_id: str | None
    period: str | None
    return_id: UUID | None
    commitment_ids: list[str]
    occurred_at: datetime


COLUMNS = ("idx", *Listing._fields)


def of(event: facts.Recorded) -> Listing:
    """The row of `event`."""
    said = vars(event)
    return Listing(
        type=event.type,
        authority_id=event.authority_id,
        contract_id=said.get("contract_id"),
        party_id=said.get("party_id") or said.get("supplier_id"),
        period=said.get("period"),
        return_id=said.get("return_id"),
        commitment_ids=sorted(set(_commitment_ids(event))),
        occurred_at=event.occurred_at,
    )


def _commitment_ids(event: facts.Recorded) -> Iterable[str]:
    match event:
        case events.ReturnReceived():
            return [line.commitment_id for line in event.lines]
        case events.ReturnChecked():
            lines = [each.commitment_id for each in (*event.results, *event.changed)]
            return lines + [each.commitment_id for each in event.assessments]
        case events.CommitmentAssessed():
            lines = [each.commitment_id for each in event.changed]
            return lines + [each.commitment_id for each in event.assessments]
        case events.CommitmentChanged():
            return [event.commitment.commitment_id]
        case events.CaseMoved() | events.AlertRaised() if event.commitment_id is not None:
            return [event.commitment_id]
        case _:
            return []
