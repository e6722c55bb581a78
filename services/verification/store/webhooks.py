"""Webhooks, which are recipients of an authority (`shared/notifier/recipients.py`)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_webhooks(pool: sql.Pool, of: Scope) -> list[sql.Record]:
    """All of an authority, the newest first. They are few."""
    return await sql.rows(QUERIES.list_webhooks(pool, authority_id=of.authority_id))


async def count_webhooks(conn: sql.Connection, of: Scope) -> int:
    """How many an authority has. Another one is entered only after this transaction."""
    await QUERIES.lock_webhooks(conn, authority_id=of.authority_id)
    found = await QUERIES.count_webhooks(conn, authority_id=of.authority_id)
    return int(found)


async def drop_webhook(conn: sql.Connection, of: Scope, recipient_id: str) -> bool:
    """False if the authority has no such webhook."""
    found = await QUERIES.drop_webhook(
        conn, authority_id=of.authority_id, recipient_id=recipient_id
    )
    return found is not None


async def drop_waiting(conn: sql.Connection, recipient_id: str) -> None:
    """Forgets what a webhook is to be told and is in no dispatch yet."""
    await QUERIES.drop_waiting(conn, recipient_id=recipient_id)
