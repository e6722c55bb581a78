"""Who is behind, over all contracts, for programs and spreadsheets (rules A3, A8, L1).

Promises: a row for each contract and commitment, the worst first. A page is two queries. A supplier
sees its own contracts, and of missing returns its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api import commitments, contracts
from services.verification.api.dependencies import Dependencies, Injected, Reader
from services.verification.api.documents import Organisation
from services.verification.api.documents import standings as documents
from services.verification.domain import behind, standing
from services.verification.store.reading import FIRST_STANDING, StandingFilter, StandingKey
from shared import calendar, sql
from shared.spreadsheets import writing
from shared.web import auth, lists, routes, scope, spreadsheets

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get(
    "/performance",
    response_model=lists.Page[documents.Standing],
    responses={200: {"content": {writing.CSV: {}}}},
)
async def list_standings(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[documents.StandingsQuery, Query()],
) -> Any:
    """Every commitment as it stands now, the worst first. As CSV: all of them at once."""
    await contracts.assert_seen(dependencies, who, query.contract)
    if spreadsheets.is_wanted(request, query.format):
        return await _csv(dependencies, scope.of(who), query)
    return await find(dependencies, who, query)


async def find(
    dependencies: Dependencies, who: auth.Caller, query: documents.StandingsQuery
) -> lists.Page[documents.Standing]:
    """One page of what the caller may see. Raises a `400` problem for an odd cursor."""
    of = scope.of(who)
    today, after = _today(dependencies), _read_key(query.cursor)
    rows = await store.reading.list_standings(
        dependencies.delivery.pool, of, after, query.limit + 1, _filter(query, today)
    )
    shown, next_cursor = lists.cut(rows, query.limit, _key)
    items = await _items(dependencies, of, shown, today)
    return lists.Page(items=items, next=next_cursor)


async def count(
    dependencies: Dependencies, who: auth.Caller, query: documents.StandingsQuery
) -> standing.Counts:
    """How many stand where, over all pages of the list."""
    wanted = _filter(query, _today(dependencies))
    return await store.reading.count_standings(dependencies.delivery.pool, scope.of(who), wanted)


async def _csv(
    dependencies: Dependencies, of: scope.Scope, query: documents.StandingsQuery
) -> Response:
    today = _today(dependencies)
    rows = await store.reading.list_standings(
        dependencies.delivery.pool,
        of,
        FIRST_STANDING,
        spreadsheets.ROWS_MAX + 1,
        _filter(query, today),
    )
    spreadsheets.assert_fits(
        len(rows), "Filter by rating, supplier or contract, or read the pages as JSON."
    )
    items = await _items(dependencies, of, rows, today)
    return spreadsheets.answer("behind", _COLUMNS, map(_cells, items))


def _today(dependencies: Dependencies) -> date:
    return calendar.london_day(dependencies.clock.now())


def _filter(query: documents.StandingsQuery, today: date) -> StandingFilter:
    return StandingFilter(
        rating=query.rating,
        supplier_id=query.supplier,
        contract_id=query.contract,
        is_missing=query.missing,
        has_case=None if query.case is None else query.case == "open",
        today=today,
    )


def _key(row: sql.Record) -> tuple[str | int, ...]:
    return (row["rank"], str(row["ahead"]), row["contract_id"], row["commitment_id"])


def _read_key(cursor: str | None) -> StandingKey:
    """Inverse of `_key`. Raises a `400` problem."""
    if cursor is None:
        return FIRST_STANDING
    rank, ahead, contract_id, commitment_id = lists.decode_cursor(cursor, int, str, str, str)
    try:
        read = Decimal(ahead)
    except InvalidOperation:
        raise lists.odd_cursor() from None
    if not (read.is_finite() and -40 < read.adjusted() < 40 and abs(rank) < 2**31):
        raise lists.odd_cursor()
    return StandingKey(rank, read, contract_id, commitment_id)


# --- a row ---------------------------------------------------------------------------------------


async def _items(
    dependencies: Dependencies, of: scope.Scope, rows: Sequence[sql.Record], today: date
) -> list[documents.Standing]:
    contract_ids = sorted({row["contract_id"] for row in rows})
    versions = await store.register.load_commitments(dependencies.delivery.pool, contract_ids)
    titles = {each: commitments.titles(own) for each, own in versions.items()}
    return [_item(row, titles.get(row["contract_id"], {}), of, today) for row in rows]


_FIGURES: Final = ("expected", "reported", "counted", "low", "queried", "gap")


def _item(
    row: sql.Record, titles: Mapping[str, str], of: scope.Scope, today: date
) -> documents.Standing:
    found = store.rows.read_standing(row)
    title = titles.get(found.commitment_id, found.commitment_id)
    words, described = json.loads(row["words"]), behind.describe(found, title)
    names: dict[str, str | None] = words["suppliers"]
    is_rated = found.period is not None
    contract = f"/api/v1/contracts/{row['contract_id']}"
    return documents.Standing(
        contract_id=row["contract_id"],
        contract_title=words["title"],
        suppliers=[Organisation(id=each, name=names.get(each)) for each in row["supplier_ids"]],
        ends_on=row["ends_on"],
        commitment_id=found.commitment_id,
        commitment_title=title,
        headline=described.headline,
        words=described.words,
        unit=found.unit,
        target=found.target,
        period=found.period,
        due_by=calendar.last_day(found.period) if found.period else None,
        **{name: getattr(found, name) if is_rated else None for name in _FIGURES},
        gap_share=described.gap_share if is_rated else None,
        rating=found.rating,
        reason=found.reason,
        rating_before=found.rating_before,
        why=list(found.why),
        case=_case(row),
        returns_missing=list(_missing(row, names, of, today)),
        links={
            "contract": contract,
            "performance": f"{contract}/performance",
            "lines": f"/api/v1/lines?contract={row['contract_id']}",
            "alerts": f"/api/v1/alerts?contract={row['contract_id']}",
        },
    )


def _case(row: sql.Record) -> documents.OpenCase | None:
    if row["case_id"] is None:
        return None
    return documents.OpenCase(
        case_id=row["case_id"],
        state=row["state"],
        period=row["period"],
        opened_at=row["opened_at"],
    )


def _missing(
    row: sql.Record, names: Mapping[str, str | None], of: scope.Scope, today: date
) -> Iterator[documents.MissingReturn]:
    for each in store.rows.read_missing(row):
        if each.due_on < today and of.party_id in (None, each.party_id):
            yield documents.MissingReturn(
                period=each.period,
                supplier_id=each.party_id,
                supplier_name=names.get(each.party_id),
                due_on=each.due_on,
            )


# --- a spreadsheet -------------------------------------------------------------------------------

_COLUMNS: Final = (
    *("contract", "contract title", "suppliers", "commitment", "commitment title", "headline"),
    *("rating", "unit", "target", "due by", "due", "reported", "counts", "behind"),
    *("behind, % of target", "why", "case opened", "returns missing", "contract ends"),
)


def _cells(item: documents.Standing) -> writing.Cells:
    return (
        item.contract_id,
        item.contract_title,
        "; ".join(each.name or each.id for each in item.suppliers),
        item.commitment_id,
        item.commitment_title,
        item.headline,
        item.rating,
        item.unit,
        item.target,
        item.due_by,
        item.expected,
        item.reported,
        item.counted,
        item.gap,
        None if item.gap_share is None else Decimal(item.gap_share),
        " ".join(item.why),
        None if item.case is None else calendar.london_day(item.case.opened_at),
        "; ".join(f"{m.period} {m.supplier_name or m.supplier_id}" for m in item.returns_missing),
        item.ends_on,
    )
