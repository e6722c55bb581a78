"""Dispatches: mails and calls of webhooks, and what became of them.

Promises: each is marked as sending before it is sent, by a notifier that holds a lease and keeps it
up. One whose lease has passed was left by a notifier that is gone: it is sent once more, marked as
a repeat. One that is left twice is doubtful, and is for a person. Only who holds the lease says
what became of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from shared import sql
from shared.notifier import planning, recipients
from shared.notifier.recipients import Channel, Recipient

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

PLANNED_MAX: Final = 5_000
"""Notifications in one transaction of planning."""
SHOWN_MAX: Final = 20
"""Of one dispatch, in its letter."""
_PLANNING_LOCK: Final = 0x6E6F7469
_HOUR: Final = timedelta(hours=1)

State: TypeAlias = Literal[
    "waiting", "sending", "sent", "refused", "given_up", "doubtful", "passed"
]
EndState: TypeAlias = Literal["waiting", "sent", "refused", "given_up", "doubtful", "passed"]
"""What a dispatch that was begun ends in."""
UNDELIVERED: Final[tuple[State, ...]] = ("refused", "given_up", "doubtful")
"""A person has to look at these."""


class Shown(NamedTuple):
    """A notification of a dispatch."""

    event_id: UUID
    step: str
    contract_id: str | None
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A dispatch that can be sent, with what it carries."""

    dispatch_id: UUID
    recipient_id: str
    recipient: Recipient | None
    """None: it is no longer there."""
    due_at: datetime
    planned_at: datetime
    attempts: int
    is_repeat: bool
    """Whether it will be one."""
    notifications: tuple[Shown, ...]
    """The worst first, at most `SHOWN_MAX`."""
    count: int
    """All of them."""


class Ended(NamedTuple):
    """What became of a dispatch that was begun."""

    dispatch_id: UUID
    lease: UUID
    state: EndState
    is_repeat: bool
    next_at: datetime
    attempts: int
    answer: str


class Begun(NamedTuple):
    """A dispatch that may be sent now, by who holds this lease."""

    lease: UUID
    is_repeat: bool


async def plan(pool: sql.Pool, now: datetime, per_hour_max: int) -> int:
    """Makes dispatches of what is due by `now`. Returns how many notifications it has looked at."""
    async with pool.acquire() as conn, conn.transaction():
        await QUERIES.lock_planning(conn, key=_PLANNING_LOCK)
        found = QUERIES.list_due(conn, now=now, limit=PLANNED_MAX)
        due = [planning.Waiting(*row) for row in await sql.rows(found)]
        if not due:
            return 0
        made = planning.plan(due, await _load_before(conn, due), per_hour_max)
        await _apply(conn, made)
    return len(due)


async def _load_before(
    conn: sql.Connection, due: Sequence[planning.Waiting]
) -> Mapping[str, Sequence[datetime]]:
    since = min(each.due_at for each in due) - _HOUR
    recipient_ids = sorted({each.recipient_id for each in due})
    found = QUERIES.list_before(conn, recipient_ids=recipient_ids, since=since)
    before: dict[str, list[datetime]] = {}
    for recipient_id, due_at in await sql.rows(found):
        before.setdefault(recipient_id, []).append(due_at)
    return before


async def _apply(conn: sql.Connection, made: planning.Plan) -> None:
    groups = [(uuid.uuid4(), group) for group in made.now]
    if groups:
        await QUERIES.add_dispatches(
            conn,
            dispatch_ids=[dispatch_id for dispatch_id, _ in groups],
            recipient_ids=[group.recipient_id for _, group in groups],
            authority_ids=[group.authority_id for _, group in groups],
            channels=[group.channel for _, group in groups],
            due_at=[group.due_at for _, group in groups],
        )
        carried = [(each, dispatch_id) for dispatch_id, group in groups for each in group.waiting]
        await QUERIES.set_dispatches(
            conn,
            event_ids=[each.event_id for each, _ in carried],
            steps=[each.step for each, _ in carried],
            recipient_ids=[each.recipient_id for each, _ in carried],
            dispatch_ids=[dispatch_id for _, dispatch_id in carried],
        )
    later = [(each, until) for group, until in made.later for each in group.waiting]
    if later:
        await QUERIES.postpone(
            conn,
            event_ids=[each.event_id for each, _ in later],
            steps=[each.step for each, _ in later],
            recipient_ids=[each.recipient_id for each, _ in later],
            due_at=[until for _, until in later],
        )


async def list_ready(pool: sql.Pool, channel: Channel, limit: int) -> list[Ready]:
    """Dispatches of a channel that can be sent now, with their recipients and what they carry:
    three queries."""
    rows = await sql.rows(QUERIES.list_ready(pool, channel=channel, limit=limit))
    if not rows:
        return []
    known = await recipients.load_recipients(pool, {row["recipient_id"] for row in rows})
    carried = await _load_shown(pool, [row["dispatch_id"] for row in rows])
    return [
        Ready(
            dispatch_id=row["dispatch_id"],
            recipient_id=row["recipient_id"],
            recipient=known.get(row["recipient_id"]),
            due_at=row["due_at"],
            planned_at=row["planned_at"],
            attempts=row["attempts"],
            is_repeat=row["is_repeat"] or row["state"] == "sending",
            notifications=tuple(shown for shown, _ in carried.get(row["dispatch_id"], ())),
            count=next((total for _, total in carried.get(row["dispatch_id"], ())), 0),
        )
        for row in rows
    ]


async def _load_shown(
    pool: sql.Pool, dispatch_ids: Collection[UUID]
) -> dict[UUID, list[tuple[Shown, int]]]:
    found = QUERIES.list_shown(pool, dispatch_ids=list(dispatch_ids), shown_max=SHOWN_MAX)
    carried: dict[UUID, list[tuple[Shown, int]]] = {}
    for dispatch_id, *shown, total in await sql.rows(found):
        carried.setdefault(dispatch_id, []).append((Shown(*shown), total))
    return carried


async def advance(
    pool: sql.Pool, ended: Ended | None, begin: UUID | None, lease_seconds: float
) -> Begun | None:
    """Writes what became of one dispatch and begins the next, in one commit. None if there is no
    next, somebody else has it, or it is doubtful."""
    lease = uuid.uuid4()
    row = await QUERIES.advance(
        pool,
        ended=ended and ended.dispatch_id,
        lease=ended and ended.lease,
        state=ended and ended.state,
        is_repeat=ended and ended.is_repeat,
        next_at=ended and ended.next_at,
        attempts=ended and ended.attempts,
        answer=ended and ended.answer,
        begun=begin,
        new_lease=lease,
        lease_seconds=lease_seconds,
    )
    return Begun(lease, row["is_repeat"]) if row["state"] == "sending" else None


async def keep(pool: sql.Pool, leases: Collection[UUID], lease_seconds: float) -> None:
    """Keeps these leases up."""
    await QUERIES.keep(pool, leases=list(leases), lease_seconds=lease_seconds)


class Measured(NamedTuple):
    """What waits, and what a person has to look at."""

    waiting: int
    oldest_seconds: float
    undelivered: int


async def measure(pool: sql.Pool) -> Measured:
    """Counts for the metrics."""
    row = await QUERIES.measure(pool)
    return Measured(row["waiting"], float(row["oldest_seconds"] or 0), row["undelivered"])


async def drop_old(pool: sql.Pool, before: datetime) -> None:
    """Drops what ended before a moment, with the notifications that it carried."""
    await QUERIES.drop_old(pool, before=before)
