"""What verification shows: one function a query, read from the pool, scoped to the caller.

Promises: a caller sees its own authority only, a supplier its own contracts only; what it may not
see looks as if there were none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from services.verification.domain import cases
from services.verification.domain.lines import Line
from services.verification.store import fold, rows
from shared import sql
from shared.delivery import topics
from shared.web import auth

_QUERIES: Final = fold.QUERIES
_START: Final = datetime(1, 1, 1, tzinfo=UTC)

RETURNS_AT_ONCE: Final = 20
"""So many are read at a time for a page of lines: one may have some thousands."""

LineId: TypeAlias = tuple[str, str, str, str]
"""Contract, period, party, line id: lines are listed in this order."""


class Placed(NamedTuple):
    """A line in a list."""

    place: LineId
    line: Line


class Scope(NamedTuple):
    """What a caller may see: an authority; of it, a party's contracts."""

    authority_id: str
    party_id: str | None


def scope(who: auth.Caller) -> Scope:
    return Scope(who.authority_id, who.party_id)


async def contract(pool: sql.Pool, of: Scope, contract_id: str) -> sql.Record | None:
    row: sql.Record | None = await _QUERIES.find_contract(
        pool, contract_id=contract_id, **of._asdict()
    )
    return row


async def contracts(pool: sql.Pool, of: Scope, after: str, limit: int) -> list[sql.Record]:
    return await fold.rows_of(
        _QUERIES.list_contracts(pool, after=after, limit=limit, **of._asdict())
    )


async def known(pool: sql.Pool, contract_ids: Sequence[str]) -> list[sql.Record]:
    """Contracts as they stand, whoever's they are: nothing of them may be told."""
    return await fold.rows_of(_QUERIES.known(pool, contract_ids=contract_ids))


async def unpublished(pool: sql.Pool, contract_ids: Collection[str]) -> set[str]:
    """Contracts whose newest version still waits for the broker."""
    records = await fold.rows_of(
        _QUERIES.unpublished(pool, topic=topics.CONTRACTS.name, contract_ids=list(contract_ids))
    )
    return {row["key"] for row in records}


async def inputs(conn: sql.Connection | sql.Pool, contract_id: str) -> list[sql.Record]:
    """A contract's journal."""
    return await fold.rows_of(_QUERIES.inputs(conn, contract_id=contract_id))


async def returns_of(conn: sql.Connection | sql.Pool, contract_id: str) -> list[rows.ReturnRow]:
    """All current lines of a contract, return by return."""
    records = await fold.rows_of(_QUERIES.returns_of_contract(conn, contract_id=contract_id))
    return [rows.ReturnRow(*row) for row in records]


async def assessments_of(
    conn: sql.Connection | sql.Pool, contract_id: str
) -> list[rows.AssessmentRow]:
    """All assessments of a contract, in the order in which they were made."""
    records = await fold.rows_of(_QUERIES.assessments(conn, contract_id=contract_id))
    return [rows.AssessmentRow(*row) for row in records]


async def lines(
    pool: sql.Pool, of: Scope, after: LineId, limit: int, **wanted: str | None
) -> list[Placed]:
    """The first `limit` lines after a place. `wanted`: outcome, contract_id."""
    found: list[Placed] = []
    while True:
        records = await _returns(pool, of, after, wanted)
        for row in records:
            for line in sorted(rows.read_lines(row["lines"]), key=lambda line: line.line_id):
                place = (row["contract_id"], *line.id)
                if place > after and wanted["outcome"] in (None, line.result.outcome):
                    found.append(Placed(place, line))
            if len(found) >= limit:
                return found[:limit]
        if len(records) < RETURNS_AT_ONCE:
            return found
        after = place


async def _returns(
    pool: sql.Pool, of: Scope, after: LineId, wanted: Mapping[str, str | None]
) -> list[sql.Record]:
    """The returns that have the lines after a place; the first may have lines before it too."""
    contract_id, period, party_id, _ = after
    return await fold.rows_of(
        _QUERIES.list_returns(
            pool,
            from_contract=contract_id,
            from_period=period,
            from_party=party_id,
            limit=RETURNS_AT_ONCE,
            **of._asdict(),
            **wanted,
        )
    )


async def alerts(
    pool: sql.Pool,
    of: Scope,
    before: tuple[datetime, UUID] | None,
    limit: int,
    **wanted: str | None,
) -> list[sql.Record]:
    """The newest first. `wanted`: kind, contract_id."""
    raised_at, event_id = before or (None, None)
    return await fold.rows_of(
        _QUERIES.list_alerts(
            pool, before=raised_at, before_id=event_id, limit=limit, **of._asdict(), **wanted
        )
    )


async def cases_of(
    pool: sql.Pool,
    of: Scope,
    after: tuple[datetime, UUID] | None,
    limit: int,
    **wanted: str | None,
) -> list[sql.Record]:
    """The oldest first. `wanted`: state, contract_id."""
    opened_at, case_id = after or (_START, UUID(int=0))
    return await fold.rows_of(
        _QUERIES.list_cases(
            pool, after=opened_at, after_id=case_id, limit=limit, **of._asdict(), **wanted
        )
    )


async def open_shortfalls(pool: sql.Pool) -> int:
    open_states = [name for name in cases.MOVES if name is not None and cases.MOVES[name]]
    return int(await _QUERIES.count_open_shortfalls(pool, open_states=open_states))


# --- whole contracts, for a replay ---------------------------------------------------------------


async def contract_ids(pool: sql.Pool) -> list[str]:
    """All contracts."""
    return [row["contract_id"] for row in await fold.rows_of(_QUERIES.contract_ids(pool))]


async def state_of(conn: sql.Connection, contract_id: str) -> bytes:
    return bytes(await _QUERIES.state_of_contract(conn, contract_id=contract_id))


async def claims_of(conn: sql.Connection, contract_id: str) -> list[rows.ClaimRow]:
    records = await fold.rows_of(_QUERIES.claims_of_contract(conn, contract_id=contract_id))
    return [rows.ClaimRow(*row) for row in records]


async def cases_of_contract(conn: sql.Connection, contract_id: str) -> list[rows.CaseRow]:
    records = await fold.rows_of(_QUERIES.cases_of_contract(conn, contract_id=contract_id))
    return [rows.CaseRow(*row) for row in records]


async def alerts_of(conn: sql.Connection, contract_id: str) -> list[rows.AlertRow]:
    records = await fold.rows_of(_QUERIES.alerts_of_contract(conn, contract_id=contract_id))
    return [rows.AlertRow(*row) for row in records]


async def posted(conn: sql.Connection, event_ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Messages that were posted, by id."""
    records = await fold.rows_of(_QUERIES.posted(conn, event_ids=event_ids))
    return {row["event_id"]: row["body"] for row in records}
