"""The page of what waits for a second person, and approving it (rule P3)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from services.verification import store
from services.verification.api import proposals, refusals
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.api.documents import proposals as documents
from services.verification.pages import approvals
from shared.pages import access, listing, sessions, site
from shared.web import lists, problems, scope

router = APIRouter()

Officer = Annotated[sessions.Session, Depends(access.visitor("manager", "approver", "auditor"))]
_CHOOSE: Final = "Tick what you approve."


@router.get("/approvals")
async def show_approvals(
    request: Request, who: Officer, dependencies: Injected, cursor: lists.Cursor = None
) -> Response:
    """What waits for a second person."""
    return await _show(request, who, dependencies, cursor)


@router.post("/approvals")
async def approve(request: Request, who: Officer, dependencies: Injected) -> Response:
    """Approves what is ticked, all of it or nothing."""
    form = await access.read_form(request)
    if who.role != "approver":
        raise problems.Problem(403, "Only an approver can approve this", "Nothing was changed.")
    ticked = [str(each) for each in form.getlist(approvals.FIELD)][: proposals.TOGETHER_MAX]
    if not ticked:
        refused = approvals.Refused(sentence=_CHOOSE)
        return await _show(request, who, dependencies, None, refused)
    done = await proposals.approve(dependencies, who.caller, list(map(_read, ticked)))
    if done is None:
        return RedirectResponse(site.of(request.app).address("/approvals"), 303)
    if refusals.ANSWERS[done.refusal.code].status == 404:
        raise problems.Problem(404, "There is no such proposal")
    is_own = done.refusal.code == "own_proposal"
    why = approvals.OWN if is_own else f"{refusals.sentence(done.refusal)}."
    refused = approvals.Refused(
        sentence=f"Nothing was approved. {why}",
        ticked=ticked,
        value=approvals.value(*done.proposal),
        status=403 if is_own else 422,
    )
    return await _show(request, who, dependencies, None, refused)


def _read(sent: str) -> proposals.Read:
    """What a tick-box sent. Raises a `404` problem for what no tick-box sends."""
    contract_id, _, rest = sent.partition("/")
    commitment_id, _, version = rest.partition("/")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise problems.Problem(404, "There is no such proposal")
    return proposals.Read(contract_id, commitment_id, int(version))


async def _show(
    request: Request,
    who: sessions.Session,
    dependencies: Dependencies,
    cursor: str | None,
    refused: approvals.Refused | None = None,
) -> Response:
    caller, pool = who.caller, dependencies.delivery.pool
    query = documents.ProposalsQuery(limit=approvals.ROWS, cursor=cursor)
    found = await proposals.list_proposals(caller, dependencies, query)
    counts = await store.proposals.count_proposals(pool, scope.of(caller), caller.actor_id)
    officers = [each.proposed.proposed_by for each in found.items]
    known = await store.names.load_names(pool, scope.of(caller), officer_ids=officers)
    page = approvals.show(
        found.items,
        counts,
        approvals.Reader(may_approve=who.role == "approver", known=known),
        listing.pages("/approvals", cursor, found.next),
        refused,
    )
    return site.show(request, "approvals.html", page, who, refused.status if refused else 200)
