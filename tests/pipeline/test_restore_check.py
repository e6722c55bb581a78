"""The restore check, on a real broker and database."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from shared.delivery import kafka, outbox, restore_check, topics
from tests.support.delivery_builders import refusal
from tests.support.delivery_service import BareService


class TestRestoreCheck:
    async def test_knows_a_topic_whose_messages_have_expired(self, service: BareService) -> None:
        """Nothing is left to compare with, until there is a newer record."""
        producer = await kafka.start_producer(service.settings)
        await service.post(*(refusal("C1", number) for number in range(1, 10)))
        await outbox.relay_once("intake", service.pool, producer, service.delivery.posted)
        partition = TopicPartition(topics.RETURNS.name, outbox._partition("C1", 12))
        admin = await kafka.start_admin(service.settings)
        await admin.delete_records({partition: RecordsToDelete(before_offset=9)})
        await admin.close()
        await restore_check.compare(service.settings, "intake", service.pool)
        await producer.send_and_wait(topics.RETURNS.name, b"{}", partition=partition.partition)
        await producer.stop()
        with pytest.raises(restore_check.BehindError):
            await restore_check.compare(service.settings, "intake", service.pool)
