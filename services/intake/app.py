"""Intake, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi import FastAPI

from services.intake import store
from services.intake.acceptance import days, officers, throttle
from services.intake.acceptance.desk import Desk
from services.intake.acceptance.group_commit import Committer
from services.intake.api import (
    contacts,
    demo_clock,
    descriptions,
    due,
    files,
    measures,
    parties,
    receipts,
    returns,
)
from services.intake.api.dependencies import Dependencies
from services.intake.consumer import handlers
from services.intake.domain import submission
from services.intake.domain.receipts import Signer
from services.intake.drafts import sweep
from services.intake.pages import people
from services.intake.settings import Settings
from shared import books, buckets, clock, keys, service
from shared.delivery import transaction
from shared.pages import everywhere, late
from shared.web import auth, notifications, openapi, server


def build(settings: Settings) -> FastAPI:
    """The app. When it starts, it opens its database and starts its tasks."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "intake", handlers.read)
        dependencies = await _dependencies(settings, delivery)
        app.state.tokens = auth.Tokens(delivery.pool)
        app.state.dependencies = dependencies
        app.state.site.clock = dependencies.clock
        if settings.demo:
            await _name_officers(dependencies)
        async with service.running(
            settings,
            delivery,
            handlers.SUBSCRIPTION,
            handlers.handler(delivery, dependencies.desk, settings.digest_hour),
            dependencies.committer.run,
            dependencies.throttle.pressure.run,
            lambda: days.run(delivery, dependencies.clock.now),
            lambda: sweep.run(delivery.pool, dependencies.clock.now),
            lambda: books.run_nightly(
                delivery.pool, ("services.intake", "fsck"), settings.check_hour
            ),
        ) as app.state.service:
            yield

    app = service.build("intake", lifespan)
    for each in (returns, receipts, parties, contacts, due, measures, files, notifications):
        app.include_router(each.router)
    bytes_max = submission.BODY_BYTES_MAX
    server.open_fast_path(app, "POST", "/api/v1/returns", returns.post_return, bytes_max)
    for last in ("file", "upload", "check-file"):
        server.open_for_uploads(app, "POST", last, files.BODY_BYTES_MAX)
    if settings.demo:
        app.include_router(demo_clock.router)
    everywhere.open_site(app, "supplier", settings, Path(__file__).with_name("pages"))
    app.add_middleware(late.LatePages, owner=app, module="services.intake.web")
    openapi.describe(app, descriptions.TEXTS)
    return app


async def _name_officers(dependencies: Dependencies) -> None:
    """The demo's officers have names from the start: its story has them act before anybody can
    sign in as one of them."""
    delivery, now = dependencies.delivery, dependencies.clock.now()
    for each in people.BY_KEY.values():
        await officers.name(delivery, each.who.actor_id, each.named, now)


async def _dependencies(settings: Settings, delivery: transaction.Delivery) -> Dependencies:
    ticking = await _clock(settings, delivery)
    desk = _desk(settings, ticking)
    return Dependencies(
        settings=settings,
        delivery=delivery,
        desk=desk,
        committer=Committer(delivery, desk),
        throttle=_throttle(settings, delivery),
        clock=ticking,
    )


async def _clock(settings: Settings, delivery: transaction.Delivery) -> clock.Clock:
    """The wall clock. The demo has a clock that starts in the past and, after a restart, goes on
    from the latest time that the desk has used."""
    if not settings.demo:
        return clock.WallClock()
    latest_at = await store.desk.find_latest_at(delivery.pool)
    return clock.MovedClock(latest_at or settings.demo_starts_at or datetime.now(UTC))


def _desk(settings: Settings, ticking: clock.Clock) -> Desk:
    receipt_key = keys.load_or_create(settings.receipt_key_path)
    person_key = keys.load_or_create(settings.person_key_file or settings.folder / "person.key")
    merge_within = timedelta(hours=settings.merge_within_hours)
    return Desk(Signer(receipt_key), person_key, merge_within, ticking.now)


def _throttle(settings: Settings, delivery: transaction.Delivery) -> throttle.Throttle:
    rate = settings.posts_per_second_max
    pressure = throttle.Pressure(
        delivery.pool,
        settings.folder,
        settings.disk_free_bytes_min,
        settings.outbox_hours_max * 3600,
    )
    return throttle.Throttle(buckets.Buckets(rate, 2 * rate), pressure)
