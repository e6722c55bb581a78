"""`python -m deploy.access services | party | revoke`: who may do what on the broker.

Promises: a principal's rights are exactly those that follow from `shared/delivery/topics.py` and
from what its service subscribes to; others that it has are taken away. Running it again changes
nothing. A service writes the topics that are its own, and what is parked. It reads what it
subscribes to, and what it wrote, to see whether its database was restored. A party writes and
reads its own inbound topic and reads its replies, nothing else, and writes at most
`PARTY_BYTES_PER_SECOND`.
Refuses: a party that is no org-id, and a password that can be guessed.

Signs in as the admin: KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD. The passwords of the services
are in INTAKE_KAFKA_PASSWORD, VERIFICATION_KAFKA_PASSWORD and LEDGER_KAFKA_PASSWORD.
"""

from __future__ import annotations

import asyncio
import enum
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import typer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from deploy import broker_requests
from deploy.topics import ANSWER_SECONDS_MAX, Broker
from services.intake.consumer import handlers as intake
from services.ledger.consumer import handlers as ledger
from services.verification.consumer import handlers as verification
from shared import identifiers
from shared.delivery import kafka, topics
from shared.settings import Settings

SUBSCRIPTIONS: Final = {
    "intake": intake.SUBSCRIPTION,
    "verification": verification.SUBSCRIPTION,
    "ledger": ledger.SUBSCRIPTION,
}
PARTY_BYTES_PER_SECOND: Final = 1024 * 1024
"""A year's returns of the largest contract are smaller. More would be junk, or a fault."""
PASSWORD_CHARACTERS_MIN: Final = 24
ANYTHING: Final = 1
"""Matches every resource, pattern, operation and permission."""
ALLOWED: Final = 3
ANY_HOST: Final = "*"


class Resource(enum.IntEnum):
    """What a right is about, with Kafka's numbers."""

    TOPIC = 2
    GROUP = 3


class Names(enum.IntEnum):
    """Whether a right is for one name, or for every name that begins so."""

    IS = 3
    BEGINS = 4


class Act(enum.IntEnum):
    """What may be done. Reading and writing include looking a topic up."""

    READ = 3
    WRITE = 4
    CREATE = 5


class Right(NamedTuple):
    """One right of a principal. Its fields are numbers if it was found at the broker."""

    resource: int
    name: str
    names: int
    act: int
    permission: int = ALLOWED
    host: str = ANY_HOST


class RefusedError(Exception):
    """The broker does not do what it was asked, or what it was asked makes no sense."""


def rights(service: str) -> frozenset[Right]:
    """What a service may do."""
    subscription = SUBSCRIPTIONS[service]
    writes = [topic.name for topic in topics.ALL if topic.written_by in (service, None)]
    checks = [topic.name for topic in topics.ALL if topic.written_by == service]
    reads = [topic.name for topic in topics.ALL if subscription.includes(topic.name)]
    found = {Right(Resource.TOPIC, name, Names.IS, Act.WRITE) for name in writes}
    found |= {Right(Resource.TOPIC, name, Names.IS, Act.READ) for name in (*checks, *reads)}
    found.add(Right(Resource.GROUP, subscription.group, Names.IS, Act.READ))
    if subscription.includes(topics.INBOUND_PREFIX + "any"):
        for prefix, use in ((topics.INBOUND_PREFIX, Act.READ), (topics.REPLIES_PREFIX, Act.WRITE)):
            found |= {Right(Resource.TOPIC, prefix, Names.BEGINS, act) for act in (use, Act.CREATE)}
    return frozenset(found)


def party_rights(party_id: str) -> frozenset[Right]:
    """What a party may do."""
    inbound, replies = topics.inbound(party_id).name, topics.replies_to(party_id).name
    uses = ((inbound, Act.WRITE), (inbound, Act.READ), (replies, Act.READ))
    return frozenset(Right(Resource.TOPIC, name, Names.IS, act) for name, act in uses)


class Access:
    """Principals, passwords and rights at one broker."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def allow(self, principal: str, wanted: frozenset[Right]) -> None:
        """Makes the principal's rights exactly those that are wanted. Raises RefusedError."""
        found = await self.list_rights(principal)
        for right in sorted(wanted - found):
            await self._send(CreateAclsRequest(*_fields(principal, right)))
        for right in sorted(found - wanted):
            await self._send(DeleteAclsRequest(*_fields(principal, right)))

    async def list_rights(self, principal: str) -> frozenset[Right]:
        """What the principal may do. Raises RefusedError."""
        anything = (ANYTHING, None, ANYTHING, f"User:{principal}", None, ANYTHING, ANYTHING)
        said = await self._send(DescribeAclsRequest(*anything))
        return frozenset(
            Right(resource, name, names, act, permission=permission, host=host)
            for resource, name, names, entries in said.resources
            for _, host, act, permission in entries
        )

    async def set_password(self, principal: str, password: str) -> None:
        """Sets the principal's password. Raises RefusedError."""
        await self._send(broker_requests.SetPassword(principal, password))

    async def set_write_quota(self, principal: str, bytes_per_second: int) -> None:
        """Limits what the principal may write. Raises RefusedError."""
        await self._send(broker_requests.SetWriteQuota(principal, bytes_per_second))

    async def drop(self, principal: str) -> None:
        """Takes away the principal's rights, then its password and its limit. Raises
        RefusedError, also if it has no password."""
        await self.allow(principal, frozenset())
        await self._send(broker_requests.SetWriteQuota(principal, None))
        await self._send(broker_requests.SetPassword(principal, None))

    async def _send(self, request: Any) -> Any:
        """The broker's answer. Raises RefusedError for the first error in it."""
        said = await self._client.send(self._client.get_random_node(), request)
        for code, message in _errors(said):
            if code:
                raise RefusedError(f"{for_code(code).__name__}: {message or 'no reason given'}")
        return said


def _fields(principal: str, right: Right) -> tuple[int, str, int, str, str, int, int]:
    who = f"User:{principal}"
    return right.resource, right.name, right.names, who, right.host, right.act, right.permission


def _errors(said: Any) -> list[tuple[int, str | None]]:
    if hasattr(said, "error_code"):
        return [(said.error_code, said.error_message)]
    if hasattr(said, "creation_responses"):
        return [(code, message) for code, message in said.creation_responses]
    if hasattr(said, "filter_responses"):
        return [(code, message) for code, message, *_ in said.filter_responses]
    start = 1 if said.API_KEY == broker_requests.SetPassword.API_KEY else 0
    return [(result[start], result[start + 1]) for result in said.results]


def service_passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """Each service's password. Raises RefusedError, which names all that are missing or weak."""
    names = {service: f"{service.upper()}_KAFKA_PASSWORD" for service in SUBSCRIPTIONS}
    weak = [
        name
        for name in names.values()
        if len(environment.get(name, "")) < PASSWORD_CHARACTERS_MIN
        or not environment[name].isascii()
    ]
    if weak:
        raise RefusedError(
            f"{', '.join(weak)}: give each at least {PASSWORD_CHARACTERS_MIN} ASCII characters, "
            "such as `openssl rand -hex 24` makes"
        )
    return {service: environment[name] for service, name in names.items()}


async def admit_services(access: Access, passwords: Mapping[str, str]) -> None:
    """Gives every service its rights and its password. Raises RefusedError."""
    for service, password in passwords.items():
        await access.set_password(service, password)
        await access.allow(service, rights(service))


async def admit_party(access: Access, party_id: str) -> str:
    """Gives a party its rights, its limit and a new password, which is returned. Raises
    RefusedError."""
    principal = party(party_id)
    password = secrets.token_urlsafe(32)
    await access.set_write_quota(principal, PARTY_BYTES_PER_SECOND)
    await access.allow(principal, party_rights(principal))
    await access.set_password(principal, password)
    return password


def party(party_id: str) -> str:
    """The principal of a party: its org-id, in its one spelling. Raises RefusedError."""
    found = identifiers.org_id(party_id)
    if found is None:
        raise RefusedError(f"{party_id!r} is not an org-id, such as GB-COH-01234567")
    try:
        topics.inbound(found)
    except ValueError as error:
        raise RefusedError(str(error)) from None
    return found


async def connected(settings: Settings, work: Callable[[Access], Awaitable[str]]) -> str:
    """Does the work at the broker, which may still be starting. Raises RefusedError, KafkaError
    and TimeoutError."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        client: Any = None
        while client is None:
            try:
                client = await kafka.start_client(settings)
            except KafkaError:
                await asyncio.sleep(0.5)
        try:
            return await work(Access(client))
        finally:
            await client.close()


# --- commands ------------------------------------------------------------------------------------

command = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Makegood: who may do what on the broker.",
)


@command.command()
def services() -> None:
    """Let the three services do their work, with the passwords in the environment."""

    async def work(access: Access) -> str:
        await admit_services(access, service_passwords(os.environ))
        return f"{', '.join(SUBSCRIPTIONS)}: passwords and rights are set"

    _run(work)


@command.command("party")
def admit(party_id: str) -> None:
    """Let a party write to its inbound topic. Prints its new password, once."""

    async def work(access: Access) -> str:
        password = await admit_party(access, party_id)
        return f"{party(party_id)}: the password is {password}"

    _run(work)


@command.command()
def revoke(party_id: str) -> None:
    """Take a party's rights and password away. Connections that are open are refused too."""

    async def work(access: Access) -> str:
        await access.drop(party(party_id))
        return f"{party(party_id)} may do nothing"

    _run(work)


def _run(work: Callable[[Access], Awaitable[str]]) -> None:
    settings = Broker()  # from the environment
    where = settings.kafka_bootstrap_servers
    try:
        typer.echo(asyncio.run(connected(settings, work)))
    except (RefusedError, KafkaError, TimeoutError) as error:
        sys.exit(f"{where}: {error or 'the broker does not answer, or not to this password'}")


if __name__ == "__main__":
    command()
