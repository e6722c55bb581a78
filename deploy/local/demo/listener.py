"""Listens to the system's topics from outside. The demo waits for what it hears.

Promises: every event of the public topics, from their beginning, in the order of each partition. A
listener belongs to no consumer group and commits nothing, so it disturbs nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.delivery import tasks, topics
from shared.wire import events

HEARD: Final = (topics.RETURNS, topics.OUTCOMES, topics.ALERTS, topics.PARKED)
POLL_MS: Final = 200


class NotSeenError(Exception):
    """Something that was waited for did not happen in time."""


class Listener:
    """Collects the events that it hears in `events`."""

    def __init__(self) -> None:
        self.events: list[events.Event] = []
        self.unreadable = 0
        self._more = asyncio.Condition()

    async def until(self, fact: Callable[[], bool], what: str, seconds_max: float) -> None:
        """Waits until `fact` holds. Raises NotSeenError, which names `what` was expected."""
        try:
            async with asyncio.timeout(seconds_max), self._more:
                await self._more.wait_for(fact)
        except TimeoutError:
            raise NotSeenError(f"{what} was not seen within {seconds_max:.0f} s") from None

    def answers(self, party_id: str) -> list[events.ReturnReceived | events.ReturnRefused]:
        """Intake's answers to a party, in order."""
        return [
            event
            for event in self.events
            if isinstance(event, events.ReturnReceived | events.ReturnRefused)
            and event.party_id == party_id
        ]

    def received(self) -> set[tuple[UUID, int]]:
        """The returns that intake accepted: their ids and receipt numbers."""
        return {
            (event.return_id, event.receipt_no)
            for event in self.events
            if isinstance(event, events.ReturnReceived)
        }

    def checked(self) -> set[tuple[UUID, int]]:
        """The returns and withdrawals that verification has decided on, in the same form."""
        return {
            (event.return_id, event.receipt_no)
            for event in self.events
            if isinstance(event, events.ReturnChecked)
        }

    async def hear(self, consumer: AIOKafkaConsumer) -> None:
        """Listens until the task is cancelled."""
        while True:
            found = await consumer.getmany(timeout_ms=POLL_MS)
            async with self._more:
                for records in found.values():
                    for record in records:
                        self._add(record.value)
                if found:
                    self._more.notify_all()

    def _add(self, body: bytes | None) -> None:
        try:
            self.events.append(events.read(body or b""))
        except ValueError:
            self.unreadable += 1


@contextlib.asynccontextmanager
async def listening(bootstrap: str) -> AsyncIterator[Listener]:
    """A listener that listens while the block runs."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=topics.MESSAGE_BYTES_MAX,
    )
    await consumer.start()
    partitions = [TopicPartition(t.name, n) for t in HEARD for n in range(t.partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    listener = Listener()
    hearing = asyncio.create_task(listener.hear(consumer))
    try:
        yield listener
    finally:
        await tasks.end(hearing)
        await consumer.stop()
