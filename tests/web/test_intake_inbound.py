"""A party's own topic, on a real broker: from its credentials to its first return."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from deploy.local.servers import both as local_servers
from services.intake import app, store
from services.intake.domain import receipts
from services.intake.settings import Settings
from shared import sql
from shared.delivery import gate, kafka, topics
from shared.delivery.messages import Record
from shared.web import auth
from shared.wire import replies as replied
from tests.support import intake_builders as build
from tests.support import intake_service, waiting

WAIT_SECONDS = 40
HAS_CONTRACT = "SELECT EXISTS (SELECT FROM contract)"
HAS_RETURN = "SELECT EXISTS (SELECT FROM accepted_return)"
IS_SHUT = "SELECT EXISTS (SELECT FROM shut_topic)"
ALIKE = ("XX-ABC-99.1", "XX-ABC-99_1")
"""For Kafka's metrics one name: it refuses the second topic."""
ALL_SENT = "SELECT NOT EXISTS (SELECT FROM outbox_unsent)"


async def replies(settings: Settings, topic: str, count: int) -> list[replied.ReturnAnswered]:
    """So many replies, from the first on, as the party reads them."""
    reader = await kafka.start_reader(settings)
    partition = TopicPartition(topic, 0)
    reader.assign([partition])
    reader.seek(partition, 0)
    found: list[replied.ReturnAnswered] = []
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while len(found) < count:
                for records in (await reader.getmany(timeout_ms=200)).values():
                    found += [
                        msgspec.json.decode(record.value or b"", type=replied.ReturnAnswered)
                        for record in records
                    ]
    finally:
        await reader.stop()
    return found


async def publish(settings: Settings, record: Record) -> None:
    """Writes one record to its topic."""
    producer: AIOKafkaProducer = await kafka.start_producer(settings)
    await producer.send_and_wait(
        record.topic, record.value, record.key, headers=list(record.headers)
    )
    await producer.stop()


@dataclasses.dataclass
class RunningIntake:
    """Intake with a broker, a client, and an operator's token."""

    settings: Settings
    pool: sql.Pool
    client: httpx.AsyncClient
    operator: dict[str, str]

    async def credentials(self, party_id: str) -> httpx.Response:
        path = f"/api/v1/parties/{party_id}/credentials"
        return await self.client.post(path, headers=self.operator)


@pytest.fixture
async def running(
    own_servers: local_servers.Servers, tmp_path: Path
) -> AsyncIterator[RunningIntake]:
    """The contract names the builders' party and two whose topics look alike."""
    settings = Settings.model_validate(
        {
            "kafka_bootstrap_servers": own_servers.kafka.bootstrap,
            "database_url": own_servers.postgres.dsn,
            "state": tmp_path,
        }
    )
    admin = await kafka.start_admin(settings)
    await topics.create(admin)
    await admin.close()
    await sql.migrate(own_servers.postgres.dsn, "intake", store.MIGRATIONS)
    served = app.build(settings)
    transport = httpx.ASGITransport(served)
    async with (
        served.router.lifespan_context(served),
        httpx.AsyncClient(transport=transport, base_url="http://intake") as client,
    ):
        pool: sql.Pool = served.state.dependencies.delivery.pool
        async with pool.acquire() as conn:
            token = await auth.issue(conn, "operator", build.AUTHORITY, "operator")
        contract = build.a_contract_published(supplier_ids=(build.PARTY, *ALIKE))
        await publish(settings, intake_service.record_of(contract, topics.CONTRACTS.name, 0))
        await waiting.until_true(lambda: pool.fetchval(HAS_CONTRACT), WAIT_SECONDS)
        yield RunningIntake(settings, pool, client, {"authorization": f"Bearer {token}"})


class TestAPartysTopic:
    async def test_is_answered_on_another(self, running: RunningIntake) -> None:
        """One reply to each record: a return with faults, the same mended, the same again."""
        issued = (await running.credentials(build.PARTY)).json()
        assert topics.replies_to(build.PARTY).name == issued["replies_topic"]
        wrong = build.written(build.a_return(build.a_line(unit="weeks")))
        good = build.written(build.a_return())
        key = ("idempotency-key", b"october")
        for offset, (body, headers) in enumerate([(wrong, ()), (good, [key]), (good, ())]):
            record = intake_service.record(issued["inbound_topic"], offset, body, headers)
            await publish(running.settings, record)
        found = await replies(running.settings, issued["replies_topic"], 3)
        assert [("refused", 0, None), ("accepted", 1, "october"), ("again", 2, None)] == [
            (each.result, each.offset, each.idempotency_key) for each in found
        ]
        assert [("I4", "/lines/0/unit")] == [(f.rule, f.pointer) for f in found[0].faults]
        key_path = await running.client.get("/api/v1/receipt-key")
        public_key = base64.b64decode(key_path.json()["public_key"])
        shown = msgspec.to_builtins(found[1].receipt)
        assert 1 == receipts.verify(shown, public_key).receipt.receipt_no
        assert found[1].receipt == found[2].receipt

    async def test_brings_its_returns(self, running: RunningIntake) -> None:
        """An operator issues token and topic, once a contract of the authority names the party.
        What comes on the topic is shown to the token. A topic that Kafka cannot have is 409."""
        client, pool = running.client, running.pool
        issued = (await running.credentials(build.PARTY)).json()
        assert topics.inbound(build.PARTY).name == issued["inbound_topic"]
        path = f"/api/v1/parties/{build.PARTY}/credentials"
        listed = (await client.get(path, headers=running.operator)).json()["items"]
        assert [build.PARTY] == [one["actor_id"] for one in listed]
        body = build.written(build.a_return())
        await publish(running.settings, intake_service.record(issued["inbound_topic"], 0, body))
        headers = {"authorization": f"Bearer {issued['token']}"}
        await waiting.until_true(lambda: pool.fetchval(HAS_RETURN), WAIT_SECONDS)
        answer = await client.post("/api/v1/returns", content=body, headers=headers)
        assert 200 == answer.status_code
        items = (await client.get("/api/v1/returns", headers=headers)).json()["items"]
        assert [1] == [item["revision"] for item in items]
        await waiting.until_true(lambda: pool.fetchval(ALL_SENT), WAIT_SECONDS)
        both = [await running.credentials(each) for each in ALIKE]
        assert [201, 409] == [answer.status_code for answer in both]
        assert "`.` and `_`" in both[1].json()["detail"]

    @pytest.mark.parametrize("junk", [b"{", b"{}"])
    async def test_is_shut_if_it_brings_junk(self, running: RunningIntake, junk: bytes) -> None:
        """Of 5,000 records that are no JSON, or no return, few are read. Others go on, and an
        operator opens the topic again."""
        mine = (await running.credentials(build.PARTY)).json()
        other = (await running.credentials(ALIKE[0])).json()
        pool, sent = running.pool, 5_000
        producer: AIOKafkaProducer = await kafka.start_producer(running.settings)
        async with asyncio.timeout(WAIT_SECONDS):
            written = [await producer.send(other["inbound_topic"], junk) for _ in range(sent)]
            await asyncio.gather(*written)
            await waiting.until_true(lambda: pool.fetchval(IS_SHUT), WAIT_SECONDS)
            body = build.written(build.a_return())
            await publish(running.settings, intake_service.record(mine["inbound_topic"], 0, body))
            await waiting.until_true(lambda: pool.fetchval(HAS_RETURN), WAIT_SECONDS)
        await producer.stop()
        refused = await pool.fetchval("SELECT count(*) FROM refusal")
        assert gate.WINDOW <= refused <= gate.WINDOW + kafka.RECORDS_MAX
        said = (await running.client.get("/health")).json()
        assert ("held", True) == (said["status"], other["inbound_topic"] in said["alarm"])
        assert await gate.open_again(pool, other["inbound_topic"])
        more = f"SELECT count(*) > {refused} FROM refusal"
        await waiting.until_true(lambda: pool.fetchval(more), WAIT_SECONDS)
