"""Bank holidays that were declared late; each function is one query.

Promises: what was entered is never changed or deleted.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.verification.domain import world
from shared import calendar, sql
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class HolidayKey(NamedTuple):
    """Where a page of holidays begins: after this one."""

    day: date
    authority_id: str


FIRST_HOLIDAY: Final = HolidayKey(date.min, "")


def read_holidays(text: str | None) -> tuple[world.Declared, ...]:
    """Holidays that were declared late, from JSON; nearly always none."""
    if text is None:
        return ()
    return tuple(
        world.Declared(
            authority_id, calendar.LateHoliday(date.fromisoformat(day), date.fromisoformat(since))
        )
        for authority_id, day, since in json.loads(text)
    )


async def add_holiday(conn: sql.Connection, **values: Any) -> bool:
    """Adds a holiday; False if its day was entered before."""
    return await QUERIES.add_holiday(conn, **values) is not None


async def list_holidays(
    pool: sql.Pool, authority_ids: Collection[str], after: HolidayKey, limit: int
) -> list[sql.Record]:
    """A page of those of these authorities, by day."""
    return await sql.rows(
        QUERIES.list_holidays(
            pool,
            authority_ids=list(authority_ids),
            after_day=after.day,
            after_authority=after.authority_id,
            limit=limit,
        )
    )


async def list_unpublished(pool: sql.Pool) -> list[sql.Record]:
    """Those that not all contracts have told intake of."""
    return await sql.rows(QUERIES.list_unpublished(pool))


async def list_contract_ids(pool: sql.Pool, authority_id: str) -> list[str]:
    """The contracts that a holiday of an authority, or of the installation, is for."""
    found = await sql.rows(
        QUERIES.list_contract_ids(pool, authority_id=authority_id, installation=events.INSTALLATION)
    )
    return [row["contract_id"] for row in found]


async def set_published(pool: sql.Pool, authority_id: str, day: date, at: datetime) -> None:
    await QUERIES.set_published(pool, authority_id=authority_id, day=day, published_at=at)
