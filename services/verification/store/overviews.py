"""Contracts by their worst commitment, limited to what the caller may see. One query."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, NamedTuple

from services.verification.domain import standing
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Key(NamedTuple):
    """Contracts are listed in this order: the worst rating first, among equals the one that is
    furthest behind."""

    rank: int
    ahead: Decimal
    """The gap of the worst commitment as a fraction of its target, negated."""
    contract_id: str


FIRST: Final = Key(0, Decimal(0), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which contracts are asked for; None: whatever they have."""

    contract: str | None = None
    """Part of the reference or of the title."""
    supplier: str | None = None
    """An org-id, or part of a name."""
    owner: Literal["me", "none"] | None = None
    """Those of whose owner and deputy one is `actor_id`, or those without an owner."""
    actor_id: str
    """Who asks."""
    rating: str | None = None
    """Of the worst commitment."""
    is_missing: bool | None = None
    """A return was due before `today` and is not in."""
    has_case: bool | None = None
    ends_from: date | None = None
    ends_by: date | None = None
    today: date


class Found(NamedTuple):
    """Contracts of one page, and the counts of all pages."""

    rows: Sequence[sql.Record]
    counts: standing.ContractCounts


async def list_overviews(
    pool: sql.Pool, of: Scope, after: Key, limit: int, wanted: Filter
) -> Found:
    """Contracts, the worst first."""
    found = await sql.rows(
        QUERIES.list_overviews(
            pool,
            after_rank=after.rank,
            after_ahead=after.ahead,
            after_contract=after.contract_id,
            limit=limit,
            behind_max=standing.RANK_BEHIND_MAX,
            waiting=standing.RANK_WAITING,
            good=standing.RANK_GOOD,
            **dataclasses.asdict(wanted),
            **of.asked(),
        )
    )
    fields = standing.ContractCounts._fields
    counts = standing.ContractCounts(*(found[0][f"all_{name}"] for name in fields))
    return Found([row for row in found if row["contract_id"] is not None], counts)
