"""Bank holidays that were declared late, for programs (rule O1).

Promises: an operator enters them for its authority, or for the installation; officers see both. A
page is one query.
"""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from services.verification import store
from services.verification.api import refusals
from services.verification.api.dependencies import Injected, Operator, Staff
from services.verification.api.documents import holidays as documents
from services.verification.register import holidays
from services.verification.store.holidays import FIRST_HOLIDAY, HolidayKey
from shared import sql
from shared.web import lists, routes
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/holidays")
async def list_holidays(
    who: Staff,
    dependencies: Injected,
    limit: lists.Limit = lists.ITEMS_DEFAULT,
    cursor: lists.Cursor = None,
) -> lists.Page[documents.Holiday]:
    """Bank holidays that were declared late, by day."""
    rows = await store.holidays.list_holidays(
        dependencies.delivery.pool,
        {who.authority_id, events.INSTALLATION},
        _read_key(cursor),
        limit + 1,
    )
    shown, next_cursor = lists.cut(rows, limit, lambda row: [str(row["day"]), row["authority_id"]])
    return lists.Page(items=[_holiday(row) for row in shown], next=next_cursor)


@router.post("/holidays", status_code=201)
async def add_holiday(
    body: documents.HolidayRequest, who: Operator, dependencies: Injected
) -> documents.Holiday:
    """Enter a bank holiday that was declared late. Due days follow from `known_from` on; those that
    were set before stay. It is for ever: it cannot be changed."""
    wanted = holidays.Holiday(day=body.day, known_from=body.known_from, reason=body.reason)
    acting = dependencies.acting(who)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await holidays.add(conn, wanted, acting))
    return documents.Holiday(
        authority_id=acting.authority_id,
        day=wanted.day,
        known_from=wanted.known_from,
        reason=wanted.reason,
        entered_by=acting.actor_id,
        entered_at=acting.at,
        published=False,
    )


def _read_key(cursor: str | None) -> HolidayKey:
    if cursor is None:
        return FIRST_HOLIDAY
    day, authority_id = lists.decode_cursor(cursor, str, str)
    try:
        return HolidayKey(date.fromisoformat(day), authority_id)
    except ValueError:
        raise lists.odd_cursor() from None


def _holiday(row: sql.Record) -> documents.Holiday:
    return documents.Holiday(
        authority_id=row["authority_id"],
        day=row["day"],
        known_from=row["known_from"],
        reason=row["reason"],
        entered_by=row["entered_by"],
        entered_at=row["entered_at"],
        published=row["published_at"] is not None,
    )
