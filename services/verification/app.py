"""Verification, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import prometheus_client
from fastapi import FastAPI

from services.verification import store
from services.verification.api import contracts
from services.verification.api.dependencies import Parts
from services.verification.consumer import handlers
from services.verification.register import imports
from services.verification.settings import Settings
from shared import calendar, clock, service
from shared.delivery import transaction
from shared.web import auth

MEASURE_SECONDS: Final = 15.0

OPEN_SHORTFALLS: Final = prometheus_client.Gauge(
    "makegood_open_shortfalls", "Shortfall cases that are open, over all authorities."
)


def build(settings: Settings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "verification")
        delivery.seen, delivery.remember = handlers.seen, None
        ticking = await _clock(settings, delivery)
        app.state.tokens, app.state.parts = auth.Tokens(delivery.pool), Parts(delivery, ticking)
        async with service.running(
            settings,
            delivery,
            handlers.SUBSCRIPTION,
            handlers.handler(delivery, ticking),
            lambda: _measure(delivery),
        ) as app.state.service:
            yield

    app = service.build("verification", lifespan, imports.BODY_BYTES_MAX)
    app.include_router(contracts.router)
    return app


async def _clock(settings: Settings, delivery: transaction.Delivery) -> clock.Clock:
    """The wall's; in the demo one that starts in the past and goes along with the days taken."""
    if not settings.demo:
        return clock.WallClock()
    day = await store.fold.last_day(delivery.pool)
    if day is None:
        return clock.MovedClock(settings.demo_starts_at or datetime.now(UTC))
    return clock.MovedClock(calendar.midnight_after(day))


async def _measure(delivery: transaction.Delivery) -> None:
    """Counts what a metric tells, for ever."""
    while True:
        OPEN_SHORTFALLS.set(await store.reading.open_shortfalls(delivery.pool))
        await asyncio.sleep(MEASURE_SECONDS)
