"""The desk's row, what is known before a group is decided, and what is stored of it.

Promises: a group needs a handful of queries, however many posts it has. Nothing is decided here.
Whoever accepts, withdraws or ends a day locks the desk first (`lock`), so receipts, people and days
need no other lock.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from services.intake.domain import admission, receipts, refused_days
from services.intake.store import rows
from shared import calendar, sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


# --- the row -------------------------------------------------------------------------------------


async def lock(conn: sql.Connection, now: datetime) -> rows.DeskRow:
    """Locks the desk until the transaction ends. The first lock installs it."""
    row = await QUERIES.lock_desk(conn)
    if row is None:
        day_before = calendar.london_day(now) - timedelta(days=1)
        await QUERIES.add_desk(conn, day_before=day_before, at=now)
        row = await QUERIES.lock_desk(conn)
    return rows.read_desk(row)


async def set_receipt_no(conn: sql.Connection, receipt_no: int, at: datetime) -> None:
    """Stores the last receipt number, issued at `at`."""
    await QUERIES.set_receipt_no(conn, receipt_no=receipt_no, at=at)


async def set_day_ended(conn: sql.Connection, day: date, at: datetime) -> None:
    """Stores that `day` ended at `at`."""
    await QUERIES.set_day_ended(conn, day=day, at=at)


async def find_latest_at(conn: sql.Connection | sql.Pool) -> datetime | None:
    """The latest time that the desk has used; None before the first lock."""
    found: datetime | None = await QUERIES.find_latest_at(conn)
    return found


# --- gather --------------------------------------------------------------------------------------


async def load_known(conn: sql.Connection, posts: Sequence[admission.Post]) -> list[rows.Known]:
    """What is known about each of `posts`, in their order."""
    submissions = [post.reading.submission for post in posts]
    found = await sql.rows(
        QUERIES.load_known(
            conn,
            contract_ids=[submission.contract_id for submission in submissions],
            party_ids=[post.party_id for post in posts],
            periods=[submission.period for submission in submissions],
            keys=[post.key for post in posts],
            authority_ids=[p.authority_id if p.route == "http" else None for p in posts],
            digests=[post.sha256 for post in posts],
        )
    )
    return [rows.read_known(row) for row in found]


async def load_receipts(
    conn: sql.Connection, return_ids: Collection[UUID]
) -> dict[UUID, receipts.Issued]:
    """The receipts of these returns."""
    if not return_ids:
        return {}
    found = await sql.rows(QUERIES.load_receipts(conn, return_ids=sorted(return_ids)))
    return {row["return_id"]: rows.read_receipt(row) for row in found}


async def load_contracts(
    conn: sql.Connection, contract_ids: Collection[str]
) -> list[rows.ContractRow]:
    """The newest version of each of these contracts."""
    if not contract_ids:
        return []
    found = await sql.rows(QUERIES.load_contracts(conn, contract_ids=sorted(contract_ids)))
    return [rows.read_contract(row) for row in found]


# --- apply ---------------------------------------------------------------------------------------


async def add_returns(conn: sql.Connection, accepted: Sequence[admission.Accepted]) -> None:
    """Stores accepted returns, in the order of their receipts."""
    if accepted:
        await conn.copy_records_to_table(
            "accepted_return",
            columns=rows.ReturnRow._fields,
            records=map(rows.return_row, accepted),
        )


async def add_keys(conn: sql.Connection, new: Sequence[rows.KeyRow]) -> None:
    """Stores Idempotency-Keys that came for the first time."""
    if new:
        await conn.copy_records_to_table("idempotency", columns=rows.KeyRow._fields, records=new)


async def count_told(
    conn: sql.Connection, party_ids: Collection[str], since: datetime
) -> dict[str, int]:
    """How many refusals of these parties were told by themselves since then."""
    found = QUERIES.count_told(conn, party_ids=list(party_ids), since=since)
    return {row["party_id"]: row["told"] async for row in found}


async def list_untold(conn: sql.Connection, day: date) -> list[refused_days.Together]:
    """The refusals of a day that were not told by themselves."""
    since, until = calendar.midnight(day), calendar.midnight_after(day)
    found = QUERIES.list_untold(conn, since=since, until=until)
    return [rows.read_together(row) async for row in found]


async def add_refusals(
    conn: sql.Connection,
    refused: Sequence[admission.Refused],
    told: Collection[UUID],
    refused_at: datetime,
) -> None:
    """Stores that submissions were refused, and nothing of their content."""
    if not refused:
        return
    columns = sql.columns([rows.refusal_row(one) for one in refused], len(rows.RefusalRow._fields))
    names = ("event_ids", "authority_ids", "party_ids", "contract_ids", "periods", "routes")
    named = dict(zip((*names, "rules", "faults", "details"), columns, strict=True))
    await QUERIES.add_refusals(conn, refused_at=refused_at, told=list(told), **named)


async def add_refused_together(
    conn: sql.Connection, together: refused_days.Together, event_id: UUID
) -> None:
    """Stores refusals that are told together as one, with the id of their event."""
    await QUERIES.add_refused_together(
        conn,
        event_id=event_id,
        authority_id=together.authority_id,
        party_id=together.party_id,
        route=together.route,
        rules=list(together.rules),
        faults=together.faults,
        count=together.refusals,
        refused_at=together.last_at,
    )
