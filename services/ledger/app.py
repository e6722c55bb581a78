"""The ledger, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ledger.api import entries
from services.ledger.consumer import handlers
from services.ledger.publishing import create_log, publisher
from services.ledger.publishing.brake import Alarm
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import service as houses
from shared.web import auth


def build(settings: Settings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        room = await houses.open_room(settings, "ledger", handlers.read)
        room.seen, room.remember = handlers.seen, None  # entries themselves tell what was taken
        alarm = Alarm()
        recorder = handlers.Recorder(room, alarm.stop)
        signer = await create_log.load_signer(settings, room.pool)
        publishing = publisher.Publisher(room.pool, Objects(settings.objects_folder), signer, alarm)
        try:
            await publishing.examine()
        except publisher.RefusedError as error:  # serves what it has, and says why it has no more
            alarm.stop("publisher_refuses", str(error))
        app.state.tokens, app.state.pool, app.state.alarm = auth.Tokens(room.pool), room.pool, alarm
        async with houses.at_work(
            settings,
            room,
            handlers.READS,
            recorder.take,
            lambda: publishing.run(settings.publish_seconds),
        ) as app.state.house:
            alarm.watch(app.state.house.consumer)
            yield

    app = houses.build("ledger", lifespan)
    app.include_router(entries.router)
    return app
