"""Midnight in London, as an event: one for each partition of `returns`, every day, in order.

Promises: a day ends after its last acceptance, since both lock the desk; from the day of
installation on no day is left out, none comes twice (its id is of date and partition) and none
comes before its time. Everything that depends on time hangs on these events, not on clocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from services.intake import store
from shared import calendar
from shared.delivery import outbox, topics, transaction
from shared.wire import events, ids

LOOK_SECONDS: Final = 5.0
"""How often the clock is looked at."""
DAYS_MAX: Final = 31
"""Days ended in one transaction."""


async def run(delivery: transaction.Delivery, now: Callable[[], datetime]) -> None:
    """Ends days for ever."""
    while True:
        await end(delivery, now())
        await asyncio.sleep(LOOK_SECONDS)


async def end(delivery: transaction.Delivery, now: datetime) -> date:
    """Ends every day that has passed and was not ended yet; the last day ended."""
    while True:
        async with delivery.pool.acquire() as conn, conn.transaction():
            desk = await store.desk.lock(conn, now)
            passed = due(desk.day_ended, calendar.day_ended_by(now))
            for day in passed:
                await outbox.post(
                    conn, [outbox.Row.of(topics.RETURNS, one, one.partition) for one in said(day)]
                )
            if passed:
                await store.desk.set_day_ended(
                    conn, passed[-1], calendar.midnight_after(passed[-1])
                )
        if not passed:
            return desk.day_ended
        delivery.posted.set()


def due(day_ended: date, last: date) -> list[date]:
    """The days to end after `day_ended` up to `last`, in order: those of one transaction."""
    count = min((last - day_ended).days, DAYS_MAX)
    return [day_ended + timedelta(days=n) for n in range(1, count + 1)]


def said(day: date) -> list[events.DayEnded]:
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
