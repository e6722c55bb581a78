"""The contracts, as whoever sends returns for them must know them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.intake import store
from services.intake.api import due
from services.intake.api.dependencies import Injected
from services.intake.pages import contract, contracts
from shared import fields
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import lists, scope

router = APIRouter(include_in_schema=False)


@router.get("/contracts")
async def show_contracts(
    request: Request, who: Reader, dependencies: Injected, cursor: lists.Cursor = None
) -> Response:
    """The contracts that this person may see."""
    found = await due.list_contracts(who.caller, dependencies, listing.ROWS, cursor)
    pages = listing.pages("/contracts", cursor, found.next)
    ids = [each.contract_id for each in found.items]
    known = await store.names.load_names(dependencies.delivery.pool, scope.of(who.caller), ids)
    page = contracts.show(found.items, pages, known, is_supplier=who.role == "supplier")
    return site.show(request, "contracts.html", page, who)


@router.get("/contracts/{contract_id}")
async def show_contract(
    request: Request,
    contract_id: fields.ContractId,
    who: Reader,
    dependencies: Injected,
    until: fields.Period | None = None,
) -> Response:
    """What was promised, and a return for each month; until a month, or the running one."""
    found = await due.find_months(who.caller, dependencies, contract_id, until)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, [contract_id])
    is_supplier = who.role == "supplier"
    page = contract.show(found, known, is_supplier=is_supplier, is_newest=until is None)
    return site.show(request, "contract.html", page, who)
