"""What fsck compares: every entry and all that belongs to it. The connection comes first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NamedTuple

from services.ledger.domain.entries.chains import Tip
from services.ledger.domain.entries.offsets import FOR_DISPLAY, Stream
from services.ledger.store import log, rows
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def stream_everything(conn: sql.Connection) -> AsyncIterator[list[sql.Record]]:
    """All entries with what belongs to them, in steps."""
    after = -1
    while (last := await log.find_step(conn, after)) is not None:
        yield await sql.rows(QUERIES.list_everything(conn, after=after, last=last))
        after = last


async def stream_checkpoints(conn: sql.Connection) -> AsyncIterator[rows.StoredCheckpoint]:
    """Everything that was signed, in order of size."""
    over = -1
    while True:
        found = await sql.rows(QUERIES.list_checkpoints(conn, over=over, count=log.ROWS_PER_STEP))
        for row in found:
            yield rows.read_checkpoint(row)
        if not found:
            return
        over = found[-1]["size"]


async def load_tips(conn: sql.Connection) -> dict[str, Tip]:
    """The stored end of every contract's chain."""
    return {row["contract_id"]: rows.read_tip(row) async for row in QUERIES.load_tips(conn)}


class RowCounts(NamedTuple):
    """How many rows there are of what comes with entries."""

    tiles: int
    index_rows: int


async def count_rows(conn: sql.Connection) -> RowCounts:
    return RowCounts(*await QUERIES.count_rows(conn))


async def stream_marked(conn: sql.Connection) -> AsyncIterator[rows.MarkedRow]:
    """What is listed of offsets without a leaf of their own, apart from parked records."""
    async for row in QUERIES.list_marked(conn):
        yield rows.read_marked(row)


async def stream_parked(conn: sql.Connection) -> AsyncIterator[rows.ParkedRow]:
    """Records that are parked, as they were sealed."""
    async for row in QUERIES.list_parked(conn):
        *place, salt, sealed = row
        yield rows.ParkedRow(rows.Place(*place), salt, sealed)


class OffsetCount(NamedTuple):
    stream: Stream
    next_offset: int
    listed: int
    """Offsets that are no leaf of their own."""


async def count_offsets(conn: sql.Connection) -> list[OffsetCount]:
    """How much was read of each stream in its present incarnation."""
    return [
        OffsetCount(
            Stream(row["topic"], row["incarnation"], row["partition"]),
            row["next_offset"],
            row["listed"],
        )
        async for row in QUERIES.count_offsets(conn, beside=sorted(FOR_DISPLAY))
    ]
