"""A party's own topic, on a real broker: from its credentials to its first return."""

from __future__ import annotations

from pathlib import Path

import httpx
from aiokafka import AIOKafkaProducer

from deploy.local.servers import both as local_servers
from services.intake import app, store
from services.intake.settings import Settings
from shared import sql
from shared.delivery import kafka, topics
from shared.delivery.messages import Record
from shared.web import auth
from tests.support import intake_builders as build
from tests.support import intake_service, waiting

WAIT_SECONDS = 40
HAS_CONTRACT = "SELECT EXISTS (SELECT FROM contract)"
HAS_RETURN = "SELECT EXISTS (SELECT FROM accepted_return)"
ALIKE = ("XX-ABC-99.1", "XX-ABC-99_1")
"""For Kafka's metrics one name: it refuses the second topic."""
ALL_SENT = "SELECT NOT EXISTS (SELECT FROM outbox_unsent)"


async def publish(settings: Settings, record: Record) -> None:
    """Writes one record to its topic."""
    producer: AIOKafkaProducer = await kafka.start_producer(settings)
    await producer.send_and_wait(
        record.topic, record.value, record.key, headers=list(record.headers)
    )
    await producer.stop()


class TestAPartysTopic:
    async def test_brings_its_returns(
        self, own_servers: local_servers.Servers, tmp_path: Path
    ) -> None:
        """An operator issues token and topic, once a contract of the authority names the party.
        What comes on the topic is shown to the token. A topic that Kafka cannot have is 409."""
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
            async with served.state.dependencies.delivery.pool.acquire() as conn:
                operator = await auth.issue(conn, "operator", build.AUTHORITY, "operator")
            path = f"/api/v1/parties/{build.PARTY}/credentials"
            headers = {"authorization": f"Bearer {operator}"}
            pool: sql.Pool = served.state.dependencies.delivery.pool
            contract = build.a_contract_published(supplier_ids=(build.PARTY, *ALIKE))
            await publish(settings, intake_service.record_of(contract, topics.CONTRACTS.name, 0))
            await waiting.until_true(lambda: pool.fetchval(HAS_CONTRACT), WAIT_SECONDS)
            issued = (await client.post(path, headers=headers)).json()
            assert topics.inbound(build.PARTY).name == issued["inbound_topic"]
            listed = (await client.get(path, headers=headers)).json()["items"]
            assert [build.PARTY] == [one["actor_id"] for one in listed]
            body = build.written(build.a_return())
            await publish(settings, intake_service.record(issued["inbound_topic"], 0, body))
            headers = {"authorization": f"Bearer {issued['token']}"}
            await waiting.until_true(lambda: pool.fetchval(HAS_RETURN), WAIT_SECONDS)
            answer = await client.post("/api/v1/returns", content=body, headers=headers)
            assert 200 == answer.status_code
            items = (await client.get("/api/v1/returns", headers=headers)).json()["items"]
            assert [1] == [item["revision"] for item in items]
            await waiting.until_true(lambda: pool.fetchval(ALL_SENT), WAIT_SECONDS)
            headers = {"authorization": f"Bearer {operator}"}
            both = [
                await client.post(f"/api/v1/parties/{each}/credentials", headers=headers)
                for each in ALIKE
            ]
            assert [201, 409] == [answer.status_code for answer in both]
            assert "`.` and `_`" in both[1].json()["detail"]
