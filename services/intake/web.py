"""Intake's pages: the routes. What a page says is in `pages`, what it looks up is the API's.

A page is asked for by a person who is signed in (`access`), and shows what the API would answer to
this person's role, authority and party.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from services.intake import store
from services.intake.api import documents, due, returns
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.pages import home, people, returned, sign_in
from shared import catalogue, fields
from shared.pages import listing, sessions, site
from shared.pages.access import Reader
from shared.settings import LOOPBACK
from shared.web import lists, problems
from shared.wire import events

TEMPLATES: Final = Path(__file__).with_name("pages")

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


@router.get("/returns/{return_id}")
async def show_return(
    request: Request, return_id: UUID, who: Reader, dependencies: Injected
) -> Response:
    """One return: what counts, and why not the rest."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    promises = await _promises(dependencies, found.contract_id)
    page = returned.show(found, promises, is_supplier=who.role == "supplier")
    return site.show(request, "returned.html", page, who)


async def _promises(dependencies: Dependencies, contract_id: str) -> dict[str, str]:
    """What each commitment is about, by id."""
    async with dependencies.delivery.pool.acquire() as conn:
        rows = await store.desk.load_contracts(conn, [contract_id])
    found = {}
    for row in rows:
        published = events.read(row.body)
        assert isinstance(published, events.ContractPublished)
        for each in published.commitments:
            measure = catalogue.by_code.get(each.measure)
            found[each.commitment_id] = measure.title if measure else each.commitment_id
    return found


# --- signing in ----------------------------------------------------------------------------------


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """Who may sign in, and how."""
    here = site.of(request.app)
    page = sign_in.show(is_demo=here.is_demo)
    return site.show(request, "sign_in.html", page, here.session(request))


@router.get("/sign-in/{key}")
async def choose(request: Request, key: str) -> Response:
    """Signs a person of the demonstration in: a link of the page above, on this machine alone."""
    here, person = site.of(request.app), people.BY_KEY.get(key)
    if not here.is_demo or person is None or request.url.hostname not in LOOPBACK:
        raise problems.Problem(404, "There is no such person")
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return RedirectResponse(here.address("/sign-in"), 303)
    answer = RedirectResponse(here.address(f"{person.site}:/"), 303)
    here.remember(answer, sessions.start(person.name, person.who, datetime.now(UTC)))
    return answer
