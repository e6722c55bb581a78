"""Lines that wait for the council, limited to what the caller may see; each function is one query.

Promises: no more returns are read than a page of lines needs, however many wait.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.verification.domain import state
from services.verification.store import rows
from services.verification.store.reading import LineKey, ListedLine
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Found(NamedTuple):
    """Lines of one page, and how many there are on all pages, of how many contracts."""

    lines: Sequence[ListedLine]
    all_lines: int
    all_contracts: int


async def list_lines(
    pool: sql.Pool, of: Scope, after: LineKey, limit: int, contract_id: str | None
) -> Found:
    """The first `limit` lines that wait after a key."""
    found = await sql.rows(
        QUERIES.list_returns(
            pool,
            contract_id=contract_id,
            from_contract=after.contract_id,
            from_period=after.period,
            from_party=after.party_id,
            limit=limit,
            **of.asked(),
        )
    )
    lines = [
        ListedLine(key, line)
        for row in found
        if row["contract_id"] is not None
        for line in sorted(rows.read_lines(row["lines"]), key=lambda each: each.line_id)
        if line.result.outcome == "queried"
        for key in [LineKey(row["contract_id"], *line.id)]
        if key > after
    ]
    return Found(lines[:limit], found[0]["all_lines"], found[0]["all_contracts"])


async def load_states(pool: sql.Pool, contract_ids: Collection[str]) -> dict[str, state.State]:
    """The states of contracts that the caller may see."""
    found = await sql.rows(QUERIES.load_states(pool, contract_ids=sorted(set(contract_ids))))
    return {row["contract_id"]: state.from_bytes(row["state"]) for row in found}


async def load_received(pool: sql.Pool, return_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When these returns were received."""
    found = await sql.rows(QUERIES.load_received(pool, return_ids=sorted(set(return_ids))))
    return {row["event_id"]: row["received_at"] for row in found}
