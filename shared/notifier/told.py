"""Who was told of what a page shows, when and how, and what these people are called.

Promises: one query for a page. Only an authority's own pages name its officers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from shared import sql
from shared.notifier.kinds import Step

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Told(NamedTuple):
    """What became of one notification."""

    step: Step
    recipient_id: str
    state: str
    """Of its dispatch; `planned` while it has none."""
    due_at: datetime
    """When it was to be sent, by the service's clock."""
    ended_at: datetime | None
    """When that ended, by the machine's."""


class Known(NamedTuple):
    """What is known of the things on a page."""

    told: Mapping[UUID, Sequence[Told]]
    """By what was told, in the order in which it was due."""
    people: Mapping[str, str]
    """Names of officers, by id."""


async def load_known(
    conn: sql.Connection | sql.Pool,
    authority_ids: Collection[str],
    event_ids: Collection[UUID],
    officer_ids: Collection[str] = (),
) -> Known:
    """Who was told of these events, with their names; and the names of these officers."""
    rows = await sql.rows(
        QUERIES.load_known(
            conn,
            event_ids=list(event_ids),
            officer_ids=list(officer_ids),
            authority_ids=list(authority_ids),
        )
    )
    told: dict[UUID, list[Told]] = {}
    for row in rows:
        if row["event_id"] is not None:
            one = Told(row["step"], row["person"], row["state"], row["due_at"], row["ended_at"])
            told.setdefault(row["event_id"], []).append(one)
    return Known(told, {row["person"]: row["name"] for row in rows if row["name"] is not None})
