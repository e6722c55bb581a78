"""Builders for tests of delivery: the smallest event with a contract and a number of its own, and
the headers of any."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.delivery import topics
from shared.wire import events, ids

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def refusal(contract: str, number: int, size: int = 2) -> events.ReturnRefused:
    """An event. `number` distinguishes it from others of its contract; `size` is the length of its
    filling, in bytes."""
    return events.ReturnRefused(
        event_id=ids.derived(contract, number),
        authority_id="GB-LAE-KWL",
        occurred_at=AT,
        contract_id=contract,
        party_id="GB-COH-00000001",
        route="http",
        rules=(*["x" * 97] * (size // 100), "x" * max(1, size % 100)),  # 100 bytes each, quoted
        faults=number,
    )


def headers(event: events.Event) -> tuple[tuple[str, bytes], ...]:
    """What tells who wrote an event, as the service's relay does."""
    home = next(topic for topic in topics.ALL if type(event) in topic.holds)
    writer = topics.writer(home, event)
    assert writer is not None
    return (
        ("ce_id", events.spelt(event.event_id)),
        ("ce_type", event.type.encode()),
        ("ce_source", topics.source(writer)),
    )
