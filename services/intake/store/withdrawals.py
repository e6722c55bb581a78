"""Withdrawals: the return to be withdrawn, and the withdrawal with its receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import UUID

from services.intake.domain import receipts
from services.intake.store import rows
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def find_return(conn: sql.Connection, of: Scope, return_id: UUID) -> rows.StoredReturn | None:
    """A return, if it is the party's own, of this authority."""
    row = await QUERIES.find_return(conn, return_id=return_id, **of.asked())
    return None if row is None else rows.read_stored_return(row)


async def add_withdrawal(
    conn: sql.Connection, issued: receipts.Issued, event_id: UUID, reason: str
) -> None:
    """Stores a withdrawal with its receipt."""
    await QUERIES.add_withdrawal(conn, **rows.withdrawal_row(issued, event_id, reason)._asdict())
