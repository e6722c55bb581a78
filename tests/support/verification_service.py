"""A verification at work on a database of its own, without a broker: for store and web tests."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
from aiokafka import ConsumerRecord, TopicPartition
from fastapi import FastAPI

from services.verification import app, store
from services.verification.api import dependencies
from services.verification.consumer import handlers
from services.verification.domain.lines import Line
from services.verification.register import contracts
from services.verification.settings import Settings
from shared import clock, sql
from shared.delivery import offsets, topics, transaction
from shared.delivery.messages import Record
from shared.web import auth
from shared.wire import events, ids
from tests.support import delivery_builders
from tests.support import verification_builders as build

OWNER = f"priya-nair@{build.AUTHORITY}"
START = datetime(2026, 10, 1, 8, tzinfo=UTC)


class Caller:
    """A client of one role."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client, self._headers = client, {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        return await self._client.get(f"/api/v1{path}", params=parameters, headers=self._headers)

    async def post(self, path: str, body: Any = None, **parameters: Any) -> httpx.Response:
        return await self._client.post(
            f"/api/v1{path}", json=body, params=parameters, headers=self._headers
        )

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self._client.put(f"/api/v1{path}", json=body, headers=self._headers)

    async def upload(self, path: str, body: bytes, **parameters: Any) -> httpx.Response:
        return await self._client.post(
            f"/api/v1{path}", content=body, params=parameters, headers=self._headers
        )

    async def delete(self, path: str) -> httpx.Response:
        return await self._client.delete(f"/api/v1{path}", headers=self._headers)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        return await self._client.patch(f"/api/v1{path}", json=body, headers=self._headers)


@dataclasses.dataclass
class VerificationService:
    """The service, a clock that tests move, and the next offset of each partition."""

    dsn: str
    pool: sql.Pool
    delivery: transaction.Delivery
    clock: clock.MovedClock
    client: httpx.AsyncClient
    offsets: collections.Counter[tuple[str, int]]
    app: FastAPI

    async def caller(
        self,
        role: auth.Role,
        party: str | None = None,
        authority: str = build.AUTHORITY,
        actor: str | None = None,
    ) -> Caller:
        async with self.pool.acquire() as conn:
            actor_id = actor or f"{party or role}@{authority}"
            return Caller(self.client, await auth.issue(conn, role, authority, actor_id, party))

    async def promise(
        self, *contract_ids: str, area: dict[str, Any] | None = None, **figures: Any
    ) -> None:
        """Contracts of the builders with one active commitment, `spend`, and an owner, through the
        API."""
        manager, approver = await self.caller("manager"), await self.caller("approver")
        for contract_id in contract_ids:
            added = await manager.post("/contracts", a_contract(contract_id))
            drafted = await manager.post(
                f"/contracts/{contract_id}/commitments", a_commitment(area=area, **figures)
            )
            activated = await approver.post(f"/contracts/{contract_id}/commitments/spend/activate")
            owned = await manager.put(f"/contracts/{contract_id}/people", {"owner": OWNER})
            statuses = [each.status_code for each in (added, drafted, activated, owned)]
            assert [201, 201, 200, 200] == statuses, activated.text

    async def deliver(self, *delivered: events.Event, at_once: int = 500) -> None:
        """Handles events as records of their topics, in batches."""
        records = [self.record(event) for event in delivered]
        handle = handlers.handler(self.delivery, self.clock)
        for first in range(0, len(records), at_once):
            await handle(records[first : first + at_once])

    def record(self, event: events.Event) -> Record:
        topic, partition = place(event)
        self.offsets[topic, partition] += 1
        return ConsumerRecord(
            topic=topic,
            partition=partition,
            offset=self.offsets[topic, partition] - 1,
            timestamp=1_780_000_000_000,
            timestamp_type=0,
            key=events.subject(event).encode(),
            value=events.write(event),
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=delivery_builders.headers(event),
        )

    async def settle(self) -> None:
        """Delivers what was posted to `reconsider`, until nothing more is."""
        done = 0
        while posted := (await self.messages(topics.RECONSIDER))[done:]:
            done += len(posted)
            await self.deliver(*posted)

    async def messages(self, topic: topics.Topic | None = None) -> list[Any]:
        """The messages in the outbox, in order."""
        rows = await self.pool.fetch("SELECT topic, body FROM outbox ORDER BY id")
        return [
            events.read(row["body"]) for row in rows if topic is None or row["topic"] == topic.name
        ]

    async def lines(self) -> list[tuple[str, Line]]:
        """All current lines, with their contracts."""
        rows = await self.pool.fetch("SELECT contract_id, lines FROM checked_return ORDER BY 1")
        return [(row[0], line) for row in rows for line in store.rows.read_lines(row[1])]

    async def rows(self, table: str, order: str = "1, 2, 3, 4") -> list[tuple[Any, ...]]:
        return [
            tuple(row) for row in await self.pool.fetch(f"SELECT * FROM {table} ORDER BY {order}")
        ]


def place(event: events.Event) -> tuple[str, int]:
    """Topic and partition of an input of verification."""
    if isinstance(event, events.DayEnded):
        return topics.RETURNS.name, event.partition
    others: dict[type[events.Event], topics.Topic] = {
        events.LineReconsidered: topics.RECONSIDER,
        events.OfficerNamed: topics.PEOPLE,
    }
    topic = others.get(type(event), topics.RETURNS)
    return topic.name, contracts.partition(events.subject(event))


def officer(
    account: str, name: str | None, role: str | None = "manager", authority: str = build.AUTHORITY
) -> events.OfficerNamed:
    """What intake says of an officer: `priya` is priya@GB-LAE-KWL."""
    return events.OfficerNamed(
        event_id=ids.new(),
        authority_id=authority,
        occurred_at=START,
        officer_id=f"{account}@{authority}",
        name=name,
        role=role,
    )


def day_ended(day: str, contract_id: str = "C1") -> events.DayEnded:
    return build.day_ended(day, contracts.partition(contract_id))


def a_contract(contract_id: str = "C1", **figures: Any) -> dict[str, Any]:
    return {
        "contract_id": contract_id,
        "title": "Community hub",
        "supplier_ids": [build.SUPPLIER],
        "supplier_names": {build.SUPPLIER: "Example Builders (fictional)"},
        "starts_on": "2026-10-01",
        "ends_on": "2028-09-30",
        **figures,
    }


def a_commitment(commitment_id: str = "spend", **figures: Any) -> dict[str, Any]:
    return {
        "commitment_id": commitment_id,
        "title": "Spend in the borough",
        "measure": "local-spend",
        "target": "600000",
        "profile": {"kind": "linear"},
        **figures,
    }


def settings(dsn: str, **more: Any) -> Settings:
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=dsn, **more)


@contextlib.asynccontextmanager
async def at_work(dsn: str, now: datetime = START) -> AsyncIterator[VerificationService]:
    """A migrated database, the handler, and the application over it."""
    await sql.migrate(dsn, "verification", store.MIGRATIONS)
    configured = settings(dsn)
    pool = await sql.connect(configured, "verification")
    delivery = transaction.Delivery(
        "verification", pool, b"k" * 32, seen=handlers.seen, remember=None
    )
    begin = {
        TopicPartition(topic.name, n): 0
        for topic in (topics.RETURNS, topics.RECONSIDER, topics.PEOPLE)
        for n in range(topics.PARTITIONS)
    }
    await offsets.assign(pool, "cluster", begin, begin)
    moved, served = clock.MovedClock(now), app.build(configured)
    served.state.tokens = auth.Tokens(pool)
    served.state.dependencies = dependencies.Dependencies(delivery, moved, configured)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(served), base_url="http://verification"
    ) as client:
        try:
            yield VerificationService(
                dsn, pool, delivery, moved, client, collections.Counter(), served
            )
        finally:
            pool.terminate()
