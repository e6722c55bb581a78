"""The look at what was sent, on a real broker and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.local import servers as local_servers
from shared import kafka, outbox, tail, topics
from tests import delivery_house
from tests.delivery_builders import refusal
from tests.delivery_house import Slice


@pytest.fixture
async def bare(own_servers: local_servers.Servers, tmp_path: Path) -> AsyncIterator[Slice]:
    async with delivery_house.at_work(own_servers, tmp_path) as made:
        yield made


class TestTail:
    async def test_knows_a_topic_whose_letters_have_expired(self, bare: Slice) -> None:
        """Nothing of ours is left there to be compared with; what comes after it is."""
        producer = await kafka.start_producer(bare.settings)
        await bare.post(*(refusal("C1", number) for number in range(1, 10)))
        await outbox.relay_once("intake", bare.pool, producer, bare.room.posted)
        partition = TopicPartition(topics.RETURNS.name, outbox._partition("C1", 12))
        admin = await kafka.start_admin(bare.settings)
        await admin.delete_records({partition: RecordsToDelete(before_offset=9)})
        await admin.close()
        await tail.check(bare.settings, "intake", bare.pool)
        await producer.send_and_wait(topics.RETURNS.name, b"{}", partition=partition.partition)
        await producer.stop()
        with pytest.raises(tail.BehindError):
            await tail.check(bare.settings, "intake", bare.pool)
