"""Whether a topic has lost records, and the operator's word that it is so.

Promises: `accept` starts a topic anew only if the broker has lost something of what the service has
read, or has still to read: another cluster, an end or a beginning that cannot be, or another record
where the last one was read. To accept a loss that is none would read everything again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import sql
from shared.delivery import kafka, offsets
from shared.settings import Settings

READ_SECONDS_MAX: Final = 10.0
"""Longest wait for the records that were read last. One that no longer comes has been compacted."""


class NothingLostError(Exception):
    """There is no loss to accept. The text says why, and what to do."""


class RunningError(Exception):
    """The service runs. The text says what to do."""


async def accept(pool: sql.Pool, settings: Settings, service: str, topic: str) -> int:
    """Starts a topic anew that has lost records. Returns the new incarnation. Raises
    NothingLostError, and RunningError."""
    rows = await pool.fetch(
        """
        SELECT o.topic, o.partition, o.next_offset, o.last_digest, i.cluster_id
        FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
        WHERE o.topic = $1 ORDER BY o.partition
        """,
        topic,
    )
    if not rows:
        read = await pool.fetch("SELECT topic FROM topic_incarnation ORDER BY topic")
        known = ", ".join(row["topic"] for row in read) or "none"
        raise NothingLostError(f"{topic} was never read here. Topics that were: {known}.")
    if await _is_running(pool, service):
        raise RunningError(
            f"{service} is running, and would go on from its offsets. Stop it first."
        )
    admin = await kafka.start_admin(settings)
    try:
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
        if topic not in await admin.list_topics():
            raise NothingLostError(f"The broker has no topic {topic}. Create the topics first.")
    finally:
        await admin.close()
    if await _find_loss(settings, rows, cluster_id) is None:
        raise NothingLostError(
            f"Nothing is lost: the broker has all of {topic} that was read, and what follows."
        )
    return await offsets.accept_loss(pool, topic, cluster_id)


async def _is_running(pool: sql.Pool, service: str) -> bool:
    """Whether the service runs now: it has connections to this database, besides our own."""
    async with pool.acquire() as conn:
        return bool(
            await conn.fetchval(
                """
                SELECT EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE application_name = $1 AND datname = current_database()
                        AND pid <> pg_backend_pid()
                )
                """,
                f"makegood-{service}",
            )
        )


async def _find_loss(settings: Settings, rows: Sequence[sql.Record], cluster_id: str) -> str | None:
    """What was lost of the partitions of these rows, in words."""
    partitions = {TopicPartition(row["topic"], row["partition"]): row for row in rows}
    reader = await kafka.start_reader(settings)
    try:
        beginnings = await reader.beginning_offsets(list(partitions))
        ends = await reader.end_offsets(list(partitions))
        last = {}
        for partition, row in partitions.items():
            beginning = beginnings[partition]
            if lost := offsets.find_loss(row, cluster_id, beginning, ends[partition]):
                return lost
            if row["last_digest"] is not None and row["next_offset"] > beginning:
                last[partition] = row
        return await _find_changed(reader, last)
    finally:
        await reader.stop()


async def _find_changed(
    reader: AIOKafkaConsumer, last: Mapping[TopicPartition, sql.Record]
) -> str | None:
    """The first partition whose last record is not the one that was read, in words."""
    if not last:
        return None
    reader.assign(list(last))
    for partition, row in last.items():
        reader.seek(partition, row["next_offset"] - 1)
    left = set(last)
    try:
        async with asyncio.timeout(READ_SECONDS_MAX):
            while left:
                for partition, records in (await reader.getmany(timeout_ms=200)).items():
                    first, row = records[0], last[partition]
                    digest = hashlib.sha256(first.value or b"").digest()
                    is_first = partition in left and first.offset == row["next_offset"] - 1
                    if is_first and digest != row["last_digest"]:
                        return f"{partition.topic}[{partition.partition}] has another last record"
                    left.discard(partition)
    except TimeoutError:
        return None
    return None
