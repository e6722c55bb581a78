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
from shared import service
from shared.web import auth


def build(settings: Settings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "ledger", handlers.read)
        delivery.seen, delivery.remember = (
            handlers.seen,
            None,
        )  # entries themselves tell what was taken
        alarm = Alarm()
        recorder = handlers.Recorder(delivery, alarm.stop)
        signer = await create_log.load_signer(settings, delivery.pool)
        publishing = publisher.Publisher(
            delivery.pool, Objects(settings.objects_folder), signer, alarm
        )
        try:
            await publishing.examine()
        except publisher.RefusedError as error:  # serves what it has, and says why it has no more
            alarm.stop("publisher_refuses", str(error))
        app.state.tokens, app.state.pool, app.state.alarm = (
            auth.Tokens(delivery.pool),
            delivery.pool,
            alarm,
        )
        async with service.running(
            settings,
            delivery,
            handlers.READS,
            recorder.take,
            lambda: publishing.run(settings.publish_seconds),
        ) as app.state.service:
            alarm.watch(app.state.service.consumer)
            yield

    app = service.build("ledger", lifespan)
    app.include_router(entries.router)
    return app
