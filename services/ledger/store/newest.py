"""The newest entries, for pages. The connection comes first.

Promises: as `reading` does, that a page costs the same wherever it is in the log.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.ledger.store import reading, rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Stretch(NamedTuple):
    """Which part of the order of occurrence: from a time on, and before an entry."""

    since: datetime
    before: reading.Occurrence


async def list_newest(
    conn: sql.Connection,
    seen_by: Scope,
    narrowed: reading.Filter,
    before: int | None,
    count: int,
) -> list[rows.ShownLeaf]:
    """At most `count` entries before index `before`, the newest first. Of `narrowed` neither
    commitment nor `until` counts."""
    async with conn.transaction(readonly=True):
        await reading.QUERIES.walk_in_order(conn)
        found = QUERIES.list_newest(conn, before=before, count=count, **_asked(seen_by, narrowed))
        return [rows.read_shown_leaf(row) async for row in found]


async def list_latest(
    conn: sql.Connection,
    seen_by: Scope,
    narrowed: reading.Filter,
    stretch: Stretch,
    count: int,
) -> list[rows.ShownLeaf]:
    """At most `count` entries of a stretch, in the order of occurrence, the latest first. Of
    `narrowed` neither commitment nor `until` counts."""
    at, before = stretch.before
    async with conn.transaction(readonly=True):
        if narrowed.contract is None:  # the entries of one contract are few: they are sorted
            await reading.QUERIES.walk_in_order(conn)
        found = QUERIES.list_latest(
            conn,
            at=at,
            before=before,
            since=stretch.since,
            count=count,
            **_asked(seen_by, narrowed),
        )
        return [rows.read_shown_leaf(row) async for row in found]


def _asked(seen_by: Scope, narrowed: reading.Filter) -> dict[str, Any]:
    asked = reading.asked(seen_by, narrowed)
    return {name: asked[name] for name in ("authorities", "party", "contract", "type", "period")}
