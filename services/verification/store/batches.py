"""What a batch of events reads and writes; each function is one query.

Promises: a batch needs a handful of queries, however many events it has. It locks what it changes
in one order (contracts by id, then claims by key), so that two processes never deadlock. Nothing is
decided here.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from services.verification.domain import claims, places
from services.verification.domain.lines import Line
from services.verification.store import rows
from shared import sql
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

CLAIM_LOCKS_MAX: Final = 2000
"""How many keys a batch locks one by one. With more keys it locks all claims at once, since the
server's lock table by default holds about 6,400 locks, for all processes together."""
EVERYTHING: Final = -0x636C61696D
"""The advisory lock of all claims together: "claim" in ASCII, negated."""

ReturnId: TypeAlias = tuple[str, str, str]
"""Contract, period, party: whose return of which month."""
Claiming: TypeAlias = tuple[str, claims.ClaimId]
"""A key, and who claims under it."""


# --- gather --------------------------------------------------------------------------------------


async def load_digests(conn: sql.Connection, event_ids: Sequence[UUID | None]) -> dict[UUID, bytes]:
    """Which of these events were seen before, with the digest of their bytes."""
    found = await sql.rows(QUERIES.load_digests(conn, event_ids=event_ids))
    return {row["event_id"]: row["digest"] for row in found}


async def count_later(
    conn: sql.Connection, event: events.ReturnReceived | events.ReturnWithdrawn
) -> int:
    """How many later returns and withdrawals of the same party and month were folded already."""
    found: int = await QUERIES.count_later(
        conn,
        contract_id=event.contract_id,
        party_id=event.party_id,
        period=event.period,
        receipt_no=event.receipt_no,
    )
    return found


async def add_overtaken(conn: sql.Connection, event_id: UUID, digest: bytes) -> None:
    """Notes that an event was seen and has no effect, since a later one has overtaken it."""
    await QUERIES.add_overtaken(conn, event_id=event_id, digest=digest)


async def load_known(
    conn: sql.Connection, superseded: Collection[tuple[UUID, str]], untrue: Collection[str]
) -> set[UUID]:
    """Of these returns, each with its contract, those that came before: folded, overtaken, or
    parked for none of the reasons `untrue`."""
    event_ids, contract_ids = sql.columns(sorted(superseded), 2)
    found = QUERIES.list_known(
        conn, event_ids=event_ids, contract_ids=contract_ids, untrue=list(untrue)
    )
    return {row["event_id"] async for row in found}


async def list_waking(conn: sql.Connection, days: Mapping[int, date]) -> list[str]:
    """Contracts that have something due by the end of their partition's day."""
    found = await sql.rows(
        QUERIES.list_waking(conn, partitions=list(days), days=list(days.values()))
    )
    return [row["contract_id"] for row in found]


class LockedContract(NamedTuple):
    """A contract that a batch folds into."""

    partition: int
    """The partition of `returns` whose days concern it."""
    state: bytes
    holidays: str | None
    """Those that were declared late, as JSON (`holidays.read_holidays`); the same in each."""


async def lock_contracts(
    conn: sql.Connection, contract_ids: Collection[str]
) -> dict[str, LockedContract]:
    """Those of the contracts that are registered, locked until the transaction ends."""
    found = await sql.rows(QUERIES.lock_contracts(conn, contract_ids=sorted(contract_ids)))
    return {
        row["contract_id"]: LockedContract(row["partition"], row["state"], row["holidays"])
        for row in found
    }


async def lock_claims(conn: sql.Connection, keys: Collection[str]) -> None:
    """Locks these keys until the transaction ends: no other process adds a claim under them."""
    if len(keys) > CLAIM_LOCKS_MAX:
        await QUERIES.lock_all_claims(conn, everything=EVERYTHING)
        return
    numbers = sorted({_lock_number(key) for key in keys})
    await QUERIES.lock_claims(conn, everything=EVERYTHING, keys=numbers)


def _lock_number(key: str) -> int:
    return int.from_bytes(bytes.fromhex(key[:16]), signed=True)


async def load_lines(
    conn: sql.Connection, wanted: Collection[ReturnId], bytes_max: int | None = None
) -> dict[ReturnId, list[Line]] | None:
    """Current lines, in the order of each return. A return without current lines is absent. None if
    they have more than `bytes_max` together: then they are not loaded. Without a limit each return
    has a query of its own, since asyncpg keeps the rows of a query until the next one."""
    lines: dict[ReturnId, list[Line]] = {}
    known: dict[object, Any] = {}
    for part in [wanted] if bytes_max is not None else [[each] for each in wanted]:
        contract_ids, periods, party_ids = sql.columns(part, 3)
        found = QUERIES.load_lines(
            conn,
            contract_ids=contract_ids,
            periods=periods,
            party_ids=party_ids,
            bytes_max=bytes_max,
        )
        async for contract_id, period, party_id, body in found:
            if body is None:
                return None
            lines[contract_id, period, party_id] = rows.read_lines(body, known)
    return lines


class Claimed(NamedTuple):
    """Who claims what a batch touches."""

    claims: list[claims.Claim]
    returns: set[ReturnId]
    """Of the contracts that the batch folds into, those whose lines made some of the claims."""


async def load_claims(
    conn: sql.Connection,
    keys: Collection[str],
    contract_ids: Collection[str],
    claims_max: int | None = None,
) -> Claimed | None:
    """The claims under these keys that the lines of `contract_ids` have to do with: all, or if it
    is one contract, those of the others, since its own are in its lines. None if there are more
    than `claims_max`: then they are not loaded."""
    own = next(iter(contract_ids)) if len(contract_ids) == 1 else None
    found = await sql.rows(
        QUERIES.load_claims(
            conn,
            keys=[bytes.fromhex(key) for key in keys],
            contract_ids=list(contract_ids),
            own=own,
            claims_max=claims_max,
        )
    )
    claiming = {
        (row["contract_id"], row["period"], row["party_id"])
        for row in found
        if row["contract_id"] is not None
    }
    bodies = [row["claim"] for row in found if row["contract_id"] is None]
    if any(body is None for body in bodies):
        return None
    return Claimed(list(map(rows.read_claim, bodies)), claiming)


async def load_places(
    conn: sql.Connection, wanted: Collection[tuple[str, str]]
) -> dict[str, places.PlaceFact]:
    """What the directory says of each (edition, postcode), by `places.fact_key`."""
    editions, postcodes = sql.columns(wanted, 2)
    found = await sql.rows(QUERIES.load_places(conn, editions=editions, postcodes=postcodes))
    return {places.fact_key(row["pinned"], row["postcode"]): rows.read_place(row) for row in found}


# --- apply ---------------------------------------------------------------------------------------


async def add_entries(conn: sql.Connection, journal: Sequence[rows.JournalRow]) -> None:
    await _copy(conn, "journal", rows.JournalRow._fields, journal)


async def move_contracts(conn: sql.Connection, moved: Sequence[rows.StateRow]) -> None:
    if moved:
        contract_ids, inputs, wake_on, states = sql.columns(moved, 4)
        await QUERIES.move_contracts(
            conn, contract_ids=contract_ids, inputs=inputs, wake_on=wake_on, states=states
        )


async def set_standings(conn: sql.Connection, found: Sequence[rows.StandingRow]) -> None:
    """Where these contracts stand from now on."""
    if found:
        contract_ids, authority_ids, missing, commitments, overviews = sql.columns(found, 5)
        await QUERIES.set_standings(
            conn,
            contract_ids=contract_ids,
            authority_ids=authority_ids,
            missing=missing,
            commitments=commitments,
            overviews=overviews,
        )


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Rows of `checked_return` and `claim`. A row that changes is dropped and added."""

    returns_gone: Sequence[ReturnId]
    returns: Iterable[rows.ReturnRow]
    claims_gone: Sequence[Claiming]
    claims: Iterable[rows.ClaimRow]


async def change_lines(conn: sql.Connection, changes: RowChanges) -> None:
    if changes.returns_gone:
        contract_ids, periods, party_ids = sql.columns(changes.returns_gone, 3)
        await QUERIES.drop_returns(
            conn, contract_ids=contract_ids, periods=periods, party_ids=party_ids
        )
    if changes.claims_gone:
        keys, ids = zip(*changes.claims_gone, strict=True)
        contract_ids, party_ids, periods, line_ids = sql.columns(ids, 4)
        await QUERIES.drop_claims(
            conn,
            keys=[bytes.fromhex(key) for key in keys],
            contract_ids=contract_ids,
            party_ids=party_ids,
            periods=periods,
            line_ids=line_ids,
        )
    await _copy(conn, "checked_return", rows.ReturnRow._fields, changes.returns)
    await _copy(conn, "claim", rows.ClaimRow._fields, changes.claims)


async def add_assessments(conn: sql.Connection, made: Sequence[rows.AssessmentRow]) -> None:
    await _copy(conn, "assessment", rows.AssessmentRow._fields, made)


async def add_alerts(conn: sql.Connection, raised: Sequence[rows.AlertRow]) -> None:
    await _copy(conn, "alert", rows.AlertRow._fields, raised)


async def move_cases(conn: sql.Connection, moved: Collection[rows.CaseRow]) -> None:
    if moved:
        cases = sorted(moved)
        await QUERIES.move_cases(
            conn,
            case_ids=[case.case_id for case in cases],
            contract_ids=[case.contract_id for case in cases],
            kinds=[case.kind for case in cases],
            commitment_ids=[case.commitment_id for case in cases],
            party_ids=[case.party_id for case in cases],
            periods=[case.period for case in cases],
            states=[case.state for case in cases],
            reasons=[case.reason for case in cases],
            opened_at=[case.opened_at for case in cases],
            moved_at=[case.moved_at for case in cases],
        )


async def add_days(conn: sql.Connection, days: Sequence[rows.DayRow]) -> None:
    if days:
        partitions, ended, event_ids, digests = sql.columns(days, 4)
        await QUERIES.add_days(
            conn, partitions=partitions, days=ended, event_ids=event_ids, digests=digests
        )


async def find_last_day(conn: sql.Connection | sql.Pool) -> date | None:
    """The last day whose end was folded."""
    day: date | None = await QUERIES.find_last_day(conn)
    return day


async def _copy(
    conn: sql.Connection, table: str, columns: Sequence[str], records: Iterable[tuple[Any, ...]]
) -> None:
    for first in (left := iter(records)):  # nothing is sent if there are none
        records = itertools.chain((first,), left)
        await conn.copy_records_to_table(table, records=records, columns=columns)
