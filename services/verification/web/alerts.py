"""The page of alerts, and acknowledging them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse

from services.verification.api import alerts, refusals
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.api.documents import alerts as documents
from services.verification.pages import alerts as page
from services.verification.pages import filters
from services.verification.register import acknowledgements
from services.verification.web import overviews
from shared.notifier import told
from shared.pages import access, listing, names, sessions, site
from shared.pages.parts import Fault
from shared.web import problems, scope

router = APIRouter()

Manager = Annotated[sessions.Session, Depends(access.visitor("manager"))]


@router.get("/alerts")
async def show_alerts(
    request: Request,
    who: access.Reader,
    dependencies: Injected,
    query: Annotated[filters.Alerts, Query()],
) -> Response:
    """The alerts that this person may see."""
    return await _show(request, who, dependencies, query)


@router.post("/alerts/acknowledge")
async def acknowledge(
    request: Request,
    who: Manager,
    dependencies: Injected,
    query: Annotated[filters.Alerts, Query()],
) -> Response:
    """One alert by its button, or those that are ticked; then the same part of the list."""
    form = await access.read_form(request)
    alert_ids = _chosen(form)
    if not alert_ids:
        return await _show(request, who, dependencies, query, (page.NONE_TICKED,))
    delivery, acting = dependencies.delivery, dependencies.acting(who.caller)
    async with delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await acknowledgements.acknowledge_all(conn, alert_ids, acting))
    delivery.posted.set()
    return RedirectResponse(site.of(request.app).address(page.address("/alerts", query)), 303)


def _chosen(form: FormData) -> list[UUID]:
    """Raises a `404` problem for what no page of ours sends."""
    one = form.get(page.ONE)
    sent = [one] if one else form.getlist(page.TICKS)
    try:
        chosen = [UUID(str(each)) for each in sent]
    except ValueError:
        chosen = None
    if chosen is None or len(chosen) > acknowledgements.TOGETHER_MAX:
        raise problems.Problem(404, "There is no such alert")
    return chosen


async def _show(
    request: Request,
    who: sessions.Session,
    dependencies: Dependencies,
    query: filters.Alerts,
    faults: tuple[Fault, ...] = (),
) -> Response:
    wrong = query.check()
    if wrong:
        return site.show(request, "alerts.html", page.show_faults(query, wrong), who, 422)
    asked = query.query()
    found = await alerts.find(dependencies, who.caller, asked)
    if not found.items and query.contract:
        wrong = query.check(
            has_contract=await overviews.has_one(dependencies, who.caller, query.contract)
        )
        if wrong:
            return site.show(request, "alerts.html", page.show_faults(query, wrong), who, 422)
    counts = await alerts.count(dependencies, who.caller, asked)
    is_moved = site.of(request.app).clock is not None
    reader = await _gather(dependencies, who, found.items, is_moved=is_moved)
    pages = listing.pages("/alerts", query.cursor, found.next, **query.given)
    listed = page.Listed(found.items, counts, pages)
    shown = page.show(query, listed, reader, faults)
    return site.show(request, "alerts.html", shown, who, 422 if faults else 200)


async def _gather(
    dependencies: Dependencies,
    who: sessions.Session,
    shown: Sequence[documents.Alert],
    *,
    is_moved: bool,
) -> page.Reader:
    """Who reads these alerts, with who was told of them: one query. Suppliers are not shown whom of
    the council."""
    found = await told.load_known(
        dependencies.delivery.pool,
        scope.of(who.caller).authorities,
        () if who.role == "supplier" else [each.alert_id for each in shown],
        {each.acknowledged_by for each in shown if each.acknowledged_by},
    )
    return page.Reader(
        may_acknowledge=who.role == "manager",
        known=names.Names(people={**found.people, who.actor_id: who.name}),
        told=found.told,
        is_moved=is_moved,
    )
