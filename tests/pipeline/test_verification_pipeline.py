"""Verification between a real broker and a real database: from returns to alerts."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.local.servers import both as local_servers
from services.verification import app, store
from services.verification.consumer import replay
from services.verification.register import contracts
from services.verification.settings import Settings
from shared import calendar, clock, sql
from shared.delivery import kafka, topics
from shared.web import auth
from shared.wire import events
from tests.support import delivery_builders, verification_service
from tests.support import verification_builders as build
from tests.support.waiting import eventually

TODAY = calendar.london_day(clock.WallClock().now())
YESTERDAY = str(TODAY - timedelta(days=1))
MONTH = f"{TODAY:%Y-%m}"
LIFE = {"starts_on": f"{MONTH}-01", "ends_on": f"{TODAY.year + 3}-12-31"}
"""A contract that begins with the month in which the test runs: nothing is overdue yet."""


class RunningSystem:
    """Verification as it is served, by one or two processes, and the writer of its topics."""

    def __init__(self, both: local_servers.Servers, folder: Path) -> None:
        self.settings = Settings(
            kafka_bootstrap_servers=both.kafka.bootstrap,
            database_url=SecretStr(both.postgres.dsn),
            state=folder,
            demo=True,  # the month's last day ends before it has come
        )
        self.tokens = {"manager": auth.new(), "approver": auth.new()}

    async def open(self) -> None:
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()
        dsn = self.settings.database_url.get_secret_value()
        await sql.migrate(dsn, "verification", store.MIGRATIONS)
        conn = await asyncpg.connect(dsn, server_settings={"search_path": "verification"})
        for role in ("manager", "approver"):
            holder = auth.Caller(role, role, build.AUTHORITY)
            await auth.keep(conn, self.tokens[role], holder)
        await conn.close()

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
        """The service, from start to stop."""
        made = app.build(self.settings)
        async with (
            made.router.lifespan_context(made),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(made), base_url="http://verification/api/v1"
            ) as client,
        ):
            yield made, client

    def bearer(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[role]}"}

    async def promise(self, client: httpx.AsyncClient, *contract_ids: str) -> None:
        for contract_id in contract_ids:
            at = f"/contracts/{contract_id}"
            for path, role, body in (
                ("/contracts", "manager", verification_service.a_contract(contract_id, **LIFE)),
                (f"{at}/commitments", "manager", verification_service.a_commitment()),
                (f"{at}/commitments/spend/activate", "approver", {}),
                (f"{at}/people", "manager", {"owner": verification_service.OWNER}),
            ):
                method = "PUT" if path.endswith("/people") else "POST"
                answer = await client.request(method, path, json=body, headers=self.bearer(role))
                assert answer.is_success, answer.text

    async def write(self, *sent: events.Event) -> None:
        """Writes records as intake's relay does."""
        producer = await kafka.start_producer(self.settings)
        try:
            for event in sent:
                topic, partition = verification_service.place(event)
                head = list(delivery_builders.headers(event))
                key = events.subject(event).encode()
                body = events.write(event)
                await producer.send_and_wait(topic, body, key, partition, headers=head)
        finally:
            await producer.stop()

    async def read(self, topic: topics.Topic) -> list[Any]:
        """All that a topic holds."""
        reader = await kafka.start_reader(self.settings)
        try:
            partitions = [
                each
                for each in (await reader.end_offsets(_partitions(topic))).items()
                if each[1] > 0
            ]
            reader.assign([partition for partition, _ in partitions])
            found: list[Any] = []
            for partition, end in partitions:
                reader.seek(partition, 0)
                while await reader.position(partition) < end:
                    records = await reader.getmany(partition, timeout_ms=500)
                    found += [events.read(r.value) for r in records.get(partition, [])]
            return found
        finally:
            await reader.stop()


def _partitions(topic: topics.Topic) -> list[Any]:
    from aiokafka import TopicPartition

    return [TopicPartition(topic.name, n) for n in range(topic.partitions)]


def living_on(parity: int) -> str:
    """A contract whose partition is even or odd: each of two processes reads one kind."""
    return next(c for n in range(99) if contracts.partition(c := f"C{n}") % 2 == parity)


@pytest.fixture
async def system(own_servers: local_servers.Servers, tmp_path: Path) -> RunningSystem:
    made = RunningSystem(own_servers, tmp_path)
    await made.open()
    return made


class TestVerification:
    async def test_announces_what_becomes_of_returns(self, system: RunningSystem) -> None:
        """A return behind its profile is checked and rated; a case and an alert follow, each on its
        topic. The contract is published and shows it."""
        async with system.served() as (made, client):
            await system.promise(client, "C1")

            async def is_published() -> Any:
                answer = await client.get("/contracts/C1", headers=system.bearer("manager"))
                return answer.json()["published"]

            await eventually(is_published, True)
            await system.write(
                build.returned(1, MONTH, build.line("1", "1.00"), day=YESTERDAY),
                build.returned(
                    2, MONTH, build.line("1", "1.00"), contract_id="C404", day=YESTERDAY
                ),
                verification_service.day_ended(str(calendar.last_day(MONTH)), "C1"),
            )
            pool = made.state.service.pool
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM parked"), 1)
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM checked_return"), 1)
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM contract_case"), 1)
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM outbox_unsent"), 0)
            assert [] == (await replay.run(pool)).differences
        types = [each.type for each in await system.read(topics.OUTCOMES)]
        assert ["ContractRegistered", "CommitmentChanged", "CommitmentChanged"] == types[:3]
        assert ["ReturnChecked", "CommitmentAssessed", "CaseMoved"] == types[3:]
        assert ["shortfall_opened"] == [e.kind for e in await system.read(topics.ALERTS)]
        assert 3 == len(await system.read(topics.CONTRACTS))
        assert ["contract_unknown"] == [e.reason for e in await system.read(topics.PARKED)]

    async def test_gives_an_invoice_to_the_lower_receipt_while_two_processes_race(
        self, system: RunningSystem
    ) -> None:
        """Rules V6 and V12 over Kafka: each process reads one of two contracts, every invoice is
        claimed on both, and the claim with the lower receipt number counts."""
        even, odd = living_on(0), living_on(1)
        async with system.served() as (one, client), system.served() as (other, _):
            await system.promise(client, even, odd)
            both = (one.state.service.consumer, other.state.service.consumer)

            async def shared() -> Any:
                return [len(each._kafka.assignment()) if each._kafka else 0 for each in both]

            half = topics.PARTITIONS * 3 // 2  # of three topics
            await eventually(shared, [half, half])
            returns = [
                build.returned(
                    2 * n + (contract_id == (even, odd)[n % 2]),
                    f"{TODAY.year + (n - 1) // 12}-{(n - 1) % 12 + 1:02}",
                    build.line("1", "6000.00", invoice=build.invoice(f"INV-{n}", "10000.00")),
                    contract_id=contract_id,
                    day=YESTERDAY,
                )
                for n in range(TODAY.month, TODAY.month + 24)
                for contract_id in (even, odd)
            ]
            await system.write(*returns)
            pool = one.state.service.pool

            async def outcomes() -> Any:
                rows = await pool.fetch(
                    "SELECT outcomes, count(*) FROM checked_return GROUP BY 1 ORDER BY 1"
                )
                return [tuple(row) for row in rows]

            await eventually(outcomes, [("counted", 24), ("queried", 24)])
            await eventually(lambda: pool.fetchval("SELECT count(*) FROM outbox_unsent"), 0)
            rows = await pool.fetch(
                "SELECT contract_id, period FROM checked_return WHERE outcomes = 'counted'"
            )
            winners = {row["period"]: row["contract_id"] for row in rows}
            first = {each.period: each for each in sorted(returns, key=lambda r: -r.receipt_no)}
            assert {p: each.contract_id for p, each in first.items()} == winners
            assert [] == (await replay.run(pool)).differences
