"""The pages of contracts: who is behind, all contracts, and one of them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api import cases, commitments, contracts, figures, standings
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.api.documents import alerts as documents
from services.verification.pages import contract, filters, home
from services.verification.pages import contracts as contract_pages
from shared import fields
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import auth, lists, scope

CASES_MAX: Final = 100
"""On the page of a contract."""

router = APIRouter()


@router.get("/")
async def show_home(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[filters.Asked, Query()],
) -> Response:
    """Who is behind, of the contracts that this person may see."""
    caller = who.caller
    has_contract = await _has_contract(dependencies, caller, query.contract)
    faults = filters.check(query, has_contract=has_contract)
    if faults:
        return site.show(request, "home.html", home.show_faults(query, faults), who, 422)
    asked = filters.query(query)
    found = await standings.find(dependencies, caller, asked)
    counts = await standings.count(dependencies, caller, asked)
    pages = listing.pages("/", query.cursor, found.next, **query.given)
    return site.show(request, "home.html", home.show(query, found.items, counts, pages), who)


async def _has_contract(dependencies: Dependencies, caller: auth.Caller, contract_id: str) -> bool:
    """Whether there is such a contract, and this person may see it."""
    if not contract_id:
        return False
    pool, of = dependencies.delivery.pool, scope.of(caller)
    return await store.reading.find_contract(pool, of, contract_id) is not None


@router.get("/contracts")
async def show_contracts(
    request: Request, who: Reader, dependencies: Injected, cursor: lists.Cursor = None
) -> Response:
    """The contracts that this person may see."""
    found = await contracts.list_contracts(who.caller, dependencies, listing.ROWS, cursor)
    page = contract_pages.show(found.items, listing.pages("/contracts", cursor, found.next))
    return site.show(request, "contracts.html", page, who)


@router.get("/contracts/{contract_id}")
async def show_contract(
    request: Request, contract_id: fields.ContractId, who: Reader, dependencies: Injected
) -> Response:
    """One contract: is it on course?"""
    caller, pool = who.caller, dependencies.delivery.pool
    row = await contracts.find(dependencies, caller, contract_id)
    versions = await store.register.list_commitments(pool, contract_id)
    known = await figures.known_now(pool, row)
    asked = documents.CasesQuery(contract=contract_id, limit=CASES_MAX)
    followed = await cases.list_cases(caller, dependencies, asked)
    page = contract.show(
        contracts.whole(row, versions),
        figures.show(known, commitments.titles(versions)),
        followed.items,
    )
    return site.show(request, "contract.html", page, who)
