"""Notifications: that one recipient is to be told of one change.

Promises: they are written in the transaction of what they tell, once for each change, step and
recipient, however often it is done. Whoever chose never gets none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from shared import calendar, sql
from shared.notifier.kinds import Step

SETTLE: Final = timedelta(seconds=60)
"""What is told at once waits so long for what else happens with it: that is one mail."""


class Notification(NamedTuple):
    """What one recipient is to be told."""

    event_id: UUID
    """What it tells: an alert, or another event."""
    step: Step
    recipient_id: str
    authority_id: str
    contract_id: str | None
    kind: str
    how: Literal["at_once", "daily"]
    rank: int
    """The worst first: less is worse."""
    due_at: datetime
    """When it is to be sent, by the service's clock."""


async def add_notifications(
    conn: sql.Connection | sql.Pool, notifications: Iterable[Notification]
) -> None:
    """Stores those that are not there yet."""
    records = [tuple(each) for each in notifications]
    if not records:
        return
    await conn.execute(
        """
        INSERT INTO notification (event_id, step, recipient_id, authority_id, contract_id, kind,
            how, rank, due_at)
        SELECT event_id, step, recipient_id, authority_id, contract_id, kind, how, rank, due_at
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::integer[], $9::timestamptz[])
            AS n (event_id, step, recipient_id, authority_id, contract_id, kind, how, rank, due_at)
        ON CONFLICT ON CONSTRAINT notification_pk DO NOTHING
        """,
        *sql.columns(records, len(Notification._fields)),
    )


def due_at(how: Literal["at_once", "daily"], now: datetime, digest_hour: int) -> datetime:
    """When a notification of `now` is to be sent: soon, or at the next hour of digests in
    London."""
    if how == "at_once":
        return now + SETTLE
    day = calendar.london_day(now)
    today = datetime.combine(day, time(digest_hour), calendar.LONDON)
    if today > now:
        return today
    return datetime.combine(day + timedelta(days=1), time(digest_hour), calendar.LONDON)
