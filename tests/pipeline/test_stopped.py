"""A consumer that stops because too much was parked: by itself, and as each service tells it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from deploy.local.servers import both as local_servers
from services.intake import store as intake_store
from services.ledger import store as ledger_store
from services.ledger.publishing import create_log
from services.ledger.settings import Settings as LedgerSettings
from services.verification import store as verification_store
from shared import sql
from shared.delivery import kafka, topics
from shared.delivery.consumer import PARKED_WINDOW
from shared.delivery.transaction import ServiceName
from shared.settings import Settings
from shared.wire import events
from tests.support import door_client
from tests.support.delivery_builders import headers, refusal
from tests.support.delivery_service import BareService
from tests.support.waiting import eventually, until_true

JUNK = b"no event"
SECONDS_MAX = 120
MIGRATIONS = {
    "intake": intake_store.MIGRATIONS,
    "verification": verification_store.MIGRATIONS,
    "ledger": ledger_store.MIGRATIONS,
}
READ: dict[ServiceName, topics.Topic] = {
    "intake": topics.OUTCOMES,
    "verification": topics.RETURNS,
    "ledger": topics.RETURNS,
}
"""A topic of each."""


@contextlib.asynccontextmanager
async def producing(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = await kafka.start_producer(settings)
    try:
        yield producer
    finally:
        await producer.stop()


async def send_junk(producer: AIOKafkaProducer, topic: topics.Topic, count: int) -> None:
    for _ in range(count):
        await producer.send(topic.name, JUNK, b"C1", partition=0, headers=[])
    await producer.flush()


async def send(producer: AIOKafkaProducer, *sent: events.ReturnRefused) -> None:
    for event in sent:
        body, head = events.write(event), list(headers(event))
        await producer.send(topics.RETURNS.name, body, b"C1", partition=0, headers=head)
    await producer.flush()


class TestTooManyParked:
    async def test_stop_the_consumer_where_it_is(self, service: BareService) -> None:
        """Of the last 200 records 10 may be parked, not 11. What comes later is not read, until the
        service starts again; then it goes on, and nothing is lost."""
        good = [refusal("C1", number) for number in range(1, 193)]
        async with producing(service.settings) as producer, service.running() as reader:
            await send(producer, *good[:190])
            await send_junk(producer, topics.RETURNS, 10)
            await send(producer, good[190])
            await eventually(lambda: service.received("C1"), list(range(1, 192)))
            assert reader.alarm is None
            await send_junk(producer, topics.RETURNS, 1)
            wanted = f"too_many_parked: 11 of the last {PARKED_WINDOW} of {topics.RETURNS.name}"
            await eventually(lambda: asyncio.sleep(0, reader.alarm), wanted)
            await send(producer, good[191])
        assert 202 == await service.next_offset()
        assert list(range(1, 192)) == await service.received("C1")
        async with service.running():
            await eventually(lambda: service.received("C1"), list(range(1, 193)))
        assert 11 == await service.pool.fetchval("SELECT count(*) FROM parked")

    @pytest.mark.parametrize("name", list(READ))
    async def test_is_told_by_every_service(
        self, name: ServiceName, own_servers: local_servers.Servers, tmp_path: Path
    ) -> None:
        """As it runs: `/health` says that the consumer has stopped, and why; the service still
        answers."""
        dsn, bootstrap = own_servers.postgres.dsn, own_servers.kafka.bootstrap
        topic = READ[name]
        env = {
            "DATABASE_URL": dsn,
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "MAKEGOOD_STATE": str(tmp_path),
        }
        settings = LedgerSettings(
            kafka_bootstrap_servers=bootstrap, database_url=SecretStr(dsn), state=tmp_path
        )
        await sql.migrate(dsn, name, MIGRATIONS[name])
        if name == "ledger":
            await create_log.create(settings, "test.example/log")
        admin = await kafka.start_admin(settings)
        await topics.create(admin)
        await admin.close()
        async with producing(settings) as producer:
            await send_junk(producer, topic, PARKED_WINDOW)
        opening = door_client.opened(f"services.{name}", "serve", log=None, **env)
        running = await asyncio.to_thread(opening.__enter__)
        try:
            wanted = f"too_many_parked: {PARKED_WINDOW} of the last {PARKED_WINDOW} of {topic.name}"
            url = f"http://127.0.0.1:{running.port}"
            async with httpx.AsyncClient(base_url=url) as client:

                async def has_stopped() -> bool:
                    said = (await client.get("/health")).json()
                    return (said["status"], said["alarm"]) == ("stopped", wanted)

                await until_true(has_stopped, SECONDS_MAX)
                assert 200 == (await client.get("/health/live")).status_code
                measured = (await client.get("/metrics")).text
                assert f'makegood_consumer_stopped{{service="{name}"}} 1.0' in measured
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)
