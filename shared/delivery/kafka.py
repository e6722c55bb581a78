"""Kafka clients: every option that matters is set here.

Promises: producers are idempotent and use acks=all. Consumers create no topic, choose no offset of
their own and acknowledge nothing. Records arrive raw, so that an odd header, a null body or a wrong
schema reaches our own reader (`messages`) instead of being skipped.
"""

from __future__ import annotations

import dataclasses
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.prometheus import KafkaPrometheusMiddleware
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLScram512
from prometheus_client import REGISTRY

from shared.delivery import topics
from shared.settings import Settings

FETCH_BYTES_MAX: Final = topics.MESSAGE_BYTES_MAX
RECORDS_MAX: Final = 1000
"""Records in one batch. A batch shares its queries and its commit; reading one blocks the event
loop for 15 ms, at 15 µs for each record."""
EMPTY_POLL_MS: Final = 40
"""The longest that a new record waits behind an empty poll. An idle consumer uses 1 % of a core."""
EMPTY_FETCH_MS: Final = 200
"""The broker answers at once if there is a record, and after this long if there is none. Writing
and reading these empty answers is most of what an idle consumer does."""
READER_WAIT_MS: Final = 20
"""How long a reader waits for each topic that its client does not know yet, and while partitions
that it has read to the end hold up the others."""
SESSION_MS: Final = 10_000
POLL_INTERVAL_MS_MAX: Final = 600_000
"""While the database is down, a batch is tried again inside the handler. After this long the group
moves on without us, and the fence refuses what we still hold."""
REQUEST_MS_MAX: Final = 5_000
METADATA_AGE_MS_MAX: Final = 10_000
"""How long it takes to notice a new inbound topic."""

_metrics = KafkaPrometheusMiddleware(registry=REGISTRY, metrics_prefix="makegood")


def security(settings: Settings) -> BaseSecurity | None:
    """The broker's security settings; None if it has none (the local stack)."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    context = None
    if settings.kafka_security_protocol.endswith("SSL"):  # with a context, FastStream speaks TLS
        cafile = settings.kafka_ssl_cafile
        context = ssl.create_default_context(cafile=str(cafile) if cafile else None)
    if settings.kafka_security_protocol == "SSL":
        return BaseSecurity(ssl_context=context, use_ssl=True)
    if settings.kafka_sasl_username is None or settings.kafka_sasl_password is None:
        raise SystemExit("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are needed for SASL")
    return SASLScram512(
        username=settings.kafka_sasl_username,
        password=settings.kafka_sasl_password.get_secret_value(),
        ssl_context=context,
        use_ssl=settings.kafka_security_protocol == "SASL_SSL",
    )


def _connection(settings: Settings) -> dict[str, Any]:
    secured = security(settings)
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "request_timeout_ms": REQUEST_MS_MAX,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": secured.ssl_context if secured else None,
    }
    if isinstance(secured, SASLScram512):
        options |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": secured.username,
            "sasl_plain_password": secured.password,
        }
    return options


async def start_producer(settings: Settings) -> AIOKafkaProducer:
    """An idempotent producer, started. The caller stops it."""
    producer = AIOKafkaProducer(
        **_connection(settings),
        acks="all",
        enable_idempotence=True,
        compression_type="snappy",  # aiokafka runs lz4 at its costliest level: four times the work
        linger_ms=0,
        max_batch_size=256 * 1024,
        max_request_size=topics.MESSAGE_BYTES_MAX,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


async def start_reader(settings: Settings) -> AIOKafkaConsumer:
    """A consumer without a group, for looking at a topic. The caller stops it."""
    consumer = AIOKafkaConsumer(
        **_connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=topics.MESSAGE_BYTES_MAX,
        fetch_max_wait_ms=READER_WAIT_MS,
        retry_backoff_ms=READER_WAIT_MS,
    )
    try:
        await consumer.start()
    except BaseException:
        await consumer.stop()
        raise
    return consumer


async def start_admin(settings: Settings) -> AIOKafkaAdminClient:
    """An admin client, started. The caller closes it."""
    admin = AIOKafkaAdminClient(**_connection(settings))
    try:
        await admin.start()
    except BaseException:
        await admin.close()
        raise
    return admin


async def start_client(settings: Settings) -> AIOKafkaClient:
    """A bare client, started: for requests that the admin client has no method for. The caller
    closes it."""
    client = AIOKafkaClient(**_connection(settings))
    try:
        await client.bootstrap()
    except BaseException:
        await client.close()
        raise
    return client


async def raw_records(records: Any, parse: Callable[[Any], Awaitable[Any]]) -> Any:
    """FastStream's parser decodes every header as UTF-8 and skips the whole batch if it cannot. So
    it gets one record, without headers. FastStream's metrics count the bodies and records that are
    put into the message here."""
    message = await parse((dataclasses.replace(records[0], headers=()),))
    message.raw_message, message.body = records, [record.value or b"" for record in records]
    return message


async def hand_over(message: Any) -> list[Any]:
    """Gives the handler the client's own records; it reads them itself."""
    return list(message.raw_message)


@dataclasses.dataclass(frozen=True)
class Subscription:
    """What a service reads: fixed topics, or every topic that matches a pattern."""

    group: str
    topics: Sequence[str] = ()
    pattern: str | None = None
    pause_seconds: float = 0.0
    """A pause after each batch that was all there was. What arrives meanwhile becomes one batch,
    which costs a fraction of many small ones. For topics that nobody waits for."""
    fetch_bytes_max: int = FETCH_BYTES_MAX
    """Of one fetch, packed: as records they may be ten times that. A message that is larger comes
    all the same, alone."""
    records_max: int = RECORDS_MAX
    """In one batch."""
    late: frozenset[str] = frozenset()
    """Topics that the service has read only since a later version. Where one is read for the first
    time, what the broker has no more is no loss."""

    def includes(self, topic: str) -> bool:
        """Whether the service reads `topic`."""
        if self.pattern is not None:
            return re.match(self.pattern, topic) is not None
        return topic in self.topics


def subscribe(
    settings: Settings,
    subscription: Subscription,
    listener: ConsumerRebalanceListener,
    handler: Callable[[list[Any]], Awaitable[None]],
) -> tuple[KafkaBroker, BatchSubscriber]:
    """A broker with one batch subscriber over all of the service's topics, not started yet."""
    broker = KafkaBroker(
        settings.kafka_bootstrap_servers,
        security=security(settings),
        request_timeout_ms=REQUEST_MS_MAX,
        metadata_max_age_ms=METADATA_AGE_MS_MAX,
        client_id=subscription.group,
        consumer_only=True,  # messages leave through the outbox's relay
        allow_auto_create_topics=False,  # they would get one partition each
        apply_types=False,
        graceful_timeout=2,  # well below `consumer.STOP_SECONDS_MAX`
        logger=None,
        middlewares=[_metrics],
    )
    subscriber = broker.subscriber(
        *subscription.topics,
        pattern=subscription.pattern,
        batch=True,
        parser=raw_records,
        decoder=hand_over,
        ack_policy=AckPolicy.MANUAL,  # offsets live in the database: docs/decisions/0002
        auto_offset_reset="none",
        group_id=subscription.group,
        group_instance_id=settings.kafka_group_instance_id,
        session_timeout_ms=SESSION_MS,
        max_poll_interval_ms=POLL_INTERVAL_MS_MAX,
        partition_assignment_strategy=(RoundRobinPartitionAssignor,),  # aiokafka has no other kind
        max_records=subscription.records_max,
        max_partition_fetch_bytes=subscription.fetch_bytes_max,
        fetch_max_bytes=subscription.fetch_bytes_max,
        fetch_max_wait_ms=EMPTY_FETCH_MS,
        batch_timeout_ms=EMPTY_POLL_MS,
        listener=listener,
    )
    subscriber(handler)
    assert isinstance(subscriber, BatchSubscriber)
    return broker, subscriber
