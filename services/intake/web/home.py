"""Intake's first page: what is due, and what was sent lately."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.intake.api import documents, due, returns
from services.intake.api.dependencies import Injected
from services.intake.pages import home
from shared import fields
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import lists

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_home(
    request: Request,
    who: Reader,
    dependencies: Injected,
    contract: fields.ContractId | None = None,
    cursor: lists.Cursor = None,
) -> Response:
    """What is due, and the newest returns; further on in the list only these."""
    limit = home.LATELY_ROWS if cursor is None else listing.ROWS
    asked = documents.ReturnsQuery(contract=contract, limit=limit, cursor=cursor)
    found = await returns.list_returns(who.caller, dependencies, asked)
    pages = listing.pages("/", cursor, found.next, contract=contract)
    is_supplier = who.role == "supplier"
    shown = [each for each in found.items if isinstance(each, documents.ReturnSummary)]
    outstanding = None
    if cursor is None:
        states = home.STATES_OF_SUPPLIER if is_supplier else home.STATES_OF_OTHERS
        outstanding = await due.find_outstanding(
            who.caller, dependencies, contract, states, listing.ROWS
        )
    page = home.show(shown, pages, outstanding, contract_id=contract, is_supplier=is_supplier)
    return site.show(request, "home.html", page, who)
