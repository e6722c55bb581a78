"""What is asked of the log: entries by what they name, one at a time, and all of them.

Promises: a page costs what the page costs, at ten million entries too: cursors are indexes, and
every filter that can be rare has an index in this order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.ledger.audit import audit
from services.ledger.domain.entries import payloads
from services.ledger.store import log
from shared import sql
from shared.web import auth
from shared.wire import events

_queries = log.queries
LIFE_ENTRIES_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose entries: of these authorities, and of one party where one is named."""

    authorities: tuple[str, ...]
    party: str | None

    def covers(self, authority_id: str, party_id: str | None) -> bool:
        return authority_id in self.authorities and self.party in (None, party_id)


def scope(who: auth.Caller) -> Scope:
    """A supplier sees its own, others their authority's; auditors what concerns all, too."""
    everyone = (events.INSTALLATION,) if who.role == "auditor" else ()
    each_once = tuple(dict.fromkeys((who.authority_id, *everyone)))
    return Scope(each_once, who.party_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed down to; `until` is where it ends, and not within."""

    party: str | None = None
    contract: str | None = None
    commitment: str | None = None
    type: str | None = None
    period: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of a list; `occurred_at` where that is what the list is in the order of."""

    idx: int
    leaf: bytes
    leaf_hash: bytes
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry, whose it is, and its event where that is kept."""

    idx: int
    leaf: bytes
    authority_id: str
    party_id: str | None
    disclosed: audit.Disclosed | None


async def list_entries(
    conn: sql.Connection, seen_by: Scope, narrowed: Filter, after: int, count: int
) -> list[Row]:
    """At most `count` entries behind index `after`, in the order of recording."""
    asked = _asked(seen_by, narrowed)
    async with conn.transaction(readonly=True):
        await _queries.walk_in_order(conn)
        rows = _queries.entries(conn, after=after, count=count, **asked)
        return [Row(*row) async for row in rows]


async def list_occurrences(
    conn: sql.Connection, seen_by: Scope, narrowed: Filter, after: tuple[datetime, int], count: int
) -> list[Row]:
    """At most `count` entries behind a time and an index, in the order of occurrence."""
    asked = _asked(seen_by, narrowed) | {"at": after[0], "after": after[1]}
    async with conn.transaction(readonly=True):
        await _queries.walk_in_order(conn)
        rows = _queries.occurrences(conn, count=count, **asked)
        return [Row(*row) async for row in rows]


def _asked(seen_by: Scope, narrowed: Filter) -> dict[str, Any]:
    """The filters, with those that nobody asks for: a supplier that asks for another's entries
    asks for those of no authority."""
    elsewhere = seen_by.party is not None and narrowed.party not in (None, seen_by.party)
    return asdict(narrowed) | {
        "authorities": () if elsewhere else seen_by.authorities,
        "party": seen_by.party or narrowed.party,
    }


async def list_life(conn: sql.Connection, return_id: UUID, seen_by: Scope) -> list[Row]:
    """The entries of one return: its receipt, its checks, what they caused."""
    rows = _queries.life(
        conn,
        return_id=return_id,
        authorities=seen_by.authorities,
        party=seen_by.party,
        count=LIFE_ENTRIES_MAX,
    )
    return [Row(*row) async for row in rows]


async def get_entry(conn: sql.Connection, idx: int) -> Kept | None:
    """Entry `idx`, opened."""
    row = await _queries.get_entry(conn, idx=idx)
    return None if row is None else _kept(row)


async def get_index(conn: sql.Connection, event_id: UUID) -> int | None:
    """Which entry an event is."""
    found: int | None = await _queries.get_index(conn, event_id=event_id)
    return found


async def all_kept(pool: sql.Pool, size: int) -> AsyncIterator[list[Kept]]:
    """All entries under a checkpoint of `size`, in steps: no transaction outlasts a step."""
    after = -1
    while after < size - 1:
        async with pool.acquire() as conn:
            last = await log.get_step(conn, after, size)
            assert last is not None, "an index is missing from the log"
            step = [_kept(r) async for r in _queries.kept_entries(conn, after=after, last=last)]
        after = last
        yield step


def _kept(row: sql.Record) -> Kept:
    disclosed = None
    if row["key"] is not None:
        sealed = payloads.Sealed(row["commitment"].hex(), row["ciphertext"])
        secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
        disclosed = audit.Disclosed(payloads.unseal(sealed, row["event_id"], secrets), row["salt"])
    return Kept(row["idx"], row["leaf"], row["authority_id"], row["party_id"], disclosed)


async def list_listed(
    conn: sql.Connection, positions: Collection[tuple[str, int, int, int]]
) -> list[audit.Listed]:
    """Offsets that are no leaf of their own, as far as `positions` say that reading had come."""
    topics, incarnations, partitions, next_offsets = (
        zip(*positions, strict=True) if positions else ((), (), (), ())
    )
    rows = _queries.listed(
        conn,
        topics=topics,
        incarnations=incarnations,
        partitions=partitions,
        next_offsets=next_offsets,
    )
    return [
        audit.Listed(audit.Stream(topic, incarnation, partition), first, past, why, event_id)
        async for topic, incarnation, partition, first, past, why, event_id in rows
    ]
