"""How a service's consumer answers what ends its runs and what befalls a batch, without a
broker."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from shared.delivery import consumer, kafka, transaction
from shared.delivery.messages import Record

NOWHERE = cast(Any, None)
WHAT = kafka.Subscription("g", ["t"])


class Reader:
    """What the consumer asks of Kafka's client in hand."""

    def __init__(self) -> None:
        self.sought: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition("t", 0), TopicPartition("t", 1)}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition] = offset

    def pause(self, *_: TopicPartition) -> None:
        pass

    resume = pause


def record(partition: int, offset: int) -> Record:
    return ConsumerRecord("t", partition, offset, 0, 0, None, b"{}", None, 0, 2, ())


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited, without waiting; the fiftieth ends the test."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 50:
            raise asyncio.CancelledError

    monkeypatch.setattr("shared.delivery.consumer.asyncio.sleep", sleep)
    return waited


class TestARun:
    async def test_that_ends_after_a_good_while_is_soon_followed(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """Pauses grow while nothing comes of it, and begin again with what ends a steady run."""
        taker = consumer.Consumer(NOWHERE, NOWHERE, WHAT, NOWHERE)
        now = 0.0

        async def run_once() -> None:
            nonlocal now
            now += 3600 if len(pauses) == 20 else 0.1
            raise OSError("gone")

        monkeypatch.setattr(taker, "_run_once", run_once)
        monkeypatch.setattr("shared.delivery.consumer.time.monotonic", lambda: now)
        with pytest.raises(asyncio.CancelledError):
            await taker.run()
        assert pauses[0] <= 0.1
        assert pauses[19] >= consumer.PAUSE_SECONDS_MAX / 2
        assert pauses[20] <= 0.1


class TestABatch:
    async def test_that_cannot_be_parked_yet_is_parked_later(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """A record that no rule foresaw, and the database goes away before it is put aside."""
        tries: list[str] = []

        async def handle(_: object) -> None:
            raise ValueError("a record that no rule foresaw")

        async def park(_: object, __: object, reason: str) -> None:
            tries.append(reason)
            if len(tries) < 3:
                raise ConnectionError

        monkeypatch.setattr(transaction, "park", park)
        taker = consumer.Consumer(
            NOWHERE, transaction.Delivery("ledger", NOWHERE, b""), WHAT, handle
        )
        await taker._on_records([record(0, 7)])
        assert ["handler_failed_ValueError"] * 3 == tries

    async def test_that_can_neither_be_taken_nor_parked_is_read_again(
        self, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """Of each partition from its first record in hand: nothing is jumped."""

        async def fail(*_: object) -> None:
            raise ValueError("something that no rule foresaw")

        monkeypatch.setattr(transaction, "park", fail)
        taker = consumer.Consumer(NOWHERE, transaction.Delivery("ledger", NOWHERE, b""), WHAT, fail)
        reader = Reader()
        taker._kafka = cast(Any, reader)
        await taker._on_records([record(0, 7), record(0, 8), record(1, 3)])
        assert {TopicPartition("t", 0): 7, TopicPartition("t", 1): 3} == reader.sought
