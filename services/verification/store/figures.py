"""What is behind the figures of one contract: the returns that came, and the lines of a commitment.

Promises: a supplier sees its own returns and lines only. Each function is one query.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from services.verification.domain.slots import Filing
from services.verification.store import rows
from services.verification.store.reading import LineKey, ListedLine
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

FILINGS_MAX: Final = 2_000
"""A year of fifty suppliers, each return corrected twice."""


async def list_filings(
    pool: sql.Pool, of: Scope, contract_id: str, since: datetime
) -> list[Filing]:
    """What came for a contract that the caller may see, in order; of very much, the last."""
    found = await sql.rows(
        QUERIES.list_filings(
            pool, contract_id=contract_id, party_id=of.party_id, since=since, limit=FILINGS_MAX
        )
    )
    return [
        Filing(
            at=row["occurred_at"],
            slot=(row["period"], row["party_id"]),
            return_id=row["return_id"],
            receipt_no=row["receipt_no"],
            revision=row["revision"],
            is_withdrawal=row["type"] == "ReturnWithdrawn",
        )
        for row in reversed(found)
    ]


async def list_lines(
    pool: sql.Pool,
    of: Scope,
    contract_id: str,
    after: LineKey | None,
    limit: int,
    **wanted: str | None,
) -> list[ListedLine]:
    """The first `limit` lines after a key, the latest month first. `wanted`: commitment_id, period,
    outcome."""
    found = await sql.rows(
        QUERIES.list_lines(
            pool,
            contract_id=contract_id,
            after_period=after and after.period,
            after_party=after and after.party_id,
            after_line=after and after.line_id,
            limit=limit,
            **of.asked(),
            **wanted,
        )
    )
    return [
        ListedLine(
            LineKey(contract_id, row["period"], row["party_id"], row["line_id"]),
            rows.read_line(row["line"]),
        )
        for row in found
    ]
