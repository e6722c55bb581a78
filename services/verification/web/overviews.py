"""The pages of all contracts and all promises, the worst first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api import overviews, standings
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.pages import contracts, filters, promises
from shared import calendar
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import auth, problems, scope

router = APIRouter()


@router.get("/contracts")
async def show_contracts(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[filters.Contracts, Query()],
) -> Response:
    """The contracts that this person may see."""
    faults, is_supplier = query.check(), who.role == "supplier"
    if faults:
        page = contracts.show_faults(query, faults, is_supplier=is_supplier)
        return site.show(request, "contracts.html", page, who, 422)
    today = calendar.london_day(dependencies.clock.now())
    found = await overviews.find(dependencies, who.caller, query.query(today))
    pages = listing.pages("/contracts", query.cursor, found.page.next, **query.given)
    page = contracts.show(query, found.page.items, found.counts, pages, is_supplier=is_supplier)
    return site.show(request, "contracts.html", page, who)


@router.get("/contracts.csv")
async def save_contracts(
    who: Reader, dependencies: Injected, query: Annotated[filters.Contracts, Query()]
) -> Response:
    """The whole list as a file."""
    if query.check():
        raise problems.Problem(422, "This list cannot be")
    today = calendar.london_day(dependencies.clock.now())
    return await overviews.csv(dependencies, who.caller, query.query(today))


@router.get("/promises")
async def show_promises(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[filters.Promises, Query()],
) -> Response:
    """The promises of the contracts that this person may see."""
    caller = who.caller
    has_contract = await has_one(dependencies, caller, query.contract)
    faults = query.check(has_contract=has_contract)
    if faults:
        page = promises.show_faults(query, faults)
        return site.show(request, "promises.html", page, who, 422)
    asked = query.query()
    found = await standings.find(dependencies, caller, asked)
    counts = await standings.count(dependencies, caller, asked)
    pages = listing.pages("/promises", query.cursor, found.next, **query.given)
    page = promises.show(query, found.items, counts, pages)
    return site.show(request, "promises.html", page, who)


async def has_one(dependencies: Dependencies, caller: auth.Caller, contract_id: str) -> bool:
    """Whether there is such a contract, and this person may see it."""
    if not contract_id:
        return False
    pool, of = dependencies.delivery.pool, scope.of(caller)
    return await store.reading.find_contract(pool, of, contract_id) is not None
