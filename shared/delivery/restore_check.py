"""Finds out whether the database was restored from an older copy, before anything is read or sent.

Promises: the newest record of every partition that only this service writes must be a message of
its own outbox. A record that is not was posted by a database that has since been replaced by an
older copy. To go on would give the same receipt numbers and ids to different things.
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
    """A topic holds a message of this service that is not in its outbox."""


async def run(settings: Settings, delivery: transaction.Delivery) -> None:
    """Compares database and broker, and sets or clears the delivery's alarm. Raises BehindError.
    Consumer and relay start together and share one comparison."""
    if delivery.checking is None or delivery.checking.done():
        delivery.checking = asyncio.create_task(_set_alarm(settings, delivery))
        delivery.checking.add_done_callback(_fetch)
    await asyncio.shield(delivery.checking)


def _fetch(check: asyncio.Task[None]) -> None:
    """Fetches the error, if any: when everyone who waited has been cancelled, nobody else does, and
    asyncio would log it."""
    if not check.cancelled():
        check.exception()


async def _set_alarm(settings: Settings, delivery: transaction.Delivery) -> None:
    try:
        await compare(settings, delivery.service, delivery.pool)
    except BehindError as error:
        if delivery.alarm is None:
            metrics.ALARMS.labels(ALARM).inc()
            _log.error(
                "The database was restored from an older copy; nothing is read or sent.",
                alarm=ALARM,
                why=str(error),
                runbook=f"{ALARM}.md",
            )
        delivery.alarm = f"{ALARM}: {error}"
        raise
    delivery.alarm = None


async def compare(settings: Settings, service: str, pool: sql.Pool) -> None:
    """Raises BehindError if the database is older than what was sent from it."""
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
            f"{min(unknown)}, which this database never posted: it was restored from an older copy"
        )


async def _newest(
    consumer: AIOKafkaConsumer, written: list[topics.Topic]
) -> list[ConsumerRecord[bytes, bytes]]:
    partitions = [TopicPartition(t.name, n) for t in written for n in range(t.partitions)]
    ends = await consumer.end_offsets(partitions)
    begins = await consumer.beginning_offsets(partitions)
    filled = [each for each in partitions if begins[each] < ends[each]]  # the others hold nothing
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
    """The record's event id. The nil UUID, which is in no outbox, if none of ours wrote it."""
    try:
        return UUID(dict(record.headers)["ce_id"].decode())
    except (KeyError, ValueError):
        return UUID(int=0)
