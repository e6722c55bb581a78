"""Faults of the whole system: repeats, offsets set back, zombies, second writers, losses."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.local.servers import postgres
from deploy.local.servers.both import Servers
from shared.delivery import outbox, topics
from tests.faults import suppliers
from tests.faults.invariants import Books
from tests.faults.running_system import SERVICES, RunningSystem
from tests.support.waiting import until, until_true

CONTRACTS = [f"FAULT-{number:03}" for number in range(6)]
DRAIN_SECONDS_MAX = 90


@contextlib.asynccontextmanager
async def open_system(servers: Servers) -> AsyncIterator[tuple[RunningSystem, suppliers.Suppliers]]:
    """A running system whose suppliers post until they are told to stop."""
    async with RunningSystem(servers) as system:
        clients = await suppliers.register(system, CONTRACTS)
        posting = asyncio.create_task(clients.run())
        try:
            yield system, clients
        finally:
            clients.stop()
            await posting


async def assert_recorded(system: RunningSystem, clients: suppliers.Suppliers) -> None:
    """Stops the suppliers and checks that everything was recorded, exactly once."""
    clients.stop()
    await until(lambda: clients.in_flight == 0)
    books = Books(system)
    await books.until_recorded([a.return_id for a in clients.acknowledged], DRAIN_SECONDS_MAX)
    assert [] == clients.refused
    await books.assert_invariants(clients)


class TestTheSystem:
    @pytest.mark.timeout(400)
    async def test_ignores_every_message_published_again(self, own_servers: Servers) -> None:
        """Every message of every service comes again: each is a listed repeat, not an entry."""
        async with open_system(own_servers) as (system, clients):
            await until(lambda: len(clients.acknowledged) > 100)
            clients.stop()
            await until(lambda: clients.in_flight == 0)
            books = Books(system)
            await books.until_recorded([a.return_id for a in clients.acknowledged], 60)
            entries = await _count(system, "SELECT count(*) FROM ledger.entry")
            conn = await system.database()
            for service in SERVICES:
                await conn.execute(f"SET search_path = {service}")
                for topic in topics.ALL:
                    await outbox.republish(conn, topic.name)
            await conn.close()
            await assert_recorded(system, clients)
            assert entries == await _count(system, "SELECT count(*) FROM ledger.entry")
            assert entries <= await _count(system, "SELECT count(*) FROM ledger.repeat")

    @pytest.mark.timeout(400)
    async def test_counts_once_when_every_offset_is_set_back(self, own_servers: Servers) -> None:
        """All consumers begin again at offset 0, while returns flow."""
        async with open_system(own_servers) as (system, clients):
            await until(lambda: len(clients.acknowledged) > 100)
            for service in ("verification", "intake"):
                system.kill(service)
                conn = await system.database()
                await conn.execute(
                    f"UPDATE {service}.consumer_offset SET next_offset = 0, last_digest = NULL"
                )
                await conn.close()
                await system.start(service)
            await until(lambda: len(clients.acknowledged) > 200)
            await assert_recorded(system, clients)

    @pytest.mark.timeout(400)
    @pytest.mark.parametrize("service", ["verification", "ledger"])
    async def test_refuses_a_zombie(self, own_servers: Servers, service: str) -> None:
        """A service freezes inside a transaction, and another one goes on after the server's
        time-outs. When the first continues, its batch is refused."""
        async with open_system(own_servers) as (system, clients):
            system.kill(service)
            await system.start(service, "before_database_commit=stop@3")
            await until(lambda: system.is_frozen(service))
            await system.start(f"{service}-2")
            already = len(clients.acknowledged)
            await until(lambda: len(clients.acknowledged) > already + 50)
            books = Books(system)
            known = [a.return_id for a in clients.acknowledged]
            await books.until_at_least(len(known), DRAIN_SECONDS_MAX)  # by the second one alone
            system.thaw(service)
            await until(lambda: len(clients.acknowledged) > already + 150)
            await assert_recorded(system, clients)

    @pytest.mark.timeout(400)
    async def test_keeps_one_log_with_two_ledger_writers(self, own_servers: Servers) -> None:
        """Two ledgers and two verifications share the partitions: all work, and there is no
        fork."""
        async with open_system(own_servers) as (system, clients):
            await asyncio.gather(system.start("ledger-2"), system.start("verification-2"))
            for name in ("ledger", "ledger-2", "verification", "verification-2"):
                await until_true(functools.partial(_has_worked, system, name))
            await assert_recorded(system, clients)

    @pytest.mark.timeout(400)
    async def test_goes_on_accepting_while_the_broker_is_down(self, own_servers: Servers) -> None:
        """Twenty returns are acknowledged without Kafka, and recorded when it is back."""
        async with open_system(own_servers) as (system, clients):
            await until(lambda: len(clients.acknowledged) > 20)
            system.servers.kafka.kill()
            already = len(clients.acknowledged)
            await until(lambda: len(clients.acknowledged) > already + 20)
            await system.servers.kafka.start()
            await assert_recorded(system, clients)

    @pytest.mark.timeout(400)
    async def test_stops_when_the_database_is_older_than_the_topics(
        self, own_servers: Servers, tmp_path: Path
    ) -> None:
        """It was restored from an older copy: nothing is accepted, read, sent or signed."""
        async with open_system(own_servers) as (system, clients):
            await until(lambda: len(clients.acknowledged) > 20)
            await system.stop()
            await _copy_database(own_servers, tmp_path / "before", back=False)
            await asyncio.gather(*(system.start(service) for service in SERVICES))
            already = len(clients.acknowledged)
            await until(lambda: len(clients.acknowledged) > already + 50)
            clients.stop()
            await until(lambda: clients.in_flight == 0)
            books = Books(system)
            await books.until_recorded([a.return_id for a in clients.acknowledged], 60)
            await system.stop()
            await _copy_database(own_servers, tmp_path / "before", back=True)
            entries = await _count(system, "SELECT count(*) FROM ledger.entry")
            await asyncio.gather(*(system.launch(service) for service in SERVICES))
            for service in SERVICES:
                await until_true(functools.partial(system.has_alarm, service))
            async with system.client("intake", next(iter(clients.tokens.values()))) as client:
                body = suppliers.a_return(CONTRACTS[0], "2026-01", 1, 8)
                answer = await client.post("/api/v1/returns", json=body)
            assert 503 == answer.status_code
            assert entries == await _count(system, "SELECT count(*) FROM ledger.entry")

    @pytest.mark.timeout(400)
    async def test_stops_when_the_broker_was_emptied(self, own_servers: Servers) -> None:
        """A new broker replaces the old one: every consumer stops with an alarm, and intake goes on
        accepting."""
        async with open_system(own_servers) as (system, clients):
            await until(lambda: len(clients.acknowledged) > 50)
            own_servers.kafka.kill()
            shutil.rmtree(own_servers.state / "kafka")
            own_servers.kafka.prepare()
            await own_servers.kafka.start()
            await system.create_topics()
            for service in SERVICES:
                await until_true(functools.partial(system.has_alarm, service))
            already = len(clients.acknowledged)
            await until(lambda: len(clients.acknowledged) > already + 10)


async def _copy_database(servers: Servers, copy: Path, *, back: bool) -> None:
    """Copies the whole database cluster while it is stopped, or restores the copy."""
    await servers.postgres.stop()
    data = postgres.home(servers.state) / "data"
    source, target = (copy, data) if back else (data, copy)
    shutil.rmtree(target, ignore_errors=True)
    copying = await asyncio.create_subprocess_exec("cp", "-a", str(source), str(target))
    assert 0 == await copying.wait()
    await servers.postgres.start()


async def _count(system: RunningSystem, query: str) -> int:
    conn = await system.database()
    try:
        return int(await conn.fetchval(query))
    finally:
        await conn.close()


async def _has_worked(system: RunningSystem, name: str) -> bool:
    """Whether a process has committed a batch, according to its metrics."""
    async with system.client(name, system.tokens["operator"]) as client:
        text = (await client.get("/metrics")).text
    return any(
        line.startswith("makegood_batch_records_count") and float(line.rpartition(" ")[2]) > 0
        for line in text.splitlines()
    )
