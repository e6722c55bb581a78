"""Who signs in for a council is named to the other services, so that pages show names for ids.

Promises: an officer is named when the name or the role is new, and else not again. Only officers:
suppliers' people are named nowhere. A forgotten officer's name leaves this service and the topic
(within `topics.PEOPLE.forgets_days`), and with it every page.
Refuses: an account that is known as another authority's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared import officers, sql
from shared.delivery import outbox, topics, transaction
from shared.wire import bounds, events, ids

ROLES: Final = frozenset({"manager", "approver", "auditor"})
"""Those of officers."""


async def name(
    delivery: transaction.Delivery, officer_id: str, who: officers.Officer, at: datetime
) -> bool:
    """Names somebody who signs in. Whether there was something to say."""
    if who.role not in ROLES or who.name is None:
        return False
    who = who._replace(name=who.name[: bounds.NAME_CHARACTERS_MAX])
    event = events.OfficerNamed(
        event_id=ids.new(int(at.timestamp() * 1000)),
        authority_id=who.authority_id,
        occurred_at=at,
        officer_id=officer_id,
        name=who.name,
        role=who.role,
    )
    async with delivery.pool.acquire() as conn, conn.transaction():
        known = await officers.lock_officer(conn, officer_id)
        if known is not None and (known == who or known.authority_id != who.authority_id):
            return False
        posted = await _say(conn, event)
    delivery.posted.keep(posted)
    return True


async def forget(pool: sql.Pool, officer_id: str, at: datetime) -> bool:
    """Forgets what an officer is called. False if the officer is not known, or forgotten."""
    async with pool.acquire() as conn, conn.transaction():
        known = await officers.lock_officer(conn, officer_id)
        if known is None or known.name is None:
            return False
        event = events.OfficerNamed(
            event_id=ids.new(int(at.timestamp() * 1000)),
            authority_id=known.authority_id,
            occurred_at=at,
            officer_id=officer_id,
        )
        await _say(conn, event)
        await outbox.drop_older(conn, topics.PEOPLE.name, officer_id, event.event_id)
    return True


async def _say(conn: sql.Connection, event: events.OfficerNamed) -> dict[int, outbox.Row]:
    """Keeps it, which locks the officer's row, and posts it."""
    await officers.apply(conn, [event])
    return await outbox.post(conn, [outbox.Row.of(topics.PEOPLE, event)])
