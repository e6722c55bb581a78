"""The council's people of contracts: who holds which part, now and before (rule P6). Each function
is one query.

Promises: nothing is ever dropped, so that it can be told for any day who held which part. Whoever
changes it holds the contract's row locked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.verification.domain.ownerless import Ownerless
from services.verification.domain.telling import Officers, Part
from shared import sql
from shared.officers import Officer
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

HELD_MAX: Final = 200
"""Of one contract's history, the newest."""


# --- who is told ---------------------------------------------------------------------------------


async def load_officers(
    conn: sql.Connection | sql.Pool, contract_ids: Collection[str]
) -> dict[str, Officers]:
    """Who holds which part of each of these contracts now. Of a contract without people there is
    `Officers()`."""
    held: dict[str, dict[str, Any]] = {contract_id: {} for contract_id in contract_ids}
    for row in await sql.rows(QUERIES.load_officers(conn, contract_ids=list(held))):
        held[row["contract_id"]][row["part"]] = row["officer_id"]
    return {contract_id: Officers(**parts) for contract_id, parts in held.items()}


async def load_managers(
    conn: sql.Connection | sql.Pool, authority_ids: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """The account ids of the managers of each of these authorities, as far as they have a name."""
    found: dict[str, list[str]] = {authority_id: [] for authority_id in authority_ids}
    for row in await sql.rows(QUERIES.load_managers(conn, authority_ids=list(found))):
        found[row["authority_id"]].append(row["officer_id"])
    return {authority_id: tuple(managers) for authority_id, managers in found.items()}


# --- contracts without an owner ------------------------------------------------------------------


async def lock_ownerless(
    conn: sql.Connection, days: Mapping[int, date], limit: int
) -> dict[int, list[Ownerless]]:
    """Contracts of which it is to be said that they have no owner, by partition; locked until the
    transaction ends. One that somebody is changing now is left for the next day: to wait for it
    could block both."""
    found: dict[int, list[Ownerless]] = {}
    rows = QUERIES.lock_ownerless(
        conn, partitions=list(days), days=list(days.values()), limit=limit
    )
    for row in await sql.rows(rows):
        found.setdefault(row["partition"], []).append(
            Ownerless(
                contract_id=row["contract_id"],
                authority_id=row["authority_id"],
                suppliers=row["supplier_ids"],
                owners=row["owners"],
            )
        )
    return found


async def set_owners_told(conn: sql.Connection, told: Collection[Ownerless]) -> None:
    """That these contracts have no owner was said."""
    if told:
        await QUERIES.set_owners_told(
            conn,
            contract_ids=[each.contract_id for each in told],
            owners=[each.owners for each in told],
        )


# --- changes -------------------------------------------------------------------------------------


async def load_known(conn: sql.Connection, officer_ids: Collection[str]) -> dict[str, Officer]:
    """What is known of these officers, of any authority; one without a name was forgotten."""
    found = await sql.rows(QUERIES.load_known(conn, officer_ids=sorted(officer_ids)))
    return {
        row["officer_id"]: Officer(row["authority_id"], row["name"], row["role"]) for row in found
    }


async def set_ended(
    conn: sql.Connection, contract_id: str, parts: Collection[Part], by: str, at: datetime
) -> None:
    """Ends that these parts are held by those who hold them."""
    await QUERIES.set_ended(conn, contract_id=contract_id, parts=list(parts), at=at, ended_by=by)


async def add_held(
    conn: sql.Connection, contract_id: str, held: Mapping[Part, str], by: str, at: datetime
) -> None:
    """Officers who hold these parts from now on."""
    await QUERIES.add_held(
        conn,
        contract_id=contract_id,
        parts=list(held),
        officer_ids=list(held.values()),
        at=at,
        set_by=by,
    )


# --- what is shown -------------------------------------------------------------------------------


class During(NamedTuple):
    """A time: from a moment, until before another one."""

    since: datetime | None
    """None: only what is held now."""
    till: datetime | None = None
    """None: what came later too."""


NOW: Final = During(None)
EVER: Final = During(datetime(1, 1, 1, tzinfo=UTC))


async def list_held(
    pool: sql.Pool, of: Scope, contract_id: str, during: During
) -> list[sql.Record]:
    """Who held which part of a contract, with names: what is held now first, then the newest. At
    most `HELD_MAX`."""
    return await sql.rows(
        QUERIES.list_held(
            pool,
            authority_id=of.authority_id,
            contract_id=contract_id,
            since=during.since,
            till=during.till,
            limit=HELD_MAX,
        )
    )


async def list_choices(
    pool: sql.Pool, of: Scope, roles: Collection[str], limit: int
) -> list[sql.Record]:
    """The first officers of the authority with one of these roles, by name."""
    return await sql.rows(
        QUERIES.list_choices(pool, authority_id=of.authority_id, roles=list(roles), limit=limit)
    )
