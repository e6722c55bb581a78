"""The demo's clock, for operators. `app` includes it in the local demo only (on loopback).

Promises: the clock moves forwards only. The answer comes when the days in between have ended.
"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Depends

from services.intake.acceptance import days
from services.intake.api import documents, refusals
from services.intake.api.dependencies import Dependencies, Injected
from shared import calendar, clock
from shared.web import auth, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.post("/clock", dependencies=[Depends(auth.caller("operator"))])
async def move(body: documents.ClockRequest, dependencies: Injected) -> documents.Clock:
    """Move the clock forwards. The answer comes when the days in between have ended. Moving it to
    the current day changes nothing, so asking twice is harmless."""
    assert isinstance(dependencies.clock, clock.MovedClock), "only the demo has these endpoints"
    try:
        moment = _moment(body)
        if body.day != calendar.london_day(dependencies.clock.now()):
            dependencies.clock.move_to(moment)
    except ValueError as error:
        raise refusals.clock_not_moved(str(error)) from None
    return await _shown(dependencies)


@router.get("/clock", dependencies=[Depends(auth.caller())])
async def read(dependencies: Injected) -> documents.Clock:
    """What time it is."""
    return await _shown(dependencies)


async def _shown(dependencies: Dependencies) -> documents.Clock:
    now = dependencies.clock.now()
    return documents.Clock(now=now, day_ended=await days.end(dependencies.delivery, now))


def _moment(body: documents.ClockRequest) -> datetime:
    """The moment that was asked for. Raises ValueError."""
    if (body.now is None) == (body.day is None):
        raise ValueError("send either `now` or `day`")
    if body.day is not None:
        return calendar.midnight(body.day)
    assert body.now is not None
    if body.now.tzinfo is None:
        raise ValueError("send `now` with its offset from UTC, such as Z")
    return body.now.astimezone(UTC)
