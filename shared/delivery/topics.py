"""The topics that join the services: their names, partitions and what they keep.

Promises: topics are created here and nowhere else (auto-creation is off on broker and client), and
`check` refuses to go on with a wrong partition count, since key → partition must never move.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS: Final = 12
"""Fixed once for an installation: the order of a contract hangs on it."""

MESSAGE_BYTES_MAX: Final = 4 * 1024 * 1024
"""The one size constant: topic, producer, fetch and intake's measure share it. A return of 5,000
lines takes about 2 MB."""

HEADER_BYTES: Final = 4096
"""Room kept for key, headers and batch overhead inside `MESSAGE_BYTES_MAX`."""

BODY_BYTES_MAX: Final = MESSAGE_BYTES_MAX - HEADER_BYTES

REPLICAS_MAX: Final = 3
"""Copies of each partition, where the cluster has as many brokers: 1 locally."""

_CREATE_MS_MAX: Final = 10_000
_POLL_SECONDS: Final = 0.05
_DAY_MS: Final = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    name: str
    keeps_days: int | None
    """None: compacted, keeps the newest of each key."""
    partitions: int = PARTITIONS
    written_by: str | None = None
    """The one service that writes to it; none where several do, or a stranger."""
    is_ours: bool = True
    """False: strangers write to it. The broker then unpacks and measures what they compressed."""

    def config(self) -> dict[str, str]:
        kept = (
            {"cleanup.policy": "compact"}
            if self.keeps_days is None
            else {"cleanup.policy": "delete", "retention.ms": str(self.keeps_days * _DAY_MS)}
        )
        codec = "producer" if self.is_ours else "uncompressed"
        return kept | {"max.message.bytes": str(MESSAGE_BYTES_MAX), "compression.type": codec}


RETURNS: Final = Topic("makegood.returns.v1", 90, written_by="intake")
OUTCOMES: Final = Topic("makegood.outcomes.v1", 90, written_by="verification")
ALERTS: Final = Topic("makegood.alerts.v1", 90, written_by="verification")
CONTRACTS: Final = Topic("makegood.contracts.v1", None, written_by="verification")
RECONSIDER: Final = Topic("makegood.reconsider.v1", 7, written_by="verification")
ENTRIES: Final = Topic("makegood.entries.v1", 7, written_by="ledger")
PARKED: Final = Topic("makegood.parked.v1", 90)

ALL: Final = (RETURNS, OUTCOMES, ALERTS, CONTRACTS, RECONSIDER, ENTRIES, PARKED)

INBOUND_PREFIX: Final = "makegood.inbound."
INBOUND_PATTERN: Final = r"^makegood\.inbound\.[A-Za-z0-9._-]+$"
_PARTY: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")


def inbound(party_id: str) -> Topic:
    """A party's own inbound topic: one partition, seven days. ValueError for a name Kafka cannot
    take."""
    if not _PARTY.fullmatch(party_id):
        raise ValueError(f"{party_id!r} cannot be part of a topic's name (letters, digits, . _ -)")
    return Topic(INBOUND_PREFIX + party_id, 7, partitions=1, is_ours=False)


class WrongTopicError(Exception):
    """A topic is missing or has another partition count than the one it must never leave."""


async def create(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...] = ALL) -> None:
    """Creates what is missing of `wanted`, and waits until all have leaders."""
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
                raise WrongTopicError(f"{name} could not be created: {message} (error {code})")
    while not await _has_leaders(admin, wanted):
        await asyncio.sleep(_POLL_SECONDS)
    await check(admin, wanted)


async def check(admin: AIOKafkaAdminClient, wanted: tuple[Topic, ...]) -> None:
    """Raises WrongTopicError where a topic is missing or has the wrong number of partitions."""
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
