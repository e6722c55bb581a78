"""The topics that join the houses: their names, partitions and what they keep.

Promises: topics are created here and nowhere else (auto-creation is off on broker and client), and
`check` refuses to go on with a wrong partition count, since key → partition must never move.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass

import aiokafka.errors
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

PARTITIONS = 12
"""Fixed once for an installation: the order of a contract hangs on it."""

MESSAGE_BYTES_MAX = 4 * 1024 * 1024
"""The one size constant: topic, producer, fetch and intake's measure share it. A return of 5,000
lines takes about 2 MB."""

HEADER_BYTES = 4096
"""Room kept for key, headers and batch overhead inside `MESSAGE_BYTES_MAX`."""

BODY_BYTES_MAX = MESSAGE_BYTES_MAX - HEADER_BYTES

_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    name: str
    keeps_days: int | None
    """None: compacted, keeps the newest of each key."""
    partitions: int = PARTITIONS

    def config(self) -> dict[str, str]:
        kept = (
            {"cleanup.policy": "compact"}
            if self.keeps_days is None
            else {"cleanup.policy": "delete", "retention.ms": str(self.keeps_days * _DAY_MS)}
        )
        return kept | {"max.message.bytes": str(MESSAGE_BYTES_MAX)}


RETURNS = Topic("makegood.returns.v1", 90)
OUTCOMES = Topic("makegood.outcomes.v1", 90)
ALERTS = Topic("makegood.alerts.v1", 90)
CONTRACTS = Topic("makegood.contracts.v1", None)
RECONSIDER = Topic("makegood.reconsider.v1", 7)
ENTRIES = Topic("makegood.entries.v1", 7)
PARKED = Topic("makegood.parked.v1", 90)

STREET = (RETURNS, OUTCOMES, ALERTS, CONTRACTS, RECONSIDER, ENTRIES, PARKED)

INBOUND_PREFIX = "makegood.inbound."
INBOUND_PATTERN = r"^makegood\.inbound\.[A-Za-z0-9._-]+$"
_PARTY = re.compile(r"[A-Za-z0-9._-]{1,100}")


def inbound(party_id: str) -> Topic:
    """A party's own inbound topic: one partition, seven days. ValueError for a name Kafka cannot
    take."""
    if not _PARTY.fullmatch(party_id):
        raise ValueError(f"{party_id!r} cannot be part of a topic's name (letters, digits, . _ -)")
    return Topic(INBOUND_PREFIX + party_id, 7, partitions=1)
