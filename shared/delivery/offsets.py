"""Our own offsets, checked against the broker before the first record of a partition is read.

Promises: a partition is read only if the database agrees with the cluster's id and with the
partition's first and last offset. A mismatch is an error that says what is wrong; no offset is ever
skipped silently. The record before the next offset is read again if it still exists, so that the
fence (`transaction`) can compare its digest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from aiokafka import TopicPartition

from shared import sql
from shared.delivery import marks, transaction


class LostError(Exception):
    """Broker and database disagree on what was read. The text says what and where."""


async def assign(
    pool: sql.Pool,
    cluster_id: str,
    beginnings: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
    late: Collection[str] = (),
) -> dict[TopicPartition, int]:
    """The offset at which to start reading each newly assigned partition. Raises LostError.

    A topic that was never read before starts with its first incarnation, at offset 0. So records
    that were deleted before we first read it count as lost too; but for those that are `late`,
    which start with what is there.
    """
    async with pool.acquire() as conn, conn.transaction():
        await _add_new(conn, cluster_id, beginnings, late)
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
        if lost := find_loss(row, cluster_id, beginning, ends[partition]):
            raise LostError(lost)
        next_offset: int = row["next_offset"]
        reads_again = row["last_digest"] is not None and next_offset > beginning
        seeks[partition] = next_offset - 1 if reads_again else next_offset
    return seeks


def find_loss(row: sql.Record, cluster_id: str, beginning: int, end: int) -> str | None:
    """What the broker has lost of a partition, by its cluster and its first and last offset. None
    if it has all that the database still needs. `row` has topic, partition, next_offset, and the
    cluster_id on which it was read."""
    next_offset: int = row["next_offset"]
    place = f"{row['topic']}[{row['partition']}]"
    if row["cluster_id"] != cluster_id:
        return f"{place} was read on cluster {row['cluster_id']}, this is {cluster_id}"
    if next_offset > end:
        return f"{place} ends at {end}, but offset {next_offset - 1} was read from it"
    if next_offset < beginning:
        return (
            f"{place} begins at {beginning}: the records from offset {next_offset} on expired "
            "before they were read"
        )
    return None


async def _add_new(
    conn: sql.Connection,
    cluster_id: str,
    partitions: Mapping[TopicPartition, int],
    late: Collection[str],
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
        SELECT topic, partition, next_offset
        FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS p (topic, partition, next_offset)
        ON CONFLICT DO NOTHING
        """,
        [p.topic for p in ordered],
        [p.partition for p in ordered],
        [partitions[p] if p.topic in late else 0 for p in ordered],
    )


async def skip_hole(
    pool: sql.Pool, hole: transaction.Hole, parking_key: bytes, *, has_expired: bool
) -> None:
    """Records a hole that was found twice, and moves the next offset to its end."""
    async with pool.acquire() as conn, conn.transaction():
        incarnation = await conn.fetchval(
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
        if incarnation is not None:
            await conn.execute(
                """
                INSERT INTO consumer_hole
                    (topic, incarnation, partition, first_offset, next_offset, has_expired, mark)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                hole.topic,
                incarnation,
                hole.partition,
                hole.next_offset,
                hole.found_offset,
                has_expired,
                marks.make(
                    parking_key,
                    *("hole", hole.topic, incarnation, hole.partition),
                    *(hole.next_offset, hole.found_offset),
                ),
            )


async def accept_loss(pool: sql.Pool, topic: str, cluster_id: str) -> int:
    """Starts `topic` anew for an operator who accepts that its records were lost: the next
    incarnation, from offset 0.

    Events that are published again are recognised by their ids. Returns the new incarnation. Raises
    ValueError for a topic that was never read.
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
