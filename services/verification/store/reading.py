"""What people are shown; each function is one query, limited to what the caller may see.

Promises: a caller sees its own authority only, and a supplier its own contracts only. Anything else
looks as if it did not exist.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.verification.domain import cases, claims, standing
from services.verification.domain.lines import Line
from services.verification.store import rows
from shared import sql
from shared.delivery import topics
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

RETURNS_AT_ONCE: Final = 20
"""How many are read at a time for a page of lines. One may have thousands of them."""


RETURNS_OF_AN_ALERT: Final = 12
LINES_BYTES_MAX: Final = 4_000_000
"""What is read of returns to show the lines that a page of alerts is about. Lines take four times
the memory that their rows do."""
CLAIMS_OF_A_THING: Final = 20
"""How many claims of one thing are looked at to name the one that goes first."""


# --- contracts -----------------------------------------------------------------------------------


async def find_contract(pool: sql.Pool, of: Scope, contract_id: str) -> sql.Record | None:
    row: sql.Record | None = await QUERIES.find_contract(
        pool, contract_id=contract_id, **of.asked()
    )
    return row


async def list_contracts(pool: sql.Pool, of: Scope, after: str, limit: int) -> list[sql.Record]:
    return await sql.rows(QUERIES.list_contracts(pool, after=after, limit=limit, **of.asked()))


async def list_unpublished(pool: sql.Pool, contract_ids: Collection[str]) -> set[str]:
    """Contracts whose newest version still waits for the broker."""
    found = await sql.rows(
        QUERIES.list_unpublished(pool, topic=topics.CONTRACTS.name, contract_ids=list(contract_ids))
    )
    return {row["key"] for row in found}


# --- where contracts stand -----------------------------------------------------------------------


class StandingKey(NamedTuple):
    """Commitments are listed in this order: the worst rating first, among equals the one that is
    furthest behind."""

    rank: int
    ahead: Decimal
    """The gap as a fraction of the target, negated."""
    contract_id: str
    commitment_id: str


FIRST_STANDING: Final = StandingKey(0, Decimal(0), "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFilter:
    """Which commitments are asked for; None: whatever they have."""

    rating: str | None = None
    supplier_id: str | None = None
    contract_id: str | None = None
    is_missing: bool | None = None
    """A return of the contract was due before `today` and is not in."""
    has_case: bool | None = None
    """A shortfall case of the commitment is open."""
    today: date


async def list_standings(
    pool: sql.Pool, of: Scope, after: StandingKey, limit: int, wanted: StandingFilter
) -> list[sql.Record]:
    """Commitments with their contract and open case, the worst first."""
    return await sql.rows(
        QUERIES.list_standings(
            pool,
            after_rank=after.rank,
            after_ahead=after.ahead,
            after_contract=after.contract_id,
            after_commitment=after.commitment_id,
            limit=limit,
            **dataclasses.asdict(wanted),
            **of.asked(),
        )
    )


async def count_standings(pool: sql.Pool, of: Scope, wanted: StandingFilter) -> standing.Counts:
    """As `list_standings` would list them, over all pages."""
    row = await QUERIES.count_standings(
        pool,
        behind_max=standing.RANK_BEHIND_MAX,
        waiting=standing.RANK_WAITING,
        good=standing.RANK_GOOD,
        **dataclasses.asdict(wanted),
        **of.asked(),
    )
    return standing.Counts(**row)


# --- lines ---------------------------------------------------------------------------------------


class LineKey(NamedTuple):
    """Lines are listed in this order."""

    contract_id: str
    period: str
    party_id: str
    line_id: str


class ListedLine(NamedTuple):
    """A line, and where it is in the list."""

    key: LineKey
    line: Line


FIRST_LINE: Final = LineKey("", "", "", "")
"""Before every line."""


async def list_lines(
    pool: sql.Pool, of: Scope, after: LineKey, limit: int, **wanted: str | None
) -> list[ListedLine]:
    """The first `limit` lines after a key. `wanted`: outcome, contract_id, period."""
    found: list[ListedLine] = []
    while True:
        returns = await _list_returns(pool, of, after, **wanted)
        for row in returns:
            for line in sorted(rows.read_lines(row["lines"]), key=lambda line: line.line_id):
                key = LineKey(row["contract_id"], *line.id)
                if key > after and wanted["outcome"] in (None, line.result.outcome):
                    found.append(ListedLine(key, line))
            if len(found) >= limit:
                return found[:limit]
        if len(returns) < RETURNS_AT_ONCE:
            return found
        after = key


async def _list_returns(
    pool: sql.Pool, of: Scope, after: LineKey, **wanted: str | None
) -> list[sql.Record]:
    """The returns that have the lines after a key. The first may have lines before it too."""
    return await sql.rows(
        QUERIES.list_returns(
            pool,
            from_contract=after.contract_id,
            from_period=after.period,
            from_party=after.party_id,
            limit=RETURNS_AT_ONCE,
            **of.asked(),
            **wanted,
        )
    )


async def load_claims(
    pool: sql.Pool, of: Scope, keys: Collection[str]
) -> list[tuple[claims.Claim, str | None]]:
    """The first claims under each of these keys, each with the name of its party."""
    found = await sql.rows(
        QUERIES.load_claims(
            pool,
            keys=[bytes.fromhex(key) for key in keys],
            authority_id=of.authority_id,
            limit=CLAIMS_OF_A_THING,
        )
    )
    read = ((rows.read_claim(row["claim"]), json.loads(row["words"])) for row in found)
    return [(claim, words["suppliers"].get(claim.party_id)) for claim, words in read]


# --- alerts and cases ----------------------------------------------------------------------------


class MomentKey(NamedTuple):
    """Alerts and cases are listed by a moment, then by id."""

    at: datetime
    id: UUID


_FIRST_MOMENT: Final = MomentKey(datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


async def list_alerts(
    pool: sql.Pool, of: Scope, before: MomentKey | None, limit: int, **wanted: str | bool | None
) -> list[sql.Record]:
    """The newest first. `wanted`: kind, contract_id, is_acknowledged."""
    at, event_id = before or (None, None)
    return await sql.rows(
        QUERIES.list_alerts(
            pool, before=at, before_id=event_id, limit=limit, **of.asked(), **wanted
        )
    )


async def count_alerts(pool: sql.Pool, of: Scope, **wanted: str | None) -> sql.Record:
    """All, and those that nobody has acknowledged. `wanted`: kind, contract_id."""
    row: sql.Record = await QUERIES.count_alerts(pool, **of.asked(), **wanted)
    return row


async def load_returns_meant(
    pool: sql.Pool, of: Scope, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str, str], list[Line] | None]:
    """The lines of the returns that alerts are about, by contract, period and party. `wanted`: the
    contracts and months of the alerts. None: too many to be read at once."""
    contract_ids, periods = sql.columns(wanted, 2)
    found = await sql.rows(
        QUERIES.load_returns_meant(
            pool,
            contract_ids=contract_ids,
            periods=periods,
            party_id=of.party_id,
            returns_max=RETURNS_OF_AN_ALERT,
            bytes_max=LINES_BYTES_MAX,
        )
    )
    return {
        (row["contract_id"], row["period"], row["party_id"]): (
            None if row["lines"] is None else rows.read_lines(row["lines"])
        )
        for row in found
    }


async def list_cases(
    pool: sql.Pool, of: Scope, after: MomentKey | None, limit: int, **wanted: str | None
) -> list[sql.Record]:
    """The oldest first. `wanted`: state, contract_id."""
    at, case_id = after or _FIRST_MOMENT
    return await sql.rows(
        QUERIES.list_cases(pool, after=at, after_id=case_id, limit=limit, **of.asked(), **wanted)
    )


async def count_open_shortfalls(pool: sql.Pool) -> int:
    open_states = [state for state in cases.MOVES if state and cases.is_open(state)]
    return int(await QUERIES.count_open_shortfalls(pool, open_states=open_states))
