"""Who may do what on the broker: tried, by every principal, on the compose file's settings."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.fetch import FetchRequest

from deploy import access
from shared.delivery import kafka, topics
from shared.settings import Settings
from shared.web.auth import Caller
from tests.faults import contracts, suppliers
from tests.faults.running_system import AUTHORITY, RunningSystem
from tests.support.secured_kafka import SecuredKafka, SecuredServers
from tests.support.waiting import eventually, until_true

PARTY = "GB-COH-00000001"
OTHER = "GB-COH-00000002"
INBOUND = f"makegood.inbound.{PARTY}"
OTHERS_INBOUND = f"makegood.inbound.{OTHER}"
REPLIES = f"makegood.replies.{PARTY}"
OTHERS_REPLIES = f"makegood.replies.{OTHER}"
PASSWORDS = {name: f"{name}-0123456789abcdef" * 2 for name in ("intake", "verification", "ledger")}
GROUPS = ("makegood-intake", "makegood-verification", "makegood-ledger", "console")

WRITES = {
    "intake": {"returns", "people", "parked", REPLIES, OTHERS_REPLIES},
    "verification": {"outcomes", "alerts", "contracts", "reconsider", "parked"},
    "ledger": {"entries", "parked"},
    PARTY: {INBOUND},
}
"""From docs/architecture.md, The system: each arrow from a service to a topic."""
READS = {
    # what it subscribes to, and what it wrote
    "intake": {
        *("outcomes", "alerts", "contracts", "entries", "parked", INBOUND, OTHERS_INBOUND),
        *("returns", "people"),
    },
    "verification": {"returns", "reconsider", "people", "outcomes", "alerts", "contracts"},
    "ledger": {"returns", "outcomes", "alerts", "contracts", "people", "parked", "entries"},
    PARTY: {INBOUND, REPLIES},
}


def full(name: str) -> str:
    return name if name.startswith("makegood.") else f"makegood.{name}.v1"


OUTSIDE = tuple(
    make(each) for each in (PARTY, OTHER) for make in (topics.inbound, topics.replies_to)
)
EVERY_TOPIC = {topic.name for topic in (*topics.ALL, *OUTSIDE)}


pytestmark = pytest.mark.asyncio(loop_scope="class")  # the tests of a class share a broker
shared = functools.partial(pytest_asyncio.fixture, scope="class", loop_scope="class")


@shared()
async def servers() -> AsyncIterator[SecuredServers]:
    state = Path(os.environ["MAKEGOOD_TEST_FOLDER"]) / secrets.token_hex(4)
    async with SecuredServers(state) as both:
        yield both
    both.remove()


class Broker:
    """The broker with all principals and topics, and the settings that sign each one in."""

    def __init__(self, secured: SecuredKafka) -> None:
        self.kafka = secured
        self.admin = secured.signed_in("admin", secured.password)
        self.signed_in = {
            name: secured.signed_in(name, password) for name, password in PASSWORDS.items()
        }

    async def prepare(self) -> None:
        admin = await kafka.start_admin(self.admin)
        await topics.create(admin, (*topics.ALL, *OUTSIDE))
        await admin.close()
        client = await kafka.start_client(self.admin)
        told = access.Access(client)
        await access.admit_services(told, PASSWORDS)
        self.signed_in[PARTY] = self.kafka.signed_in(PARTY, await access.admit_party(told, PARTY))
        await client.close()
        for settings in self.signed_in.values():
            await until_true(functools.partial(can_sign_in, settings))


@shared()
async def broker(servers: SecuredServers) -> Broker:
    made = Broker(servers.kafka)
    await made.prepare()
    return made


async def can_sign_in(settings: Settings) -> bool:
    """Whether the broker takes the password. It learns of a new one after a moment."""
    try:
        await (await kafka.start_client(settings)).close()
    except KafkaConnectionError:
        return False
    return True


async def written(settings: Settings) -> set[str]:
    """The topics that take a record from this client. Every other one refuses it."""
    taken = set()
    producer = await kafka.start_producer(settings)
    try:
        for topic in sorted(EVERY_TOPIC):
            with contextlib.suppress(TopicAuthorizationFailedError):
                await producer.send_and_wait(topic, b"{}", key=b"C1", partition=0)
                taken.add(topic)
    finally:
        await producer.stop()
    return taken


async def read(settings: Settings) -> set[str]:
    """The topics that the broker lets this client fetch from. Every other one it refuses."""
    told = set()
    client = await kafka.start_client(settings)
    try:
        for topic in sorted(EVERY_TOPIC):
            fetch = FetchRequest(0, 0, 1_000, 0, [(topic, [(0, 0, 1_000)])])
            said = await client.send(client.get_random_node(), fetch)
            code = said.topics[0][1][0][1]
            assert code in (0, TopicAuthorizationFailedError.errno)
            if code == 0:
                told.add(topic)
    finally:
        await client.close()
    return told


async def joined(settings: Settings) -> set[str]:
    """The groups whose offsets this client may see. Every other one refuses it."""
    let_in = set()
    for group in GROUPS:
        options = kafka._connection(settings) | {"group_id": group, "enable_auto_commit": False}
        consumer = AIOKafkaConsumer(**options)
        await consumer.start()
        try:
            consumer.assign([place := TopicPartition("makegood.returns.v1", 0)])
            with contextlib.suppress(GroupAuthorizationFailedError):
                await consumer.committed(place)
                let_in.add(group)
        finally:
            await consumer.stop()
    return let_in


class TestPrincipal:
    async def test_writes_its_topics_alone(self, broker: Broker) -> None:
        """A record in any other topic is refused, for services and for a supplier."""
        for principal, expected in WRITES.items():
            found = await written(broker.signed_in[principal])
            assert {full(name) for name in expected} == found, principal

    async def test_reads_its_topics_alone(self, broker: Broker) -> None:
        """Services read what they wrote too, since they look for a database that was restored."""
        assert await read(broker.admin) == EVERY_TOPIC
        for principal, expected in READS.items():
            found = await read(broker.signed_in[principal])
            assert {full(name) for name in expected} == found, principal

    async def test_is_in_its_own_group_alone(self, broker: Broker) -> None:
        """A supplier is in none."""
        for service in PASSWORDS:
            assert {f"makegood-{service}"} == await joined(broker.signed_in[service])
        assert set() == await joined(broker.signed_in[PARTY])

    async def test_creates_no_topic(self, broker: Broker) -> None:
        """Intake creates those of parties; nobody but the admin creates another."""
        made = {}
        for principal, settings in broker.signed_in.items():
            admin = await kafka.start_admin(settings)
            places = ("makegood.inbound", "makegood.replies", "makegood")
            for topic in (f"{place}.of-{principal}" for place in places):
                said = await admin.create_topics([NewTopic(topic, 1, 1)])
                made[topic] = said.topic_errors[0][1] == 0
            await admin.close()
        assert {"makegood.inbound.of-intake", "makegood.replies.of-intake"} == {
            topic for topic, is_made in made.items() if is_made
        }

    async def test_has_no_right_that_was_taken_back(self, broker: Broker) -> None:
        """What another version allowed is gone after the next run, and a party after `revoke`."""
        client = await kafka.start_client(broker.admin)
        told = access.Access(client)
        loose = access.Right(
            access.Resource.TOPIC, "makegood.", access.Names.BEGINS, access.Act.WRITE
        )
        here = loose._replace(name="makegood.returns.v1", names=access.Names.IS, host="127.0.0.1")
        granted = access.rights("ledger") | {loose, here}
        await told.allow("ledger", granted)
        await eventually(lambda: told.list_rights("ledger"), granted)
        await access.admit_services(told, PASSWORDS)
        await eventually(lambda: told.list_rights("ledger"), access.rights("ledger"))
        other = broker.kafka.signed_in(OTHER, await access.admit_party(told, OTHER))
        await until_true(functools.partial(can_sign_in, other))
        await told.drop(OTHER)
        await eventually(lambda: told.list_rights(OTHER), frozenset())
        await client.close()
        await eventually(functools.partial(can_sign_in, other), False)

    async def test_signs_in_with_its_password_alone(self, broker: Broker) -> None:
        """Another password is refused, and so is a client that does not sign in."""
        wrong = broker.kafka.signed_in("intake", PASSWORDS["ledger"])
        nobody = broker.admin.model_copy(update={"kafka_security_protocol": "PLAINTEXT"})
        for settings in (wrong, nobody):
            with pytest.raises(KafkaError):
                await kafka.start_producer(settings)


async def commanded(secured: SecuredKafka, *command: str, **more: str) -> tuple[int, str]:
    """`python -m deploy.access …` as an operator runs it: its exit code and all that it says."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.access",
        *command,
        env={
            "PATH": os.environ["PATH"],
            "KAFKA_BOOTSTRAP_SERVERS": secured.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_USERNAME": "admin",
            "KAFKA_SASL_PASSWORD": secured.password,
            **more,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await child.communicate()
    return child.returncode or 0, said.decode().strip()


class TestCommand:
    async def test_admits_services_and_parties(self, servers: SecuredServers) -> None:
        """`services` says what is missing, and can be run again. `party` prints a password that
        signs in, with a limit; `revoke` ends that, and cannot do it twice."""
        secured = servers.kafka
        code, said = await commanded(secured, "services")
        assert (1, True) == (code, "INTAKE_KAFKA_PASSWORD, VERIFICATION_KAFKA_PASSWORD" in said)
        passwords = {f"{name.upper()}_KAFKA_PASSWORD": each for name, each in PASSWORDS.items()}
        for _ in range(2):
            code, said = await commanded(secured, "services", **passwords)
            assert (0, "intake, verification, ledger: passwords and rights are set") == (code, said)

        code, said = await commanded(secured, "party", "gb-coh-00000001")
        who, _, password = said.partition(": the password is ")
        assert (0, PARTY) == (code, who)
        await until_true(functools.partial(can_sign_in, secured.signed_in(PARTY, password)))
        client = await kafka.start_client(secured.signed_in("admin", secured.password))
        asked = DescribeClientQuotasRequest([("user", 0, PARTY)], False)
        limits = await client.send(client.get_random_node(), asked)
        await client.close()
        assert [([("user", PARTY)], [("producer_byte_rate", 1048576.0)])] == limits.entries

        assert (0, f"{PARTY} may do nothing") == await commanded(secured, "revoke", PARTY)
        code, said = await commanded(secured, "revoke", PARTY)
        assert (1, True) == (code, said.startswith(f"{secured.bootstrap}: "))
        assert 1 == (await commanded(secured, "party", "intake"))[0]


class TestServices:
    async def test_do_their_work(self, servers: SecuredServers) -> None:
        """A return by HTTP and one on a party's own topic become entries of the log, and nobody is
        refused anything on the way."""
        secured = servers.kafka
        own = {
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_USERNAME": "{service}",
            "KAFKA_SASL_PASSWORD": "{service}-0123456789abcdef{service}-0123456789abcdef",
        }
        admin = secured.signed_in("admin", secured.password)
        client = await kafka.start_client(admin)
        told = access.Access(client)
        await access.admit_services(told, PASSWORDS)
        password = await access.admit_party(told, PARTY)
        await client.close()

        async with RunningSystem(servers, admin=admin, own=own) as system:
            await contracts.register(system, "C1", PARTY)
            token = await system.admit(Caller(PARTY, "supplier", AUTHORITY, PARTY))
            async with system.client("intake", token) as supplier:
                body = suppliers.a_return("C1", "2024-01", 1, 10)
                assert 201 == (await supplier.post("/api/v1/returns", json=body)).status_code
            async with system.client("intake", system.tokens["operator"]) as operator:
                said = await operator.post(f"/api/v1/parties/{PARTY}/credentials")
                assert 201 == said.status_code, said.text
            producer = await kafka.start_producer(secured.signed_in(PARTY, password))
            record = json.dumps(suppliers.a_return("C1", "2024-02", 1, 20)).encode()
            headers = [("idempotency-key", b"feb")]
            await producer.send_and_wait(said.json()["inbound_topic"], record, headers=headers)
            await producer.stop()

            async def recorded() -> set[str]:
                conn = await system.database()
                try:
                    rows = await conn.fetch(
                        "SELECT period FROM ledger.entry_index WHERE type = 'ReturnChecked'"
                    )
                    return {row["period"] for row in rows}
                finally:
                    await conn.close()

            await eventually(recorded, {"2024-01", "2024-02"})
            logs = [servers.state / "logs" / f"{service}.log" for service in PASSWORDS]
            assert [] == [log for log in logs if "uthorization" in log.read_text()]
