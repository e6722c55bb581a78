"""A return, for its supplier and its council."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.intake import store
from services.intake.api import returns
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.pages import returned
from shared import catalogue
from shared.pages import site
from shared.pages.access import Reader
from shared.web import scope
from shared.wire import events

router = APIRouter(include_in_schema=False)


@router.get("/returns/{return_id}")
async def show_return(
    request: Request, return_id: UUID, who: Reader, dependencies: Injected
) -> Response:
    """One return: what counts, and why not the rest."""
    found = await returns.get_return(return_id, who.caller, dependencies)
    promises = await _promises(dependencies, found.contract_id)
    pool, of = dependencies.delivery.pool, scope.of(who.caller)
    known = await store.names.load_names(pool, of, [found.contract_id])
    page = returned.show(found, promises, is_supplier=who.role == "supplier", known=known)
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
