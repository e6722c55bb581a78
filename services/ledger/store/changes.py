"""What changed between two times, and what was stated before. The connection comes first.

Promises: the cost of a page does not grow with the log: each look-up walks back along one contract,
no further than to what it looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.domain.entries.figures import Key
from services.ledger.store import reading, rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """What a list of changes is narrowed down to. `until` is excluded."""

    until: datetime
    types: Sequence[str]
    contract: str | None = None
    party: str | None = None


class Slot(NamedTuple):
    """The place in a contract that one return fills."""

    contract_id: str
    party_id: str
    period: str


class Leaf(NamedTuple):
    """An entry's index, and its leaf's exact bytes."""

    idx: int
    leaf: bytes


async def list_decisions(
    conn: sql.Connection,
    seen_by: Scope,
    between: Between,
    after: reading.Occurrence,
    count: int,
) -> list[rows.ShownLeaf]:
    """At most `count` entries after `after`, in the order of occurrence."""
    is_elsewhere = seen_by.party_id is not None and between.party not in (None, seen_by.party_id)
    async with conn.transaction(readonly=True):
        if between.contract is None:
            await QUERIES.walk_in_time(conn)
        found = QUERIES.list_decisions(
            conn,
            at=after.occurred_at,
            after=after.idx,
            until=between.until,
            count=count,
            authorities=() if is_elsewhere else seen_by.authorities,
            party=seen_by.party_id or between.party,
            contract=between.contract,
            types=between.types,
        )
        return [rows.read_shown_leaf(row) async for row in found]


async def load_stated_before(
    conn: sql.Connection, wanted: Sequence[tuple[Key, int]]
) -> dict[tuple[Key, int], Leaf]:
    """For each figure and index, the last entry before it that states the figure, or that may: one
    whose leaf has only a digest."""
    found = QUERIES.load_stated_before(
        conn,
        contract_ids=[key.contract_id for key, _ in wanted],
        commitment_ids=[key.commitment_id for key, _ in wanted],
        periods=[key.period for key, _ in wanted],
        befores=[before for _, before in wanted],
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def load_checked_before(
    conn: sql.Connection, wanted: Sequence[tuple[Slot, int]]
) -> dict[tuple[Slot, int], Leaf]:
    """For each slot and index, the last check before it of a return for that slot."""
    found = QUERIES.load_checked_before(
        conn,
        contract_ids=[slot.contract_id for slot, _ in wanted],
        party_ids=[slot.party_id for slot, _ in wanted],
        periods=[slot.period for slot, _ in wanted],
        befores=[before for _, before in wanted],
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def load_approved_before(
    conn: sql.Connection, wanted: Sequence[tuple[str, str, int]]
) -> dict[tuple[str, str, int], Leaf]:
    """For each contract, commitment and index, the last version approved before it."""
    found = QUERIES.load_approved_before(
        conn,
        contract_ids=[contract_id for contract_id, _, _ in wanted],
        commitment_ids=[commitment_id for _, commitment_id, _ in wanted],
        befores=[before for _, _, before in wanted],
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def load_indexes(conn: sql.Connection, event_ids: Collection[UUID]) -> dict[UUID, int]:
    """The entries that record these events."""
    found = QUERIES.load_indexes(conn, event_ids=list(event_ids))
    return {row["event_id"]: row["idx"] async for row in found}


async def find_newest(conn: sql.Connection, seen_by: Scope) -> datetime | None:
    """When the newest of the entries that the caller may see occurred."""
    found: datetime | None = await QUERIES.find_newest(conn, authorities=seen_by.authorities)
    return found
