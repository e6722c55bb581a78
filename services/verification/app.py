"""Verification, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.verification import metrics, store
from services.verification.api import (
    alerts,
    cases,
    commitments,
    contacts,
    contracts,
    descriptions,
    figures,
    holidays,
    imports,
    overviews,
    people,
    proposals,
    queried,
    standings,
    webhooks,
)
from services.verification.api.dependencies import Dependencies
from services.verification.consumer import handlers
from services.verification.register import holidays as holidays_entered
from services.verification.register import releases
from services.verification.settings import Settings
from shared import books, calendar, clock, service
from shared.delivery import transaction
from shared.pages import everywhere, late
from shared.web import auth, notifications, openapi, server

FORM_BYTES_MAX: Final = 64 * 1024
"""What a form has around its file."""
MEASURE_SECONDS: Final = 15.0
"""How often the metrics are set that are counted in the database."""
PUBLISH_HOLIDAYS_SECONDS: Final = 60.0
"""A holiday takes effect on the next day at the earliest."""
MEASURE_POSTCODES_SECONDS: Final = 3600.0
"""A new edition comes four times a year, and to look for it reads the whole directory."""


def build(settings: Settings) -> FastAPI:
    """The app. When it starts, it opens its database and starts its tasks."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "verification")
        delivery.seen, delivery.remember = handlers.seen, None
        ticking = await _clock(settings, delivery)
        app.state.tokens = auth.Tokens(delivery.pool)
        app.state.dependencies = Dependencies(delivery, ticking, settings)
        app.state.site.clock = ticking if settings.demo else None
        async with service.running(
            settings,
            delivery,
            handlers.SUBSCRIPTION,
            handlers.handler(delivery, ticking, settings.digest_hour),
            lambda: _measure(delivery),
            lambda: _measure_postcodes(delivery),
            lambda: _publish_holidays(delivery, ticking),
            lambda: books.run_nightly(
                delivery.pool, ("services.verification", "replay"), settings.check_hour
            ),
        ) as app.state.service:
            yield

    app = service.build("verification", lifespan)
    server.open_for_files(app, "POST", "/api/v1/contracts/import", releases.BODY_BYTES_MAX)
    server.open_for_files(app, "POST", "/imports", releases.BODY_BYTES_MAX + FORM_BYTES_MAX)
    for each in (contracts, commitments, figures, standings, overviews, queried):
        app.include_router(each.router)
    for each in (alerts, cases, proposals, people, contacts, imports, webhooks, holidays):
        app.include_router(each.router)
    app.include_router(notifications.router)
    everywhere.open_site(app, "council", settings, Path(__file__).with_name("pages"))
    app.add_middleware(late.LatePages, owner=app, module="services.verification.web")
    openapi.describe(app, descriptions.TEXTS)
    return app


async def _clock(settings: Settings, delivery: transaction.Delivery) -> clock.Clock:
    """The wall clock. The demo has a clock that starts in the past and follows the days that
    ended."""
    if not settings.demo:
        return clock.WallClock()
    day = await store.batches.find_last_day(delivery.pool)
    if day is None:
        return clock.MovedClock(settings.demo_starts_at or datetime.now(UTC))
    return clock.MovedClock(calendar.midnight_after(day))


async def _publish_holidays(delivery: transaction.Delivery, now: clock.Clock) -> None:
    """Tells intake of holidays that were declared late, contract by contract, until all have."""
    while True:
        if await holidays_entered.publish(delivery.pool, now):
            delivery.posted.set()
        await asyncio.sleep(PUBLISH_HOLIDAYS_SECONDS)


async def _measure(delivery: transaction.Delivery) -> None:
    """Sets the metrics that are counted in the database, again and again."""
    while True:
        metrics.OPEN_SHORTFALLS.set(await store.reading.count_open_shortfalls(delivery.pool))
        await asyncio.sleep(MEASURE_SECONDS)


async def _measure_postcodes(delivery: transaction.Delivery) -> None:
    """Says how old the postcode directory is, again and again."""
    while True:
        month = await store.postcodes.find_newest_month(delivery.pool)
        metrics.POSTCODES.set(
            calendar.midnight(calendar.first_day(month)).timestamp() if month else 0
        )
        await asyncio.sleep(MEASURE_POSTCODES_SECONDS)
