"""The look at what was sent, on a real broker and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from deploy.local.servers import both as local_servers
from shared.delivery import kafka, outbox, restore_check, topics
from tests.support import delivery_service
from tests.support.delivery_builders import refusal
from tests.support.delivery_service import Slice


@pytest.fixture
async def bare(own_servers: local_servers.Servers, tmp_path: Path) -> AsyncIterator[Slice]:
    async with delivery_service.at_work(own_servers, tmp_path) as made:
        yield made


class TestTail:
    async def test_knows_a_topic_whose_messages_have_expired(self, bare: Slice) -> None:
        """Nothing of ours is left there to be compared with; what comes after it is."""
        producer = await kafka.start_producer(bare.settings)
        await bare.post(*(refusal("C1", number) for number in range(1, 10)))
        await outbox.relay_once("intake", bare.pool, producer, bare.delivery.posted)
        partition = TopicPartition(topics.RETURNS.name, outbox._partition("C1", 12))
        admin = await kafka.start_admin(bare.settings)
        await admin.delete_records({partition: RecordsToDelete(before_offset=9)})
        await admin.close()
        await restore_check.compare(bare.settings, "intake", bare.pool)
        await producer.send_and_wait(topics.RETURNS.name, b"{}", partition=partition.partition)
        await producer.stop()
        with pytest.raises(restore_check.BehindError):
            await restore_check.compare(bare.settings, "intake", bare.pool)
