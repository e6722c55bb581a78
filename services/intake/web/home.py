"""Intake's first page: what is due, and what was sent lately."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.intake import store
from services.intake.api import documents, due, returns
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.drafts import drafting
from services.intake.pages import home
from shared import fields
from shared.pages import listing, sessions, site
from shared.pages.access import Reader
from shared.web import lists, scope

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
    to_send = None if cursor else await _find_to_send(who, dependencies, contract)
    contract_ids = {each.contract_id for each in shown}
    contract_ids |= {each.contract_id for each in (to_send.outstanding.first if to_send else ())}
    if contract is not None:
        contract_ids.add(contract)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    page = home.show(
        shown,
        pages,
        to_send,
        contract_id=contract,
        is_supplier=is_supplier,
        known=await store.names.load_names(pool, of, contract_ids),
    )
    return site.show(request, "home.html", page, who)


async def _find_to_send(
    who: sessions.Session, dependencies: Dependencies, contract: str | None
) -> home.ToSend:
    """What is outstanding; to a supplier with what it has begun."""
    is_supplier = who.role == "supplier"
    states = home.STATES_OF_SUPPLIER if is_supplier else home.STATES_OF_OTHERS
    limit = listing.ROWS if is_supplier else home.LATELY_ROWS
    outstanding = await due.find_outstanding(who.caller, dependencies, contract, states, limit)
    if not is_supplier:
        return home.ToSend(outstanding)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    rows = await store.drafts.list_drafts(pool, of, drafting.DRAFTS_MAX)
    return home.ToSend(
        outstanding, {(each.contract_id, each.period): each.saved_at for each in rows}
    )
