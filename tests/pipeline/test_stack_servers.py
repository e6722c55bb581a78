"""The local servers: they are real, start again after any crash, and do not disturb each other."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aiokafka
import aiokafka.admin
import asyncpg
import pytest

from deploy.local.servers import both, ports, postgres, process

NewState = Callable[[], Path]
CHECKOUT = Path(__file__).resolve().parents[2]


async def produced(bootstrap: str, topic: str, values: list[bytes]) -> None:
    """Creates the topic if need be, and has the broker acknowledge the records."""
    admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        if topic not in await admin.list_topics():
            await admin.create_topics([aiokafka.admin.NewTopic(topic, 1, 1)])
    finally:
        await admin.close()
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def consumed(bootstrap: str, topic: str, count: int) -> list[bytes | None]:
    """The first records of the topic."""
    consumer = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def fetched(dsn: str, query: str) -> object:
    """One value from the database."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


class TestSharedServers:
    """The servers of the whole test run."""

    async def test_are_kafka_and_postgresql(self, kafka: str, database: str) -> None:
        """A record passes through the broker, and the database is an 18 with fsync."""
        await produced(kafka, "servers-are-real", [b"one"])

        assert [b"one"] == await consumed(kafka, "servers-are-real", 1)
        assert "18" == str(await fetched(database, "SHOW server_version")).split(".")[0]
        assert "on" == await fetched(database, "SHOW fsync")

    async def test_give_each_test_its_own_database(self, database: str) -> None:
        """One test does not see what another one made."""
        assert 0 == await fetched(
            database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        )


class TestServers:
    """A pair of servers that a test may kill."""

    async def test_keep_what_was_acknowledged(self, own_servers: both.Servers) -> None:
        """After SIGKILL of both, everything is still there, at the same addresses."""
        bootstrap, dsn = own_servers.kafka.bootstrap, own_servers.postgres.dsn
        await produced(bootstrap, "kept", [b"one", b"two"])
        await fetched(dsn, "CREATE TABLE kept AS SELECT 7 AS figure")

        own_servers.kafka.kill()
        own_servers.postgres.kill()
        await asyncio.gather(own_servers.kafka.start(), own_servers.postgres.start())

        assert (bootstrap, dsn) == (own_servers.kafka.bootstrap, own_servers.postgres.dsn)
        assert [b"one", b"two"] == await consumed(bootstrap, "kept", 2)
        assert 7 == await fetched(dsn, "SELECT figure FROM kept")

    async def test_start_again_if_a_lock_names_a_live_process(
        self, own_servers: both.Servers
    ) -> None:
        """PostgreSQL's lock file with the id of an unrelated process blocks nothing."""
        postgres = own_servers.postgres
        directory = Path(str(await fetched(postgres.dsn, "SHOW data_directory")))
        lock = (directory / "postmaster.pid").read_text().split("\n", 1)
        postgres.kill()
        (directory / "postmaster.pid").write_text(f"{os.getpid()}\n{lock[1]}")

        await postgres.start()

        assert 1 == await fetched(postgres.dsn, "SELECT 1")

    async def test_are_known_by_their_name(self, own_servers: both.Servers) -> None:
        """PostgreSQL's postmaster by an argument, its children by their titles."""
        connection = await asyncpg.connect(own_servers.postgres.dsn, timeout=10)
        try:
            name = await connection.fetchval("SHOW cluster_name")
            started = await connection.fetchval(
                "SELECT array_agg(pid) FROM pg_stat_activity "
                "WHERE backend_type <> 'autovacuum worker'"  # which come and go
            )
            known = {each.pid for each in postgres.processes_named(name)}
        finally:
            await connection.close()

        assert {own_servers.postgres.pid, *started} <= known

    async def test_refuse_a_second_start_of_one_folder(self, own_servers: both.Servers) -> None:
        """The message names the process that runs them."""
        with pytest.raises(both.AlreadyRunning, match=f"process {os.getpid()}"):
            async with both.Servers(own_servers.state):
                pass

        assert own_servers.kafka.process.is_running()

    async def test_run_side_by_side(self, own_servers: both.Servers, new_state: NewState) -> None:
        """Servers in another folder have other ports and other data."""
        async with both.Servers(new_state()) as others:
            await fetched(own_servers.postgres.dsn, "CREATE TABLE here ()")

            assert own_servers.kafka.bootstrap != others.kafka.bootstrap
            assert 0 == await fetched(
                others.postgres.dsn, "SELECT count(*) FROM pg_tables WHERE tablename = 'here'"
            )

    async def test_start_again_after_their_program_was_killed(self, new_state: NewState) -> None:
        """SIGKILL of the program that started them does not block the next start."""
        state = new_state()
        owner = subprocess.Popen(  # noqa: ASYNC220 - to be killed, not awaited
            [sys.executable, "-c", OWNER, state], cwd=CHECKOUT, stdout=subprocess.PIPE
        )
        assert owner.stdout is not None
        first = json.loads(await asyncio.to_thread(owner.stdout.readline))
        os.kill(first["kafka"], signal.SIGSTOP)  # so that it cannot end with its owner
        owner.kill()
        owner.wait()

        async with both.Servers(state) as again:
            assert process.Identity.of(first["kafka"]) is None
            assert first["bootstrap"] == again.kafka.bootstrap
            assert 1 == await fetched(again.postgres.dsn, "SELECT 1")

    async def test_refuse_a_forced_port_that_is_in_use(
        self, own_servers: both.Servers, new_state: NewState, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The message names the port and its setting."""
        port = own_servers.kafka.bootstrap.split(":")[1]
        monkeypatch.setenv("MAKEGOOD_KAFKA_PORT", port)

        with pytest.raises(ports.InUse, match=f"Port {port}, set by MAKEGOOD_KAFKA_PORT"):
            async with both.Servers(new_state()):
                pass


OWNER = """
import asyncio, json, pathlib, sys
from deploy.local.servers import both

async def run():
    async with both.Servers(pathlib.Path(sys.argv[1])) as servers:
        kafka = servers.kafka
        print(json.dumps({"kafka": kafka.pid, "bootstrap": kafka.bootstrap}), flush=True)
        await asyncio.Event().wait()

asyncio.run(run())
"""
