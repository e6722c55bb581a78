"""The page of a contract's people at the council, and changing them (rule P6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from services.verification import store
from services.verification.api import contracts, people, refusals
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.domain.telling import PARTS, Officers
from services.verification.pages import people as page
from services.verification.register import people as acts
from services.verification.register.refusals import Refusal
from services.verification.store.people import EVER
from shared import fields
from shared.pages import access, sessions, site
from shared.pages.parts import Choice
from shared.web import problems, scope

router = APIRouter()

Officer = Annotated[sessions.Session, Depends(access.visitor("manager", "approver", "auditor"))]


@router.get("/contracts/{contract_id}/people")
async def show_people(
    request: Request, contract_id: fields.ContractId, who: Officer, dependencies: Injected
) -> Response:
    """Who answers for a contract."""
    found = await _gather(dependencies, who, contract_id)
    return site.show(request, "people.html", page.show(found), who)


@router.post("/contracts/{contract_id}/people")
async def change_people(
    request: Request, contract_id: fields.ContractId, who: Officer, dependencies: Injected
) -> Response:
    """Says who answers for it from now on."""
    form = await access.read_form(request)
    if who.role not in acts.ROLES:
        raise problems.Problem(403, "Only a contract manager or approver can change this")
    found = await _gather(dependencies, who, contract_id)
    wanted = _read(form)
    refusal = _check(found, wanted)
    if refusal is None:
        refusal = await people.change(dependencies, who.caller, contract_id, wanted)
    if refusal is None:
        path = site.of(request.app).address(f"/contracts/{contract_id}/people")
        return RedirectResponse(path, 303)
    if refusal.pointer is None:
        refusals.accept(refusal)
    refused = page.Refused(
        part=str(refusal.pointer).removeprefix("/"),
        sentence=f"{refusals.sentence(refusal)}.",
        wanted=wanted,
    )
    return site.show(request, "people.html", page.show(found, refused), who, 422)


def _read(form: FormData) -> Officers:
    return Officers(**{part: str(form.get(part) or "") or None for part in PARTS})


def _check(found: page.Gathered, wanted: Officers) -> Refusal | None:
    """A form sends what it offered, or who holds the part already."""
    offered = {each.value for each in found.choices}
    for part in PARTS:
        holder = wanted.holder(part)
        is_offered = holder in offered or holder == found.now.holder(part)
        if holder is not None and not is_offered:
            return Refusal("officer_unknown", pointer=f"/{part}")
    return None


async def _gather(
    dependencies: Dependencies, who: sessions.Session, contract_id: str
) -> page.Gathered:
    """Raises a `404` problem unless there is a contract that this person may see."""
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    row = await contracts.find(dependencies, who.caller, contract_id)
    held = await store.people.list_held(pool, of, contract_id, EVER)
    may_change = who.role in acts.ROLES
    choices = []
    if may_change:
        choices = await store.people.list_choices(pool, of, acts.ROLES, page.CHOICES_MAX + 1)
    return page.Gathered(
        contract_id=contract_id,
        contract_title=contracts.whole(row, []).title,
        held=people.held(held),
        known=people.named(held),
        choices=[
            Choice(each["officer_id"], f"{each['name']}, {site.ROLES[each['role']]}")
            for each in choices
        ],
        may_change=may_change,
    )
