"""What every service runs: a pool, a delivery, a consumer, a relay, and tasks of its own.

Promises: services, broker and database may start in any order; each waits for what it needs. A task
that fails is logged and started again. Health means facts (live: the consumer makes progress;
ready: the database answers), never lag. `/health` says in words what an operator must know.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pydantic
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI

from shared import books, keys, log, metrics, sql
from shared.delivery import (
    consumer,
    gate,
    kafka,
    outbox,
    parking,
    restore_check,
    tasks,
    transaction,
)
from shared.delivery.messages import Reader, read_event
from shared.settings import Settings
from shared.web import server

READY_SECONDS_MAX: Final = 2.0
AGAIN_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 15.0
COLLECT_EVERY_OBJECTS: Final = 100_000
_MALLOC: Final = ((-1, 131_072), (-3, 131_072), (-8, 1))
"""glibc's M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX (mallopt(3)): setting the thresholds
keeps them from growing."""

Task: TypeAlias = Callable[[], Awaitable[None]]
"""One of the service's own loops. It runs until it is cancelled."""

_log = log.get(__name__)


class Health(pydantic.BaseModel):
    """`ok`; or `held`, while records about returns with a receipt are parked or an inbound topic is
    shut, and the service goes on; or `differs`, while the newest check of the books has found
    something; or `stopped`. The alarm says why."""

    status: Literal["ok", "held", "differs", "stopped"]
    alarm: str | None
    held: int
    """How many records are held."""


@dataclass
class Service:
    """A running service. `delivery` sends and receives its messages; `pool` is its own schema."""

    settings: Settings
    delivery: transaction.Delivery
    consumer: consumer.Consumer

    @property
    def pool(self) -> sql.Pool:
        return self.delivery.pool

    def is_live(self) -> bool:
        return self.consumer.is_live

    async def is_ready(self) -> bool:
        """Whether the database answers and is not older than what was sent from it."""
        if self.delivery.alarm is not None:
            return False
        try:
            async with asyncio.timeout(READY_SECONDS_MAX):
                return bool(await self.pool.fetchval("SELECT true"))
        except sql.BROKEN:
            return False

    async def health(self) -> Health:
        """What an operator must know, in words: why the service has stopped, and what is held."""
        alarm = self.delivery.alarm or self.consumer.alarm
        try:
            held = await parking.count_held(self.pool)
            check = await books.find_newest(self.pool)
            shut = await gate.load(self.pool)
        except sql.BROKEN:
            return Health(status="stopped", alarm=alarm or "The database does not answer.", held=0)
        if alarm is not None:
            return Health(status="stopped", alarm=alarm, held=held)
        if check is not None and check.alarm is not None:
            return Health(status="differs", alarm=check.alarm, held=held)
        if held:
            words = f"{parking.ALARM}: {held} about returns with a receipt wait to be taken up"
            return Health(status="held", alarm=words, held=held)
        if shut:
            words = "; ".join(f"{topic}: {why}" for topic, why in shut.items())
            return Health(status="held", alarm=f"{gate.ALARM}: {words}", held=0)
        return Health(status="ok", alarm=None, held=0)

    async def measure(self) -> None:
        """Sets the metrics that no message moves, for ever: free space, the newest check of the
        books."""
        name = self.delivery.service
        while True:
            metrics.DISK_FREE_BYTES.labels(name).set(min(map(free_bytes, self.settings.folders)))
            with contextlib.suppress(*sql.BROKEN):  # each request finds that out by itself
                await books.measure(self.pool, name)
            await asyncio.sleep(MEASURE_SECONDS)


def free_bytes(folder: Path) -> int:
    """The free space for a folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


async def open_delivery(
    settings: Settings, service: transaction.ServiceName, reader: Reader = read_event
) -> transaction.Delivery:
    """The service's delivery. Waits until the database answers."""
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
    subscription: kafka.Subscription,
    handle: consumer.Handle,
    *loops: Task,
) -> AsyncIterator[Service]:
    """Runs the consumer, the relay and the service's own loops. At the end it stops them all, then
    closes the pool."""
    reader = consumer.Consumer(settings, delivery, subscription, handle)
    service = Service(settings, delivery, reader)
    metrics.begin(delivery.service)

    async def relay() -> None:
        await outbox.relay(
            delivery.service,
            delivery.pool,
            lambda: _start_producer(settings, delivery),
            delivery.posted,
        )

    _calm_collector()
    _return_memory()
    tasks_running = [
        asyncio.create_task(_again_and_again(task))
        for task in (service.consumer.run, relay, service.measure, *loops)
    ]
    try:
        yield service
    finally:
        await tasks.end(*tasks_running, *filter(None, [delivery.checking]))
        delivery.pool.terminate()


async def _start_producer(settings: Settings, delivery: transaction.Delivery) -> AIOKafkaProducer:
    await restore_check.run(settings, delivery)
    return await kafka.start_producer(settings)


def build(service: transaction.ServiceName, lifespan: server.Lifespan) -> FastAPI:
    """The service's app. Its health is that of the `Service` that `lifespan` puts into
    `app.state.service`."""

    async def is_live() -> bool:
        return bool(app.state.service.is_live())

    async def is_ready() -> bool:
        return bool(await app.state.service.is_ready())

    health = server.Health(is_live, is_ready)
    app = server.build(f"Makegood {service}", version("makegood"), lifespan, health)

    @app.get("/health")
    async def get_health() -> Health:
        """Why the service has stopped, and what is held, in words: an operator looks here first."""
        running: Service = app.state.service
        return await running.health()

    return app


def _calm_collector() -> None:
    """A batch creates tens of thousands of objects and no cycles. With its usual threshold the
    cycle collector visits them all again and again, and reading a batch takes three times as long.
    Objects from the start are never visited: to look for garbage among them would delay the first
    commit."""
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY_OBJECTS, 20, 100)


def _return_memory() -> None:
    """What a large batch needed goes back to the system. By itself glibc keeps large blocks that
    were freed, and an arena for each thread. Where there is another C library, nothing is done."""
    with contextlib.suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in _MALLOC:
            mallopt(parameter, value)


async def _again_and_again(task: Task) -> None:
    while True:
        try:
            await task()
        except Exception:
            _log.exception("A task failed; it restarts.", task=getattr(task, "__qualname__", ""))
        await asyncio.sleep(AGAIN_SECONDS)
