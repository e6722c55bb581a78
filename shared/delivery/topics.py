"""The topics between the services: their names, their partitions and how long they keep records.

Promises: topics are created here and nowhere else (auto-creation is off on broker and client).
`check` refuses a wrong partition count, since a key must never move to another partition.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.wire import bounds, events, replies

PARTITIONS: Final = 12
"""Fixed for an installation: the order of each contract's events depends on it."""

BODY_BYTES_MAX: Final = bounds.BODY_BYTES_MAX

HEADER_BYTES: Final = 4096
"""For key, headers and batch overhead."""

MESSAGE_BYTES_MAX: Final = BODY_BYTES_MAX + HEADER_BYTES
"""The size limit for topics, producers and fetches."""

REPLICAS_MAX: Final = 3
"""Copies of each partition if the cluster has this many brokers; the local stack has 1."""

_CREATE_MS_MAX: Final = 10_000
_POLL_SECONDS: Final = 0.05
_DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    name: str
    keeps_days: int | None
    """None: compacted, the newest record of each key is kept."""
    partitions: int = PARTITIONS
    written_by: str | None = None
    """The only service that writes to it; None if several do, or an outside party."""
    holds: frozenset[type[events.Event]] = frozenset()
    """The events that belong on it. Each type has one topic."""
    is_ours: bool = True
    """False: an outside party writes to it. The broker then unpacks what it compressed, so that the
    size limit holds for the content."""
    forgets_days: int | None = None
    """Of a compacted topic: within so many days an older record of a key is gone. None: at some
    time."""

    def config(self) -> dict[str, str]:
        """The topic's settings at the broker."""
        kept = (
            {"cleanup.policy": "compact"}
            if self.keeps_days is None
            else {"cleanup.policy": "delete", "retention.ms": str(self.keeps_days * _DAY_MS)}
        )
        if self.forgets_days is not None:
            kept["max.compaction.lag.ms"] = str(self.forgets_days * _DAY_MS)
        codec = "producer" if self.is_ours else "uncompressed"
        return kept | {"max.message.bytes": str(MESSAGE_BYTES_MAX), "compression.type": codec}


RETURNS: Final = Topic(
    "makegood.returns.v1",
    90,
    written_by="intake",
    holds=frozenset(
        (events.ReturnReceived, events.ReturnWithdrawn, events.ReturnRefused, events.DayEnded)
    ),
)
OUTCOMES: Final = Topic(
    "makegood.outcomes.v1",
    90,
    written_by="verification",
    holds=frozenset(
        (
            events.ContractRegistered,
            events.CommitmentChanged,
            events.ReturnChecked,
            events.CommitmentAssessed,
            events.CaseMoved,
            events.AlertAcknowledged,
        )
    ),
)
ALERTS: Final = Topic(
    "makegood.alerts.v1", 90, written_by="verification", holds=frozenset((events.AlertRaised,))
)
CONTRACTS: Final = Topic(
    "makegood.contracts.v1",
    None,
    written_by="verification",
    holds=frozenset((events.ContractPublished,)),
)
PEOPLE: Final = Topic(
    "makegood.people.v1",
    None,
    written_by="intake",
    holds=frozenset((events.OfficerNamed,)),
    forgets_days=7,
)
RECONSIDER: Final = Topic(
    "makegood.reconsider.v1",
    7,
    written_by="verification",
    holds=frozenset((events.LineReconsidered,)),
)
ENTRIES: Final = Topic(
    "makegood.entries.v1", 7, written_by="ledger", holds=frozenset((events.EntriesRecorded,))
)
PARKED: Final = Topic(
    "makegood.parked.v1", 90, holds=frozenset((events.RecordParked, events.RecordTakenUp))
)

ALL: Final = (RETURNS, OUTCOMES, ALERTS, CONTRACTS, PEOPLE, RECONSIDER, ENTRIES, PARKED)
BY_NAME: Final = {topic.name: topic for topic in ALL}

INBOUND_PREFIX: Final = "makegood.inbound."
REPLIES_PREFIX: Final = "makegood.replies."
INBOUND_PATTERN: Final = r"^makegood\.inbound\.[A-Za-z0-9._-]+$"
_PARTY: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


def inbound(party_id: str) -> Topic:
    """A party's own inbound topic: one partition, seven days. Raises ValueError if the id cannot be
    part of a Kafka topic's name."""
    if not _PARTY.fullmatch(party_id):
        raise ValueError(f"{party_id!r} cannot be part of a topic's name (letters, digits, . _ -)")
    return Topic(INBOUND_PREFIX + party_id, 7, partitions=1, is_ours=False)


def writer(topic: Topic, event: events.Event) -> str | None:
    """The only service that writes `event` to `topic`; None if it belongs on another topic. What is
    parked is told by the service that the event names."""
    if type(event) not in topic.holds:
        return None
    return topic.written_by or getattr(event, "service", None)


def source(service: str) -> bytes:
    """The CloudEvents `ce_source` of what a service writes."""
    return f"/makegood/{service}".encode()


def replies_to(party_id: str) -> Topic:
    """The topic on which intake answers what came on the party's inbound topic: one partition,
    seven days. Only that party may read it, and only intake writes to it."""
    return Topic(
        REPLIES_PREFIX + party_id,
        7,
        partitions=1,
        written_by="intake",
        holds=frozenset((replies.ReturnAnswered,)),
    )


class WrongTopicError(Exception):
    """A topic is missing, or has a wrong partition count."""


class TopicNameError(WrongTopicError):
    """The broker refuses a name: to it, another topic has the same."""


async def create(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...] = ALL) -> None:
    """Creates the topics of `wanted` that are missing, and waits until all have leaders. Raises
    WrongTopicError, and TopicNameError for a name that the broker refuses."""
    replicas = min(REPLICAS_MAX, len((await admin.describe_cluster())["brokers"]))
    found = set(await admin.list_topics())
    missing = [
        NewTopic(t.name, t.partitions, replicas, topic_configs=t.config())
        for t in wanted
        if t.name not in found
    ]
    if missing:
        response = await admin.create_topics(missing, timeout_ms=_CREATE_MS_MAX)
        for name, code, *message in response.topic_errors:
            if code not in (0, aiokafka.errors.TopicAlreadyExistsError.errno):
                is_refused = code == aiokafka.errors.InvalidTopicError.errno
                error = TopicNameError if is_refused else WrongTopicError
                raise error(f"{name} could not be created: {message} (error {code})")
    while not await _has_leaders(admin, wanted):
        await asyncio.sleep(_POLL_SECONDS)
    await check(admin, wanted)


async def check(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...]) -> None:
    """Raises WrongTopicError if a topic is missing or has a wrong number of partitions."""
    counts = {
        t["topic"]: len(t["partitions"])
        for t in await admin.describe_topics([t.name for t in wanted])
        if t["error_code"] == 0
    }
    for topic in wanted:
        if topic.name not in counts:
            raise WrongTopicError(f"topic {topic.name} is missing: create the topics first")
        if counts[topic.name] != topic.partitions:
            raise WrongTopicError(
                f"topic {topic.name} has {counts[topic.name]} partitions instead of "
                f"{topic.partitions}: contracts would change partition and lose their order"
            )


async def _has_leaders(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...]) -> bool:
    described = await admin.describe_topics([t.name for t in wanted])
    return all(
        t["error_code"] == 0 and all(p["leader"] >= 0 for p in t["partitions"]) for t in described
    )
