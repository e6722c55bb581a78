"""Outgoing messages: posted in the transaction that causes them, relayed to Kafka after its commit.

Promises: a posted message is published at least once, in the order of posting for each key, by one
relay at a time.

- The relay reads *unsent* ids in order. It never asks for `id > last`: a smaller id may commit
  later.
- It sends the messages with an idempotent producer (acks=all), and removes them from the unsent
  list once the broker has acknowledged them all.
- On any failure it drops the producer and starts again at the first unsent message, so that no
  message overtakes another.
- It keeps what this process posted in memory and reads everything else from the table. Rows stay in
  the outbox for republishing.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from shared import log, metrics, sql
from shared.delivery import failpoints, tasks, topics
from shared.wire import events

BATCH_MAX: Final = 1000
BATCH_BYTES_MAX: Final = 2 * topics.MESSAGE_BYTES_MAX
"""Messages in one round of the relay, and their bytes. Limits its memory, how long it holds the
lock, and how long the broker may take."""
IDLE_SECONDS: Final = 1.0
"""How often the relay looks for messages of other processes, which do not wake it."""
KEPT_MESSAGES_MAX: Final = 4 * BATCH_MAX
KEPT_BYTES_MAX: Final = 16 * 1024 * 1024
"""What is kept in memory for the relay: about a second of work."""
BACKOFF_SECONDS_MAX: Final = 5.0
DELIVERY_SECONDS_MAX: Final = 8.0
"""Below the server's transaction time-out, which would otherwise end the connection first."""

_log = log.get(__name__)


class Row(NamedTuple):
    """A message as it is in the table."""

    topic: str
    partition: int | None
    """None: chosen by the key."""
    key: str
    event_id: UUID
    type: str
    occurred_at: datetime
    body: bytes

    @classmethod
    def of(cls, topic: topics.Topic, event: events.Event, partition: int | None = None) -> Self:
        """`event` as a message on `topic`."""
        key, type_, body = events.subject(event), type(event).__name__, events.write(event)
        assert len(body) <= topics.BODY_BYTES_MAX, "a message must always fit"
        # by position, for this runs for every message: keywords would take twice as long
        return cls(topic.name, partition, key, event.event_id, type_, event.occurred_at, body)


class Posted(asyncio.Event):
    """Wakes the relay after a commit, and hands it the messages, so that it need not read them."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[int, Row] = {}
        self._bytes = 0

    def keep(self, messages: Mapping[int, Row]) -> None:
        """Keeps what `post` returned and wakes the relay. Call it *after* the commit. Messages are
        dropped when they become too many, since the table has them."""
        if messages:
            self._bytes += sum(len(row.body) for row in messages.values())
            self._kept.update(messages)
            if len(self._kept) > KEPT_MESSAGES_MAX or self._bytes > KEPT_BYTES_MAX:
                self._kept.clear()
                self._bytes = 0
            self.set()

    def pop(self, ids: Sequence[int]) -> dict[int, Row]:
        """Removes and returns those of the messages `ids` that are kept."""
        found = {number: self._kept.pop(number) for number in ids if number in self._kept}
        self._bytes -= sum(len(row.body) for row in found.values())
        return found


async def post(conn: sql.Connection, messages: Iterable[Row]) -> dict[int, Row]:
    """Puts messages into the outbox, in order, in the caller's transaction. Returns the new ones by
    id, for `Posted.keep`.

    An event that was posted before is not posted again. The caller holds the lock that orders a
    contract's messages (its contract rows, or intake's receipt counter). Without it, two callers
    that post the same event at once would violate the table's constraint.
    """
    new: dict[UUID, Row] = {}
    for row in messages:
        new.setdefault(row.event_id, row)
    if not new:
        return {}
    known, ids = await conn.fetchrow(
        """
        SELECT ARRAY(SELECT event_id FROM outbox WHERE event_id = ANY($1)),
            ARRAY(SELECT nextval('outbox_id_seq') FROM generate_series(1, cardinality($1)))
        """,
        list(new),
    ) or ((), ())
    for event_id in known:
        del new[event_id]
    posted = dict(zip(ids, new.values(), strict=False))  # surplus ids are never used
    rows = ((number, *row) for number, row in posted.items())
    await conn.copy_records_to_table("outbox", columns=_COLUMNS, records=rows)
    await conn.execute("INSERT INTO outbox_unsent (id) SELECT unnest($1::bigint[])", list(posted))
    return posted


_BEGIN_RELAYING: Final = """
    SELECT pg_try_advisory_xact_lock(hashtext('outbox-' || $1)),
        set_config('synchronous_commit', 'off', true)
"""
_COLUMNS: Final = ("id", *Row._fields)


async def drop_older(conn: sql.Connection, topic: str, key: str, event_id: UUID) -> None:
    """Drops what a compacted topic needs no more: the messages of a key that were sent, but for
    `event_id`, the newest."""
    await conn.execute(
        """
        DELETE FROM outbox AS o
        WHERE topic = $1 AND key = $2 AND event_id <> $3
            AND NOT EXISTS (SELECT FROM outbox_unsent AS u WHERE u.id = o.id)
        """,
        topic,
        key,
        event_id,
    )


async def republish(conn: sql.Connection, topic: str) -> int:
    """Marks every message of a topic as unsent, after the broker lost them. Returns how many."""
    done: str = await conn.execute(
        """
        INSERT INTO outbox_unsent (id) SELECT id FROM outbox WHERE topic = $1
        ON CONFLICT DO NOTHING
        """,
        topic,
    )
    return int(done.rpartition(" ")[2])


async def relay_once(
    service: str, pool: sql.Pool, producer: AIOKafkaProducer, posted: Posted
) -> int:
    """Sends the first unsent messages, in order. Returns how many: 0 if there are none, or another
    relay is at work.

    One transaction covers it all. Its lock keeps other relays out, and the server's time-out ends
    it if this process freezes. The commit does not wait for the disk: if it is lost in a crash, the
    messages are sent once more.
    """
    async with pool.acquire() as conn, conn.transaction():
        is_mine, _ = await conn.fetchrow(_BEGIN_RELAYING, service) or (False, None)
        if not is_mine:
            return 0
        unsent = await conn.fetch("SELECT id FROM outbox_unsent ORDER BY id LIMIT $1", BATCH_MAX)
        ids = [number for (number,) in unsent]
        if not ids:
            return 0
        messages = posted.pop(ids)
        if len(fitting := await _fitting(conn, ids, messages)) < len(ids):
            ids = fitting
            posted.set()  # the others follow at once
        messages |= await _read(conn, [number for number in ids if number not in messages])
        async with asyncio.timeout(DELIVERY_SECONDS_MAX):
            await _send(service, producer, [messages[number] for number in ids])
        failpoints.hit("after_send_before_mark")
        await conn.execute("DELETE FROM outbox_unsent WHERE id = ANY($1)", ids)
    for topic, sent in Counter(messages[number].topic for number in ids).items():
        metrics.SENT.labels(topic).inc(sent)
    return len(ids)


async def _fitting(conn: sql.Connection, ids: list[int], kept: Mapping[int, Row]) -> list[int]:
    """The first of these messages, as many as have `BATCH_BYTES_MAX` together; at least one."""
    lengths = {number: len(row.body) for number, row in kept.items()}
    if missing := [number for number in ids if number not in kept]:
        query = "SELECT id, octet_length(body) FROM outbox WHERE id = ANY($1)"
        lengths |= {row["id"]: row["octet_length"] for row in await conn.fetch(query, missing)}
    total = itertools.accumulate(lengths[number] for number in ids)
    count = sum(1 for length in total if length <= BATCH_BYTES_MAX)
    return ids[: max(count, 1)]


async def _read(conn: sql.Connection, ids: list[int]) -> dict[int, Row]:
    """The messages from the table."""
    if not ids:
        return {}
    rows = await conn.fetch(
        """
        SELECT id, topic, partition, key, event_id, type, occurred_at, body
        FROM outbox WHERE id = ANY($1)
        """,
        ids,
    )
    return {number: Row(*row) for number, *row in rows}


async def _send(service: str, producer: AIOKafkaProducer, rows: Sequence[Row]) -> None:
    """Delivers messages, in order within each partition: each batch is sent after the one before it
    has arrived. Otherwise a batch that the broker refuses could be overtaken by the next."""
    batches: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
    counts = {topic: len(await producer.partitions_for(topic)) for topic in {r.topic for r in rows}}
    for row in rows:
        topic, chosen, key, body = row.topic, row.partition, row.key, row.body
        partition = _partition(key, counts[topic]) if chosen is None else chosen
        message = {
            "timestamp": None,
            "key": key.encode(),
            "value": body,
            "headers": headers(service, row),
        }
        waiting = batches[topic, partition]
        appended = waiting[-1].append(**message) if waiting else None
        if appended is None:  # there is no batch yet, or the last one is full
            waiting.append(producer.create_batch())
            waiting[-1].append(**message)  # the first message always fits, whatever its size
    async with asyncio.TaskGroup() as deliveries:
        for (topic, partition), waiting in batches.items():
            deliveries.create_task(_deliver(producer, waiting, topic, partition))


async def _deliver(
    producer: AIOKafkaProducer, batches: list[Any], topic: str, partition: int
) -> None:
    for batch in batches:
        await (await producer.send_batch(batch, topic, partition=partition))


@functools.lru_cache(maxsize=10_000)
def _partition(key: str, count: int) -> int:
    """The partition that any Kafka producer chooses for this key."""
    chosen: int = DefaultPartitioner()(key.encode(), range(count), ())
    return chosen


def headers(service: str, row: Row) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary mode."""
    return [
        ("ce_id", events.spelt(row.event_id)),
        ("ce_time", events.utc(row.occurred_at).encode()),
        ("ce_subject", row.key.encode()),
        *_kind(service, row.type),
    ]


@functools.cache
def _kind(service: str, type_: str) -> tuple[tuple[str, bytes], ...]:
    """The headers that all messages of one service and type share."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_type", type_.encode()),
        ("ce_source", topics.source(service)),
        ("content-type", b"application/json"),
    )


async def relay(
    service: str,
    pool: sql.Pool,
    make_producer: Callable[[], Awaitable[AIOKafkaProducer]],
    posted: Posted,
) -> None:
    """Relays for ever. After a failure it tries again, with growing, jittered pauses."""
    producer: AIOKafkaProducer | None = None
    failures = 0
    try:
        while True:
            try:
                producer = producer or await make_producer()
                posted.clear()
                if await relay_once(service, pool, producer, posted) < BATCH_MAX:  # none are left
                    await _until_posted(service, pool, posted)
                failures = 0
            except Exception as error:
                failures += 1
                pause = tasks.pause_seconds(failures, BACKOFF_SECONDS_MAX)
                _log.warning("The relay restarts.", error=repr(error), pause_seconds=pause)
                await _drop(producer)
                producer = None
                await asyncio.sleep(pause)
    finally:
        await _drop(producer)


async def _drop(producer: AIOKafkaProducer | None) -> None:
    """Stops a producer, which may hang while the broker is down."""
    if producer is not None:
        with suppress(Exception):
            async with asyncio.timeout(2):
                await producer.stop()


async def _until_posted(service: str, pool: sql.Pool, posted: Posted) -> None:
    """Returns when a message was posted here, or one of another process is found. Idling costs one
    query in `IDLE_SECONDS`."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await posted.wait()
        except TimeoutError:
            if not await _measure(service, pool):
                continue
        return


async def _measure(service: str, pool: sql.Pool) -> int:
    """How many messages are unsent; sets the metrics too."""
    unsent, age_seconds = await pool.fetchrow(
        """
        SELECT count(*), coalesce(extract(epoch FROM now() - min(since)), 0) FROM outbox_unsent
        """
    ) or (0, 0)
    metrics.OUTBOX_UNSENT.labels(service).set(unsent)
    metrics.OUTBOX_AGE_SECONDS.labels(service).set(float(age_seconds))
    return int(unsent)
