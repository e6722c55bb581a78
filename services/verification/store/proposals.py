"""What waits for a second person (rule P3).

Promises: officers see what is proposed on the contracts of their authority. Nobody else is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class ProposalKey(NamedTuple):
    """Proposals are listed in this order."""

    contract_id: str
    commitment_id: str


FIRST_PROPOSAL: Final = ProposalKey("", "")


class ProposalCounts(NamedTuple):
    """How many proposals there are, over all pages."""

    proposals: int
    own: int
    """Of whoever asks: another person decides."""


async def list_proposals(
    pool: sql.Pool, of: Scope, after: ProposalKey, limit: int, contract_id: str | None = None
) -> list[sql.Record]:
    """By contract and commitment, each with the version that is in force now."""
    return await sql.rows(
        QUERIES.list_proposals(
            pool,
            authority_id=of.authority_id,
            contract_id=contract_id,
            after_contract=after.contract_id,
            after_commitment=after.commitment_id,
            limit=limit,
        )
    )


async def count_proposals(
    pool: sql.Pool, of: Scope, actor_id: str, contract_id: str | None = None
) -> ProposalCounts:
    """As `list_proposals` would list them."""
    row = await QUERIES.count_proposals(
        pool, authority_id=of.authority_id, contract_id=contract_id, actor_id=actor_id
    )
    return ProposalCounts(**row)
