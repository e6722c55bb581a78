"""Withdrawing a return, and the receipt of that."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, refusals, returns
from services.intake.api.dependencies import Injected
from services.intake.pages import returned, withdraw
from services.intake.web.returns import find_known
from shared import calendar
from shared.pages import access, site
from shared.pages.access import Supplier

router = APIRouter(include_in_schema=False)


@router.get("/returns/{return_id}/withdraw")
async def show_withdraw(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """What withdrawing the return would do."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    if found.withdrawal is not None:
        return RedirectResponse(_receipt(request, return_id), 303)
    if not returned.is_current(found):
        refusals.accept(Refusal("return_superseded"))
    known = await find_known(dependencies, found.contract_id)
    page = withdraw.show(found, known, calendar.london_day(dependencies.clock.now()))
    return site.show(request, "withdraw.html", page, who)


@router.post("/returns/{return_id}/withdraw")
async def withdraw_return(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """Withdraws the return, once: pressed twice, it is one withdrawal."""
    reason = str((await access.read_form(request)).get(withdraw.REASON, ""))
    fault = withdraw.fault(reason)
    if fault is None:
        body = documents.WithdrawalRequest(reason=reason)
        await returns.take_back(return_id, body, who.caller, dependencies)
        return RedirectResponse(_receipt(request, return_id), 303)
    found = await returns.get_return(return_id, who.caller, dependencies)
    known = await find_known(dependencies, found.contract_id)
    today = calendar.london_day(dependencies.clock.now())
    page = withdraw.show(found, known, today, reason, fault)
    return site.show(request, "withdraw.html", page, who, 422)


def _receipt(request: Request, return_id: UUID) -> str:
    return site.of(request.app).address(f"/returns/{return_id}/withdrawal")
