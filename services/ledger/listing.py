"""What an entry is looked up by: a projection of its event, rebuildable from it.

Promises: derived from the event alone. `party_id` is the supplier whose matter it is, where it is
one supplier's; `return_id` the return that it is or that it judges.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.ledger import facts


class Listing(NamedTuple):
    """One entry's row, without its index."""

    event_id: UUID
    caused_by: UUID | None
    type: str
    authority_id: str
    contract_id: str | None
    party_id: str | None
    period: str | None
    return_id: UUID | None
    commitment_ids: list[str]
    occurred_at: datetime


_PARTS = ("lines", "results", "changed", "assessments")
COLUMNS = ("idx", *Listing._fields)


def of(event: facts.Recorded) -> Listing:
    """The row of `event`."""
    said = vars(event)
    return Listing(
        event_id=event.event_id,
        caused_by=event.caused_by,
        type=event.type,
        authority_id=event.authority_id,
        contract_id=said.get("contract_id"),
        party_id=said.get("party_id") or said.get("supplier_id"),
        period=said.get("period"),
        return_id=said.get("return_id"),
        commitment_ids=sorted(_commitment_ids(said)),
        occurred_at=event.occurred_at,
    )


def _commitment_ids(said: dict[str, Any]) -> set[str]:
    """Those it names itself, and those of what it consists of."""
    found = {each.commitment_id for name in _PARTS for each in said.get(name, ())}
    if "commitment" in said:
        found.add(said["commitment"].commitment_id)
    if said.get("commitment_id") is not None:
        found.add(said["commitment_id"])
    return found
