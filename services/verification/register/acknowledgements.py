"""Alerts, as people acknowledge them by name (rule L3). Gather, decide, apply.

Promises: an alert is acknowledged once; whoever does it again is told who was first. It is an input
of the contract's journal, and an event for the ledger, of ids only.
Refuses: an alert that is not there, or of another authority.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.verification import store
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts
from services.verification.register import contracts, publication
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.delivery import outbox, topics
from shared.wire import events


class Acknowledged(NamedTuple):
    """By whom and when."""

    alert_id: UUID
    by: str
    at: datetime


async def acknowledge(
    conn: sql.Connection, alert_id: UUID, acting: Acting
) -> Acknowledged | Refusal:
    """Acknowledges an alert; if somebody did before, says who."""
    alert = await store.register.find_alert(conn, alert_id)
    if alert is None:
        return Refusal("alert_unknown")
    contract = await contracts.lock(conn, alert["contract_id"], acting)
    if isinstance(contract, Refusal):
        return Refusal("alert_unknown")
    alert = await store.register.find_alert(conn, alert_id)  # as it is now that nobody changes it
    assert alert is not None, "alerts are never deleted"
    if alert["acknowledged_by"] is not None:
        return Acknowledged(alert_id, alert["acknowledged_by"], alert["acknowledged_at"])
    event = events.AlertAcknowledged(
        **publication.head(acting),
        caused_by=alert_id,
        contract_id=alert["contract_id"],
        alert_id=alert_id,
        acknowledged_by=acting.actor_id,
    )
    await _apply(conn, contract, event)
    return Acknowledged(alert_id, event.acknowledged_by, event.occurred_at)


async def _apply(
    conn: sql.Connection, contract: sql.Record, event: events.AlertAcknowledged
) -> None:
    after, _ = fold.fold(state.from_bytes(contract["state"]), event, Facts(), Lines())
    await store.register.move_contract(conn, after.version, store.rows.state_row(after))
    entry = store.rows.journal_row(after, event, events.write(event), Facts())
    await store.batches.add_entries(conn, [entry])
    await store.register.set_acknowledged(conn, event)
    await outbox.post(conn, [outbox.Row.of(topics.OUTCOMES, event)])
