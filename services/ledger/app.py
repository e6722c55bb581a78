"""The ledger, put together: `build(settings)` is the ASGI app. Wiring only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.ledger import web
from services.ledger.api import changes, descriptions, entries, export, log, returns, search
from services.ledger.api.dependencies import Dependencies
from services.ledger.consumer import handlers
from services.ledger.publishing import create_log, publisher
from services.ledger.publishing.brake import Brake
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from services.ledger.web import verify
from shared import books, clock, service
from shared.delivery import transaction
from shared.pages import everywhere
from shared.web import auth, openapi, server


def build(settings: Settings) -> FastAPI:
    """The app; it opens its database and starts its tasks when it is started."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        delivery = await service.open_delivery(settings, "ledger", handlers.read)
        delivery.seen, delivery.remember = handlers.seen, None
        brake = Brake()
        publishing = await _publisher(settings, delivery, brake)
        app.state.tokens = auth.Tokens(delivery.pool)
        async with service.running(
            settings,
            delivery,
            handlers.SUBSCRIPTION,
            handlers.handler(delivery, brake.stop, None if settings.demo else clock.WallClock()),
            lambda: publishing.run(settings.publish_seconds),
            lambda: books.run_nightly(
                delivery.pool, ("services.ledger", "fsck"), settings.check_hour
            ),
        ) as app.state.service:
            brake.watch(app.state.service.consumer)
            app.state.dependencies = Dependencies(delivery.pool)
            yield

    app = service.build("ledger", lifespan)
    for each in (changes, entries, export, log, returns, search):
        app.include_router(each.router)
    server.open_for_files(app, "POST", verify.ADDRESS, verify.BODY_BYTES_MAX)
    everywhere.open_site(app, "record", settings, web.TEMPLATES)
    app.include_router(web.router)
    openapi.describe(app, descriptions.TEXTS)
    return app


async def _publisher(
    settings: Settings, delivery: transaction.Delivery, brake: Brake
) -> publisher.Publisher:
    """The publisher, after it has compared the log with what was published. If they differ, the
    brake is on: the service goes on serving what it has."""
    signer = await create_log.load_signer(settings, delivery.pool)
    objects, signed = Objects(settings.objects_folder), Objects(settings.signed_folder)
    made = publisher.Publisher(delivery.pool, objects, signed, signer, brake)
    try:
        await made.examine()
    except publisher.RefusedError as error:
        brake.stop("publisher_refuses", str(error))
    return made
