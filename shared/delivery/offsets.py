"""Where reading goes on: our own offsets, checked against the broker before the first record.

Promises: no partition is read before the database, the cluster's id and the log's beginning and
end agree; a mismatch is an alarm with words, never a silent jump. The record before the next offset
is read again where it still exists, so that the fence (`mail`) can compare its digest.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition

from shared import sql
from shared.delivery import transaction


class LostError(Exception):
    """Broker and database disagree on what was consumed. The message says what and where."""


async def assign(
    pool: sql.Pool,
    cluster_id: str,
    beginnings: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> dict[TopicPartition, int]:
    """The offset to seek for each partition. Raises LostError.

    A topic never read before starts a first incarnation at offset 0: what was deleted before we
    came is missing too, and said so.
    """
    async with pool.acquire() as conn, conn.transaction():
        await _begin(conn, cluster_id, beginnings)
        rows = await conn.fetch(
            """
            SELECT o.topic, o.partition, o.next_offset, o.last_digest, i.cluster_id
            FROM consumer_offset AS o JOIN topic_incarnation AS i USING (topic)
            """
        )
    known = {TopicPartition(r["topic"], r["partition"]): r for r in rows}
    seeks = {}
    for partition, beginning in beginnings.items():
        row = known[partition]
        next_offset: int = row["next_offset"]
        place = f"{partition.topic}[{partition.partition}]"
        if row["cluster_id"] != cluster_id:
            raise LostError(
                f"{place} was read on cluster {row['cluster_id']}, this is {cluster_id}"
            )
        if next_offset > ends[partition]:
            raise LostError(
                f"{place} ends at {ends[partition]}, but offset {next_offset - 1} was taken from it"
            )
        if next_offset < beginning:
            raise LostError(
                f"{place} begins at {beginning}: offsets from {next_offset} on expired unread"
            )
        reads_again = row["last_digest"] is not None and next_offset > beginning
        seeks[partition] = next_offset - 1 if reads_again else next_offset
    return seeks


async def _begin(
    conn: sql.Connection, cluster_id: str, partitions: Mapping[TopicPartition, int]
) -> None:
    ordered = sorted(partitions)
    await conn.execute(
        """
        INSERT INTO topic_incarnation (topic, cluster_id)
        SELECT DISTINCT topic, $2 FROM unnest($1::text[]) AS t (topic) ORDER BY topic
        ON CONFLICT DO NOTHING
        """,
        [p.topic for p in ordered],
        cluster_id,
    )
    await conn.execute(
        """
        INSERT INTO consumer_offset (topic, partition, next_offset)
        SELECT topic, partition, 0 FROM unnest($1::text[], $2::integer[]) AS p (topic, partition)
        ON CONFLICT DO NOTHING
        """,
        [p.topic for p in ordered],
        [p.partition for p in ordered],
    )


async def skip_hole(pool: sql.Pool, hole: transaction.Hole, has_expired: bool) -> None:
    """Records a hole that was found twice, and goes on behind it."""
    async with pool.acquire() as conn, conn.transaction():
        moved = await conn.fetchval(
            """
            UPDATE consumer_offset SET next_offset = $4, last_digest = NULL
            WHERE topic = $1 AND partition = $2 AND next_offset = $3
            RETURNING (SELECT incarnation FROM topic_incarnation AS i WHERE i.topic = $1)
            """,
            hole.topic,
            hole.partition,
            hole.next_offset,
            hole.found_offset,
        )
        if moved is not None:
            await conn.execute(
                """
                INSERT INTO consumer_hole
                    (topic, incarnation, partition, first_offset, next_offset, has_expired)
                VALUES ($1, $2, $3, $4, $5, $6)
                """,
                hole.topic,
                moved,
                hole.partition,
                hole.next_offset,
                hole.found_offset,
                has_expired,
            )


async def accept_loss(pool: sql.Pool, topic: str, cluster_id: str) -> int:
    """The operator's word that `topic` begins a new life: from offset 0, as the next incarnation.

    What is published again there is passed over by its event ids. Returns the new incarnation.
    Raises ValueError for a topic that was never read.
    """
    async with pool.acquire() as conn, conn.transaction():
        incarnation: int | None = await conn.fetchval(
            """
            UPDATE topic_incarnation SET incarnation = incarnation + 1, cluster_id = $2
            WHERE topic = $1 RETURNING incarnation
            """,
            topic,
            cluster_id,
        )
        if incarnation is None:
            raise ValueError(f"{topic} was never read here")
        await conn.execute(
            "UPDATE consumer_offset SET next_offset = 0, last_digest = NULL WHERE topic = $1",
            topic,
        )
    return incarnation
