"""What every service is built from: a pool, a delivery, a consumer, a relay, and its own tasks.

Promises: parts start in any order and wait for what is not there yet; a task that breaks is logged
and started again; health is judged by facts (live: the consumer makes progress; ready: the database
answers), never by lag.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, TypeAlias

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from shared import keys, log, sql
from shared.delivery import consumer, kafka, outbox, restore_check, tasks, transaction
from shared.delivery.messages import Reader, read_event
from shared.settings import Settings
from shared.web import server

READY_SECONDS_MAX: Final = 2.0
AGAIN_SECONDS: Final = 1.0
COLLECT_EVERY_OBJECTS: Final = 100_000

Task: TypeAlias = Callable[[], Awaitable[None]]
"""A loop of the service's own that runs until it is cancelled."""

_log = log.get(__name__)


@dataclass
class Service:
    """A service at work. `delivery` posts and takes messages; `pool` is its own schema."""

    settings: Settings
    delivery: transaction.Delivery
    consumer: consumer.Consumer

    @property
    def pool(self) -> sql.Pool:
        return self.delivery.pool

    def is_live(self) -> bool:
        return self.consumer.is_live

    async def is_ready(self) -> bool:
        """The database answers, and is no older than what was sent from it."""
        if self.delivery.alarm is not None:
            return False
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                return bool(await self.pool.fetchval("SELECT true"))
        except sql.BROKEN:
            return False


async def open_delivery(
    settings: Settings, service: transaction.ServiceName, reader: Reader = read_event
) -> transaction.Delivery:
    """The service's delivery, waiting for the database where it is not up yet."""
    while True:
        try:
            pool = await sql.connect(settings, service)
            break
        except sql.BROKEN as error:
            _log.warning("The database is not up yet.", error=repr(error))
            await asyncio.sleep(AGAIN_SECONDS)
    parking_key = keys.load_or_create(settings.state / service / "parking.key")
    return transaction.Delivery(service, pool, parking_key, reader=reader)


@asynccontextmanager
async def running(
    settings: Settings,
    delivery: transaction.Delivery,
    what: kafka.Subscription,
    handle: consumer.Handle,
    *loops: Task,
) -> AsyncIterator[Service]:
    """Runs the consumer, the relay and the service's own tasks; stops them all, then the pool."""
    service = Service(settings, delivery, consumer.Consumer(settings, delivery, what, handle))

    async def relay() -> None:
        await outbox.relay(
            delivery.service,
            delivery.pool,
            lambda: _start_producer(settings, delivery),
            delivery.posted,
        )

    _calm_collector()
    tasks_running = [
        asyncio.create_task(_again_and_again(task))
        for task in (service.consumer.run, relay, *loops)
    ]
    try:
        yield service
    finally:
        await tasks.end(*tasks_running, *filter(None, [delivery.checking]))
        delivery.pool.terminate()


async def _start_producer(settings: Settings, delivery: transaction.Delivery) -> AIOKafkaProducer:
    await restore_check.run(settings, delivery)
    return await kafka.start_producer(settings)


def build(
    service: transaction.ServiceName, lifespan: server.Lifespan, body_bytes_max: int | None = None
) -> FastAPI:
    """The service's app: healthy while the `Service` that `lifespan` leaves in `app.state.service`
    is."""

    async def is_live() -> bool:
        return bool(app.state.service.is_live())

    async def is_ready() -> bool:
        return bool(await app.state.service.is_ready())

    title, health = f"Makegood {service}", server.Health(is_live, is_ready)
    app = server.build(title, version("makegood"), lifespan, health, body_bytes_max)
    return app


def _calm_collector() -> None:
    """A batch makes tens of thousands of objects and no cycle. Left alone, the cycle collector
    walks them all again and again: reading a batch then takes three times as long. What the start
    left is never walked: looking for what of it is garbage would delay the first commit."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS, 20, 100)


async def _again_and_again(task: Task) -> None:
    while True:
        try:
            await task()
        except Exception:
            _log.exception("A task broke; it starts again.", task=getattr(task, "__qualname__", ""))
        await asyncio.sleep(AGAIN_SECONDS)
