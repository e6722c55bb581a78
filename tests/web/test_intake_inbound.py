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
from shared.web import auth
from tests.support import intake_builders as build
from tests.support import intake_service, waiting

WAIT_SECONDS = 40
HAS_BOTH = """
    SELECT EXISTS (SELECT FROM contract)
        AND (EXISTS (SELECT FROM refusal) OR EXISTS (SELECT FROM accepted_return))
"""
ALL_SENT = "SELECT NOT EXISTS (SELECT FROM outbox_unsent)"


async def publish(settings: Settings, topic: str) -> None:
    """Publishes a contract on its topic, and a return on the party's own."""
    producer: AIOKafkaProducer = await kafka.start_producer(settings)
    contract = build.a_contract_published()
    record = intake_service.record_of(contract, topics.CONTRACTS.name, 0)
    await producer.send_and_wait(
        record.topic, record.value, record.key, headers=list(record.headers)
    )
    await producer.send_and_wait(topic, build.written(build.a_return()))
    await producer.stop()


class TestAPartysTopic:
    async def test_brings_its_returns(
        self, own_servers: local_servers.Servers, tmp_path: Path
    ) -> None:
        """An operator issues token and topic. What comes on the topic is shown to the token.

        The contract may arrive after the return. Then the return is refused (rule I1), and the
        same bytes are accepted when they are sent again."""
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
            issued = (await client.post(path, headers=headers)).json()
            assert topics.inbound(build.PARTY).name == issued["inbound_topic"]
            listed = (await client.get(path, headers=headers)).json()["items"]
            assert [build.PARTY] == [one["actor_id"] for one in listed]
            await publish(settings, issued["inbound_topic"])
            headers = {"authorization": f"Bearer {issued['token']}"}
            pool: sql.Pool = served.state.dependencies.delivery.pool
            await waiting.until_true(lambda: pool.fetchval(HAS_BOTH), WAIT_SECONDS)
            body = build.written(build.a_return())
            answer = await client.post("/api/v1/returns", content=body, headers=headers)
            assert answer.status_code in (200, 201)
            items = (await client.get("/api/v1/returns", headers=headers)).json()["items"]
            assert [1] == [item["revision"] for item in items]
            await waiting.until_true(lambda: pool.fetchval(ALL_SENT), WAIT_SECONDS)
