"""Contracts and commitments, one at a time, as people change them; each function is one query.

Promises: a contract's row is locked by whoever changes it, until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from services.verification.store import rows
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def lock_contract(conn: sql.Connection, contract_id: str) -> sql.Record | None:
    """One contract's row, locked until the transaction ends."""
    row: sql.Record | None = await QUERIES.lock_contract(conn, contract_id=contract_id)
    return row


async def list_known(pool: sql.Pool, contract_ids: Sequence[str]) -> list[sql.Record]:
    """Those of these contracts that are registered, of any authority: nothing of them may be
    shown."""
    return await sql.rows(QUERIES.list_known(pool, contract_ids=contract_ids))


async def add_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_contract(conn, **values)


async def change_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.change_contract(conn, **values)


async def date_contract(conn: sql.Connection, contract_id: str, published_at: datetime) -> None:
    await QUERIES.date_contract(conn, contract_id=contract_id, published_at=published_at)


async def move_contract(conn: sql.Connection, version: int, row: rows.StateRow) -> None:
    """A contract whose commitments changed."""
    await QUERIES.move_contract(conn, version=version, **row._asdict())


async def list_commitments(
    conn: sql.Connection | sql.Pool, contract_ids: Sequence[str]
) -> list[sql.Record]:
    """All versions of these contracts' commitments: by contract, commitment, version."""
    return await sql.rows(QUERIES.list_commitments(conn, contract_ids=list(contract_ids)))


async def add_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_commitment(conn, **values)


async def replace_proposal(conn: sql.Connection, contract_id: str, commitment_id: str) -> None:
    await QUERIES.replace_proposal(conn, contract_id=contract_id, commitment_id=commitment_id)


async def approve_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.approve_commitment(conn, **values)
