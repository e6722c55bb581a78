"""Parked records: set aside, sealed, told to others, and taken up again after the mend.

Promises:

- A parked record keeps its bytes, sealed with the service's parking key. They never leave it.
- A record of our own topics that names its event *waits*: `send_again` sends it to its topic once
  more. When the event is processed, by this or in any other way, `take_up` tells it.
- A waiting record that is about a return with a receipt is *held*: an alarm is raised, `/health`
  says so, and intake shows it in the status of the return, until the event is processed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from aiokafka import AIOKafkaProducer

from shared import log, metrics, sql
from shared.delivery import outbox, topics
from shared.delivery.messages import Record
from shared.wire import bounds, events, ids

ALARM: Final = "receipted_parked"
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
OTHER_BYTES: Final = "same_id_other_bytes"
NEVER_WAITS: Final = frozenset({OTHER_BYTES, "wrong_topic", "wrong_source"})
"""Reasons for which a record never waits: its event was processed, with other bytes; or it is not
of the service that writes to its topic, and must not be sent again as if it were."""
AUTHORITY_DIFFERS: Final = "authority_differs"
"""The reason for what speaks of a contract in another authority's name."""
NOT_BELIEVED: Final = "not_believed"
"""The alarm for what is well formed and cannot be true."""
UNTRUE: Final = frozenset(
    {
        "wrong_topic",
        "wrong_source",
        AUTHORITY_DIFFERS,
        "party_unknown",
        "supersedes_another",
        "supersedes_none",
        "supersedes_unknown",
        "ahead_of_time",
    }
)
"""The reasons that raise it."""

_log = log.get(__name__)


class Row(NamedTuple):
    """A row of `parked`, without its times."""

    topic: str
    incarnation: int
    partition: int
    offset: int
    reason: str
    salt: bytes
    sealed: bytes
    event_id: UUID | None
    return_id: UUID | None


class _About(msgspec.Struct):
    """What is read of an event that could not be read as a whole."""

    event_id: UUID
    return_id: UUID | None = None


_about: Final = msgspec.json.Decoder(_About)


async def park(
    conn: sql.Connection,
    service: Any,
    key: bytes,
    parked: Sequence[tuple[Record, int, str]],
) -> list[events.RecordParked]:
    """Stores records, each with its incarnation and the reason. Returns what is to be told."""
    rows, told = [], []
    for record, incarnation, reason in parked:
        row = _row(key, record, incarnation, reason)
        rows.append(row)
        told.append(_told(service, record, row))
        metrics.PARKED.labels(record.topic, reason).inc()
        if reason in UNTRUE:
            _raise_alarm(NOT_BELIEVED, "A record says what cannot be true.", row)
        if row.return_id is not None:
            _raise_alarm(ALARM, "A record about a receipted return is parked; it is held.", row)
    await conn.copy_records_to_table("parked", records=rows, columns=Row._fields)
    return told


def _row(key: bytes, record: Record, incarnation: int, reason: str) -> Row:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # late: it takes 6 MB

    salt, place = os.urandom(SALT_BYTES), (record.topic, incarnation, record.partition)
    about = _read(record, reason)
    return Row(
        *place,
        offset=record.offset,
        reason=reason,
        salt=salt,
        sealed=AESGCM(key).encrypt(
            salt[:NONCE_BYTES], record.value or b"", _bound((*place, record.offset))
        ),
        event_id=None if about is None else about.event_id,
        return_id=None if about is None else about.return_id,
    )


def _read(record: Record, reason: str) -> _About | None:
    """Which event a record is, if it can be sent again."""
    if record.topic not in topics.BY_NAME or reason in NEVER_WAITS:
        return None
    try:
        return _about.decode(record.value or b"")
    except (ValueError, RecursionError):
        return None


def _bound(place: tuple[str, int, int, int]) -> bytes:
    """What the sealed bytes are bound to: their own place."""
    return repr(tuple(place)).encode()


def _told(service: Any, record: Record, row: Row) -> events.RecordParked:
    place = row.topic, row.incarnation, row.partition, row.offset
    return events.RecordParked(
        event_id=ids.derived("parked", service, *place),
        authority_id=events.INSTALLATION,
        occurred_at=stamped(record),
        service=service,
        topic=row.topic,
        incarnation=row.incarnation,
        partition=row.partition,
        offset=row.offset,
        digest=hashlib.sha256(row.salt + (record.value or b"")).hexdigest(),
        reason=row.reason,
        record_id=row.event_id,
        return_id=row.return_id,
    )


def _raise_alarm(alarm: str, words: str, row: Row) -> None:
    metrics.ALARMS.labels(alarm).inc()
    _log.error(
        words,
        return_id=None if row.return_id is None else str(row.return_id),
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        why=row.reason,
        runbook=f"{alarm}.md",
    )


def stamped(record: Record) -> datetime:
    """When the record was made, as its producer says; if that is nonsense, long ago."""
    long_ago = datetime(bounds.YEAR_MIN, 1, 1, tzinfo=UTC)
    try:
        said = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return long_ago
    return said if bounds.YEAR_MIN <= said.year <= bounds.YEAR_MAX else long_ago


# --- what waits ----------------------------------------------------------------------------------


async def load_waiting(conn: sql.Connection, event_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these events whose records wait."""
    rows = await conn.fetch(
        "SELECT event_id FROM parked WHERE event_id = ANY($1) AND taken_up_at IS NULL",
        list(event_ids),
    )
    return frozenset(row["event_id"] for row in rows)


async def take_up(
    conn: sql.Connection, service: Any, event_ids: Collection[UUID], at: datetime
) -> list[events.RecordTakenUp]:
    """Notes that these events have been processed; `at`: by a record of that time. Returns what is
    to be told."""
    rows = await conn.fetch(
        """
        UPDATE parked SET taken_up_at = now() WHERE event_id = ANY($1) AND taken_up_at IS NULL
        RETURNING event_id, return_id
        """,
        list(event_ids),
    )
    return [
        events.RecordTakenUp(
            event_id=ids.derived("taken up", service, event_id),
            authority_id=events.INSTALLATION,
            occurred_at=at,
            service=service,
            record_id=event_id,
            return_id=return_id,
        )
        for event_id, return_id in sorted({(row["event_id"], row["return_id"]) for row in rows})
    ]


async def count_held(pool: sql.Pool) -> int:
    """How many records about returns with a receipt wait."""
    return int(
        await pool.fetchval(
            """
            SELECT count(DISTINCT event_id) FROM parked
            WHERE event_id IS NOT NULL AND taken_up_at IS NULL AND return_id IS NOT NULL
            """
        )
    )


class Sent(NamedTuple):
    """What was done with the records that waited."""

    again: int
    unreadable: int
    """They are none of our events as this version knows them: mend that first."""


async def send_again(pool: sql.Pool, key: bytes, producer: AIOKafkaProducer) -> Sent:
    """Sends each record that waits to its topic once more, with the same bytes, in the order in
    which they came. Who has processed it knows it as a repeat. Raises ValueError for another
    parking key."""
    places = await pool.fetch(
        """
        SELECT DISTINCT ON (event_id) topic, incarnation, partition, "offset"
        FROM parked WHERE event_id IS NOT NULL AND taken_up_at IS NULL
        ORDER BY event_id, parked_at DESC
        """
    )
    again = unreadable = 0
    for place in sorted(map(tuple, places)):
        try:
            body = await _unseal(pool, key, place)
            topic, event = topics.BY_NAME[place[0]], events.read(body)
        except msgspec.DecodeError:
            unreadable += 1
            continue
        writer = topics.writer(topic, event)
        if writer is None:  # an event of another topic, parked by an earlier version
            unreadable += 1
            continue
        row = outbox.Row.of(topic, event)
        headers = outbox.headers(writer, row)
        await producer.send_and_wait(
            row.topic, body, row.key.encode(), partition=place[2], headers=headers
        )
        again += 1
    return Sent(again, unreadable)


async def _unseal(pool: sql.Pool, key: bytes, place: tuple[str, int, int, int]) -> bytes:
    salt, sealed = await pool.fetchrow(
        """
        SELECT salt, sealed FROM parked
        WHERE (topic, incarnation, partition, "offset") = ($1, $2, $3, $4)
        """,
        *place,
    ) or (b"", b"")
    body = unseal(key, place, salt, sealed)
    if body is None:
        raise ValueError("this is not the parking key that the records were sealed with")
    return body


def unseal(
    key: bytes, place: tuple[str, int, int, int], salt: bytes, sealed: bytes
) -> bytes | None:
    """The bytes of the record that was parked at this place; None if they were not sealed with
    this key for this place."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(salt[:NONCE_BYTES], sealed, _bound(place))
    except (InvalidTag, ValueError):  # ValueError: a salt of another length
        return None
