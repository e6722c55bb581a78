"""Delivery: at least once on the wire, exactly once in effect. Read this file to trust the rest.

`unit` is one transaction for a batch of records. It promises:

- The row with each partition's `next_offset` is locked, and records below that offset are dropped.
  So a redelivered batch has no effect, an overlapping one counts once, and a zombie's is refused.
- If the first record is *above* that offset, `Hole` is raised: the transaction rolls back and the
  consumer reads again.
- If the record just before that offset is read again and its digest has changed, `Changed` is
  raised: the broker lost data, the topic was created anew, or the database was restored.
- An event id that was seen before is dropped. If it comes with other bytes, that raises an alarm
  and the record is parked.
- A record that cannot be read is parked, sealed, in the same transaction; the partition moves on.
  When its event is processed later, that is told (`parking`).
- Effects, seen ids, outgoing messages and new offsets commit together or not at all.

These are the offsets that count; Kafka's own only serve lag monitors (docs/architecture.md, "What
is guaranteed, and by what").
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias
from uuid import UUID

from shared import log, metrics, sql
from shared.delivery import failpoints, outbox, parking, topics
from shared.delivery.messages import Message, Reader, Record, UnreadableError, read_event
from shared.wire import events

Partition: TypeAlias = tuple[str, int]
ServiceName: TypeAlias = Literal["intake", "verification", "ledger"]

_log = log.get(__name__)


# --- what can be wrong with a batch ------------------------------------------------------------


@dataclass
class Hole(Exception):  # noqa: N818  a fact about a partition; the consumer answers it by seeking
    """The first record of a partition is above the next offset: records between are missing."""

    topic: str
    partition: int
    next_offset: int
    found_offset: int


@dataclass
class Changed(Exception):  # noqa: N818  a fact about a partition; the consumer answers by stopping
    """The record before the next offset is not the one that was processed there."""

    topic: str
    partition: int
    offset: int


class TooMuch(Exception):  # noqa: N818  a fact about a batch; the consumer answers by halving it
    """What the batch needs would not be in memory together. Never raised for a batch of one."""


# --- the service's delivery ----------------------------------------------------------------------


IsOf: TypeAlias = Callable[[bytes], bool]
"""Whether these bytes are the ones that were seen."""
Seen: TypeAlias = Callable[[sql.Connection, Sequence[Message]], Awaitable[dict[UUID, IsOf]]]
"""Which of these messages' event ids were seen before, and how to recognise the bytes of each. Two
messages of a batch may have the same id."""
Remember: TypeAlias = Callable[[sql.Connection, Sequence[Message]], Awaitable[None]]
"""Stores that these messages were seen."""


def is_of(digest: bytes) -> IsOf:
    """Recognises bytes by their SHA-256."""
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
    """What a service needs to send and receive messages. A service whose own tables tell which
    events it has seen (the ledger's entries) sets its own `seen` and no `remember`."""

    service: ServiceName
    pool: sql.Pool
    parking_key: bytes
    reader: Reader = read_event
    seen: Seen = _seen_in_inbox
    remember: Remember | None = _remember_in_inbox
    posted: outbox.Posted = field(default_factory=outbox.Posted)
    """Gets the messages of each commit, and wakes this process's relay."""
    alarm: str | None = None
    """Why this service must not write: its database is older than what was sent from it."""
    checking: asyncio.Task[None] | None = None
    """The latest comparison of database and broker (`restore_check`)."""
    parked_last: frozenset[tuple[str, int, int]] = frozenset()
    """Topic, partition and offset of each record that the last committed unit parked."""
    refused_last: frozenset[tuple[str, int, int]] = frozenset()
    """The same of each that it refused: nothing of an outsider's record came of it."""


# --- one transaction for a batch ----------------------------------------------------------------


@dataclass
class Unit:
    """What the handler gets inside the transaction, and what it collects for the commit."""

    conn: sql.Connection
    messages: tuple[Message, ...]
    """New and readable, in the order of the batch, each id once."""
    repeats: tuple[Message, ...]
    """Seen before with the same bytes, now at new offsets."""
    waiting: frozenset[UUID] = frozenset()
    """Of these, the events whose record was parked before, and has not been processed since."""
    _posts: list[outbox.Row] = field(default_factory=list)
    _parked: list[tuple[Record, str]] = field(default_factory=list)
    _untold: set[tuple[str, int, int]] = field(default_factory=set)
    _refused: list[tuple[str, int, int]] = field(default_factory=list)
    _records: Sequence[Record] = ()

    def send(self, topic: topics.Topic, event: events.Event, partition: int | None = None) -> bytes:
        """Collects a message for the outbox. Messages are sent in the order of these calls. Returns
        the event's bytes."""
        self._posts.append(outbox.Row.of(topic, event, partition))
        return self._posts[-1].body

    def park(self, message: Message, reason: str, *, is_told: bool = True) -> None:
        """Parks a record that can be read but not processed. `is_told`: whether in an event of its
        own."""
        place = message.topic, message.partition, message.offset
        self._parked.append((self._by_place[place], reason))
        if not is_told:
            self._untold.add(place)

    def refuse(self, message: Message) -> None:
        """Notes that nothing came of an outsider's record, so that the gate knows."""
        self._refused.append((message.topic, message.partition, message.offset))

    def forget_events(self) -> None:
        """The events are decided: they need not be in memory while their effects are written."""
        self.messages = tuple(message._replace(event=None) for message in self.messages)

    @functools.cached_property
    def _by_place(self) -> dict[tuple[str, int, int], Record]:
        return {(r.topic, r.partition, r.offset): r for r in self._records}


@asynccontextmanager
async def unit(delivery: Delivery, records: Sequence[Record]) -> AsyncIterator[Unit]:
    """One transaction over `records`, with the module's promises. Raises Hole and Changed."""
    readings = [_read(delivery, record) for record in records]  # before the locks are held
    with metrics.COMMIT_SECONDS.labels(delivery.service).time():
        async with delivery.pool.acquire() as conn, conn.transaction():
            offsets = await _lock_offsets(conn, {(r.topic, r.partition) for r in records})
            work = await _open(delivery, conn, offsets, list(zip(records, readings, strict=True)))
            del readings  # from here on only the unit holds the events
            yield work
            posted = await _close(delivery, work, offsets, records)
            failpoints.hit("before_database_commit")
    failpoints.hit("after_database_commit")
    delivery.parked_last = frozenset((r.topic, r.partition, r.offset) for r, _ in work._parked)
    delivery.refused_last = frozenset(work._refused)
    metrics.BATCH_RECORDS.labels(delivery.service).observe(len(records))
    delivery.posted.keep(posted)


async def park(delivery: Delivery, record: Record, reason: str) -> None:
    """Parks one record that the service cannot process, and moves the offset past it."""
    async with unit(replace(delivery, reader=_refuse(reason)), [record]):
        pass


def _refuse(reason: str) -> Reader:
    def read(record: Record) -> tuple[Any, UUID | None]:  # noqa: ARG001  refuses every record
        raise UnreadableError(reason)

    return read


@dataclass(frozen=True, slots=True)
class _Offset:
    next_offset: int
    last_digest: bytes | None
    incarnation: int
    has_waiting: bool
    """Whether any record waits in the service (`parking`)."""


_Reading: TypeAlias = "tuple[Any, UUID | None] | UnreadableError"


def _read(delivery: Delivery, record: Record) -> _Reading:
    try:
        return delivery.reader(record)
    except UnreadableError as error:
        return error


async def _lock_offsets(
    conn: sql.Connection, partitions: set[Partition]
) -> dict[Partition, _Offset]:
    ordered = sorted(partitions)
    rows = await conn.fetch(
        """
        SELECT o.topic, o.partition, o.next_offset, o.last_digest, i.incarnation, EXISTS (
            SELECT FROM parked WHERE event_id IS NOT NULL AND taken_up_at IS NULL
        ) AS has_waiting
        FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
        WHERE (o.topic, o.partition) IN (SELECT * FROM unnest($1::text[], $2::integer[]))
        ORDER BY o.topic, o.partition
        FOR UPDATE OF o
        """,
        [p[0] for p in ordered],
        [p[1] for p in ordered],
    )
    assert len(rows) == len(ordered), "a partition is read that was never assigned"
    return {
        (r["topic"], r["partition"]): _Offset(
            r["next_offset"], r["last_digest"], r["incarnation"], r["has_waiting"]
        )
        for r in rows
    }


def _fence(
    offsets: dict[Partition, _Offset], readings: list[tuple[Record, _Reading]]
) -> list[tuple[Record, _Reading]]:
    """The records of the batch from `next_offset` on. Raises Hole if the first of a partition is
    not exactly there, Changed if the record before it is not the one that was processed."""
    expected = {partition: stored.next_offset for partition, stored in offsets.items()}
    left = []
    for record, reading in readings:
        partition = record.topic, record.partition
        stored = offsets[partition]
        if record.offset == stored.next_offset - 1 and stored.last_digest is not None:
            _assert_unchanged(record, stored.last_digest)
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
    offsets: dict[Partition, _Offset],
    readings: list[tuple[Record, _Reading]],
) -> Unit:
    work = Unit(conn, (), (), _records=[record for record, _ in readings])
    messages: list[Message] = []
    for record, reading in _fence(offsets, readings):
        if isinstance(reading, UnreadableError):
            work._parked.append((record, str(reading)))
            continue
        incarnation = offsets[record.topic, record.partition].incarnation
        messages.append(Message.of(record, *reading, incarnation))
    work.messages, work.repeats = await _divide(delivery, work, messages)
    if any(stored.has_waiting for stored in offsets.values()):
        known = {each.event_id for each in (*work.messages, *work.repeats) if each.event_id}
        work.waiting = await parking.load_waiting(conn, known)
    return work


async def _divide(
    delivery: Delivery, work: Unit, messages: list[Message]
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """New messages and repeats. A known id with other bytes raises an alarm and is parked."""
    known = [message for message in messages if message.event_id is not None]
    seen = await delivery.seen(work.conn, known) if known else {}
    bodies: dict[UUID, bytes] = {}  # of this batch's new messages
    new: list[Message] = []
    repeats: list[Message] = []
    for message in messages:
        event_id = message.event_id
        if event_id is None:
            new.append(message)
            continue
        if event_id in seen:
            is_repeat = seen[event_id](message.body)
        elif event_id in bodies:
            is_repeat = bodies[event_id] == message.body
        else:
            new.append(message)
            bodies[event_id] = message.body
            continue
        if is_repeat:
            repeats.append(message)
            metrics.REPEATED.labels(message.topic).inc()
        else:
            _raise_alarm(message)
            work.park(message, parking.OTHER_BYTES)
    return tuple(new), tuple(repeats)


def _raise_alarm(message: Message) -> None:
    metrics.ALARMS.labels("same_id_other_bytes").inc()
    _log.error(
        "An event id came again with other bytes; the record is parked.",
        event_id=str(message.event_id),
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
    )


async def _close(
    delivery: Delivery, work: Unit, offsets: dict[Partition, _Offset], records: Sequence[Record]
) -> dict[int, outbox.Row]:
    """Writes what the unit collected: seen ids, parked records, messages, and the new offsets.
    Returns the messages that were posted."""
    known = [message for message in work.messages if message.event_id is not None]
    if delivery.remember is not None and known:
        await delivery.remember(work.conn, known)
    await _park_and_take_up(delivery, work, offsets)
    posted = await outbox.post(work.conn, work._posts)
    last = {(r.topic, r.partition): r for r in records}
    moved = {
        partition: record
        for partition, record in last.items()
        if record.offset >= offsets[partition].next_offset
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


async def _park_and_take_up(
    delivery: Delivery, work: Unit, offsets: dict[Partition, _Offset]
) -> None:
    """Parks what the unit could not process. Of the others, takes up those that waited."""
    told: list[events.Event] = []
    if work._parked:
        parked = [
            (record, offsets[record.topic, record.partition].incarnation, reason)
            for record, reason in work._parked
        ]
        events_of = await parking.park(work.conn, delivery.service, delivery.parking_key, parked)
        told += [e for e in events_of if (e.topic, e.partition, e.offset) not in work._untold]
    if work.waiting:
        parked_now = {each.record_id for each in told if isinstance(each, events.RecordParked)}
        taken_up = work.waiting - parked_now
        at = parking.stamped(work._records[-1])
        told += await parking.take_up(work.conn, delivery.service, taken_up, at)
    for event in told:
        work.send(topics.PARKED, event)


def _digest(record: Record) -> bytes:
    return hashlib.sha256(record.value or b"").digest()
