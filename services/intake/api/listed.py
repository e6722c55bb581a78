"""Returns and refusals as they are listed, narrowed down to what was asked for.

Promises: a page is full unless the list is at its end, whatever it is narrowed down to. Status and
lateness are what the domain says; the database only leaves out what cannot match.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from services.intake import store
from services.intake.api import documents, views
from services.intake.domain import return_status
from services.intake.store.reading import Months, Page, Refused
from shared import sql
from shared.web import lists, problems
from shared.web.scope import Scope

RETURNS_AT_ONCE: Final = 1000
"""Read together while few of them match."""


async def list_returns(
    pool: sql.Pool, of: Scope, query: documents.ReturnsQuery
) -> documents.ReturnsListed:
    """A page of returns, the newest first."""
    before = None if query.cursor is None else lists.decode_cursor(query.cursor, int)[0]
    assert query.status != "refused"
    facts = return_status.NEEDS[query.status]
    is_all = query.status is None and query.late is None
    count = query.limit + 1 if is_all else RETURNS_AT_ONCE
    found: list[dict[str, Any]] = []
    while True:
        page = Page(before, count)
        rows = await store.reading.list_returns(pool, of, _months(query), facts, page)
        found += filter(query.wants, map(views.summarise, rows))
        if len(found) > query.limit or len(rows) < count:
            break
        before = rows[-1]["receipt_no"]
    shown, next_cursor = lists.cut(found, query.limit, lambda each: [each["receipt_no"]])
    items = [documents.ReturnSummary(**each) for each in shown]
    return documents.ReturnsListed(items=items, next=next_cursor)


async def list_refusals(
    pool: sql.Pool, of: Scope, query: documents.ReturnsQuery
) -> documents.ReturnsListed:
    """A page of refusals, the newest first."""
    before = None if query.cursor is None else _decode(query.cursor)
    count = query.limit + 1
    rows = await store.reading.list_refusals(pool, of, _months(query), before, count)
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: [row["refused_at"].isoformat(), str(row["event_id"])]
    )
    return documents.ReturnsListed(items=[_refusal(row) for row in shown], next=next_cursor)


def _decode(cursor: str) -> Refused:
    """Raises a `400` problem."""
    moment, event_id = lists.decode_cursor(cursor, str, str)
    try:
        return Refused(lists.read_moment(moment), UUID(event_id))
    except ValueError:
        raise lists.odd_cursor() from None


def _months(query: documents.ReturnsQuery) -> Months:
    """What is asked for. Raises a `422` problem if nothing could match."""
    if query.period is None:
        lists.assert_in_order("period_from", query.period_from, "period_to", query.period_to)
        return Months(query.contract, query.period_from, query.period_to)
    if query.period_from is not None or query.period_to is not None:
        raise _both("period", "period_from and period_to")
    return Months(query.contract, query.period, query.period)


def assert_fitting(query: documents.ReturnsQuery) -> None:
    """Raises a `422` problem for what a refusal cannot be asked for."""
    if query.status == "refused" and query.late is not None:
        raise _both("late", "status=refused")


def _both(parameter: str, other: str) -> problems.Problem:
    fault = problems.Fault(
        "form", f"This cannot be combined with {other}", "Leave one out.", parameter=parameter
    )
    return problems.Problem(422, problems.INVALID, errors=[fault])


def _refusal(row: sql.Record) -> documents.Refusal:
    return documents.Refusal(
        refusal_id=row["event_id"],
        refused_at=row["refused_at"],
        party_id=row["party_id"],
        contract_id=row["contract_id"],
        period=row["period"],
        route=row["route"],
        rules=row["rules"],
        faults_count=row["faults"],
        faults=[documents.RefusedFault(**each) for each in msgspec.json.decode(row["details"])],
        count=row["count"],
    )
