"""Which contracts are behind, for programs and spreadsheets: a row for each contract, with its
worst commitment (rules A3, A8).

Promises: the worst first; a page is one query. Units are never added, and a contract has no score.
A supplier sees its own contracts, and of returns and cases its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api.dependencies import Dependencies, Injected, Reader
from services.verification.api.documents import Organisation
from services.verification.api.documents import overviews as documents
from services.verification.domain import behind, standing
from services.verification.store import overviews
from shared import calendar, sql
from shared.spreadsheets import writing
from shared.web import auth, lists, routes, scope, spreadsheets

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get(
    "/performance/contracts",
    response_model=lists.Page[documents.Overview],
    responses={200: {"content": {writing.CSV: {}}}},
)
async def list_overviews(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[documents.OverviewsQuery, Query()],
) -> Any:
    """Every contract by its worst commitment, the worst first. As CSV: all of them at once."""
    if spreadsheets.is_wanted(request, query.format):
        return await csv(dependencies, who, query)
    return (await find(dependencies, who, query)).page


class Found(NamedTuple):
    """One page, and the counts of all pages."""

    page: lists.Page[documents.Overview]
    counts: standing.ContractCounts


async def find(
    dependencies: Dependencies, who: auth.Caller, query: documents.OverviewsQuery
) -> Found:
    """One page of what the caller may see. Raises a `400` problem for an odd cursor."""
    after, limit = _read_key(query.cursor), query.limit + 1
    found = await _load(dependencies, who, query, after, limit)
    shown, next_cursor = lists.cut(found.rows, query.limit, _key)
    return Found(lists.Page(items=[_item(row) for row in shown], next=next_cursor), found.counts)


async def csv(
    dependencies: Dependencies, who: auth.Caller, query: documents.OverviewsQuery
) -> Response:
    """All of what the caller may see. Raises a `422` problem if that is too much for one file."""
    found = await _load(dependencies, who, query, overviews.FIRST, spreadsheets.ROWS_MAX + 1)
    spreadsheets.assert_fits(
        len(found.rows), "Filter by rating or supplier, or read the pages as JSON."
    )
    return spreadsheets.answer("contracts", _COLUMNS, (_cells(_item(row)) for row in found.rows))


async def _load(
    dependencies: Dependencies,
    who: auth.Caller,
    query: documents.OverviewsQuery,
    after: overviews.Key,
    limit: int,
) -> overviews.Found:
    today = calendar.london_day(dependencies.clock.now())
    wanted = overviews.Filter(
        contract=query.search,
        supplier=query.supplier,
        owner=query.owner,
        actor_id=who.actor_id,
        rating=query.rating,
        is_missing=query.missing,
        has_case=None if query.case is None else query.case == "open",
        ends_from=None if query.ends_by is None else today,
        ends_by=query.ends_by,
        today=today,
    )
    pool = dependencies.delivery.pool
    return await overviews.list_overviews(pool, scope.of(who), after, limit, wanted)


def _key(row: sql.Record) -> tuple[str | int, ...]:
    return (row["rank"], str(row["ahead"]), row["contract_id"])


def _read_key(cursor: str | None) -> overviews.Key:
    """Inverse of `_key`. Raises a `400` problem."""
    if cursor is None:
        return overviews.FIRST
    rank, ahead, contract_id = lists.decode_cursor(cursor, int, str, str)
    try:
        read = Decimal(ahead)
    except InvalidOperation:
        raise lists.odd_cursor() from None
    if not (read.is_finite() and -40 < read.adjusted() < 40 and abs(rank) < 2**31):
        raise lists.odd_cursor()
    return overviews.Key(rank, read, contract_id)


# --- a row ---------------------------------------------------------------------------------------


def _item(row: sql.Record) -> documents.Overview:
    found = store.rows.read_overview(row)
    words = json.loads(row["words"])
    names: Mapping[str, str | None] = words["suppliers"]
    contract = f"/api/v1/contracts/{row['contract_id']}"
    return documents.Overview(
        contract_id=row["contract_id"],
        contract_title=words["title"],
        suppliers=[Organisation(id=each, name=names.get(each)) for each in row["supplier_ids"]],
        ends_on=row["ends_on"],
        commitments=found.promises,
        commitments_behind=found.promises_behind,
        worst=_worst(found, row["title"]),
        returns_missing=row["overdue"],
        missing_since=row["overdue_since"],
        cases_open=row["cases"],
        links={"contract": contract, "performance": f"{contract}/performance"},
    )


def _worst(found: standing.Overview, title: str | None) -> documents.Worst | None:
    if found.commitment_id is None or found.unit is None:
        return None
    return documents.Worst(
        commitment_id=found.commitment_id,
        commitment_title=title or found.commitment_id,
        unit=found.unit,
        rating=found.rating,
        reason=found.reason,
        gap=found.gap,
        gap_share=behind.percent(found.behind),
    )


# --- a spreadsheet -------------------------------------------------------------------------------

_COLUMNS: Final = (
    *("contract", "contract title", "suppliers", "contract ends", "promises", "behind"),
    *("worst rating", "worst promise", "unit", "its gap", "its gap, % of target"),
    *("returns missing", "missing since", "cases open"),
)


def _cells(item: documents.Overview) -> writing.Cells:
    worst = item.worst
    gap: writing.Cells = (None,) * 5
    if worst is not None:
        share = Decimal(worst.gap_share)
        gap = (worst.rating, worst.commitment_title, worst.unit, worst.gap, share)
    return (
        item.contract_id,
        item.contract_title,
        "; ".join(each.name or each.id for each in item.suppliers),
        item.ends_on,
        Decimal(item.commitments),
        Decimal(item.commitments_behind),
        *gap,
        Decimal(item.returns_missing),
        item.missing_since,
        Decimal(item.cases_open),
    )
