"""Cases for programs: what is followed up (rule C2)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import contracts, moments
from services.verification.api.dependencies import Injected, Reader
from services.verification.api.documents import alerts as documents
from services.verification.domain import cases
from shared.web import lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/cases")
async def list_cases(
    who: Reader, dependencies: Injected, query: Annotated[documents.CasesQuery, Query()]
) -> lists.Page[documents.Case]:
    """Shortfall and no-data cases as they are now, the oldest first."""
    await contracts.assert_seen(dependencies, who, query.contract)
    rows = await store.reading.list_cases(
        dependencies.delivery.pool,
        scope.of(who),
        moments.read_key(query.cursor),
        query.limit + 1,
        state=query.state,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: moments.key(row["opened_at"], row["case_id"])
    )
    items = [documents.Case(**row, is_open=cases.is_open(row["state"])) for row in shown]
    return lists.Page(items=items, next=next_cursor)
