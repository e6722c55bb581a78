"""Files that somebody was shown before they are imported: one for each person."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def drop_previews(pool: sql.Pool, before: datetime) -> None:
    """Those that are too old."""
    await QUERIES.drop_previews(pool, before=before)


async def set_preview(pool: sql.Pool, **values: Any) -> None:
    """What somebody was shown last."""
    await QUERIES.set_preview(pool, **values)


async def find_preview(pool: sql.Pool, **wanted: Any) -> sql.Record | None:
    """`wanted`: authority_id, actor_id, digest, since."""
    row: sql.Record | None = await QUERIES.find_preview(pool, **wanted)
    return row


async def set_imported(pool: sql.Pool, **values: Any) -> None:
    """It was imported."""
    await QUERIES.set_imported(pool, **values)
