"""The council's people of a contract, for programs (rule P6).

Promises: a change is one transaction. Officers see the people of their authority's contracts;
suppliers do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from fastapi import APIRouter

from services.verification import store
from services.verification.api import contracts, documents, refusals
from services.verification.api.dependencies import (
    Dependencies,
    Injected,
    Officer,
    Responsible,
)
from services.verification.api.documents import people
from services.verification.domain.telling import Officers
from services.verification.register import people as acts
from services.verification.register.refusals import Refusal
from services.verification.store.people import EVER, During
from shared import calendar, fields, sql
from shared.pages import names
from shared.web import auth, lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/contracts/{contract_id}/people")
async def get_people(
    contract_id: str, who: Officer, dependencies: Injected, on: fields.Day | None = None
) -> people.People:
    """Who at the council holds which part of a contract, and who did: what is held now first. On a
    day: everybody who held a part at any time of it."""
    lists.assert_begun("on", on, calendar.london_day(dependencies.clock.now()))
    during = EVER if on is None else of_day(on)
    await contracts.find(dependencies, who, contract_id)
    pool = dependencies.delivery.pool
    rows = await store.people.list_held(pool, scope.of(who), contract_id, during)
    return people.People(contract_id=contract_id, on=on, held=held(rows))


@router.put("/contracts/{contract_id}/people")
async def put_people(
    contract_id: str, body: documents.PeopleRequest, who: Responsible, dependencies: Injected
) -> people.People:
    """Say who holds which part of a contract from now on. What is left out is nobody's."""
    wanted = Officers(**body.model_dump())
    refusals.accept(await change(dependencies, who, contract_id, wanted))
    return await get_people(contract_id, who, dependencies)


async def change(
    dependencies: Dependencies, who: auth.Caller, contract_id: str, wanted: Officers
) -> Refusal | None:
    """Sets the people of a contract."""
    acting = dependencies.acting(who)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        return await acts.change(conn, contract_id, wanted, acting)


def of_day(day: date) -> During:
    """From midnight to midnight, in London."""
    return During(calendar.midnight(day), calendar.midnight_after(day))


def held(rows: Sequence[sql.Record]) -> list[people.Held]:
    """What `store.people.list_held` found."""
    return [
        people.Held(
            part=row["part"],
            officer_id=row["officer_id"],
            name=row["officer_name"],
            from_=row["from_at"],
            until=row["until_at"],
            set_by=row["set_by"],
            ended_by=row["ended_by"],
        )
        for row in rows
    ]


def named(rows: Sequence[sql.Record]) -> names.Names:
    """The names of all that `store.people.list_held` found, as far as they are known."""
    found = (
        (row[account], row[name])
        for row in rows
        for account, name in _NAMED
        if row[name] is not None
    )
    return names.Names(people=dict(found))


_NAMED: Final = (
    ("officer_id", "officer_name"),
    ("set_by", "set_by_name"),
    ("ended_by", "ended_by_name"),
)
