"""Contracts and commitments as people change them; each function is one query.

Promises: whoever changes a contract holds its row locked until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.verification.store import holidays, rows
from shared import calendar, sql
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def lock_contract(conn: sql.Connection, contract_id: str) -> sql.Record | None:
    """One contract's row, locked until the transaction ends."""
    row: sql.Record | None = await QUERIES.lock_contract(conn, contract_id=contract_id)
    return row


class Published(NamedTuple):
    """What is published of a contract besides its state and its commitments."""

    words: bytes
    """What it and its organisations are called, as JSON."""
    late: calendar.Late
    """The holidays that were declared late for its authority."""


async def get_published(conn: sql.Connection, contract_id: str) -> Published:
    row = await QUERIES.get_published(
        conn, contract_id=contract_id, installation=events.INSTALLATION
    )
    late = {each.holiday for each in holidays.read_holidays(row["holidays"])}
    return Published(row["words"], tuple(sorted(late)))


async def load_contracts(pool: sql.Pool, contract_ids: Sequence[str]) -> dict[str, sql.Record]:
    """The rows of those that are registered, of any authority: nothing of them may be shown."""
    found = await sql.rows(QUERIES.load_contracts(pool, contract_ids=contract_ids))
    return {row["contract_id"]: row for row in found}


async def load_further_contracts(
    pool: sql.Pool, authority_id: str, ocids: Sequence[str]
) -> dict[str, sql.Record]:
    """The rows of contracts that came after the first of their award, with others that have an OCID
    and no award."""
    found = await sql.rows(
        QUERIES.load_further_contracts(pool, authority_id=authority_id, ocids=ocids)
    )
    return {row["contract_id"]: row for row in found}


async def list_contract_ids(conn: sql.Connection, contract_id: str | None) -> list[str]:
    """Every contract, or this one if it is registered."""
    found = await sql.rows(QUERIES.list_contract_ids(conn, contract_id=contract_id))
    return [row["contract_id"] for row in found]


async def add_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_contract(conn, **values)


async def change_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.change_contract(conn, **values)


async def set_published_at(conn: sql.Connection, contract_id: str, published_at: datetime) -> None:
    """When the award was published, as a later release with the same values says."""
    await QUERIES.set_published_at(conn, contract_id=contract_id, published_at=published_at)


async def move_contract(conn: sql.Connection, version: int, row: rows.StateRow) -> None:
    """The state that a change of the commitments leads to."""
    await QUERIES.move_contract(conn, version=version, **row._asdict())


async def list_commitments(conn: sql.Connection | sql.Pool, contract_id: str) -> list[sql.Record]:
    """All versions of a contract's commitments: by commitment, in order."""
    return await sql.rows(QUERIES.list_commitments(conn, contract_ids=[contract_id]))


async def load_commitments(
    pool: sql.Pool, contract_ids: Sequence[str]
) -> dict[str, list[sql.Record]]:
    """The same of several contracts; one without commitments is absent."""
    found: dict[str, list[sql.Record]] = {}
    for row in await sql.rows(QUERIES.list_commitments(pool, contract_ids=contract_ids)):
        found.setdefault(row["contract_id"], []).append(row)
    return found


async def load_alerts(
    conn: sql.Connection, authority_id: str, alert_ids: Collection[UUID]
) -> list[sql.Record]:
    """Those of these alerts that are the authority's: by contract, with who acknowledged them."""
    return await sql.rows(
        QUERIES.load_alerts(conn, authority_id=authority_id, alert_ids=list(alert_ids))
    )


async def set_acknowledged(
    conn: sql.Connection, done: Collection[events.AlertAcknowledged]
) -> None:
    """Notes who acknowledged these alerts, and when."""
    if done:
        alert_ids, officers, moments = sql.columns(
            [(each.alert_id, each.acknowledged_by, each.occurred_at) for each in done], 3
        )
        await QUERIES.set_acknowledged(
            conn, alert_ids=alert_ids, acknowledged_by=officers, acknowledged_at=moments
        )


async def add_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_commitment(conn, **values)


async def replace_proposal(conn: sql.Connection, contract_id: str, commitment_id: str) -> None:
    await QUERIES.replace_proposal(conn, contract_id=contract_id, commitment_id=commitment_id)


async def approve_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.approve_commitment(conn, **values)
