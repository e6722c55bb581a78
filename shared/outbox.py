"""Letters out: posted in the transaction that causes them, relayed to Kafka when it has committed.

Promises: what was posted is published at least once, and in the order of posting for each key, by
one relay at a time. The relay reads *unsent* rows by id (never `id > last`: a smaller id may commit
later), sends them in order with an idempotent producer (acks=all), and takes them off the list when
the broker has acknowledged them all. On any failure it drops the producer and starts again at the
first unsent row, so that nothing overtakes. Rows stay in the outbox for republishing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import TypeAlias

from aiokafka import AIOKafkaProducer

from shared import events, failpoints, log, metrics, sql, topics

Post: TypeAlias = tuple[topics.Topic, events.Event, int | None]
"""Topic, event, and the partition where the key does not choose it."""

BATCH_MAX = 1000
"""Letters in one round of the relay: bounds its memory and the time it holds the lock."""
IDLE_SECONDS = 1.0
"""How often the relay looks without being woken: letters posted by another process."""
BACKOFF_SECONDS_MAX = 5.0
DELIVERY_SECONDS_MAX = 8.0
"""Below the server's transaction time-out, which would otherwise close the connection first."""

_log = log.get(__name__)


async def post(conn: sql.Connection, letters: Iterable[Post]) -> None:
    """Puts letters into the outbox of the caller's transaction, in their order.

    A letter whose id was posted before is not posted again. The caller holds the lock that orders
    a contract's letters (its contract rows, or intake's receipt counter).
    """
    rows = [(topic, partition, event, events.write(event)) for topic, event, partition in letters]
    if not rows:
        return
    assert all(len(row[3]) <= topics.BODY_BYTES_MAX for row in rows), "a letter must always fit"
    await conn.execute(
        """
        WITH posted AS (
            INSERT INTO outbox (topic, partition, key, event_id, type, occurred_at, body)
            SELECT topic, partition, key, event_id, type, occurred_at, body
            FROM unnest($1::text[], $2::integer[], $3::text[], $4::uuid[], $5::text[],
                        $6::timestamptz[], $7::bytea[]) WITH ORDINALITY
                AS l (topic, partition, key, event_id, type, occurred_at, body, place)
            ORDER BY place
            ON CONFLICT (event_id) DO NOTHING
            RETURNING id
        )
        INSERT INTO outbox_unsent (id) SELECT id FROM posted
        """,
        [topic.name for topic, *_ in rows],
        [partition for _, partition, *_ in rows],
        [events.subject(event) for _, _, event, _ in rows],
        [event.event_id for _, _, event, _ in rows],
        [type(event).__name__ for _, _, event, _ in rows],
        [event.occurred_at for _, _, event, _ in rows],
        [body for *_, body in rows],
    )


async def republish(conn: sql.Connection, topic: str) -> int:
    """Puts every letter of a topic on the list again, after the broker lost it; how many."""
    done: str = await conn.execute(
        """
        INSERT INTO outbox_unsent (id) SELECT id FROM outbox WHERE topic = $1
        ON CONFLICT DO NOTHING
        """,
        topic,
    )
    return int(done.rpartition(" ")[2])


async def relay_once(house: str, pool: sql.Pool, producer: AIOKafkaProducer) -> int:
    """Sends the first unsent letters, in order; how many. 0 when none wait or another relay works.

    One transaction from reading to taking off the list; its row lock makes the relay single, and
    the server's time-out ends it for a process that stands still.
    """
    async with pool.acquire() as conn, conn.transaction():
        if not await conn.fetchval(
            "SELECT pg_try_advisory_xact_lock(hashtext('outbox-' || $1))", house
        ):
            return 0
        rows = await conn.fetch(
            """
            SELECT o.id, o.topic, o.partition, o.key, o.event_id, o.type, o.occurred_at, o.body
            FROM outbox_unsent AS u JOIN outbox AS o USING (id)
            ORDER BY u.id LIMIT $1
            """,
            BATCH_MAX,
        )
        if not rows:
            return 0
        async with asyncio.timeout(DELIVERY_SECONDS_MAX):
            deliveries = []
            for row in rows:
                deliveries.append(
                    await producer.send(
                        row["topic"],
                        value=row["body"],
                        key=row["key"].encode(),
                        partition=row["partition"],
                        headers=_headers(house, row),
                    )
                )
            await asyncio.gather(*deliveries)
        failpoints.hit("after_send_before_mark")
        await conn.execute(
            "DELETE FROM outbox_unsent WHERE id = ANY($1)", [row["id"] for row in rows]
        )
    for row in rows:
        metrics.SENT.labels(row["topic"]).inc()
    return len(rows)


def _headers(house: str, row: sql.Record) -> list[tuple[str, bytes]]:
    """CloudEvents 1.0, binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(row["event_id"]).encode()),
        ("ce_type", row["type"].encode()),
        ("ce_source", f"/makegood/{house}".encode()),
        ("ce_time", events.utc(row["occurred_at"]).encode()),
        ("ce_subject", row["key"].encode()),
        ("content-type", b"application/json"),
    ]


async def relay(
    house: str,
    pool: sql.Pool,
    make_producer: Callable[[], Awaitable[AIOKafkaProducer]],
    posted: asyncio.Event,
) -> None:
    """Relays for ever; a broken broker or database is tried again with growing, jittered pauses."""
    producer: AIOKafkaProducer | None = None
    failures = 0
    try:
        while True:
            try:
                producer = producer or await make_producer()
                posted.clear()
                if not await relay_once(house, pool, producer):
                    await _until_posted(house, pool, posted)
                failures = 0
            except Exception as error:
                failures += 1
                pause = min(BACKOFF_SECONDS_MAX, 0.05 * 2**failures) * random.uniform(0.5, 1)  # noqa: S311  jitter
                _log.warning("The relay starts again.", error=repr(error), pause_seconds=pause)
                await _drop(producer)
                producer = None
                await asyncio.sleep(pause)
    finally:
        await _drop(producer)


async def _drop(producer: AIOKafkaProducer | None) -> None:
    """Stops a producer that may hang while the broker is down."""
    if producer is not None:
        with suppress(Exception):
            async with asyncio.timeout(2):
                await producer.stop()


async def _until_posted(house: str, pool: sql.Pool, posted: asyncio.Event) -> None:
    """Until we are told of a letter, or find that one waits. One query is all that idling takes."""
    while True:
        try:
            await asyncio.wait_for(posted.wait(), IDLE_SECONDS)
        except TimeoutError:
            if not await _measure(house, pool):
                continue
        return


async def _measure(house: str, pool: sql.Pool) -> int:
    """How many letters wait, for the metrics too."""
    unsent, age_seconds = await pool.fetchrow(
        """
        SELECT count(*), coalesce(extract(epoch FROM now() - min(o.posted_at)), 0)
        FROM outbox_unsent AS u JOIN outbox AS o USING (id)
        """
    ) or (0, 0)
    metrics.OUTBOX_UNSENT.labels(house).set(unsent)
    metrics.OUTBOX_AGE_SECONDS.labels(house).set(float(age_seconds))
    return int(unsent)
