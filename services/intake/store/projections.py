"""What other services say, as intake keeps it: contracts, line statuses, entry numbers, and which
returns are held.

Promises: each contract as it was said last and the latest status of each line are kept, even if
messages come again or late.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.domain import line_status
from services.intake.store import rows
from shared import sql
from shared.delivery import topics
from shared.wire.events import Entry, RecordParked, RecordTakenUp

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

_OWN: Final = frozenset(kind.__name__ for kind in topics.RETURNS.holds)
"""The types of intake's events."""


async def apply_contracts(conn: sql.Connection, published: Collection[rows.ContractRow]) -> None:
    """Stores contracts, each once, as they were said last."""
    if published:
        contract_ids, event_ids, versions, bodies = sql.columns(sorted(published), 4)
        await QUERIES.apply_contracts(
            conn, contract_ids=contract_ids, event_ids=event_ids, versions=versions, bodies=bodies
        )


class Known(NamedTuple):
    """What is stored of a contract."""

    authority_id: str
    version: int


async def load_known(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, Known]:
    """Those of these contracts that are known."""
    if not contract_ids:
        return {}
    found = await sql.rows(QUERIES.load_known(conn, contract_ids=list(contract_ids)))
    return {row["contract_id"]: Known(row["authority_id"], row["version"]) for row in found}


async def drop_contract(conn: sql.Connection | sql.Pool, contract_id: str) -> bool:
    """Forgets a contract, until it is published again. False if it is not known."""
    return await QUERIES.drop_contract(conn, contract_id=contract_id) is not None


async def apply_line_statuses(conn: sql.Connection, latest: line_status.ByReturn) -> None:
    """Stores the latest status of these lines."""
    if latest:
        return_ids, lines = sql.columns(
            [rows.line_statuses_row(*one_return) for one_return in latest.items()], 2
        )
        await QUERIES.apply_line_statuses(conn, return_ids=return_ids, lines=lines)


class Odd(NamedTuple):
    """Entries of the log that cannot be true."""

    contested: Sequence[Entry] = ()
    """They contradict what was told before: each entry is one event, each event one entry."""
    unknown: Sequence[Entry] = ()
    """They are events of intake that it never posted."""


async def apply_entries(conn: sql.Connection, entries: Sequence[Entry]) -> Odd:
    """Stores which event became which entry of the log. Returns what cannot be true."""
    if not entries:
        return Odd()
    own = [entry.event_id for entry in entries if entry.type in _OWN]
    event_ids = [entry.event_id for entry in entries]
    indexes = [entry.index for entry in entries]
    found = QUERIES.apply_entries(conn, event_ids=event_ids, indexes=indexes, own=own)
    strange = {row["event_id"] async for row in found}
    unknown = [entry for entry in entries if entry.event_id in strange] if strange else []
    return Odd(await _list_contested(conn, event_ids, indexes), unknown)


async def _list_contested(
    conn: sql.Connection, event_ids: Sequence[UUID], indexes: Sequence[int]
) -> list[Entry]:
    first, last = min(indexes), max(indexes)
    known = await QUERIES.count_entries(conn, first=first, last=last)
    if last - first + 1 == len(indexes) == known:
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
