"""Ends days: midnight in London becomes an event for each partition of `returns`, every day.

Promises: a day ends after its last acceptance, since both lock the desk. From the day of
installation on, each day ends exactly once (the event's id is made of day and partition), in order,
and never before its time. Everything that depends on time follows from these events, not from
clocks. Before a day ends, those of its refusals are told that were not told one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from services.intake import metrics, store
from shared import calendar
from shared.delivery import outbox, topics, transaction
from shared.wire import events, ids

CHECK_SECONDS: Final = 5.0
"""How often the clock is checked."""
DAYS_MAX: Final = 31
"""Days ended in one transaction."""


async def run(delivery: transaction.Delivery, now: Callable[[], datetime]) -> None:
    """Ends days for ever."""
    while True:
        day = await end(delivery, now())
        metrics.DAY_ENDED.set(calendar.midnight_after(day).timestamp())
        await asyncio.sleep(CHECK_SECONDS)


async def end(delivery: transaction.Delivery, now: datetime) -> date:
    """Ends every day that is over. Returns the last day that has ended."""
    while True:
        async with delivery.pool.acquire() as conn, conn.transaction():
            desk_row = await store.desk.lock(conn, now)
            days = _days(desk_row.day_ended, calendar.day_ended_by(now))
            for day in days:
                refused = []
                for each in await store.desk.list_untold(conn, day):
                    refused.append(each.event(day))
                    await store.desk.add_refused_together(conn, each, refused[-1].event_id)
                ended = [outbox.Row.of(topics.RETURNS, e, e.partition) for e in _events(day)]
                told = [outbox.Row.of(topics.RETURNS, event) for event in refused]
                await outbox.post(conn, [*told, *ended])
            if days:
                await store.desk.set_day_ended(conn, days[-1], calendar.midnight_after(days[-1]))
        if not days:
            return desk_row.day_ended
        delivery.posted.set()


def _days(day_ended: date, last: date) -> list[date]:
    """The days after `day_ended` up to `last`, in order, as many as one transaction ends."""
    count = min((last - day_ended).days, DAYS_MAX)
    return [day_ended + timedelta(days=n) for n in range(1, count + 1)]


def _events(day: date) -> list[events.DayEnded]:
    """The end of `day`, once for each partition."""
    return [
        events.DayEnded(
            event_id=ids.derived("DayEnded", day, partition),
            authority_id=events.INSTALLATION,
            occurred_at=calendar.midnight_after(day),
            day=day,
            partition=partition,
        )
        for partition in range(topics.PARTITIONS)
    ]
