"""Who is told of alerts, and what they are told; each function is one query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.verification.domain.unanswered import Window
from services.verification.store import rows
from shared import calendar, sql
from shared.notifier.kinds import Step

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

UNANSWERED_MAX: Final = 20_000
"""Alerts that are told again after one batch of days."""


class Unanswered(NamedTuple):
    """An alert that nobody has acknowledged in time."""

    step: Step
    alert: rows.AlertRow


class Attained(NamedTuple):
    """Which assessment: of a commitment, at the end of a month."""

    contract_id: str
    commitment_id: str
    period: str


async def load_authorities(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, str]:
    """Whose contracts these are."""
    found = await sql.rows(QUERIES.list_authorities(conn, contract_ids=list(contract_ids)))
    return {row["contract_id"]: row["authority_id"] for row in found}


async def list_unanswered(
    conn: sql.Connection, windows: Sequence[tuple[int, Window]], kinds: Sequence[str]
) -> list[Unanswered]:
    """Alerts that were raised in these windows of partitions, and that nobody acknowledged."""
    found = QUERIES.list_unanswered(
        conn,
        partitions=[partition for partition, _ in windows],
        steps=[window.step for _, window in windows],
        since=[calendar.midnight(window.first) for _, window in windows],
        until=[calendar.midnight_after(window.last) for _, window in windows],
        kinds=list(kinds),
        limit=UNANSWERED_MAX,
    )
    return [Unanswered(step, rows.AlertRow(*row)) for step, *row in await sql.rows(found)]


async def load_alerts(pool: sql.Pool, event_ids: Collection[UUID]) -> list[sql.Record]:
    """These alerts, with what they are about as it is now."""
    return await sql.rows(QUERIES.load_alerts(pool, event_ids=list(event_ids)))


async def load_attained(pool: sql.Pool, wanted: Collection[Attained]) -> dict[Attained, str | None]:
    """The attainment of each, an exact fraction; None where nothing was due."""
    found = QUERIES.list_attained(
        pool,
        contract_ids=[each.contract_id for each in wanted],
        commitment_ids=[each.commitment_id for each in wanted],
        periods=[each.period for each in wanted],
    )
    return {Attained(*key): attainment for *key, attainment in await sql.rows(found)}


async def find_newest(pool: sql.Pool) -> datetime | None:
    """When the newest alert was raised."""
    moment: datetime | None = await QUERIES.find_newest(pool)
    return moment


async def list_operators(pool: sql.Pool) -> list[str]:
    """The account ids of operators who have a name."""
    return [row["officer_id"] for row in await sql.rows(QUERIES.list_operators(pool))]
