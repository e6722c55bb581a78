"""The postcode directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def add_incoming_table(conn: sql.Connection) -> None:
    """A table for the rows of a file, for as long as the connection is open."""
    await QUERIES.add_incoming_table(conn)


async def add_incoming(conn: sql.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows of a file: line, postcode, edition, district, ward, introduced, terminated."""
    await conn.copy_records_to_table("incoming", records=rows)


async def list_twice(conn: sql.Connection) -> list[sql.Record]:
    """The lines that repeat a postcode of the same edition, in their order."""
    return await sql.rows(QUERIES.list_twice(conn))


async def apply_incoming(conn: sql.Connection) -> tuple[int, int]:
    """Takes the rows into the directory. Returns how many were new, and how many have changed."""
    row = await QUERIES.apply_incoming(conn)
    return row["new"], row["changed"]


async def find_newest_month(conn: sql.Connection | sql.Pool) -> str | None:
    """The newest edition that is named by its month (`YYYY-MM`); None if there is none."""
    found: str | None = await QUERIES.find_newest_month(conn)
    return found
