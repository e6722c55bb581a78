"""One whole contract: its journal, and what follows from it; each function is one query."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from services.verification.store import rows
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_contract_ids(pool: sql.Pool) -> list[str]:
    """All contracts."""
    return [row["contract_id"] for row in await sql.rows(QUERIES.list_contract_ids(pool))]


async def list_entries(conn: sql.Connection | sql.Pool, contract_id: str) -> list[sql.Record]:
    """A contract's journal, in order: rows for `rows.read_entry`."""
    return await sql.rows(QUERIES.list_entries(conn, contract_id=contract_id))


async def get_contract(conn: sql.Connection, contract_id: str) -> sql.Record:
    """A contract's row, with its state."""
    row: sql.Record = await QUERIES.get_contract(conn, contract_id=contract_id)
    return row


async def list_lines(conn: sql.Connection | sql.Pool, contract_id: str) -> list[rows.ReturnRow]:
    """All current lines, return by return."""
    found = await sql.rows(QUERIES.list_lines(conn, contract_id=contract_id))
    return [rows.ReturnRow(*row) for row in found]


async def list_claims(conn: sql.Connection, contract_id: str) -> list[rows.ClaimRow]:
    found = await sql.rows(QUERIES.list_claims(conn, contract_id=contract_id))
    return [rows.ClaimRow(*row) for row in found]


async def list_assessments(
    conn: sql.Connection | sql.Pool, contract_id: str
) -> list[rows.AssessmentRow]:
    """All assessments, in the order in which they were made."""
    found = await sql.rows(QUERIES.list_assessments(conn, contract_id=contract_id))
    return [rows.AssessmentRow(*row) for row in found]


async def list_cases(conn: sql.Connection, contract_id: str) -> list[rows.CaseRow]:
    found = await sql.rows(QUERIES.list_cases(conn, contract_id=contract_id))
    return [rows.CaseRow(*row) for row in found]


async def list_alerts(conn: sql.Connection, contract_id: str) -> list[rows.AlertRow]:
    found = await sql.rows(QUERIES.list_alerts(conn, contract_id=contract_id))
    return [rows.AlertRow(*row) for row in found]


async def list_standings(conn: sql.Connection, contract_id: str) -> list[rows.StandingRow]:
    """Where the contract stands: one row."""
    found = await sql.rows(QUERIES.list_standings(conn, contract_id=contract_id))
    return [rows.StandingRow(*row) for row in found]


async def load_messages(
    conn: sql.Connection | sql.Pool, event_ids: Sequence[UUID]
) -> dict[UUID, bytes]:
    """Messages that were posted, by id."""
    found = await sql.rows(QUERIES.load_messages(conn, event_ids=event_ids))
    return {row["event_id"]: row["body"] for row in found}
