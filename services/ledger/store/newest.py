"""The newest entries, for pages. The connection comes first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from services.ledger.store import reading, rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_newest(
    conn: sql.Connection, seen_by: Scope, contract_id: str | None, before: int | None, count: int
) -> list[rows.ShownLeaf]:
    """At most `count` entries before index `before`, the newest first."""
    async with conn.transaction(readonly=True):
        await reading.QUERIES.walk_in_order(conn)
        found = QUERIES.list_newest(
            conn,
            authorities=seen_by.authorities,
            party=seen_by.party_id,
            contract=contract_id,
            before=before,
            count=count,
        )
        return [rows.read_shown_leaf(row) async for row in found]
