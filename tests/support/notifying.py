"""A notifier for tests: over a real database, with words that are the same for all."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared import sql
from shared.notifier import dispatches, kinds, notifications, recipients
from shared.notifier.channels import smtp
from shared.notifier.letters import Item, Letter
from shared.notifier.notifications import Notification
from shared.notifier.notifier import Letterhead, Notifier, Outlet

AUTHORITY = "GB-LAE-KWL"
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
FROM = "social-value@knowsley.example"


class Words:
    """Says the number of things and their kinds. Has no words for the kind `unwritable`."""

    async def compose(
        self, _pool: sql.Pool, batch: Sequence[dispatches.Ready]
    ) -> Mapping[UUID, Letter]:
        return {each.dispatch_id: _letter(each) for each in batch if each.notifications}


def _letter(ready: dispatches.Ready) -> Letter:
    if any(each.kind == "unwritable" for each in ready.notifications):
        raise LookupError
    items = tuple(
        Item(headline=each.kind, sentences=(), to_do=None, link="https://council.example/")
        for each in ready.notifications
    )
    return Letter(
        subject=f"{ready.count} things",
        items=items,
        more=ready.count - len(items),
        more_link="https://council.example/alerts",
        because="you follow this contract for the council",
        body=b"{}",
    )


def letterhead() -> Letterhead:
    return Letterhead(
        from_=FROM,
        name="Knowsley",
        reply_to=None,
        base="https://council.example",
        stop_key=b"k" * 32,
        kinds=kinds.COUNCIL,
    )


def made(pool: sql.Pool, port: int, now: datetime = NOW, connections: int = 2) -> Notifier:
    """A notifier that sends mails to a server on this machine."""

    async def at() -> datetime:
        return now

    server = smtp.read_url(f"smtp://127.0.0.1:{port}?tls=none")
    senders = [smtp.Smtp(server, FROM) for _ in range(connections)]
    return Notifier(pool, Words(), [Outlet("email", senders)], letterhead(), at)


async def add_people(pool: sql.Pool, *names: str, **more: Any) -> None:
    """Recipients `priya` and so on, with an e-mail address each."""
    async with pool.acquire() as conn:
        for name in names:
            who = recipients.Recipient(
                recipient_id=name,
                authority_id=AUTHORITY,
                address=f"{name}@knowsley.example",
                **more,
            )
            await recipients.set_recipient(conn, who, set_by="operator", at=NOW)


def due(recipient_id: str = "priya", **given: Any) -> Notification:
    """A notification that is due."""
    usual: dict[str, Any] = {
        "event_id": uuid.uuid4(),
        "step": "raised",
        "recipient_id": recipient_id,
        "authority_id": AUTHORITY,
        "contract_id": "KMBC-2026-0117",
        "kind": "shortfall_opened",
        "how": "at_once",
        "rank": 1,
        "due_at": NOW,
    }
    return Notification(**usual | given)


async def tell(pool: sql.Pool, *told: Notification) -> None:
    await notifications.add_notifications(pool, told)


async def states(pool: sql.Pool) -> dict[str, int]:
    """How many dispatches are in each state."""
    rows = await pool.fetch("SELECT state, count(*) FROM dispatch GROUP BY state")
    return {row["state"]: row["count"] for row in rows}
