"""Correcting a return: a draft of its next revision, filled with what was sent."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, refusals, returns
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.drafts import drafting, months
from services.intake.drafts.refusals import Refusal as NotDrafted
from services.intake.pages import addresses, returned, revise
from shared import calendar
from shared.pages import access, sessions, site
from shared.pages.access import Supplier
from shared.web import problems, scope

router = APIRouter(include_in_schema=False)


@router.get("/returns/{return_id}/revise")
async def show_revise(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """Why is it corrected?"""
    found = await _find(return_id, who, dependencies)
    return site.show(request, "revise.html", revise.show(found), who)


@router.post("/returns/{return_id}/revise")
async def revise_return(
    request: Request, return_id: UUID, who: Supplier, dependencies: Injected
) -> Response:
    """Starts the draft of the next revision; 303 to it."""
    reason = str((await access.read_form(request)).get(revise.REASON, ""))
    found = await _find(return_id, who, dependencies)
    fault = revise.check(reason)
    if fault is not None:
        return site.show(request, "revise.html", revise.show(found, reason, fault), who, 422)
    pool, of, now = dependencies.delivery.pool, scope.of(who.caller), dependencies.clock.now()
    slot = months.Slot(found.contract_id, found.period)
    month = await months.find(pool, of, slot, calendar.london_day(now))
    if month is None:
        raise problems.Problem(404, "There is no such contract")
    sent = await months.find_sent(pool, month)
    document = {**sent, "revision": month.revision + 1, "reason": reason.strip()}
    made = await drafting.start(pool, month, document, drafting.Saver(who.name, now))
    if isinstance(made, NotDrafted):
        if made.code != "draft_exists":
            raise refusals.not_drafted(made)
        page = revise.show(found, reason, revise.has_draft(found))
        return site.show(request, "revise.html", page, who, 409)
    at = addresses.month(found.contract_id, found.period)
    return RedirectResponse(site.of(request.app).address(at), 303)


async def _find(
    return_id: UUID, who: sessions.Session, dependencies: Dependencies
) -> documents.Return:
    """The return, if it stands. Raises a `404` or `409` problem."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    if not returned.is_current(found):
        refusals.accept(Refusal("return_superseded"))
    return found
