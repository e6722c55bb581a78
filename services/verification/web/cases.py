"""The pages of cases: all of them, and one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api import cases
from services.verification.api.dependencies import Injected
from services.verification.pages import case
from services.verification.pages import cases as case_pages
from services.verification.store.cases import CaseFilter
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import scope

router = APIRouter()


@router.get("/cases")
async def show_cases(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[case_pages.Asked, Query()],
) -> Response:
    """The cases that this person may see: open ones, unless others are asked for."""
    caller, pool, of = who.caller, dependencies.delivery.pool, scope.of(who.caller)
    has_contract = (
        await store.reading.find_contract(pool, of, query.contract) is not None
        if query.contract
        else False
    )
    faults = case_pages.check(query, has_contract=has_contract)
    if faults:
        return site.show(request, "cases.html", case_pages.show_faults(query, faults), who, 422)
    wanted = CaseFilter(states=case_pages.STATES[query.state], contract_id=query.contract or None)
    found = await cases.find(dependencies, caller, wanted, case_pages.ROWS, query.cursor)
    count = await store.cases.count_cases(pool, of, wanted)
    pages = listing.pages("/cases", query.cursor, found.next, **query.given)
    return site.show(request, "cases.html", case_pages.show(query, found.items, count, pages), who)


@router.get("/cases/{case_id}")
async def show_case(
    request: Request, case_id: UUID, who: Reader, dependencies: Injected
) -> Response:
    """One case: where it stands, and what was said of it."""
    found = await cases.get_case(case_id, who.caller, dependencies)
    officers = [each.acknowledged_by for each in found.said if each.acknowledged_by]
    known = await store.names.load_names(
        dependencies.delivery.pool, scope.of(who.caller), officer_ids=officers
    )
    return site.show(request, "case.html", case.show(found, known), who)
