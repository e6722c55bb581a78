"""What fsck compares: every receipt, what was posted of it, and what the log says. The connection
comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.store import rows
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def stream_receipts(conn: sql.Connection) -> AsyncIterator[rows.CheckedReceipt]:
    """Every receipt with what belongs to it, in the order of the numbers."""
    async for row in QUERIES.list_receipts(conn):
        yield rows.read_checked_receipt(row)


class Gap(NamedTuple):
    """Receipt numbers `first` to `last` that nothing has; `last < first` if two have one."""

    first: int
    last: int


async def list_gaps(conn: sql.Connection, count: int) -> list[Gap]:
    """Where the receipt numbers are not one after the other."""
    return [Gap(*row) async for row in QUERIES.list_gaps(conn, count=count)]


class Lost(NamedTuple):
    event_id: UUID
    type: str


async def list_lost(conn: sql.Connection, count: int) -> list[Lost]:
    """Returns and withdrawals that were posted and are not stored."""
    return [Lost(*row) async for row in QUERIES.list_lost(conn, count=count)]


class Contested(NamedTuple):
    entry: int
    events: int


async def list_contested(conn: sql.Connection, count: int) -> list[Contested]:
    """Entries of the log that several events are said to be."""
    return [Contested(*row) async for row in QUERIES.list_contested(conn, count=count)]


class Logged(NamedTuple):
    """What the log says of one receipt: a row of `logged`."""

    event_id: UUID
    entry: int
    said: str | None
    """Type, return, receipt number, authority, contract, party, period, revision; None where the
    leaf has only a digest."""


async def add_logged_table(conn: sql.Connection) -> None:
    """A temporary table for what the log says."""
    await QUERIES.add_logged_table(conn)


async def add_logged(conn: sql.Connection, found: Sequence[Logged]) -> None:
    await conn.copy_records_to_table("logged", columns=Logged._fields, records=found)


class Unlogged(NamedTuple):
    receipt_no: int
    merge_by: datetime


async def list_unlogged(conn: sql.Connection, count: int) -> list[Unlogged]:
    """Receipts that are due, and that the log does not have."""
    return [Unlogged(*row) async for row in QUERIES.list_unlogged(conn, count=count)]


class Unlike(NamedTuple):
    entry: int
    said: str | None
    wanted: str | None
    """What intake says; None if it has no such receipt."""
    told: int | None
    """The entry that the ledger told intake of."""


async def list_unlike(conn: sql.Connection, count: int) -> list[Unlike]:
    """Where the log says something else of a receipt than intake."""
    return [Unlike(*row) async for row in QUERIES.list_unlike(conn, count=count)]
