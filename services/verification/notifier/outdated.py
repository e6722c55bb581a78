"""Operators are told that reference data is out of date: once for each thing that is (rule L2).
Gather, decide, apply."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from services.verification import store
from services.verification.reference import age
from shared import calendar, sql
from shared.notifier import kinds, notifications, recipients
from shared.wire import ids

KIND: Final = "reference_out_of_date"
RANK: Final = 1_000_000
"""After every alert."""


async def tell(pool: sql.Pool, now: datetime, digest_hour: int) -> None:
    """Writes the notifications that are not there yet."""
    found = age.check(await store.postcodes.find_newest_month(pool), calendar.london_day(now))
    if not found:
        return
    people = await recipients.load_recipients(pool, await store.telling.list_operators(pool))
    told = [
        notifications.Notification(
            event_id=event_id(each),
            step="raised",
            recipient_id=who.recipient_id,
            authority_id=who.authority_id,
            contract_id=None,
            kind=KIND,
            how=how,
            rank=RANK,
            due_at=notifications.due_at(how, now, digest_hour),
        )
        for each in found
        for who in people.values()
        if who.is_on and (how := kinds.how(kinds.COUNCIL, KIND, who.choices)) != "never"
    ]
    await notifications.add_notifications(pool, told)


def event_id(each: age.OutOfDate) -> UUID:
    """The id of what is told: the same for as long as the same thing is out of date."""
    return ids.derived("reference", each.key)
