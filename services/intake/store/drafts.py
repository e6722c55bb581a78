"""Drafts, as suppliers saved them last; and the return that stands for a month.

Promises: a draft is found only by whose it is. Whoever changes one locks it first.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from services.intake.domain import drafts
from services.intake.store import draft_rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def find_draft(
    conn: sql.Connection | sql.Pool, place: drafts.Place
) -> draft_rows.DraftRow | None:
    """The draft of one month."""
    row = await QUERIES.find_draft(conn, **place._asdict())
    return None if row is None else draft_rows.DraftRow(*row)


async def lock_draft(conn: sql.Connection, place: drafts.Place) -> draft_rows.DraftRow | None:
    """The same, locked until the transaction ends."""
    row = await QUERIES.lock_draft(conn, **place._asdict())
    return None if row is None else draft_rows.DraftRow(*row)


async def list_drafts(pool: sql.Pool, of: Scope, limit: int) -> list[draft_rows.SavedRow]:
    """Which drafts a party has, the latest first. Nobody else is shown any."""
    found = QUERIES.list_drafts(pool, limit=limit, **of.asked())
    return [draft_rows.SavedRow(*row) async for row in found]


async def count_drafts(conn: sql.Connection, place: drafts.Place) -> int:
    """How many drafts the party has."""
    asked = {"authority_id": place.authority_id, "party_id": place.party_id}
    return int(await QUERIES.count_drafts(conn, **asked))


async def find_body(pool: sql.Pool, place: drafts.Place) -> bytes | None:
    """The bytes of the return that stands for a month."""
    found: bytes | None = await QUERIES.find_body(pool, **place._asdict())
    return found


async def add_draft(conn: sql.Connection, row: draft_rows.DraftRow) -> bool:
    """Stores a new draft, unless somebody was faster."""
    return await QUERIES.add_draft(conn, **row._asdict()) is not None


async def set_draft(conn: sql.Connection, row: draft_rows.DraftRow) -> None:
    """Stores the next version of a draft, which is locked."""
    named = row._asdict()
    del named["key"]  # it stays
    await QUERIES.set_draft(conn, **named)


async def drop_draft(
    conn: sql.Connection | sql.Pool, place: drafts.Place, version: int | None
) -> bool:
    """Deletes a draft, if it still has this version; any, without one."""
    return await QUERIES.drop_draft(conn, version=version, **place._asdict()) is not None


async def drop_gone(conn: sql.Connection | sql.Pool, today: date, limit: int) -> int:
    """Deletes drafts whose day has come; how many."""
    return len(await sql.rows(QUERIES.drop_gone(conn, today=today, limit=limit)))
