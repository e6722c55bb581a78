"""What letters to suppliers' people are written of: alerts, returns and their lines, and names.

Promises: a query for each sort of thing, whatever the number of letters. Of a return only some of
the lines that do not count are read, however many it has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from services.intake.domain import due
from services.intake.domain.line_status import LineStatus
from services.intake.store import rows
from shared import calendar, sql
from shared.pages import names
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

LINES_SHOWN: Final = 5
"""Of one return: a mail can be read in 20 seconds."""


class ToldRow(NamedTuple):
    """An alert that people are told of."""

    event_id: UUID
    contract_id: str
    body: bytes
    told_at: datetime


async def add_told(conn: sql.Connection, told: Collection[ToldRow]) -> None:
    """Keeps alerts that people are told of."""
    if told:
        event_ids, contract_ids, bodies, told_at = sql.columns(sorted(told), 4)
        await QUERIES.add_told(
            conn, event_ids=event_ids, contract_ids=contract_ids, bodies=bodies, told_at=told_at
        )


async def drop_told(pool: sql.Pool, before: datetime) -> None:
    """Drops the alerts that were told before a moment."""
    await QUERIES.drop_told(pool, before=before)


async def load_alerts(
    pool: sql.Pool | sql.Connection, event_ids: Collection[UUID]
) -> dict[UUID, events.AlertRaised]:
    """Those of these alerts that are still kept."""
    if not event_ids:
        return {}
    found = {}
    async for row in QUERIES.load_alerts(pool, event_ids=list(event_ids)):
        event = events.read(row["body"])
        if isinstance(event, events.AlertRaised):
            found[row["event_id"]] = event
    return found


class ToldLine(NamedTuple):
    """A line that does not count in full, or waits."""

    line: events.Line
    said: LineStatus | None
    """What was said of it last; None before it is checked."""


class ToldReturn(NamedTuple):
    """A return, as much as a letter says of it."""

    contract_id: str
    party_id: str
    period: str
    emptied_at: datetime | None
    """When its month was last emptied before it."""
    is_withdrawn: bool
    is_replaced: bool
    lines: int
    queried: int
    not_counted: int
    shown: tuple[ToldLine, ...]
    """The first of those that are queried or do not count, and those that were asked for."""
    late: calendar.Late = ()
    """The bank holidays that were declared late for its contract."""


async def load_returns(
    pool: sql.Pool | sql.Connection, line_ids: Mapping[UUID, Collection[str]]
) -> dict[UUID, ToldReturn]:
    """These returns; with the lines of these ids, whatever was said of them."""
    if not line_ids:
        return {}
    found = QUERIES.load_returns(
        pool,
        return_ids=list(line_ids),
        asked=[f"{return_id}/{each}" for return_id, ids in line_ids.items() for each in ids],
        lines_shown=LINES_SHOWN,
    )
    return {row["return_id"]: _read_return(row) async for row in found}


def _read_return(row: sql.Record) -> ToldReturn:
    return ToldReturn(
        contract_id=row["contract_id"],
        party_id=row["party_id"],
        period=row["period"],
        emptied_at=row["emptied_at"],
        late=rows.read_late_holidays(row["late_holidays"]),
        is_withdrawn=row["is_withdrawn"],
        is_replaced=row["is_replaced"],
        lines=row["lines"],
        queried=row["queried"],
        not_counted=row["not_counted"],
        shown=tuple(_read_line(*each) for each in zip(row["shown"], row["said"], strict=True)),
    )


def _read_line(line: str, said: str | None) -> ToldLine:
    return ToldLine(
        msgspec.json.decode(line, type=events.Line),
        None if said is None else msgspec.json.decode(said, type=LineStatus),
    )


class Asked(NamedTuple):
    """A return that is asked for."""

    contract_id: str
    slot: due.Slot


async def load_filled(pool: sql.Pool | sql.Connection, asked: Collection[Asked]) -> set[Asked]:
    """Those of these whose return is in."""
    if not asked:
        return set()
    rows = sorted((each.contract_id, *each.slot) for each in asked)
    contract_ids, periods, party_ids = sql.columns(rows, 3)
    found = QUERIES.load_filled(
        pool, contract_ids=contract_ids, periods=periods, party_ids=party_ids
    )
    return {
        Asked(row["contract_id"], due.Slot(row["period"], row["party_id"])) async for row in found
    }


async def load_names(pool: sql.Pool | sql.Connection, contract_ids: Collection[str]) -> names.Names:
    """What these contracts, their suppliers and their promises are called, as far as known."""
    found = QUERIES.load_told_names(pool, contract_ids=list(contract_ids))
    return names.collect(
        {
            row["contract_id"]: msgspec.json.decode(row["names"], type=events.ContractNames)
            async for row in found
        }
    )
