"""Intake's tables: one function a query, the connection first. `queries.sql` has the SQL.

Promises: batches go as arrays with sorted keys; nothing here decides anything. Whoever accepts or
withdraws holds the desk's row lock (`lock_desk`), so that receipts, people and days need no other.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.intake import admission, faults, identities, receipts
from shared import clock, sql
from shared.events import Entry, LineResult

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
        day_before = clock.london_day(now) - timedelta(days=1)
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


async def contract_versions(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, int]:
    """The newest version of each contract that is known here."""
    rows = await _all(QUERIES.contract_versions(conn, contract_ids=sorted(contract_ids)))
    return {row["contract_id"]: row["version"] for row in rows}


async def contract_bodies(
    conn: sql.Connection, contract_ids: Collection[str]
) -> dict[str, tuple[int, bytes]]:
    """Version and published bytes by contract."""
    rows = await _all(QUERIES.contract_bodies(conn, contract_ids=sorted(contract_ids)))
    return {row["contract_id"]: (row["version"], row["body"]) for row in rows}


async def latest(
    conn: sql.Connection, chains: Collection[admission.Chain]
) -> dict[admission.Chain, admission.Latest]:
    contract_ids, party_ids, periods = _columns(sorted(chains), 3)
    rows = await _all(
        QUERIES.latest(conn, contract_ids=contract_ids, party_ids=party_ids, periods=periods)
    )
    return {
        (row["contract_id"], row["party_id"], row["period"]): admission.Latest(
            row["revision"], row["return_id"]
        )
        for row in rows
    }


async def accepted_by_bytes(
    conn: sql.Connection, pairs: Collection[tuple[str, bytes]]
) -> dict[tuple[str, bytes], receipts.Issued]:
    party_ids, digests = _columns(sorted(pairs), 2)
    rows = await _all(QUERIES.accepted_by_bytes(conn, party_ids=party_ids, digests=digests))
    return {(row["party_id"], row["sha256"]): issued(row) for row in rows}


async def accepted_by_key(
    conn: sql.Connection, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], receipts.Issued]:
    party_ids, keys = _columns(sorted(pairs), 2)
    rows = await _all(QUERIES.accepted_by_key(conn, party_ids=party_ids, keys=keys))
    return {(row["party_id"], row["key"]): issued(row) for row in rows}


def issued(row: sql.Record) -> receipts.Issued:
    """The receipt of an accepted return's row."""
    receipt = receipts.Receipt(
        kind="return",
        receipt_no=row["receipt_no"],
        return_id=row["return_id"],
        contract_id=row["contract_id"],
        party_id=row["party_id"],
        period=row["period"],
        revision=row["revision"],
        sha256=row["sha256"],
        salt=row["salt"],
        received_at=row["received_at"],
        merge_by=row["merge_by"],
    )
    return receipts.Issued(receipt, row["signature"], row["public_key"])


# --- people ------------------------------------------------------------------------------------


async def people(
    conn: sql.Connection, references: Collection[identities.Reference]
) -> dict[identities.Reference, UUID]:
    """The random id of each person; those never seen before get theirs now."""
    if not references:
        return {}
    found = _people(await _all(QUERIES.people(conn, **_references(references))))
    new = [reference for reference in references if reference not in found]
    if new:
        found |= _people(await _all(QUERIES.add_people(conn, **_references(new))))
    return found


def _references(references: Iterable[identities.Reference]) -> dict[str, list[str]]:
    authority_ids, employer_ids, refs = _columns(sorted(references), 3)
    return {"authority_ids": authority_ids, "employer_ids": employer_ids, "refs": refs}


def _people(rows: Iterable[sql.Record]) -> dict[identities.Reference, UUID]:
    return {identities.Reference(*row[:3]): row[3] for row in map(tuple, rows)}


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


async def keep_returns(
    conn: sql.Connection, accepted: Sequence[admission.Accepted], received_at: datetime
) -> None:
    """All of one group: they share time, promise and key."""
    if not accepted:
        return
    issued = [one.issued for one in accepted]
    await QUERIES.keep_returns(
        conn,
        received_at=received_at,
        merge_by=issued[0].receipt.merge_by,
        public_key=issued[0].public_key,
        return_ids=[one.receipt.return_id for one in issued],
        receipt_nos=[one.receipt.receipt_no for one in issued],
        authority_ids=[one.acceptance.authority_id for one in accepted],
        contract_ids=[one.receipt.contract_id for one in issued],
        party_ids=[one.receipt.party_id for one in issued],
        periods=[one.receipt.period for one in issued],
        revisions=[one.receipt.revision for one in issued],
        supersedes=[one.acceptance.supersedes for one in accepted],
        bodies=[one.post.body for one in accepted],
        digests=[one.receipt.sha256 for one in issued],
        salts=[one.receipt.salt for one in issued],
        signatures=[one.signature for one in issued],
    )


async def keep_keys(conn: sql.Connection, keys: Collection[tuple[str, str, UUID]]) -> None:
    """Party, Idempotency-Key and return."""
    if keys:
        party_ids, names, return_ids = _columns(sorted(keys), 3)
        await QUERIES.keep_keys(conn, party_ids=party_ids, keys=names, return_ids=return_ids)


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


async def line_statuses(pool: sql.Pool, return_id: UUID) -> dict[str, sql.Record]:
    """What was last said, by line."""
    rows = await _all(QUERIES.line_statuses(pool, return_id=return_id))
    return {row["line_id"]: row for row in rows}


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


# --- what other houses say ---------------------------------------------------------------------


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


async def apply_line_statuses(
    conn: sql.Connection, said: dict[tuple[UUID, str], tuple[UUID, LineResult]]
) -> None:
    """The event and result by return and line; the last of a batch."""
    if said:
        results = [result for _, result in said.values()]
        await QUERIES.apply_line_statuses(
            conn,
            return_ids=[return_id for return_id, _ in said],
            line_ids=[line_id for _, line_id in said],
            outcomes=[result.outcome for result in results],
            counted=[f"{result.counted:f}" for result in results],
            provisional=[f"{result.provisional:f}" for result in results],
            queried=[f"{result.queried:f}" for result in results],
            findings=[
                json.dumps([finding.model_dump(exclude_none=True) for finding in result.findings])
                for result in results
            ],
            event_ids=[event_id for event_id, _ in said.values()],
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
    """How long the oldest letter has waited for the broker; 0 where none waits."""
    return float(await QUERIES.outbox_age_seconds(pool))


async def _all(rows: AsyncIterator[sql.Record]) -> list[sql.Record]:
    return [row async for row in rows]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as columns; `count` empty ones where there is no row."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]
