"""What callers are shown, limited to what they may see, and how long messages have waited.

Promises: a caller sees the returns of its authority only, a supplier its own of them only. Anything
else looks as if it did not exist.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.domain import return_status
from services.intake.store import rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Months(NamedTuple):
    """What lists of returns and refusals are narrowed down to; None: all. Both ends count."""

    contract_id: str | None
    first: str | None
    last: str | None


class Page(NamedTuple):
    """The returns before a receipt number; None: from the newest on."""

    before: int | None
    limit: int


async def list_returns(
    pool: sql.Pool, of: Scope, months: Months, facts: return_status.Facts, page: Page
) -> list[sql.Record]:
    """The newest returns of which these facts hold, the newest first."""
    return await sql.rows(
        QUERIES.list_returns(
            pool, **of.asked(), **months._asdict(), **facts._asdict(), **page._asdict()
        )
    )


class Refused(NamedTuple):
    """Where a refusal is in the list."""

    at: datetime
    event_id: UUID


async def list_refusals(
    pool: sql.Pool, of: Scope, months: Months, before: Refused | None, limit: int
) -> list[sql.Record]:
    """The newest refusals, the newest first."""
    at, event_id = before or (None, None)
    return await sql.rows(
        QUERIES.list_refusals(
            pool, before=at, before_id=event_id, limit=limit, **of.asked(), **months._asdict()
        )
    )


async def find_return(pool: sql.Pool, of: Scope, return_id: UUID) -> sql.Record | None:
    """One return with its bytes, its receipt and its withdrawal."""
    row: sql.Record | None = await QUERIES.find_return(pool, return_id=return_id, **of.asked())
    return row


async def find_return_id(pool: sql.Pool, of: Scope, key: str) -> UUID | None:
    """The return that a party sent under an Idempotency-Key."""
    found: UUID | None = await QUERIES.find_return_id(pool, key=key, **of.asked())
    return found


async def load_line_statuses(pool: sql.Pool, return_id: UUID) -> dict[str, rows.RecordedStatus]:
    """The latest status of each line of a return, by line id."""
    found = await sql.rows(QUERIES.load_line_statuses(pool, return_id=return_id))
    return {row["line_id"]: rows.read_line_status(row) for row in found}


async def find_contract_id(pool: sql.Pool, of: Scope, contract_id: str) -> str | None:
    """The contract, if the caller may see it: it names the caller's party, or has returns of it."""
    is_known = await QUERIES.has_contract(pool, contract_id=contract_id, **of.asked())
    return contract_id if is_known else None


async def find_party_id(pool: sql.Pool, of: Scope, party_id: str) -> str | None:
    """The party, if the caller may see it: it is, or was, a supplier of the authority."""
    if of.party_id not in (None, party_id):
        return None
    is_known = await QUERIES.has_party(pool, party_id=party_id, authority_id=of.authority_id)
    return party_id if is_known else None


async def find_outbox_age_seconds(pool: sql.Pool) -> float:
    """How long the oldest message has waited for the broker; 0 if none waits."""
    return float(await QUERIES.find_outbox_age_seconds(pool))
