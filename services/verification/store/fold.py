"""Verification's tables, as the fold needs them: one function a query, the connection first.

Promises: a batch of n takes a handful of queries whatever n is, and locks what it changes in one
order (contracts by id, then claims by key), so that two processes never wait for each other.
Nothing here decides anything. What is only read for people is in `reading.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from uuid import UUID

from services.verification.domain import claims, places
from services.verification.domain.lines import Line
from services.verification.store import rows
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_name("queries.sql"))

CLAIM_LOCKS_MAX: Final = 2000
"""Keys that one batch locks one by one: the server's lock table has room for about 6,400 locks by
default, for all processes together. A batch with more locks all keys at once."""
EVERYTHING: Final = -0x636C61696D
"""The lock that stands for all claims' keys."""

ReturnId: TypeAlias = tuple[str, str, str]
"""Contract, period, party: whose return of which month stands."""
Claiming: TypeAlias = tuple[str, claims.ClaimId]
"""A key, and who claims under it."""


# --- gather ------------------------------------------------------------------------------------


async def taken(conn: sql.Connection, event_ids: Sequence[UUID | None]) -> dict[UUID, bytes]:
    """Which of these events were taken before, with the digest of their bytes."""
    records = await rows_of(QUERIES.taken(conn, event_ids=event_ids))
    return {row["event_id"]: row["digest"] for row in records}


async def waking(conn: sql.Connection, days: Mapping[int, date]) -> list[str]:
    """Contracts that have something due by the end of a day, given by partition."""
    records = await rows_of(QUERIES.waking(conn, partitions=list(days), days=list(days.values())))
    return [row["contract_id"] for row in records]


async def lock_contracts(
    conn: sql.Connection, contract_ids: Collection[str]
) -> dict[str, tuple[int, bytes]]:
    """Partition and state of each contract that is known, locked until the transaction ends."""
    records = await rows_of(QUERIES.lock_contracts(conn, contract_ids=sorted(contract_ids)))
    return {row["contract_id"]: (row["partition"], row["state"]) for row in records}


async def lock_claims(conn: sql.Connection, keys: Collection[str]) -> None:
    """Locks these keys until the transaction ends: whoever reads their claims then reads all."""
    if len(keys) > CLAIM_LOCKS_MAX:
        await QUERIES.lock_all_claims(conn, everything=EVERYTHING)
        return
    numbers = sorted({_lock_number(key) for key in keys})
    await QUERIES.lock_claims(conn, everything=EVERYTHING, keys=numbers)


def _lock_number(key: str) -> int:
    return int.from_bytes(bytes.fromhex(key[:16]), signed=True)


async def lines_of_returns(
    conn: sql.Connection, wanted: Collection[ReturnId]
) -> dict[ReturnId, list[Line]]:
    """Current lines, in the order of each return; one that does not stand, or is nil, is absent."""
    contract_ids, periods, party_ids = _columns(wanted, 3)
    records = await rows_of(
        QUERIES.lines_of_returns(
            conn, contract_ids=contract_ids, periods=periods, party_ids=party_ids
        )
    )
    return {
        (row["contract_id"], row["period"], row["party_id"]): rows.read_lines(row["lines"])
        for row in records
    }


async def claims_under(conn: sql.Connection, keys: Collection[str]) -> list[claims.Claim]:
    """Every contract's claims under these keys."""
    records = await rows_of(QUERIES.claims(conn, keys=[bytes.fromhex(key) for key in keys]))
    return [rows.read_claim(row["claim"]) for row in records]


async def places_of(
    conn: sql.Connection, wanted: Collection[tuple[str, str]]
) -> dict[str, places.PlaceFact]:
    """What the directory says of (edition, postcode), by `places.fact_key`."""
    editions, postcodes = _columns(wanted, 2)
    records = await rows_of(QUERIES.places(conn, editions=editions, postcodes=postcodes))
    return {
        places.fact_key(row["pinned"], row["postcode"]): rows.read_place(row) for row in records
    }


# --- apply -------------------------------------------------------------------------------------


async def add_inputs(conn: sql.Connection, inputs: Sequence[rows.JournalRow]) -> None:
    await _copy(conn, "journal", rows.JournalRow._fields, inputs)


async def move_contracts(conn: sql.Connection, stands: Sequence[rows.StateRow]) -> None:
    if stands:
        contract_ids, inputs, wake_on, states = _columns(stands, 4)
        await QUERIES.move_contracts(
            conn, contract_ids=contract_ids, inputs=inputs, wake_on=wake_on, states=states
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Rows of `checked_return` and `claim`: what goes (or comes anew), then what is there."""

    returns_gone: Sequence[ReturnId]
    returns: Sequence[rows.ReturnRow]
    claims_gone: Sequence[Claiming]
    claims: Sequence[rows.ClaimRow]


async def change_lines(conn: sql.Connection, change: Change) -> None:
    if change.returns_gone:
        contract_ids, periods, party_ids = _columns(change.returns_gone, 3)
        await QUERIES.drop_returns(
            conn, contract_ids=contract_ids, periods=periods, party_ids=party_ids
        )
    if change.claims_gone:
        keys, ids = zip(*change.claims_gone, strict=True)
        contract_ids, party_ids, periods, line_ids = _columns(ids, 4)
        await QUERIES.drop_claims(
            conn,
            keys=[bytes.fromhex(key) for key in keys],
            contract_ids=contract_ids,
            party_ids=party_ids,
            periods=periods,
            line_ids=line_ids,
        )
    await _copy(conn, "checked_return", rows.ReturnRow._fields, change.returns)
    await _copy(conn, "claim", rows.ClaimRow._fields, change.claims)


async def add_assessments(conn: sql.Connection, assessed: Sequence[rows.AssessmentRow]) -> None:
    await _copy(conn, "assessment", rows.AssessmentRow._fields, assessed)


async def add_alerts(conn: sql.Connection, raised: Sequence[rows.AlertRow]) -> None:
    await _copy(conn, "alert", rows.AlertRow._fields, raised)


async def move_cases(conn: sql.Connection, moved: Collection[rows.CaseRow]) -> None:
    if moved:
        columns = _columns(sorted(moved), len(rows.CaseRow._fields))
        (case_ids, contract_ids, kinds, commitment_ids, party_ids, periods, *rest) = columns
        states, reasons, opened_at, moved_at = rest
        await QUERIES.move_cases(
            conn,
            case_ids=case_ids,
            contract_ids=contract_ids,
            kinds=kinds,
            commitment_ids=commitment_ids,
            party_ids=party_ids,
            periods=periods,
            states=states,
            reasons=reasons,
            opened_at=opened_at,
            moved_at=moved_at,
        )


async def end_days(conn: sql.Connection, days: Sequence[rows.DayRow]) -> None:
    if days:
        partitions, ended, event_ids, digests = _columns(days, 4)
        await QUERIES.end_days(
            conn, partitions=partitions, days=ended, event_ids=event_ids, digests=digests
        )


async def last_day(conn: sql.Connection | sql.Pool) -> date | None:
    """The last day whose end was taken."""
    day: date | None = await QUERIES.last_day(conn)
    return day


async def _copy(
    conn: sql.Connection, table: str, columns: Sequence[str], records: Sequence[tuple[Any, ...]]
) -> None:
    if records:
        await conn.copy_records_to_table(table, records=records, columns=columns)


def _columns(records: Collection[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as columns; `count` empty ones where there is no row."""
    return [list(column) for column in zip(*records, strict=True)] or [[] for _ in range(count)]


# --- one contract at a time: changes through the API --------------------------------------------


async def lock_contract(conn: sql.Connection, contract_id: str) -> sql.Record | None:
    """One contract's row, locked until the transaction ends."""
    row: sql.Record | None = await QUERIES.lock_contract(conn, contract_id=contract_id)
    return row


async def add_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_contract(conn, **values)


async def change_contract(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.change_contract(conn, **values)


async def date_contract(conn: sql.Connection, contract_id: str, published_at: datetime) -> None:
    await QUERIES.date_contract(conn, contract_id=contract_id, published_at=published_at)


async def change_terms(conn: sql.Connection, version: int, stand: rows.StateRow) -> None:
    await QUERIES.change_terms(conn, version=version, **stand._asdict())


async def add_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.add_commitment(conn, **values)


async def replace_proposal(conn: sql.Connection, contract_id: str, commitment_id: str) -> None:
    await QUERIES.replace_proposal(conn, contract_id=contract_id, commitment_id=commitment_id)


async def approve_commitment(conn: sql.Connection, **values: Any) -> None:
    await QUERIES.approve_commitment(conn, **values)


async def commitments(
    conn: sql.Connection | sql.Pool, contract_ids: Sequence[str]
) -> list[sql.Record]:
    """All versions of these contracts' commitments: by contract, commitment, version."""
    return await rows_of(QUERIES.commitments(conn, contract_ids=list(contract_ids)))


async def add_postcodes(conn: sql.Connection, **columns: Sequence[str | None]) -> None:
    await QUERIES.add_postcodes(conn, **columns)


async def rows_of(found: AsyncIterator[sql.Record]) -> list[sql.Record]:
    """All records that a query gives."""
    return [row async for row in found]
