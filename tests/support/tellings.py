"""Recipients, notifications and dispatches in a service's tables, for tests of pages."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared import sql
from shared.notifier import notifications, recipients
from shared.notifier.dispatches import State
from shared.notifier.recipients import Recipient

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)


async def add_recipient(pool: sql.Pool, recipient_id: str, **changes: Any) -> None:
    """Somebody of Knowsley who can be told by e-mail."""
    values: dict[str, Any] = {
        "recipient_id": recipient_id,
        "authority_id": "GB-LAE-KWL",
        "address": "priya.nair@knowsley.example",
    }
    async with pool.acquire() as conn:
        who = Recipient(**(values | changes))
        await recipients.set_recipient(conn, who, set_by="operator", at=AT)


async def add_notification(
    pool: sql.Pool, recipient_id: str, event_id: UUID | None = None, **changes: Any
) -> UUID:
    """That this person is to be told of an event; waits. Returns the event's id."""
    values: dict[str, Any] = {
        "event_id": event_id or uuid.uuid4(),
        "step": "raised",
        "recipient_id": recipient_id,
        "authority_id": "GB-LAE-KWL",
        "contract_id": "C1",
        "kind": "shortfall_opened",
        "how": "at_once",
        "rank": 1,
        "due_at": AT,
    }
    made = notifications.Notification(**(values | changes))
    await notifications.add_notifications(pool, [made])
    return made.event_id


async def add_dispatch(
    pool: sql.Pool,
    recipient_id: str,
    state: State,
    event_id: UUID | None = None,
    *,
    answer: str | None = None,
    authority_id: str = "GB-LAE-KWL",
) -> UUID:
    """A mail in this state, with one notification. Returns its id."""
    dispatch_id = uuid.uuid4()
    told = await add_notification(pool, recipient_id, event_id, authority_id=authority_id)
    await pool.execute(
        """
        INSERT INTO dispatch (dispatch_id, recipient_id, authority_id, channel, due_at, state,
            ended_at, attempts, answer)
        VALUES ($1, $2, $3, 'email', $4, $5, $6, 3, $7)
        """,
        dispatch_id,
        recipient_id,
        authority_id,
        AT,
        state,
        None if state == "waiting" else AT,
        answer,
    )
    await pool.execute(
        "UPDATE notification SET dispatch_id = $1 WHERE event_id = $2 AND recipient_id = $3",
        dispatch_id,
        told,
        recipient_id,
    )
    return dispatch_id
