"""Returns, for their suppliers and their councils: all of them, and one."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.intake import store
from services.intake.api import documents, returns
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.domain import due, submission
from services.intake.pages import returned, sent, withdraw
from shared import calendar, catalogue
from shared.pages import site
from shared.pages.access import Reader
from shared.web import auth, lists, problems, scope, spreadsheets
from shared.wire import events

router = APIRouter(include_in_schema=False)


@router.get("/returns")
async def show_returns(
    request: Request, who: Reader, dependencies: Injected, query: Annotated[sent.Asked, Query()]
) -> Response:
    """All returns that this person may see, or what was refused."""
    today = calendar.london_day(dependencies.clock.now())
    has_contract = await _has_contract(dependencies, who.caller, query.contract)
    faults = sent.check(query, today, has_contract=has_contract)
    if faults:
        return site.show(request, "sent.html", sent.show_faults(query, faults), who, 422)
    found = await returns.list_returns(who.caller, dependencies, sent.query(query))
    ids = {each.contract_id for each in found.items if each.contract_id is not None}
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, ids)
    page = sent.show(query, found.items, found.next, known, is_supplier=who.role == "supplier")
    return site.show(request, "sent.html", page, who)


@router.get("/returns.csv")
async def save_returns(
    who: Reader, dependencies: Injected, query: Annotated[sent.Asked, Query()]
) -> Response:
    """The list as a file. If it is longer than a file may be, the newest, and its name says so."""
    today = calendar.london_day(dependencies.clock.now())
    has_contract = await _has_contract(dependencies, who.caller, query.contract)
    if sent.check(query, today, has_contract=has_contract):
        raise problems.Problem(404, "There is no such list")
    asked = sent.query(query, lists.ITEMS_MAX)
    found: list[documents.ReturnSummary | documents.Refusal] = []
    name = f"returns-newest-{spreadsheets.ROWS_MAX}"
    while len(found) < spreadsheets.ROWS_MAX:
        page = await returns.list_returns(who.caller, dependencies, asked)
        found += page.items
        if page.next is None:
            name = "returns"
            break
        asked = asked.model_copy(update={"cursor": page.next})
    headings = sent.HEADINGS_OF_REFUSED if asked.status == "refused" else sent.HEADINGS
    return await asyncio.to_thread(spreadsheets.answer, name, headings, map(sent.row, found))


@router.get("/returns/{return_id}")
async def show_return(
    request: Request,
    return_id: UUID,
    who: Reader,
    dependencies: Injected,
    lines_from: Annotated[int, Query(ge=0, le=submission.LINES_MAX)] = 0,
) -> Response:
    """One return: what counts, and why not the rest."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    promises = (await find_known(dependencies, found.contract_id)).promises
    revisions = await returns.list_revisions(found, who.caller, dependencies)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, [found.contract_id])
    is_supplier = who.role == "supplier"
    page = returned.show(
        found, promises, revisions, lines_from, is_supplier=is_supplier, known=known
    )
    return site.show(request, "returned.html", page, who)


async def _has_contract(dependencies: Dependencies, caller: auth.Caller, contract_id: str) -> bool:
    """Whether there is such a contract, and this person may see it."""
    if not contract_id:
        return False
    pool, of = dependencies.delivery.pool, scope.of(caller)
    return await store.reading.find_contract_id(pool, of, contract_id) is not None


async def find_known(dependencies: Dependencies, contract_id: str) -> withdraw.Known:
    """What each commitment is about, and which holidays were declared late."""
    async with dependencies.delivery.pool.acquire() as conn:
        rows = await store.desk.load_contracts(conn, [contract_id])
    found: dict[str, str] = {}
    late: calendar.Late = ()
    for row in rows:
        published = events.read(row.body)
        assert isinstance(published, events.ContractPublished)
        late = due.late_holidays(published)
        for each in published.commitments:
            measure = catalogue.by_code.get(each.measure)
            found[each.commitment_id] = measure.title if measure else each.commitment_id
    return withdraw.Known(found, late)
