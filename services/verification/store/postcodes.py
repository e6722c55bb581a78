"""The postcode directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def add_postcodes(conn: sql.Connection, **columns: Sequence[str | None]) -> None:
    """Rows of an edition, column by column; those that are there already are updated."""
    await QUERIES.add_postcodes(conn, **columns)
