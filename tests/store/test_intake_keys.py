"""Whose an Idempotency-Key is: a party's, for one authority."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.intake import store
from services.intake.acceptance import desk
from services.intake.domain import admission
from shared.delivery import topics
from tests.support import intake_builders as build
from tests.support import intake_service
from tests.support.intake_service import IntakeService

ELSEWHERE = "GB-LAE-SHN"
THEIRS = build.a_contract_published("C-SHN", event_id=uuid.uuid4(), authority_id=ELSEWHERE)
INBOUND = topics.inbound(build.PARTY).name
HEADER = ("idempotency-key", b"2026-10")


@pytest.fixture
async def service(database: str) -> AsyncIterator[IntakeService]:
    """The party has a contract with each of two authorities, and an inbound topic."""
    async with intake_service.at_work(database) as made:
        await made.publish(THEIRS)
        async with made.pool.acquire() as conn:
            owner = store.parties.Owner(build.PARTY, build.AUTHORITY)
            await store.parties.add_inbound_topic(conn, INBOUND, owner)
        await made.begin(INBOUND)
        yield made


async def submit(service: IntakeService, authority_id: str, **sent: object) -> admission.Decision:
    """By HTTP, with a token for the authority and always the same key."""
    sender = desk.Sender(build.PARTY, authority_id, "http")
    body = build.written(build.a_return(**sent))
    return await service.committer.submit(await desk.read(body, "2026-10", sender))


class TestAKey:
    async def test_for_one_authority_says_nothing_for_another(self, service: IntakeService) -> None:
        """By HTTP the token tells the authority: the same key is accepted for both, and a reuse is
        refused for the one where it is one."""
        decided = [
            await submit(service, build.AUTHORITY),
            await submit(service, ELSEWHERE, contract_id="C-SHN"),
            await submit(service, build.AUTHORITY),
            await submit(service, ELSEWHERE, contract_id="C-SHN", period="2026-11"),
        ]
        assert [
            admission.Accepted,
            admission.Accepted,
            admission.Again,
            admission.Refused,
        ] == [type(each) for each in decided]
        assert isinstance(decided[3], admission.Refused)
        assert 409 == decided[3].status

    async def test_of_an_inbound_record_is_for_its_contracts_authority(
        self, service: IntakeService
    ) -> None:
        """The topic is the party's own, for all its contracts, in one batch or in several."""
        own, theirs = (
            build.written(build.a_return(contract_id=contract_id))
            for contract_id in (build.CONTRACT, "C-SHN")
        )
        late = build.written(build.a_return(period="2026-11", contract_id="C-SHN"))
        for offset, body in enumerate((own, theirs)):
            await service.handle([intake_service.record(INBOUND, offset, body, [HEADER])])
        await service.handle(
            [
                intake_service.record(INBOUND, 2 + number, body, [HEADER])
                for number, body in enumerate((own, theirs, late))
            ]
        )
        assert ["ReturnReceived", "ReturnReceived", "ReturnRefused"] == [
            event.type for event in await service.messages()
        ]
        assert [build.AUTHORITY, ELSEWHERE] == [
            row["authority_id"]
            for row in await service.pool.fetch("SELECT authority_id FROM idempotency ORDER BY 1")
        ]

    async def test_is_the_same_by_both_ways(self, service: IntakeService) -> None:
        """What came by HTTP is known on the topic."""
        sent = await submit(service, ELSEWHERE, contract_id="C-SHN")
        assert isinstance(sent, admission.Accepted)
        body = build.written(build.a_return(contract_id="C-SHN", period="2026-11"))
        await service.handle([intake_service.record(INBOUND, 0, body, [HEADER])])
        _, refused = await service.messages()
        assert ("ReturnRefused", ("form",)) == (refused.type, refused.rules)

    async def test_that_was_kept_before_gets_its_authority(self, service: IntakeService) -> None:
        """The migration takes it from the return that came under the key."""
        await submit(service, ELSEWHERE, contract_id="C-SHN")
        path = store.MIGRATIONS / "0006_keys_by_authority.sql"
        owner = await asyncpg.connect(service.dsn, server_settings={"search_path": "intake"})
        await owner.execute("ALTER TABLE idempotency DROP COLUMN authority_id")
        await owner.execute(
            "ALTER TABLE idempotency ADD CONSTRAINT idempotency_pk PRIMARY KEY (key)"
        )
        await owner.execute(path.read_text())
        kept = await owner.fetch("SELECT authority_id, party_id, key FROM idempotency")
        await owner.close()
        assert [(ELSEWHERE, build.PARTY, "2026-10")] == [tuple(row) for row in kept]
