"""What callers read of the log: lists, one entry, all entries. The connection comes first.

Promises: the cost of a page does not grow with the log, not even at ten million entries. Cursors
are indexes, and every filter that can be rare has a database index in this order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.ledger.domain.entries import returns
from services.ledger.domain.entries.offsets import Listed, Stream
from services.ledger.domain.entries.returns import Told
from services.ledger.store import log, rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))
LIFE_ENTRIES_MAX: Final = 1000
"""Far more than a return leads to."""
RETURN_ENTRIES_MAX: Final = 10_000
"""On one page of a contract's returns; a supplier that revises a return more often than this in one
month is shown its first revisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed down to. `until` is excluded."""

    party: str | None = None
    contract: str | None = None
    commitment: str | None = None
    type: str | None = None
    period: str | None = None
    until: datetime | None = None


class Occurrence(NamedTuple):
    """A place in the order of occurrence."""

    occurred_at: datetime
    idx: int


async def list_entries(
    conn: sql.Connection, seen_by: Scope, narrowed: Filter, after: int, count: int
) -> list[rows.ShownLeaf]:
    """At most `count` entries after index `after`, in the order of recording."""
    narrowing = asked(seen_by, narrowed)
    async with conn.transaction(readonly=True):
        await QUERIES.walk_in_order(conn)
        found = QUERIES.list_entries(conn, after=after, count=count, **narrowing)
        return [rows.read_shown_leaf(row) async for row in found]


async def list_occurrences(
    conn: sql.Connection, seen_by: Scope, narrowed: Filter, after: Occurrence, count: int
) -> list[rows.ShownLeaf]:
    """At most `count` entries after `after`, in the order of occurrence."""
    narrowing = asked(seen_by, narrowed) | {"at": after.occurred_at, "after": after.idx}
    async with conn.transaction(readonly=True):
        if narrowed.contract is None:  # the entries of one contract are few: they are sorted
            await QUERIES.walk_in_order(conn)
        found = QUERIES.list_occurrences(conn, count=count, **narrowing)
        return [rows.read_shown_leaf(row) async for row in found]


def asked(seen_by: Scope, narrowed: Filter) -> dict[str, Any]:
    """The parameters of a list. A supplier that asks for the entries of another party gets those of
    no authority: none."""
    elsewhere = seen_by.party_id is not None and narrowed.party not in (None, seen_by.party_id)
    return asdict(narrowed) | {
        "authorities": () if elsewhere else seen_by.authorities,
        "party": seen_by.party_id or narrowed.party,
    }


async def list_life(conn: sql.Connection, return_id: UUID, seen_by: Scope) -> list[rows.ShownLeaf]:
    """The entries of one return: its receipt, its checks, what they caused."""
    found = QUERIES.list_life(
        conn,
        return_id=return_id,
        authorities=seen_by.authorities,
        party=seen_by.party_id,
        count=LIFE_ENTRIES_MAX,
    )
    return [rows.read_shown_leaf(row) async for row in found]


class ReturnsTold(NamedTuple):
    """What entries tell of returns, by month; cut if there is more of these months."""

    entries: list[Told]
    is_cut: bool


async def list_returns(
    conn: sql.Connection, seen_by: Scope, narrowed: Filter, after: str, months: int
) -> ReturnsTold:
    """What entries tell of a contract's returns, in at most `months` months after the month
    `after`. Of `narrowed` only contract, party and `until` count."""
    narrowing = asked(seen_by, narrowed)
    found = QUERIES.list_returns(
        conn,
        after=after,
        reminders=returns.REMINDERS,
        months=months,
        count=RETURN_ENTRIES_MAX,
        **{name: narrowing[name] for name in ("contract", "authorities", "party", "until")},
    )
    told = [rows.read_told(row) async for row in found]
    if len(told) < RETURN_ENTRIES_MAX:
        return ReturnsTold(told, is_cut=False)
    whole = [each for each in told if each.period != told[-1].period]
    return ReturnsTold(whole or told, is_cut=True)  # the last month comes whole on the next page


async def find_entry(conn: sql.Connection, idx: int) -> rows.StoredEntry | None:
    """Entry `idx`, with its event."""
    row = await QUERIES.find_entry(conn, idx=idx)
    return None if row is None else rows.read_entry(row)


async def find_index(conn: sql.Connection, event_id: UUID) -> int | None:
    """The index of the entry that records an event."""
    found: int | None = await QUERIES.find_index(conn, event_id=event_id)
    return found


async def list_receipts(conn: sql.Connection, receipt_no: int, count: int) -> list[int]:
    """The entries that keep a receipt of this number: one, unless intake gave a number twice."""
    found = QUERIES.list_receipts(conn, receipt_no=receipt_no, count=count)
    return [row["idx"] async for row in found]


async def stream_entries(pool: sql.Pool, size: int) -> AsyncIterator[list[rows.StoredEntry]]:
    """All entries below `size`, in steps. No transaction lasts longer than a step."""
    after = -1
    while after < size - 1:
        async with pool.acquire() as conn:
            last = await log.find_step(conn, after, size)
            assert last is not None, "an index is missing from the log"
            step = [
                rows.read_entry(r) async for r in QUERIES.list_stored(conn, after=after, last=last)
            ]
        after = last
        yield step


async def list_offsets(conn: sql.Connection, next_offsets: Mapping[Stream, int]) -> list[Listed]:
    """The offsets below these next offsets that are no leaf of their own."""
    topics, incarnations, partitions = sql.columns(next_offsets, 3)
    found = QUERIES.list_offsets(
        conn,
        topics=topics,
        incarnations=incarnations,
        partitions=partitions,
        next_offsets=list(next_offsets.values()),
    )
    return [rows.read_listed(row) async for row in found]
