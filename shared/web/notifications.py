"""What was sent, for operators' programs: a list, and sending one again. Intake and verification
both have these addresses, each for its own people.

Promises: an operator sees the dispatches of the own authority only. Of an address only enough is
shown to know it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import pydantic
from fastapi import APIRouter, Depends, Query, Request

from shared import fields, sql
from shared.notifier import resending
from shared.notifier.dispatches import State
from shared.web import auth, lists, problems, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

Operator = Annotated[auth.Caller, Depends(auth.caller("operator"))]


class DispatchesQuery(lists.PageQuery):
    """Which dispatches."""

    state: State | None = None
    """Only those in this state."""
    recipient: fields.Name | None = None
    """Only those to this person or webhook."""


class Dispatch(pydantic.BaseModel):
    """One mail or one call of a webhook."""

    dispatch_id: UUID
    """The dispatch. A mail's Message-ID begins with it."""
    recipient_id: str
    """The person or webhook that it is for."""
    name: str | None
    """What the person is called; null if it is not known."""
    address: str | None
    """Where it goes, with most of it left out; null if the recipient is gone."""
    due_at: datetime
    """When it was to be sent."""
    planned_at: datetime
    """When it was made."""
    state: State
    """Whether it waits, is being sent, was sent, was refused, was given up, is doubtful (it may
    have been sent), or has passed: there was nobody or nothing to tell any more."""
    is_repeat: bool
    """Whether it may be there twice: it was sent once more."""
    attempts: int
    """How often it was tried."""
    ended_at: datetime | None
    """When it ended; null while it has not."""
    answer: str | None
    """What the other side said last; null if it said nothing."""
    kinds: dict[str, int]
    """How many notifications of each kind it carries."""


class Resent(pydantic.BaseModel):
    """That a dispatch will be sent again."""

    dispatch_id: UUID
    """The dispatch."""
    state: State
    """It waits."""


@router.get("/notifications")
async def list_notifications(
    request: Request, who: Operator, query: Annotated[DispatchesQuery, Query()]
) -> lists.Page[Dispatch]:
    """Mails and calls of webhooks, the newest first."""
    wanted = resending.Wanted(
        states=resending.STATES if query.state is None else (query.state,),
        recipient_id=query.recipient,
    )
    shown, next_cursor = await find(pool_of(request), who, wanted, query.cursor, query.limit)
    items = [Dispatch.model_validate(each, from_attributes=True) for each in shown]
    return lists.Page(items=items, next=next_cursor)


@router.post("/notifications/{dispatch_id}/resend")
async def resend_notification(request: Request, dispatch_id: UUID, who: Operator) -> Resent:
    """Send again what could not be delivered, marked as a repeat."""
    refusal = await resend(pool_of(request), dispatch_id, who)
    if refusal is not None:
        raise problem(refusal)
    return Resent(dispatch_id=dispatch_id, state="waiting")


# --- what pages use as well ----------------------------------------------------------------------


async def find(
    pool: sql.Pool, who: auth.Caller, wanted: resending.Wanted, cursor: str | None, limit: int
) -> tuple[list[resending.Listed], str | None]:
    """One page of an operator's list, and the cursor of the next. Raises a `400` problem for an odd
    cursor."""
    rows = await resending.list_dispatches(
        pool, who.authority_id, wanted, _read_key(cursor), limit + 1
    )
    shown, next_cursor = lists.cut(
        rows, limit, lambda row: (row.planned_at.isoformat(), str(row.dispatch_id))
    )
    return list(shown), next_cursor


async def resend(pool: sql.Pool, dispatch_id: UUID, who: auth.Caller) -> resending.Refusal | None:
    """Sends a dispatch again, for an operator."""
    async with pool.acquire() as conn, conn.transaction():
        return await resending.resend(conn, dispatch_id, who.authority_id, by=who.actor_id)


def problem(refusal: resending.Refusal) -> problems.Problem:
    """A refusal for whoever asked."""
    return problems.Problem(*ANSWERS[refusal.code])


ANSWERS: Final[Mapping[resending.Code, tuple[int, str]]] = {
    "dispatch_unknown": (404, "There is no such dispatch"),
    "dispatch_not_failed": (409, "Only what could not be delivered can be sent again"),
    "recipient_off": (409, "This recipient gets nothing any more: enter an address first"),
}
"""Status and words."""


def pool_of(request: Request) -> sql.Pool:
    """The database of the service that was asked."""
    dependencies: Any = request.app.state.dependencies
    pool: sql.Pool = dependencies.delivery.pool
    return pool


def _read_key(cursor: str | None) -> resending.After | None:
    if cursor is None:
        return None
    planned_at, dispatch_id = lists.decode_cursor(cursor, str, str)
    try:
        return resending.After(lists.read_moment(planned_at), UUID(dispatch_id))
    except ValueError:
        raise lists.odd_cursor() from None
