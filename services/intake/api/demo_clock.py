"""The demo's clock, moved by an operator: only where the local demo sign-in is on (loopback).

Promises: it moves forwards only, and the answer comes when the days passed have ended; an intake
that starts again goes on from where the desk stands.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Depends

from services.intake import store
from services.intake.acceptance import days
from services.intake.api import documents
from services.intake.api.dependencies import Given, Parts
from shared import calendar, clock
from shared.delivery import transaction
from shared.web import auth, problems

router = APIRouter(prefix="/api/v1")


@router.post("/clock", dependencies=[Depends(auth.caller("operator"))])
async def move(wanted: documents.ClockRequest, parts: Given) -> documents.Clock:
    """Move the clock forwards; answered when the days that passed have ended. A day that it is
    already is no move, so that asking twice is harmless."""
    assert isinstance(parts.clock, clock.MovedClock), "only the demo has these endpoints"
    try:
        moment = _moment(wanted)
        if wanted.day != calendar.london_day(parts.clock.now()):
            parts.clock.move_to(moment)
    except ValueError as error:
        raise problems.Problem(409, "The clock cannot be moved so", str(error)) from None
    return await _face(parts)


@router.get("/clock", dependencies=[Depends(auth.caller())])
async def read(parts: Given) -> documents.Clock:
    """What the clock says."""
    return await _face(parts)


async def _face(parts: Parts) -> documents.Clock:
    now = parts.clock.now()
    return documents.Clock(now=now, day_ended=await days.end(parts.delivery, now))


def _moment(wanted: documents.ClockRequest) -> datetime:
    if (wanted.now is None) == (wanted.day is None):
        raise ValueError("give either now or day")
    if wanted.day is not None:
        return calendar.midnight(wanted.day)
    assert wanted.now is not None
    if wanted.now.tzinfo is None:
        raise ValueError("give now with its offset from UTC, such as Z")
    return wanted.now.astimezone(UTC)


async def begin(delivery: transaction.Delivery, starts_at: datetime | None) -> clock.MovedClock:
    """The demo's clock: from where the desk stands, else from `starts_at`, else from now."""
    latest_at = await store.desk.find_latest_at(delivery.pool)
    return clock.MovedClock(latest_at or starts_at or datetime.now(UTC))
