"""Replies: what a party is answered on its own topic about what it sent there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from services.intake.domain import receipts
from shared.delivery import topics
from tests.support import intake_builders as build
from tests.support import intake_service

INBOUND = intake_service.INBOUND


@pytest.fixture
async def service(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.listening(database) as made:
        yield made


class TestAReply:
    """On the party's own topic, to each record of its inbound topic."""

    topic = topics.replies_to(build.PARTY).name

    async def test_carries_the_receipt_or_says_what_is_wrong(
        self, service: intake_service.IntakeService
    ) -> None:
        """Accepted; the same again; other bytes under the same key; what is no JSON. Each names
        offset and key, and the receipt can be checked alone."""
        body, key = build.written(build.a_return()), ("idempotency-key", b"k1")
        other = build.written(build.a_return(nil=True))
        records = [
            intake_service.record(INBOUND, 0, body, [key]),
            intake_service.record(INBOUND, 1, body),
            intake_service.record(INBOUND, 2, other, [key]),
            intake_service.record(INBOUND, 3, b"{"),
        ]
        await service.handle(records)
        found = await service.replies(self.topic)
        assert [("accepted", 0, "k1"), ("again", 1, None), ("refused", 2, "k1")] == [
            (each.result, each.offset, each.idempotency_key) for each in found[:3]
        ]
        first, again, reused, unreadable = found
        shown = msgspec.to_builtins(first.receipt)
        issued = receipts.verify(shown, intake_service.SIGNER.public_key)
        assert (1, build.CONTRACT) == (issued.receipt.receipt_no, issued.receipt.contract_id)
        assert first.receipt == again.receipt
        assert [intake_service.NOW.date()] * 4 == [each.occurred_at.date() for each in found]
        assert [("form", "Use a new key for a new submission.")] == [
            (fault.rule, fault.fix) for fault in reused.faults
        ]
        assert ["Send one JSON object in UTF-8."] == [fault.fix for fault in unreadable.faults]
        await service.handle(records)
        assert found == await service.replies(self.topic)

    async def test_repeats_nothing_of_what_was_sent_and_is_bounded(
        self, service: intake_service.IntakeService
    ) -> None:
        """Of 300 faults twenty, with place, rule, message and what to do, and how many more."""
        odd = {"line_id": "Jane", "Jane Smith": "Jane", "person": {"ref": "Jane"}, "unit": "Jane"}
        body = build.written(build.a_return(*[odd] * 60, Jane="Jane", period="Jane"))
        header = ("idempotency-key", "Jané".encode())
        await service.handle([intake_service.record(INBOUND, 0, body, [header])])
        (reply,) = await service.replies(self.topic)
        stored = await service.pool.fetchrow("SELECT details, faults, period FROM refusal")
        assert stored is not None
        for kept in (msgspec.json.encode(reply).decode(), stored["details"]):
            assert "Jan" not in kept
        assert 20 == len(reply.faults) == len(msgspec.json.decode(stored["details"]))
        assert stored["faults"] == 20 + reply.faults_more > 60
        assert None is stored["period"]
        assert all(each.message and each.fix for each in reply.faults)

    async def test_is_sent_only_if_there_is_a_topic_for_it(
        self, service: intake_service.IntakeService
    ) -> None:
        """An inbound topic that was made before replies were: a message to a topic that is not
        there would hold up all others."""
        await service.pool.execute("UPDATE inbound_topic SET has_replies = false")
        await service.handle([intake_service.record(INBOUND, 0, b"{}")])
        assert [] == await service.replies(self.topic)
