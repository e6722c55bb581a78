"""How a consumer handles failed runs and failed batches, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from shared.delivery import consumer, kafka, transaction
from shared.delivery.messages import Record

UNUSED = cast(Any, None)
SUBSCRIPTION = kafka.Subscription("g", ["t"])


class Reader:
    """What the consumer needs of Kafka's client."""

    def __init__(self) -> None:
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", 0), TopicPartition("t", 1)}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = offset

    def pause(self, *_: TopicPartition) -> None:
        pass

    resume = pause


def record(partition: int, offset: int, value: bytes = b"{}") -> Record:
    return ConsumerRecord(
        topic="t",
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=2,
        headers=(),
    )


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is waited. The fiftieth ends the test."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 50:
            raise asyncio.CancelledError

    monkeypatch.setattr("shared.delivery.consumer.asyncio.sleep", sleep)
    return waited


class TestARun:
    async def test_that_fails_after_a_long_time_is_soon_followed(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """Pauses grow from failure to failure, and are short again after a steady run."""
        reader = consumer.Consumer(UNUSED, UNUSED, SUBSCRIPTION, UNUSED)
        now = 0.0

        async def run_once() -> None:
            nonlocal now
            now += 3600 if len(pauses) == 20 else 0.1
            raise OSError("gone")

        monkeypatch.setattr(reader, "_run_once", run_once)
        monkeypatch.setattr("shared.delivery.consumer.time.monotonic", lambda: now)
        with pytest.raises(asyncio.CancelledError):
            await reader.run()
        assert pauses[0] <= 0.1
        assert pauses[19] >= consumer.PAUSE_SECONDS_MAX / 2
        assert pauses[20] <= 0.1


class TestABatch:
    async def test_that_cannot_be_parked_yet_is_parked_later(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """The database goes away before a record that failed is parked."""
        tries: list[str] = []

        async def handle(_: object) -> None:
            raise ValueError("a record that no rule foresaw")

        async def park(_: object, __: object, reason: str) -> None:
            tries.append(reason)
            if len(tries) < 3:
                raise ConnectionError

        monkeypatch.setattr(transaction, "park", park)
        delivery = transaction.Delivery("ledger", UNUSED, b"")
        reader = consumer.Consumer(UNUSED, delivery, SUBSCRIPTION, handle)
        await reader._on_records([record(0, 7)])
        assert ["handler_failed_ValueError"] * 3 == tries

    async def test_that_can_neither_be_processed_nor_parked_is_read_again(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """Each partition is read again from the batch's first record: nothing is skipped."""

        async def fail(*_: object) -> None:
            raise ValueError("something that no rule foresaw")

        monkeypatch.setattr(transaction, "park", fail)
        delivery = transaction.Delivery("ledger", UNUSED, b"")
        reader, client = consumer.Consumer(UNUSED, delivery, SUBSCRIPTION, fail), Reader()
        reader._kafka = cast(Any, client)
        await reader._on_records([record(0, 7), record(0, 8), record(1, 3)])
        assert {TopicPartition("t", 0): 7, TopicPartition("t", 1): 3} == client.sought

    async def test_is_bounded_by_its_bytes(self, pauses: list[float]) -> None:
        """Records are processed in order, as many together as fit; a large one alone."""
        seen: list[list[int]] = []

        async def handle(records: Sequence[Record]) -> None:
            seen.append([each.offset for each in records])

        half = b"x" * (consumer.BATCH_BYTES_MAX // 2)
        sizes = (half, half, half, 3 * half, b"{}", b"{}")
        delivery = transaction.Delivery("ledger", UNUSED, b"")
        reader = consumer.Consumer(UNUSED, delivery, SUBSCRIPTION, handle)
        await reader._on_records([record(0, n, value) for n, value in enumerate(sizes)])
        assert [[0, 1], [2], [3], [4, 5]] == seen

    async def test_that_touches_too_much_is_halved(self, pauses: list[float]) -> None:
        """Until it does not, or one record is left; nothing is parked."""
        seen: list[list[int]] = []

        async def handle(records: Sequence[Record]) -> None:
            if len(records) > 2:
                raise transaction.TooMuch
            seen.append([each.offset for each in records])

        delivery = transaction.Delivery("ledger", UNUSED, b"")
        reader = consumer.Consumer(UNUSED, delivery, SUBSCRIPTION, handle)
        await reader._on_records([record(0, n) for n in range(5)])
        assert [[0, 1], [2], [3, 4]] == seen

    async def test_is_not_processed_after_an_alarm(self, pauses: list[float]) -> None:
        """The records before it showed that broker and database disagree."""
        seen: list[int] = []

        async def handle(records: Sequence[Record]) -> None:
            seen.append(records[0].offset)
            raise transaction.Changed("t", 0, 0)

        large = b"x" * consumer.BATCH_BYTES_MAX
        delivery = transaction.Delivery("ledger", UNUSED, b"")
        reader = consumer.Consumer(UNUSED, delivery, SUBSCRIPTION, handle)
        await reader._on_records([record(0, 1, large), record(0, 2, large)])
        assert [1] == seen
        assert str(reader.alarm).startswith("record_changed")
