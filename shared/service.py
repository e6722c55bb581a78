"""What every house is built from: a pool, a mailroom, a consumer, a relay, and its own tasks.

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
from typing import TypeAlias

from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from shared import keys, log, sql
from shared.delivery import consumer, kafka, messages, outbox, restore_check, tasks, transaction
from shared.settings import Settings
from shared.web import server

READY_SECONDS_MAX = 2.0
AGAIN_SECONDS = 1.0
COLLECT_EVERY_OBJECTS = 100_000

Task: TypeAlias = Callable[[], Awaitable[None]]
"""A loop of the house's own that runs until it is cancelled."""

_log = log.get(__name__)


@dataclass
class House:
    """A house at work. `room` posts and takes letters; `pool` is its own schema."""

    settings: Settings
    room: transaction.Mailroom
    consumer: consumer.Consumer

    @property
    def pool(self) -> sql.Pool:
        return self.room.pool

    def is_live(self) -> bool:
        return self.consumer.is_live

    async def is_ready(self) -> bool:
        """The database answers, and is no older than what was sent from it."""
        if self.room.alarm is not None:
            return False
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                return bool(await self.pool.fetchval("SELECT true"))
        except sql.BROKEN:
            return False


async def open_room(
    settings: Settings, house: transaction.House, reader: messages.Reader = messages.read_event
) -> transaction.Mailroom:
    """The house's mailroom, waiting for the database where it is not up yet."""
    while True:
        try:
            pool = await sql.connect(settings, house)
            break
        except sql.BROKEN as error:
            _log.warning("The database is not up yet.", error=repr(error))
            await asyncio.sleep(AGAIN_SECONDS)
    parking_key = keys.load_or_create(settings.state / house / "parking.key")
    return transaction.Mailroom(house, pool, parking_key, reader=reader)


@asynccontextmanager
async def at_work(
    settings: Settings,
    room: transaction.Mailroom,
    what: kafka.Subscription,
    handle: consumer.Handle,
    *loops: Task,
) -> AsyncIterator[House]:
    """Runs the consumer, the relay and the house's own tasks; stops them all, then the pool."""
    house = House(settings, room, consumer.Consumer(settings, room, what, handle))

    async def relay() -> None:
        await outbox.relay(
            room.house, room.pool, lambda: _start_producer(settings, room), room.posted
        )

    _calm_collector()
    running = [
        asyncio.create_task(_again_and_again(task)) for task in (house.consumer.run, relay, *loops)
    ]
    try:
        yield house
    finally:
        await tasks.end(*running, *filter(None, [room.checking]))
        room.pool.terminate()


async def _start_producer(settings: Settings, room: transaction.Mailroom) -> AIOKafkaProducer:
    await restore_check.guard(settings, room)
    return await kafka.start_producer(settings)


def build(
    house: transaction.House, lifespan: server.Lifespan, body_bytes_max: int | None = None
) -> FastAPI:
    """The house's app: healthy while the `House` that `lifespan` leaves in `app.state.house` is."""

    async def is_live() -> bool:
        return bool(app.state.house.is_live())

    async def is_ready() -> bool:
        return bool(await app.state.house.is_ready())

    title, health = f"Makegood {house}", server.Health(is_live, is_ready)
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
