"""The pages of the council's work: what needs you, and lines that wait."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from services.verification.api import queried
from services.verification.api.dependencies import Dependencies, Injected
from services.verification.api.documents import queried as documents
from services.verification.domain import worklist
from services.verification.pages import filters
from services.verification.pages import queried as queried_page
from services.verification.pages import work as page
from services.verification.store import worklist as stored
from services.verification.web import overviews
from shared import calendar
from shared.pages import listing, sessions, site
from shared.pages.access import Reader
from shared.web import scope

_ELSEWHERE: Final = {"supplier": "/promises", "auditor": "/contracts"}
"""Where those begin for whom nothing waits here."""

router = APIRouter()


@router.get("/")
async def show_home(request: Request, who: Reader, dependencies: Injected) -> Response:
    """What needs this person; who is no officer is led on."""
    if who.role in _ELSEWHERE:
        return RedirectResponse(site.of(request.app).address(_ELSEWHERE[who.role]), 303)
    reader = page.Reader(
        actor_id=who.actor_id,
        is_approver=who.role == "approver",
        today=calendar.london_day(dependencies.clock.now()),
    )
    waiting = await _gather(dependencies, who, reader)
    return site.show(request, "work.html", page.show(waiting, reader), who)


async def _gather(
    dependencies: Dependencies, who: sessions.Session, reader: page.Reader
) -> page.Waiting:
    pool, of, words = dependencies.delivery.pool, scope.of(who.caller), worklist.Words()
    return page.Waiting(
        lines=await stored.list_waiting(pool, of, page.ROWS, words),
        alerts=await stored.list_unseen(pool, of, page.ROWS, words),
        cases=await stored.list_cases(pool, of, page.ROWS, words),
        proposed=await stored.list_proposals(pool, of, page.ROWS, words),
        owed=await stored.list_owed(pool, of, reader.today, page.ROWS, words),
        words=words,
    )


@router.get("/queried")
async def show_queried(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[filters.Queried, Query()],
) -> Response:
    """The lines that wait for the council, of the contracts that this person may see."""
    faults = query.check()
    if not faults:
        asked = documents.QueriedQuery(contract=query.contract or None, limit=filters.LINES)
        asked = asked.model_copy(update={"cursor": query.cursor})
        found = await queried.find(dependencies, who.caller, asked)
        if not found.items and query.contract:
            has_one = await overviews.has_one(dependencies, who.caller, query.contract)
            faults = query.check(has_contract=has_one)
    if faults:
        shown = queried_page.show_faults(query, faults)
        return site.show(request, "queried.html", shown, who, 422)
    pages = listing.pages("/queried", query.cursor, found.next, **query.given)
    return site.show(request, "queried.html", queried_page.show(query, found, pages), who)
