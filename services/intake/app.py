"""Intake, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from services.intake.acceptance import days, desk, group_commit, throttle
from services.intake.api import demo_clock, returns
from services.intake.api.dependencies import Parts
from services.intake.consumer import handlers
from services.intake.domain import receipts, submission
from services.intake.settings import IntakeSettings
from shared import clock, keys, service
from shared.delivery import transaction
from shared.web import auth, server


def build(settings: IntakeSettings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "intake", handlers.read)
        parts = await _parts(settings, delivery)
        app.state.tokens, app.state.parts = auth.Tokens(delivery.pool), parts
        async with service.running(
            settings,
            delivery,
            handlers.SUBSCRIPTION,
            handlers.router(delivery, parts.desk),
            parts.committer.run,
            parts.door.pressure.run,
            lambda: days.run(delivery, parts.clock.now),
        ) as app.state.service:
            yield

    app = service.build("intake", lifespan, submission.BODY_BYTES_MAX)
    app.include_router(returns.router)
    server.open_fast_path(app, "POST", "/api/v1/returns", returns.post_return)
    if settings.demo:
        app.include_router(demo_clock.router)
    return app


async def _parts(settings: IntakeSettings, delivery: transaction.Delivery) -> Parts:
    ticking: clock.Clock = clock.WallClock()
    if settings.demo:
        ticking = await demo_clock.begin(delivery, settings.demo_starts_at)
    folder = settings.state / "intake"
    at = desk.Desk(
        receipts.Signer(keys.load_or_create(settings.receipt_key_file or folder / "receipt.key")),
        keys.load_or_create(settings.person_key_file or folder / "person.key"),
        timedelta(hours=settings.merge_within_hours),
        ticking.now,
    )
    pressure = throttle.Pressure(
        delivery.pool, folder, settings.disk_free_bytes_min, settings.outbox_hours_max * 3600
    )
    rate = settings.posts_per_second_max
    door = throttle.Door(throttle.Buckets(rate, 2 * rate), pressure)
    return Parts(settings, delivery, at, group_commit.Committer(delivery, at), door, ticking)
