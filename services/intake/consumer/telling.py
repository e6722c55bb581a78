"""Notifications of what the other services say: gather, decide, apply (rule L3).

Promises: they are written in the transaction of the batch, in at most four queries, however much it
says; a batch that says nothing to suppliers' people needs none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from services.intake import store
from services.intake.domain import due, telling
from shared.delivery import transaction
from shared.notifier import notifications


class Clock(NamedTuple):
    """What time it is, and at which hour in London digests go out."""

    now: datetime
    digest_hour: int


async def tell(unit: transaction.Unit, clock: Clock) -> None:
    """Writes whom the unit's messages are to be told to."""
    found = telling.changes((message.event for message in unit.messages), clock.now)
    if not found:
        return
    people = await store.contacts.load_people(unit.conn, {each.whose for each in found})
    if not people:
        return
    asked_from = await _load_asked_from(unit, found)
    news = [each for each in found if not telling.is_history(each, asked_from)]
    told = telling.tellings(news, people)
    await notifications.add_notifications(unit.conn, [_notification(each, clock) for each in told])
    await _keep_alerts(unit, {each.change.event_id for each in told}, clock.now)


async def _load_asked_from(
    unit: transaction.Unit, found: Collection[telling.Change]
) -> Mapping[str, str | None]:
    """From which month on returns are asked for, by contract, of those whose returns were
    checked."""
    contract_ids = {each.contract_id for each in found if each.kind == "return_checked"}
    return {
        row.contract_id: due.first_period(store.rows.read_published(row.body))
        for row in await store.desk.load_contracts(unit.conn, contract_ids)
    }


def _notification(told: telling.Telling, clock: Clock) -> notifications.Notification:
    change = told.change
    return notifications.Notification(
        event_id=change.event_id,
        step="raised",
        recipient_id=told.recipient_id,
        authority_id=change.whose.authority_id,
        contract_id=change.contract_id,
        kind=change.kind,
        how=told.how,
        rank=change.rank,
        due_at=notifications.due_at(told.how, clock.now, clock.digest_hour),
    )


async def _keep_alerts(unit: transaction.Unit, told: Collection[object], now: datetime) -> None:
    """Keeps the alerts that are told: their letters are written from them."""
    kept = [
        store.told.ToldRow(message.event_id, message.event.contract_id, message.body, now)
        for message in unit.messages
        if message.event_id is not None and message.event_id in told
    ]
    await store.told.add_told(unit.conn, kept)
