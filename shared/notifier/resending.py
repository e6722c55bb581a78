"""What was sent, for operators: the dispatches of an authority, and sending one again.

Promises: an operator sees only dispatches of the own authority, and of an address only enough to
know it again. What could not be delivered is sent again as a repeat, once for each press, and the
log says who wanted it.
Refuses: to send again what was sent or still waits; and what nobody would get, since its recipient
was switched off or is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import urlsplit
from uuid import UUID

from shared import log, sql
from shared.notifier.dispatches import UNDELIVERED, State
from shared.notifier.recipients import Channel

_log = log.get(__name__)

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

STATES: Final[tuple[State, ...]] = get_args(State)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One dispatch, as operators see it."""

    dispatch_id: UUID
    recipient_id: str
    name: str | None
    """Of an officer, if it is known."""
    address: str | None
    """What of it is shown; None if it is not known any more."""
    planned_at: datetime
    """By the machine's clock; the list is in this order."""
    due_at: datetime
    """When it was to be sent, by the service's clock."""
    state: State
    is_repeat: bool
    attempts: int
    ended_at: datetime | None
    answer: str | None
    """What the other side said."""
    kinds: Mapping[str, int]
    """How many notifications of each kind it carries."""


class Wanted(NamedTuple):
    """Which dispatches."""

    states: Sequence[State] = STATES
    recipient_id: str | None = None
    """Only of this one."""


class After(NamedTuple):
    """From where on a list is read."""

    planned_at: datetime
    dispatch_id: UUID


async def list_dispatches(
    conn: sql.Connection | sql.Pool,
    authority_id: str,
    wanted: Wanted,
    after: After | None,
    limit: int,
) -> list[Listed]:
    """The dispatches of an authority, the newest first."""
    rows = await sql.rows(
        QUERIES.list_dispatches(
            conn,
            authority_id=authority_id,
            states=list(wanted.states),
            recipient_id=wanted.recipient_id,
            before=None if after is None else after.planned_at,
            before_id=None if after is None else after.dispatch_id,
            limit=limit,
        )
    )
    return [_read(row) for row in rows]


async def count_undelivered(conn: sql.Connection | sql.Pool, authority_id: str) -> int:
    """How many of an authority's dispatches a person has to look at."""
    return int(await QUERIES.count_undelivered(conn, authority_id=authority_id))


def hidden(answer: str) -> str:
    """An answer with only the first letter of each address in it: mail servers repeat them."""
    return _NAME.sub(lambda found: f"{found[0][0]}…@", answer)


_NAME: Final = re.compile(r"[^\s<>@,;:()\"]+@")


def masked(channel: Channel, address: str) -> str:
    """As much of an address as tells it from others: `p…@knowsley.example`; of a webhook its
    host."""
    if channel == "webhook":
        return urlsplit(address).hostname or ""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"


# --- sending again -------------------------------------------------------------------------------

Code: TypeAlias = Literal["dispatch_unknown", "dispatch_not_failed", "recipient_off"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a dispatch is not sent again."""

    code: Code


async def resend(
    conn: sql.Connection, dispatch_id: UUID, authority_id: str, *, by: str
) -> Refusal | None:
    """Lets a dispatch of this authority wait to be sent once more."""
    row = await QUERIES.lock_dispatch(conn, dispatch_id=dispatch_id, authority_id=authority_id)
    refusal = None if row is None else _refuse(row["state"], is_on=row["is_on"])
    if row is None or refusal is not None:
        return refusal or Refusal("dispatch_unknown")
    await QUERIES.set_waiting(conn, dispatch_id=dispatch_id)
    _log.info("A dispatch is sent again.", dispatch=str(dispatch_id), was=row["state"], by=by)
    return None


def _refuse(state: State, *, is_on: bool | None) -> Refusal | None:
    if state not in UNDELIVERED:
        return Refusal("dispatch_not_failed")
    return None if is_on else Refusal("recipient_off")


def _read(row: sql.Record) -> Listed:
    known = row["address"] is not None
    return Listed(
        dispatch_id=row["dispatch_id"],
        recipient_id=row["recipient_id"],
        name=row["name"],
        address=masked(row["channel"], row["address"]) if known else None,
        planned_at=row["planned_at"],
        due_at=row["due_at"],
        state=row["state"],
        is_repeat=row["is_repeat"],
        attempts=row["attempts"],
        ended_at=row["ended_at"],
        answer=None if row["answer"] is None else hidden(row["answer"]),
        kinds=json.loads(row["kinds"] or "{}"),
    )
