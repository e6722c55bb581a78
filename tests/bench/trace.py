"""When something became an entry: the log's size over time, read from the ledger's database.

Promises: one cheap query every few milliseconds while an arm is timed, fewer when a rate is
measured. The entries themselves are read afterwards. Times are when a commit was seen: late by up
to one pause, never early.
"""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from . import ground

POLL_SECONDS = 0.005
RATE_POLL_SECONDS = 0.025
"""For rates over many seconds. Frequent queries would slow what is measured."""
WAIT_S_MAX = 240.0
SERVICES = ("intake", "verification", "ledger")
SIZE = "SELECT size FROM ledger.head"
PROCESSED = """
    SELECT coalesce(sum(next_offset), 0)::bigint FROM verification.consumer_offset
    WHERE topic = 'makegood.returns.v1'
"""
"""How many records of the returns topic verification has processed."""

RECEIPTS = "SELECT coalesce(max(receipt_no), 0) FROM intake.desk"
_UNSENT = " + ".join(f"(SELECT count(*) FROM {service}.outbox_unsent)" for service in SERVICES)
_OFFSETS = " UNION ALL ".join(
    f"SELECT topic, partition, next_offset FROM {service}.consumer_offset" for service in SERVICES
)


class Trace:
    """The sizes of the log, and when each was first seen."""

    def __init__(self, connection: asyncpg.Connection[Any], size: int, poll_seconds: float) -> None:
        self._connection = connection
        self._poll_seconds = poll_seconds
        self._sizes = [size]
        self._times = [ground.now()]
        self._next = size
        self._checked: dict[str, int] = {}

    async def follow(self) -> None:
        """Follows the log until the task is cancelled."""
        while True:
            size = await self._connection.fetchval(SIZE)
            if size != self._sizes[-1]:
                self._sizes.append(size)
                self._times.append(ground.now())
            await asyncio.sleep(self._poll_seconds)

    async def until_grown(self, entries: int) -> None:
        """Waits until the log has `entries` more entries than at the start."""
        async with asyncio.timeout(WAIT_S_MAX):
            while self._sizes[-1] < self._sizes[0] + entries:
                await asyncio.sleep(self._poll_seconds)

    async def until_checked(self, dsn: str, returns: int) -> dict[str, float]:
        """Waits until so many returns have a ReturnChecked entry. Returns when each was
        committed."""
        await self.until_grown(2 * returns)
        connection = await asyncpg.connect(dsn)
        try:
            async with asyncio.timeout(WAIT_S_MAX):
                while await self._read(connection) < returns:
                    await asyncio.sleep(0.1)
        finally:
            await connection.close()
        return {return_id: self._time(index) for return_id, index in self._checked.items()}

    @property
    def began(self) -> float:
        """When the first growth was seen."""
        return self._times[1]

    async def _read(self, connection: asyncpg.Connection[Any]) -> int:
        upto = self._sizes[-1]
        rows = await connection.fetch(
            "SELECT idx, leaf FROM ledger.entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
            self._next,
            upto,
        )
        for row in rows:
            leaf = json.loads(row["leaf"])
            if leaf["type"] == "ReturnChecked":
                self._checked[leaf["facts"]["return_id"]] = row["idx"]
        self._next = upto
        return len(self._checked)

    def _time(self, index: int) -> float:
        return self._times[bisect.bisect_right(self._sizes, index)]


@contextlib.asynccontextmanager
async def following(dsn: str, poll_seconds: float = POLL_SECONDS) -> AsyncIterator[Trace]:
    """Follows the log while the block runs."""
    connection = await asyncpg.connect(dsn)
    trace = Trace(connection, await connection.fetchval(SIZE), poll_seconds)
    task = asyncio.create_task(trace.follow())
    try:
        yield trace
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await connection.close()


async def until_quiet(here: ground.Ground) -> None:
    """Waits until all messages were sent, and every consumer has read its topics to the end."""
    connection = await asyncpg.connect(here.dsn)
    consumer = AIOKafkaConsumer(bootstrap_servers=here.bootstrap)
    await consumer.start()
    try:
        async with asyncio.timeout(WAIT_S_MAX):
            while not await _is_quiet(connection, consumer):
                await asyncio.sleep(0.1)
    finally:
        await consumer.stop()
        await connection.close()


async def _is_quiet(connection: asyncpg.Connection[Any], consumer: AIOKafkaConsumer) -> bool:
    rows = await connection.fetch(_OFFSETS)
    read = [(TopicPartition(row["topic"], row["partition"]), row["next_offset"]) for row in rows]
    unsent = await connection.fetchval(f"SELECT {_UNSENT}")
    ends = await consumer.end_offsets({partition for partition, _ in read})
    return not unsent and all(ends[partition] == offset for partition, offset in read)


async def size(dsn: str) -> int:
    """The number of entries in the log."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(SIZE))
    finally:
        await connection.close()


async def until_moves(dsn: str, query: str) -> float:
    """Waits until the query's result grows. Returns when that was first seen."""
    connection = await asyncpg.connect(dsn)
    try:
        before = await connection.fetchval(query)
        async with asyncio.timeout(WAIT_S_MAX):
            while await connection.fetchval(query) <= before:
                await asyncio.sleep(POLL_SECONDS)
        return ground.now()
    finally:
        await connection.close()
