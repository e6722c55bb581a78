"""Is this database the one that wrote the topics? Asked before a relay sends anything.

Promises: the newest record of every partition that this service alone writes is a message of its
own outbox. One that is not was posted by a database that has since been replaced by an older copy:
sending on would give numbers and names a second time.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared import log, metrics, sql
from shared.delivery import kafka, topics, transaction
from shared.settings import Settings

READ_SECONDS_MAX: Final = 10.0
ALARM: Final = "database_behind_broker"

_log = log.get(__name__)


class BehindError(Exception):
    """A topic holds a message of ours that our outbox does not know."""


async def run(settings: Settings, delivery: transaction.Delivery) -> None:
    """Checks before anything is read or sent, and sets or lifts the delivery's alarm. Raises
    BehindError. Consumer and relay, which start together, share one look."""
    if delivery.checking is None or delivery.checking.done():
        delivery.checking = asyncio.create_task(_guard(settings, delivery))
        delivery.checking.add_done_callback(_fetch)
    await asyncio.shield(delivery.checking)


def _fetch(looked: asyncio.Task[None]) -> None:
    """Those who waited may all have gone: asyncio would report what nobody fetched."""
    if not looked.cancelled():
        looked.exception()


async def _guard(settings: Settings, delivery: transaction.Delivery) -> None:
    try:
        await compare(settings, delivery.service, delivery.pool)
    except BehindError as error:
        if delivery.alarm is None:
            metrics.ALARMS.labels(ALARM).inc()
            _log.error(
                "The database was restored from before; nothing is taken or sent.",
                alarm=ALARM,
                why=str(error),
                runbook=f"{ALARM}.md",
            )
        delivery.alarm = f"{ALARM}: {error}"
        raise
    delivery.alarm = None


async def compare(settings: Settings, service: str, pool: sql.Pool) -> None:
    """Raises BehindError where the database is older than what was sent from it."""
    written = [topic for topic in topics.ALL if topic.written_by == service]
    consumer = await kafka.start_reader(settings)
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            newest = await _newest(consumer, written)
    finally:
        await consumer.stop()
    ids = {_event_id(record): record for record in newest}
    known = await pool.fetch("SELECT event_id FROM outbox WHERE event_id = ANY($1)", list(ids))
    unknown = ids.keys() - {row["event_id"] for row in known}
    if unknown:
        record = ids[min(unknown)]
        raise BehindError(
            f"{record.topic}[{record.partition}] offset {record.offset} holds event "
            f"{min(unknown)}, which this database never posted: it was restored from before"
        )


async def _newest(
    consumer: AIOKafkaConsumer, written: list[topics.Topic]
) -> list[ConsumerRecord[bytes, bytes]]:
    partitions = [TopicPartition(t.name, n) for t in written for n in range(t.partitions)]
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    filled = [each for each in partitions if begins[each] < ends[each]]  # the others: expired
    if not filled:
        return []
    consumer.assign(filled)
    for partition in filled:
        consumer.seek(partition, ends[partition] - 1)
    newest: dict[TopicPartition, ConsumerRecord[bytes, bytes]] = {}
    while len(newest) < len(filled):
        for partition, records in (await consumer.getmany(timeout_ms=200)).items():
            newest[partition] = records[-1]
    return list(newest.values())


def _event_id(record: ConsumerRecord[bytes, bytes]) -> UUID:
    """Its id, or the nil UUID, which no outbox knows, for a record that none of ours wrote."""
    try:
        return UUID(dict(record.headers)["ce_id"].decode())
    except (KeyError, ValueError):
        return UUID(int=0)
