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


class FigureBefore(NamedTuple):
    """The figure of a commitment at the end of a month, before an entry."""

    authority_id: str
    contract_id: str
    commitment_id: str
    period: str
    before: int


class CheckBefore(NamedTuple):
    """The check of a party's return for a month, before an entry."""

    authority_id: str
    contract_id: str
    party_id: str
    period: str
    before: int


class VersionBefore(NamedTuple):
    """The approved version of a commitment, before an entry."""

    authority_id: str
    contract_id: str
    commitment_id: str
    before: int


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
    conn: sql.Connection, wanted: Sequence[FigureBefore]
) -> dict[FigureBefore, Leaf]:
    """The last entries that state these figures, or that may: those whose leaf has only a
    digest."""
    authorities, contracts, commitments, periods, befores = sql.columns(wanted, 5)
    found = QUERIES.load_stated_before(
        conn,
        authority_ids=authorities,
        contract_ids=contracts,
        commitment_ids=commitments,
        periods=periods,
        befores=befores,
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def load_checked_before(
    conn: sql.Connection, wanted: Sequence[CheckBefore]
) -> dict[CheckBefore, Leaf]:
    """The last of these checks."""
    if not wanted:
        return {}
    authorities, contracts, parties, periods, befores = sql.columns(wanted, 5)
    found = QUERIES.load_checked_before(
        conn,
        authority_ids=authorities,
        contract_ids=contracts,
        party_ids=parties,
        periods=periods,
        befores=befores,
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def load_approved_before(
    conn: sql.Connection, wanted: Sequence[VersionBefore]
) -> dict[VersionBefore, Leaf]:
    """The last of these versions."""
    if not wanted:
        return {}
    authorities, contracts, commitments, befores = sql.columns(wanted, 4)
    found = QUERIES.load_approved_before(
        conn,
        authority_ids=authorities,
        contract_ids=contracts,
        commitment_ids=commitments,
        befores=befores,
    )
    return {wanted[row["n"] - 1]: Leaf(row["idx"], row["leaf"]) async for row in found}


async def list_versions(
    conn: sql.Connection, seen_by: Scope, contract: str, until: datetime | None, count: int
) -> list[rows.StoredEntry]:
    """At most `count` changes of a contract's commitments, the newest first."""
    found = QUERIES.list_versions(
        conn,
        contract=contract,
        authorities=seen_by.authorities,
        party=seen_by.party_id,
        until=until,
        count=count,
    )
    return [rows.read_entry(row) async for row in found]


async def load_indexes(conn: sql.Connection, event_ids: Collection[UUID]) -> dict[UUID, int]:
    """The entries that record these events."""
    if not event_ids:
        return {}
    found = QUERIES.load_indexes(conn, event_ids=list(event_ids))
    return {row["event_id"]: row["idx"] async for row in found}


async def find_newest(conn: sql.Connection, seen_by: Scope) -> datetime | None:
    """When the newest of the entries that the caller may see occurred."""
    found: datetime | None = await QUERIES.find_newest(conn, authorities=seen_by.authorities)
    return found
