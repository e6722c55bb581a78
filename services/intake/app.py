"""Intake, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.intake import (
    api,
    clockface,
    commit,
    days,
    desk,
    handlers,
    limits,
    receipts,
    submission,
)
from services.intake.parts import Parts
from services.intake.settings import IntakeSettings
from shared import auth, clock, http, keys, mail
from shared import house as houses

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def build(settings: IntakeSettings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        room = await houses.open_room(settings, "intake", handlers.read)
        parts = await _parts(settings, room)
        app.state.tokens, app.state.parts = auth.Tokens(room.pool), parts
        async with houses.at_work(
            settings,
            room,
            handlers.SUBSCRIPTION,
            handlers.router(room, parts.desk),
            parts.committer.run,
            parts.door.pressure.run,
            lambda: days.run(room, parts.clock.now),
        ) as app.state.house:
            yield

    app = houses.build("intake", lifespan, submission.BODY_BYTES_MAX)
    app.include_router(api.router)
    http.open_lane(app, "POST", "/api/v1/returns", api.post_return)
    if settings.demo:
        app.include_router(clockface.router)
    return app


async def _parts(settings: IntakeSettings, room: mail.Mailroom) -> Parts:
    ticking: clock.Clock = clock.WallClock()
    if settings.demo:
        ticking = await clockface.begin(room, settings.demo_starts_at)
    folder = settings.state / "intake"
    at = desk.Desk(
        receipts.Signer(keys.load_or_create(settings.receipt_key_file or folder / "receipt.key")),
        keys.load_or_create(settings.person_key_file or folder / "person.key"),
        timedelta(hours=settings.merge_within_hours),
        ticking.now,
    )
    pressure = limits.Pressure(
        room.pool, folder, settings.disk_free_bytes_min, settings.outbox_hours_max * 3600
    )
    rate = settings.posts_per_second_max
    door = limits.Door(limits.Buckets(rate, 2 * rate), pressure)
    return Parts(settings, room, at, commit.Committer(room, at), door, ticking)
