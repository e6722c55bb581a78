"""The postcode directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def add_postcodes(conn: sql.Connection, **columns: Sequence[str | None]) -> None:
    """An edition of the directory; loaded again, it says what the file says."""
    await QUERIES.add_postcodes(conn, **columns)
