"""Delivery: at least once on the wire, exactly once in effect. Read this file to trust the rest.

`unit` is one transaction for a batch of records. It promises that

- each partition's `next_offset` row is locked, and a record below it is dropped: a redelivered
  batch is a no-op, an overlapping one counts once, a zombie's is refused;
- a first record *above* it raises `Hole`: the transaction rolls back and the consumer reads again;
- the record just before it, where it is read again, still has the digest it had, else `Changed`:
  the broker lost data, or a topic was made anew, or the database was restored;
- an event id that was taken before is passed over; with other bytes it is an alarm and is parked;
- what cannot be read is parked, sealed, in the same transaction, and the partition moves on;
- effects, seen ids, messages for the outbox and the new offsets commit together or not at all.

Architecture §4. The offsets that count are these; Kafka's own are a courtesy to lag monitors.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import log, metrics, sql
from shared.delivery import failpoints, outbox, topics
from shared.delivery.messages import Message, Reader, Record, UnreadableError, read_event
from shared.wire import events, ids

Partition: TypeAlias = tuple[str, int]
ServiceName: TypeAlias = Literal["intake", "verification", "ledger"]

_log = log.get(__name__)


# --- what can be wrong with a batch ------------------------------------------------------------


@dataclass
class Hole(Exception):  # noqa: N818  a fact about a partition; the consumer answers it by seeking
    """The first record left stands above the next offset: something between was not delivered."""

    topic: str
    partition: int
    next_offset: int
    found_offset: int


@dataclass
class Changed(Exception):  # noqa: N818  a fact about a partition; the consumer answers by stopping
    """The record before the next offset is not the one that was taken there."""

    topic: str
    partition: int
    offset: int


# --- the service's delivery ----------------------------------------------------------------------


IsOf: TypeAlias = Callable[[bytes], bool]
"""Whether these bytes are the ones that were taken."""
Seen: TypeAlias = Callable[[sql.Connection, Sequence[Message]], Awaitable[dict[UUID, IsOf]]]
"""Which of these event ids were taken before, and what tells their bytes from others: two letters
of a batch may bear one id."""
Remember: TypeAlias = Callable[[sql.Connection, Sequence[Message]], Awaitable[None]]


def is_of(digest: bytes) -> IsOf:
    """What is told by its SHA-256."""
    return lambda body: hashlib.sha256(body).digest() == digest


async def _seen_in_inbox(conn: sql.Connection, messages: Sequence[Message]) -> dict[UUID, IsOf]:
    rows = await conn.fetch(
        "SELECT event_id, digest FROM inbox WHERE event_id = ANY($1)",
        [message.event_id for message in messages],
    )
    return {row["event_id"]: is_of(row["digest"]) for row in rows}


async def _remember_in_inbox(conn: sql.Connection, messages: Sequence[Message]) -> None:
    ordered = sorted(  # sorted keys: two processes never deadlock here
        (message.event_id, hashlib.sha256(message.body).digest())
        for message in messages
        if message.event_id is not None
    )
    await conn.copy_records_to_table("inbox", columns=("event_id", "digest"), records=ordered)


@dataclass
class Delivery:
    """What a service needs to send and take messages. A service whose own tables tell what it has
    seen (the ledger's entries) gives its own `seen` and no `remember`."""

    service: ServiceName
    pool: sql.Pool
    parking_key: bytes
    reader: Reader = read_event
    seen: Seen = _seen_in_inbox
    remember: Remember | None = _remember_in_inbox
    posted: outbox.Posted = field(default_factory=outbox.Posted)
    """Told after each commit that posted messages: wakes the relay in this process."""
    alarm: str | None = None
    """Why this service must not write: its database is older than what was sent from it."""
    checking: asyncio.Task[None] | None = None
    """The look at what was sent that is under way (`tail`)."""
    parked_last: frozenset[tuple[str, int, int]] = frozenset()
    """Topic, partition and offset of what the last committed unit parked."""


# --- one transaction for a batch ----------------------------------------------------------------


@dataclass
class Unit:
    conn: sql.Connection
    messages: tuple[Message, ...]
    """New and readable, in the order of the batch, each id once."""
    repeats: tuple[Message, ...]
    """Taken before with the same bytes, at new offsets."""
    _posts: list[outbox.Row] = field(default_factory=list)
    _parked: list[tuple[Record, str]] = field(default_factory=list)
    _records: Sequence[Record] = ()

    def send(self, topic: topics.Topic, event: events.Event, partition: int | None = None) -> None:
        """Keeps a message for the outbox; messages leave in the order of these calls."""
        self._posts.append(outbox.Row.of(topic, event, partition))

    def park(self, message: Message, reason: str) -> None:
        """Puts aside a record that can be read and cannot be acted on."""
        self._parked.append(
            (self._by_place[message.topic, message.partition, message.offset], reason)
        )

    @functools.cached_property
    def _by_place(self) -> dict[tuple[str, int, int], Record]:
        return {(r.topic, r.partition, r.offset): r for r in self._records}


@asynccontextmanager
async def unit(delivery: Delivery, records: Sequence[Record]) -> AsyncIterator[Unit]:
    """One transaction over `records`; see the module's promises. Raises Hole and Changed."""
    readings = [_read(delivery, record) for record in records]  # before the locks are held
    with metrics.COMMIT_SECONDS.labels(delivery.service).time():
        async with delivery.pool.acquire() as conn, conn.transaction():
            positions = await _lock_positions(conn, {(r.topic, r.partition) for r in records})
            work = await _open(delivery, conn, positions, list(zip(records, readings, strict=True)))
            yield work
            posted = await _close(delivery, work, positions, records)
            failpoints.hit("before_database_commit")
    failpoints.hit("after_database_commit")
    delivery.parked_last = frozenset((r.topic, r.partition, r.offset) for r, _ in work._parked)
    metrics.BATCH_RECORDS.labels(delivery.service).observe(len(records))
    delivery.posted.keep(posted)


async def park(delivery: Delivery, record: Record, reason: str) -> None:
    """Puts aside one record that the service could not act on, and moves on behind it."""
    async with unit(replace(delivery, reader=_refuse(reason)), [record]):
        pass


def _refuse(reason: str) -> Reader:
    def read(record: Record) -> tuple[Any, UUID | None]:  # noqa: ARG001  refuses them all
        raise UnreadableError(reason)

    return read


@dataclass(frozen=True, slots=True)
class _Position:
    next_offset: int
    last_digest: bytes | None
    incarnation: int


_Reading: TypeAlias = "tuple[Any, UUID | None] | UnreadableError"


def _read(delivery: Delivery, record: Record) -> _Reading:
    try:
        return delivery.reader(record)
    except UnreadableError as error:
        return error


async def _lock_positions(
    conn: sql.Connection, partitions: set[Partition]
) -> dict[Partition, _Position]:
    ordered = sorted(partitions)
    rows = await conn.fetch(
        """
        SELECT o.topic, o.partition, o.next_offset, o.last_digest, i.incarnation
        FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
        WHERE (o.topic, o.partition) IN (SELECT * FROM unnest($1::text[], $2::integer[]))
        ORDER BY o.topic, o.partition
        FOR UPDATE OF o
        """,
        [p[0] for p in ordered],
        [p[1] for p in ordered],
    )
    assert len(rows) == len(ordered), "a partition is read that no one has sought"
    return {
        (r["topic"], r["partition"]): _Position(
            r["next_offset"], r["last_digest"], r["incarnation"]
        )
        for r in rows
    }


def _fence(
    positions: dict[Partition, _Position], readings: list[tuple[Record, _Reading]]
) -> list[tuple[Record, _Reading]]:
    """What is left of a batch from `next_offset` on; equality at the seam, or Hole or Changed."""
    expected = {partition: position.next_offset for partition, position in positions.items()}
    left = []
    for record, reading in readings:
        partition = record.topic, record.partition
        position = positions[partition]
        if record.offset == position.next_offset - 1 and position.last_digest is not None:
            _assert_unchanged(record, position.last_digest)
        if record.offset < expected[partition]:
            continue
        if record.offset > expected[partition]:
            raise Hole(record.topic, record.partition, expected[partition], record.offset)
        expected[partition] = record.offset + 1
        left.append((record, reading))
    return left


def _assert_unchanged(record: Record, last_digest: bytes) -> None:
    if _digest(record) != last_digest:
        raise Changed(record.topic, record.partition, record.offset)


async def _open(
    delivery: Delivery,
    conn: sql.Connection,
    positions: dict[Partition, _Position],
    readings: list[tuple[Record, _Reading]],
) -> Unit:
    work = Unit(conn, (), (), _records=[record for record, _ in readings])
    messages: list[Message] = []
    for record, reading in _fence(positions, readings):
        if isinstance(reading, UnreadableError):
            work._parked.append((record, str(reading)))
            continue
        incarnation = positions[record.topic, record.partition].incarnation
        messages.append(
            Message(
                *reading,
                record.value or b"",
                record.topic,
                incarnation,
                record.partition,
                record.offset,
                record.headers,
            )
        )
    work.messages, work.repeats = await _divide(delivery, work, messages)
    return work


async def _divide(
    delivery: Delivery, work: Unit, messages: list[Message]
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """New messages and repeats; the same id with other bytes is an alarm and is parked."""
    known = [message for message in messages if message.event_id is not None]
    seen = await delivery.seen(work.conn, known) if known else {}
    new: list[Message] = []
    repeats: list[Message] = []
    for message in messages:
        if message.event_id is None:
            new.append(message)
        elif message.event_id not in seen:
            new.append(message)
            seen[message.event_id] = message.body.__eq__
        elif seen[message.event_id](message.body):
            repeats.append(message)
            metrics.REPEATED.labels(message.topic).inc()
        else:
            metrics.ALARMS.labels("same_id_other_bytes").inc()
            _log.error(
                "An event id came again with other bytes; the record is parked.",
                event_id=str(message.event_id),
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
            )
            work.park(message, "same_id_other_bytes")
    return tuple(new), tuple(repeats)


async def _close(
    delivery: Delivery, work: Unit, positions: dict[Partition, _Position], records: Sequence[Record]
) -> dict[int, outbox.Row]:
    """Writes what the unit kept: seen ids, parked records, messages, and the new offsets. Gives the
    messages that were posted."""
    known = [message for message in work.messages if message.event_id is not None]
    if delivery.remember is not None and known:
        await delivery.remember(work.conn, known)
    if work._parked:
        await _park(delivery, work, positions)
    posted = await outbox.post(work.conn, work._posts)
    last = {(r.topic, r.partition): r for r in records}
    moved = {
        partition: record
        for partition, record in last.items()
        if record.offset >= positions[partition].next_offset
    }
    await work.conn.execute(
        """
        UPDATE consumer_offset AS o SET next_offset = n.next_offset, last_digest = n.last_digest
        FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bytea[])
            AS n (topic, partition, next_offset, last_digest)
        WHERE o.topic = n.topic AND o.partition = n.partition AND o.next_offset < n.next_offset
        """,
        [topic for topic, _ in moved],
        [partition for _, partition in moved],
        [record.offset + 1 for record in moved.values()],
        [_digest(record) for record in moved.values()],
    )
    return posted


async def _park(delivery: Delivery, work: Unit, positions: dict[Partition, _Position]) -> None:
    rows = []
    for record, reason in work._parked:
        incarnation = positions[record.topic, record.partition].incarnation
        salt, place = os.urandom(16), (record.topic, incarnation, record.partition, record.offset)
        content = record.value or b""
        sealed = AESGCM(delivery.parking_key).encrypt(salt[:12], content, repr(place).encode())
        rows.append((*place, reason, salt, sealed))
        metrics.PARKED.labels(record.topic, reason).inc()
        notice = events.RecordParked(
            event_id=ids.derived("parked", delivery.service, *place),
            authority_id=events.INSTALLATION,
            occurred_at=_stamped(record),
            service=delivery.service,
            topic=record.topic,
            incarnation=incarnation,
            partition=record.partition,
            offset=record.offset,
            digest=hashlib.sha256(salt + content).hexdigest(),
            reason=reason,
        )
        work.send(topics.PARKED, notice)
    await work.conn.copy_records_to_table(
        "parked",
        records=rows,
        columns=["topic", "incarnation", "partition", "offset", "reason", "salt", "sealed"],
    )


def _stamped(record: Record) -> datetime:
    """When its producer says that it was made; one may say anything."""
    try:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _digest(record: Record) -> bytes:
    return hashlib.sha256(record.value or b"").digest()
