"""What reaches intake by Kafka: returns on inbound topics, and what the other houses say.

Promises: an inbound record is a submission like one by HTTP, whatever its bytes: taken, taken again
or refused with a ReturnRefused; whose it is, the exact name of its topic says. All in the one
transaction of `mail.unit`. Records of our own topics are applied, for reading and for display.

Refuses (parks): records of an inbound topic that no party has; and bytes that are no JSON object,
beside refusing them: their sender is told, and what came can be looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.intake import metrics, store
from services.intake.acceptance import desk
from services.intake.domain import admission, line_status
from shared.delivery import kafka, messages, topics, transaction
from shared.wire.events import ContractPublished, EntriesRecorded

GROUP: Final = "makegood-intake"
_OURS = (topics.CONTRACTS.name, topics.OUTCOMES.name, topics.ENTRIES.name)
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


def read(record: messages.Record) -> tuple[Any, UUID | None]:
    """Our own events as everywhere; of an inbound record nothing is believed but its bytes."""
    if not record.topic.startswith(topics.INBOUND_PREFIX):
        return messages.read_event(record)
    given = dict(record.headers).get("idempotency-key")
    return Inbound(record.value or b"", desk.key(given)), None


def router(
    room: transaction.Mailroom, at: desk.Desk
) -> Callable[[Sequence[messages.Record]], Awaitable[None]]:
    """The handler of a batch."""

    async def on_records(records: Sequence[messages.Record]) -> None:
        async with transaction.unit(room, records) as work:
            await store.desk.apply_contracts(work.conn, _newest_contracts(work.letters))
            await store.desk.apply_statuses(
                work.conn, line_status.last(letter.event for letter in work.letters)
            )
            await store.desk.apply_entries(work.conn, _entries(work.letters))
            decisions = await _take_inbound(work, at)
        for decision in decisions:
            metrics.count(decision)

    return on_records


async def _take_inbound(work: transaction.Unit, at: desk.Desk) -> list[admission.Decision]:
    inbound = [letter for letter in work.letters if isinstance(letter.event, Inbound)]
    owners = await store.desk.inbound_topics(work.conn, {letter.topic for letter in inbound})
    posts = []
    for letter in inbound:
        owner = owners.get(letter.topic)
        if owner is None:
            work.park(letter, "unknown_inbound_topic")
        else:
            sender = desk.Sender(*owner, "kafka")
            post = await desk.read(letter.event.body, letter.event.key, sender)
            if post.reading.is_unreadable:  # refused like any other, and its bytes are kept
                work.park(letter, "unreadable_return")
            posts.append(post)
    if not posts:
        return []
    taken = await at.take(work.conn, posts)
    for event in taken.letters:
        work.send(topics.RETURNS, event)
    return taken.decisions


def _newest_contracts(letters: Sequence[messages.Message]) -> dict[str, tuple[int, bytes]]:
    newest: dict[str, tuple[int, bytes]] = {}
    for letter in letters:
        event = letter.event
        if isinstance(event, ContractPublished):
            known = newest.get(event.contract_id)
            if known is None or known[0] < event.version:
                newest[event.contract_id] = event.version, letter.body
    return newest


def _entries(letters: Sequence[messages.Message]) -> list[Any]:
    return [
        entry
        for letter in letters
        if isinstance(letter.event, EntriesRecorded)
        for entry in letter.event.entries
    ]
