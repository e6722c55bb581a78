"""Receipts of returns and of withdrawals, to look at and to save."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from services.intake import store
from services.intake.api import receipts, returns
from services.intake.api.dependencies import Injected
from services.intake.pages import receipt
from services.intake.web.returns import find_known
from shared.pages import site
from shared.pages.access import Supplier
from shared.web import scope

router = APIRouter(include_in_schema=False)


@router.get("/returns/{return_id}/receipt")
async def show_receipt(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """The receipt of a return; it stays."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, [found.contract_id])
    return site.show(request, "receipt.html", receipt.show(found, known), who)


@router.get("/returns/{return_id}/receipt.json")
async def save_receipt(return_id: UUID, who: Supplier, dependencies: Injected) -> Response:
    """The signed receipt, with the exact bytes that it is of."""
    return _saved(await receipts.find_with_return(who.caller, dependencies, return_id))


@router.get("/returns/{return_id}/withdrawal")
async def show_withdrawal(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """The receipt of a return's withdrawal; it stays."""
    issued = await receipts.find_withdrawal(who.caller, dependencies, return_id)
    found = await returns.get_return(return_id, who.caller, dependencies)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, [found.contract_id])
    late = (await find_known(dependencies, found.contract_id)).late
    page = receipt.show_withdrawal(found, issued.receipt.merge_by, known, late)
    return site.show(request, "receipt.html", page, who)


@router.get("/returns/{return_id}/withdrawal.json")
async def save_withdrawal(return_id: UUID, who: Supplier, dependencies: Injected) -> Response:
    """The signed receipt of a withdrawal."""
    issued = await receipts.find_withdrawal(who.caller, dependencies, return_id)
    return _saved(receipts.document(issued))


def _saved(document: dict[str, Any]) -> Response:
    """A file that `makegood verify --receipt` takes."""
    name = f"receipt-{document['receipt_no']}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    body = msgspec.json.format(msgspec.json.encode(document))
    return Response(body, media_type="application/json", headers=headers)
