"""Alerts, as people acknowledge them by name (rule L3). Gather, decide, apply.

Promises: an alert is acknowledged once; whoever does it again is told who was first. It is an input
of the contract's journal, and an event for the ledger, of ids only. Several at once are one
transaction: all are acknowledged, or none. It is a handful of queries, however many there are.
Refuses: an alert that is not there, or of another authority; then none is acknowledged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.verification import store
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts
from services.verification.register import publication
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.delivery import outbox, topics
from shared.wire import events

TOGETHER_MAX: Final = 50
"""Alerts at once: a page of them. Their contracts are locked till all are done."""


class Acknowledged(NamedTuple):
    """By whom and when."""

    alert_id: UUID
    by: str
    at: datetime


async def acknowledge(
    conn: sql.Connection, alert_id: UUID, acting: Acting
) -> Acknowledged | Refusal:
    """Acknowledges an alert; if somebody did before, says who."""
    done = await acknowledge_all(conn, [alert_id], acting)
    return done if isinstance(done, Refusal) else done[0]


async def acknowledge_all(
    conn: sql.Connection, alert_ids: Collection[UUID], acting: Acting
) -> Sequence[Acknowledged] | Refusal:
    """Acknowledges these alerts, at most `TOGETHER_MAX`; of each, says who did it first."""
    assert len(alert_ids) <= TOGETHER_MAX
    wanted = sorted(set(alert_ids))
    found = await store.register.load_alerts(conn, acting.authority_id, wanted)
    if len(found) < len(wanted):
        return Refusal("alert_unknown")
    locked = await store.batches.lock_contracts(conn, {row["contract_id"] for row in found})
    found = await store.register.load_alerts(conn, acting.authority_id, wanted)  # as they are now
    new = [_event(row, acting) for row in found if row["acknowledged_by"] is None]
    await _apply(conn, {each: locked[each].state for each in locked}, new)
    by_alert = {event.alert_id: event for event in new}
    return [_done(row, by_alert.get(row["event_id"])) for row in found]


def _event(alert: sql.Record, acting: Acting) -> events.AlertAcknowledged:
    return events.AlertAcknowledged(
        **publication.head(acting),
        caused_by=alert["event_id"],
        contract_id=alert["contract_id"],
        alert_id=alert["event_id"],
        acknowledged_by=acting.actor_id,
    )


def _done(alert: sql.Record, event: events.AlertAcknowledged | None) -> Acknowledged:
    if event is not None:
        return Acknowledged(event.alert_id, event.acknowledged_by, event.occurred_at)
    return Acknowledged(alert["event_id"], alert["acknowledged_by"], alert["acknowledged_at"])


async def _apply(
    conn: sql.Connection, states: Mapping[str, bytes], new: Iterable[events.AlertAcknowledged]
) -> None:
    """Adds these events to the journals of their contracts, and posts them."""
    after: dict[str, state.State] = {}
    journal, messages = [], []
    for event in new:
        before = after.get(event.contract_id) or state.from_bytes(states[event.contract_id])
        now, _ = fold.fold(before, event, Facts(), Lines())
        after[event.contract_id] = now
        journal.append(store.rows.journal_row(now, event, events.write(event), Facts()))
        messages.append(event)
    await store.batches.move_contracts(conn, [store.rows.state_row(now) for now in after.values()])
    await store.batches.add_entries(conn, journal)
    await store.register.set_acknowledged(conn, messages)
    await outbox.post(conn, [outbox.Row.of(topics.OUTCOMES, each) for each in messages])
