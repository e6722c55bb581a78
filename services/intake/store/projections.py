"""What other services say, as intake keeps it: contracts, line statuses, entry numbers, and which
returns are held.

Promises: each contract as it was said last and the latest status of each line are kept, even if
messages come again or late.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from services.intake.domain import line_status
from services.intake.store import rows
from shared import sql
from shared.wire.events import Entry, RecordParked, RecordTakenUp

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def apply_contracts(conn: sql.Connection, published: Collection[rows.ContractRow]) -> None:
    """Stores contracts, each once, as they were said last."""
    if published:
        contract_ids, event_ids, versions, bodies = sql.columns(sorted(published), 4)
        await QUERIES.apply_contracts(
            conn, contract_ids=contract_ids, event_ids=event_ids, versions=versions, bodies=bodies
        )


async def load_versions(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, int]:
    """The stored version of each of these contracts that is known."""
    found = await sql.rows(QUERIES.load_versions(conn, contract_ids=list(contract_ids)))
    return {row["contract_id"]: row["version"] for row in found}


async def apply_line_statuses(conn: sql.Connection, latest: line_status.ByReturn) -> None:
    """Stores the latest status of these lines."""
    if latest:
        return_ids, lines = sql.columns(
            [rows.line_statuses_row(*one_return) for one_return in latest.items()], 2
        )
        await QUERIES.apply_line_statuses(conn, return_ids=return_ids, lines=lines)


async def apply_entries(conn: sql.Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Stores which event became which entry of the log. Returns those that contradict what was told
    before: each entry is one event, each event one entry."""
    if not entries:
        return []
    indexes = [entry.index for entry in entries]
    event_ids = [entry.event_id for entry in entries]
    await QUERIES.apply_entries(conn, event_ids=event_ids, indexes=indexes)
    first, last = min(indexes), max(indexes)
    known = await QUERIES.count_entries(conn, first=first, last=last)
    if last - first + 1 == len(entries) == known:
        return []  # a row of entries, each one event: nearly always, so none is asked by itself
    found = QUERIES.list_contested(conn, event_ids=event_ids, indexes=indexes)
    return [Entry(event_id=row["event_id"], index=row["index"]) async for row in found]


async def apply_parked(conn: sql.Connection, told: Sequence[RecordParked | RecordTakenUp]) -> None:
    """Stores which returns are held: a record about them is parked, and was not taken up since."""
    held = [
        (event.service, event.record_id, event.return_id)
        for event in told
        if isinstance(event, RecordParked) and event.record_id and event.return_id
    ]
    if held:
        services, record_ids, return_ids = sql.columns(held, 3)
        await QUERIES.add_held(
            conn, services=services, record_ids=record_ids, return_ids=return_ids
        )
    taken_up = [(e.service, e.record_id) for e in told if isinstance(e, RecordTakenUp)]
    if taken_up:
        services, record_ids = sql.columns(taken_up, 2)
        await QUERIES.drop_held(conn, services=services, record_ids=record_ids)
