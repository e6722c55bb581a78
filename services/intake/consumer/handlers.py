"""What reaches intake by Kafka: returns on inbound topics, and what the other services say.

Promises: an inbound record is a submission like one by HTTP, whatever its bytes: taken, taken again
or refused with a ReturnRefused; whose it is, the exact name of its topic says. All in the one
transaction of `mail.unit`. Records of our own topics are applied, for reading and for display.

Refuses (parks): records of an inbound topic that no party has; and bytes that are no JSON object,
beside refusing them: their sender is told, and what came can be looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.intake import metrics, store
from services.intake.acceptance import desk
from services.intake.domain import admission, line_status
from shared.delivery import kafka, topics, transaction
from shared.delivery.messages import Message, Record, read_event
from shared.wire.events import ContractPublished, EntriesRecorded

GROUP: Final = "makegood-intake"
_OURS: Final = (topics.CONTRACTS.name, topics.OUTCOMES.name, topics.ENTRIES.name)
SUBSCRIPTION: Final = kafka.Subscription(
    GROUP,
    pattern="^(?:"
    + "|".join([*(name.replace(".", r"\.") for name in _OURS), topics.INBOUND_PATTERN.strip("^$")])
    + ")$",
    pause_seconds=0.1,  # what has become of a return may be read a little later
)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A submission that no one has looked at yet."""

    body: bytes
    key: str | None


def read(record: Record) -> tuple[Any, UUID | None]:
    """Our own events as everywhere; of an inbound record nothing is believed but its bytes."""
    if not record.topic.startswith(topics.INBOUND_PREFIX):
        return read_event(record)
    given = dict(record.headers).get("idempotency-key")
    return Inbound(record.value or b"", desk.key(given)), None


def router(
    delivery: transaction.Delivery, at: desk.Desk
) -> Callable[[Sequence[Record]], Awaitable[None]]:
    """The handler of a batch."""

    async def on_records(records: Sequence[Record]) -> None:
        async with transaction.unit(delivery, records) as work:
            await store.projections.apply_contracts(work.conn, _newest_contracts(work.messages))
            await store.projections.apply_line_statuses(
                work.conn, line_status.latest(message.event for message in work.messages)
            )
            await store.projections.apply_entries(work.conn, _entries(work.messages))
            decisions = await _take_inbound(work, at)
        for decision in decisions:
            metrics.count(decision)

    return on_records


async def _take_inbound(work: transaction.Unit, at: desk.Desk) -> list[admission.Decision]:
    inbound = [message for message in work.messages if isinstance(message.event, Inbound)]
    owners = await store.parties.load_inbound_topics(
        work.conn, {message.topic for message in inbound}
    )
    posts = []
    for message in inbound:
        owner = owners.get(message.topic)
        if owner is None:
            work.park(message, "unknown_inbound_topic")
        else:
            sender = desk.Sender(*owner, "kafka")
            post = await desk.read(message.event.body, message.event.key, sender)
            if post.reading.is_unreadable:  # refused like any other, and its bytes are kept
                work.park(message, "unreadable_return")
            posts.append(post)
    if not posts:
        return []
    taken = await at.take(work.conn, posts)
    for event in taken.messages:
        work.send(topics.RETURNS, event)
    return taken.decisions


def _newest_contracts(messages: Sequence[Message]) -> Collection[store.rows.ContractRow]:
    newest: dict[str, store.rows.ContractRow] = {}
    for message in messages:
        event = message.event
        if isinstance(event, ContractPublished):
            known = newest.get(event.contract_id)
            if known is None or known.version < event.version:
                newest[event.contract_id] = store.rows.contract_row(event, message.body)
    return newest.values()


def _entries(messages: Sequence[Message]) -> list[Any]:
    return [
        entry
        for message in messages
        if isinstance(message.event, EntriesRecorded)
        for entry in message.event.entries
    ]
