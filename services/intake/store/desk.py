"""Intake's tables: one function a query, the connection first. `queries.sql` has the SQL.

Promises: batches go as arrays with sorted keys; nothing here decides anything. Whoever accepts or
withdraws holds the desk's row lock (`lock_desk`), so that receipts, people and days need no other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.intake.domain import admission, faults, line_status, people, receipts
from shared import calendar, sql
from shared.wire.events import Entry

QUERIES: Final = sql.queries(Path(__file__).with_name("queries.sql"))


# --- the desk --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the desk stands: the last receipt and day, and a time that never goes back."""

    receipt_no: int
    day_ended: date
    stands_at: datetime

    def at(self, now: datetime) -> datetime:
        """The time of what is accepted now: order never depends on a clock that steps back."""
        return max(now, self.stands_at)


async def lock_desk(conn: sql.Connection, now: datetime) -> Stand:
    """Locks the desk until the transaction ends. The first lock is the installation."""
    row = await QUERIES.lock_desk(conn)
    if row is None:
        day_before = calendar.london_day(now) - timedelta(days=1)
        await QUERIES.open_desk(conn, day_before=day_before, at=now)
        row = await QUERIES.lock_desk(conn)
    return Stand(*row)


async def leave_desk(conn: sql.Connection, receipt_no: int, at: datetime) -> None:
    await QUERIES.leave_desk(conn, receipt_no=receipt_no, at=at)


async def end_day(conn: sql.Connection, day: date, at: datetime) -> None:
    await QUERIES.end_day(conn, day=day, at=at)


async def stands_at(conn: sql.Connection | sql.Pool) -> datetime | None:
    found: datetime | None = await QUERIES.stands_at(conn)
    return found


# --- what is known before deciding -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one submission before it is decided."""

    version: int | None
    """The newest of its contract; None where there is none here."""
    latest: admission.Latest | None
    by_key: UUID | None
    """The return that its party sent under the same Idempotency-Key before."""
    by_bytes: UUID | None


async def known(conn: sql.Connection, posts: Sequence[admission.Post]) -> list[Known]:
    """For each of `posts`, in their order."""
    given = [post.reading.submission for post in posts]
    rows = await _all(
        QUERIES.known(
            conn,
            contract_ids=[one.contract_id for one in given],
            party_ids=[post.party_id for post in posts],
            periods=[one.period for one in given],
            keys=[post.key for post in posts],
            digests=[post.sha256 for post in posts],
        )
    )
    return [
        Known(version, admission.Latest(revision, return_id) if revision else None, *before)
        for version, revision, return_id, *before in rows
    ]


async def receipts_of(
    conn: sql.Connection, return_ids: Collection[UUID]
) -> dict[UUID, receipts.Issued]:
    """Receipts given before, by return."""
    if not return_ids:
        return {}
    rows = await _all(QUERIES.receipts(conn, return_ids=sorted(return_ids)))
    return {row["return_id"]: issued(row) for row in rows}


async def contract_bodies(
    conn: sql.Connection, contract_ids: Collection[str]
) -> dict[str, tuple[int, bytes]]:
    """Version and published bytes by contract."""
    rows = await _all(QUERIES.contract_bodies(conn, contract_ids=sorted(contract_ids)))
    return {row["contract_id"]: (row["version"], row["body"]) for row in rows}


def issued(row: sql.Record) -> receipts.Issued:
    """The receipt of an accepted return's row."""
    receipt = receipts.Receipt(kind="return", **{name: row[name] for name in _RECEIPT_COLUMNS})
    return receipts.Issued(receipt, row["signature"], row["public_key"])


_RECEIPT_COLUMNS: Final = [f.name for f in fields(receipts.Receipt) if f.name != "kind"]


# --- people ------------------------------------------------------------------------------------


async def load_people(
    conn: sql.Connection, references: Collection[people.Reference]
) -> dict[people.Reference, UUID]:
    """The random id of each person; those never seen before get theirs now."""
    if not references:
        return {}
    found = _people(await _all(QUERIES.people(conn, **_references(references))))
    new = [reference for reference in references if reference not in found]
    if new:
        found |= _people(await _all(QUERIES.add_people(conn, **_references(new))))
    return found


def _references(references: Iterable[people.Reference]) -> dict[str, list[str]]:
    authority_ids, employer_ids, refs = _columns(sorted(references), 3)
    return {"authority_ids": authority_ids, "employer_ids": employer_ids, "refs": refs}


def _people(rows: Iterable[sql.Record]) -> dict[people.Reference, UUID]:
    return {people.Reference(*row[:3]): row[3] for row in map(tuple, rows)}


async def shared_people(conn: sql.Connection, hashes: Collection[bytes]) -> dict[bytes, UUID]:
    """The random id of each shared identifier; those never seen before get theirs now."""
    if not hashes:
        return {}
    found = dict(map(tuple, await _all(QUERIES.shared_people(conn, hashes=sorted(hashes)))))
    new = sorted(one for one in hashes if one not in found)
    if new:
        found |= dict(map(tuple, await _all(QUERIES.add_shared_people(conn, hashes=new))))
    return found


# --- what was decided --------------------------------------------------------------------------


async def keep_returns(conn: sql.Connection, accepted: Sequence[admission.Accepted]) -> None:
    """A group's accepted returns, in order of their receipts."""
    if accepted:
        await conn.copy_records_to_table(
            "accepted_return", columns=_RETURN_COLUMNS, records=map(_return, accepted)
        )


_RETURN_COLUMNS: Final = (
    *("return_id", "receipt_no", "authority_id", "contract_id", "party_id", "period", "revision"),
    *("supersedes", "body", "sha256", "salt", "received_at", "merge_by", "signature", "public_key"),
)


def _return(one: admission.Accepted) -> tuple[Any, ...]:
    receipt = one.issued.receipt
    return (
        receipt.return_id,
        receipt.receipt_no,
        one.acceptance.authority_id,
        receipt.contract_id,
        receipt.party_id,
        receipt.period,
        receipt.revision,
        one.acceptance.supersedes,
        one.post.body,
        receipt.sha256,
        receipt.salt,
        receipt.received_at,
        receipt.merge_by,
        one.issued.signature,
        one.issued.public_key,
    )


async def keep_keys(conn: sql.Connection, new: Mapping[tuple[str, str], UUID]) -> None:
    """Returns by party and Idempotency-Key; those that came under it for the first time."""
    if new:
        rows = [(*key, return_id) for key, return_id in new.items()]
        await conn.copy_records_to_table(
            "idempotency", columns=("party_id", "key", "return_id"), records=rows
        )


async def keep_refusals(
    conn: sql.Connection,
    refused: Sequence[admission.Refused],
    refused_at: datetime,
) -> None:
    if refused:
        await QUERIES.keep_refusals(
            conn,
            refused_at=refused_at,
            event_ids=[one.post.return_id for one in refused],
            party_ids=[one.post.party_id for one in refused],
            contract_ids=[one.contract_id for one in refused],
            routes=[one.post.route for one in refused],
            rules=[" ".join(faults.rules(one.faults)) for one in refused],
            faults=[len(one.faults) for one in refused],
        )


# --- withdrawals -------------------------------------------------------------------------------


async def return_to_withdraw(
    conn: sql.Connection, return_id: UUID, party_id: str
) -> sql.Record | None:
    row: sql.Record | None = await QUERIES.return_to_withdraw(
        conn, return_id=return_id, party_id=party_id
    )
    return row


def withdrawal(row: sql.Record) -> receipts.Issued:
    """The receipt of a withdrawal, from the row of the return withdrawn."""
    receipt = receipts.Receipt(
        kind="withdrawal",
        receipt_no=row["withdrawal_no"],
        return_id=row["return_id"],
        contract_id=row["contract_id"],
        party_id=row["party_id"],
        period=row["period"],
        revision=row["revision"],
        sha256=row["sha256"],
        salt=row["salt"],
        received_at=row["withdrawn_at"],
        merge_by=row["merge_by"],
    )
    return receipts.Issued(receipt, row["signature"], row["public_key"])


async def keep_withdrawal(
    conn: sql.Connection, issued: receipts.Issued, event_id: UUID, reason: str
) -> None:
    await QUERIES.keep_withdrawal(
        conn,
        return_id=issued.receipt.return_id,
        event_id=event_id,
        receipt_no=issued.receipt.receipt_no,
        reason=reason,
        withdrawn_at=issued.receipt.received_at,
        merge_by=issued.receipt.merge_by,
        signature=issued.signature,
        public_key=issued.public_key,
    )


# --- what is shown -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose returns a caller may see: a party's, or an authority's."""

    party_id: str | None
    authority_id: str | None


async def returns(
    pool: sql.Pool, scope: Scope, contract_id: str | None, before: int | None, rows: int
) -> list[sql.Record]:
    """Newest first, those with receipts before `before`."""
    found: list[sql.Record] = await _all(
        QUERIES.returns(
            pool,
            party_id=scope.party_id,
            authority_id=scope.authority_id,
            contract_id=contract_id,
            before=before,
            rows=rows,
        )
    )
    return found


async def one_return(pool: sql.Pool, scope: Scope, return_id: UUID) -> sql.Record | None:
    row: sql.Record | None = await QUERIES.one_return(
        pool, return_id=return_id, party_id=scope.party_id, authority_id=scope.authority_id
    )
    return row


async def line_statuses(
    pool: sql.Pool, return_id: UUID
) -> dict[str, tuple[line_status.Said, int | None]]:
    """What was last said and which entry said it, none until it is recorded; by line."""
    rows = await _all(QUERIES.line_statuses(pool, return_id=return_id))
    return {row["line_id"]: (line_status.read(row["said"]), row["entry"]) for row in rows}


async def credentials(pool: sql.Pool, party_id: str, authority_id: str) -> list[sql.Record]:
    found: list[sql.Record] = await _all(
        QUERIES.credentials(pool, party_id=party_id, authority_id=authority_id)
    )
    return found


async def keep_inbound_topic(
    conn: sql.Connection, topic: str, party_id: str, authority_id: str
) -> None:
    await QUERIES.keep_inbound_topic(
        conn, topic=topic, party_id=party_id, authority_id=authority_id
    )


# --- what other services say ---------------------------------------------------------------------


async def apply_contracts(conn: sql.Connection, published: dict[str, tuple[int, bytes]]) -> None:
    """Version and bytes by contract; the newest of a batch."""
    if published:
        ordered = sorted(published)
        await QUERIES.apply_contracts(
            conn,
            contract_ids=ordered,
            versions=[published[one][0] for one in ordered],
            bodies=[published[one][1] for one in ordered],
        )


async def apply_statuses(conn: sql.Connection, said: line_status.Lines) -> None:
    """What was said last in a batch."""
    if said:
        await QUERIES.apply_statuses(
            conn, return_ids=list(said), lines=list(map(line_status.written, said.values()))
        )


async def apply_entries(conn: sql.Connection, entries: Sequence[Entry]) -> None:
    if entries:
        await QUERIES.apply_entries(
            conn,
            event_ids=[entry.event_id for entry in entries],
            indexes=[entry.index for entry in entries],
        )


async def inbound_topics(
    conn: sql.Connection, names: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Party and authority by topic."""
    if not names:
        return {}
    rows = await _all(QUERIES.inbound_topics(conn, topics=sorted(names)))
    return {row["topic"]: (row["party_id"], row["authority_id"]) for row in rows}


async def outbox_age_seconds(pool: sql.Pool) -> float:
    """How long the oldest message has waited for the broker; 0 where none waits."""
    return float(await QUERIES.outbox_age_seconds(pool))


async def _all(rows: AsyncIterator[sql.Record]) -> list[sql.Record]:
    return [row async for row in rows]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as columns; `count` empty ones where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
