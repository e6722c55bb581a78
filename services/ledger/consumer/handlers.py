"""Appends what the ledger reads, in batches, to the one log.

Promises: each event becomes one leaf, once. The lock on the head lets two writers append in turn.
Every offset is a leaf, a parked record, a listed repeat or a day that ended (docs/ledger.md,
Completeness 2). The leaves of a contract are numbered and chained (docs/ledger.md, Completeness 3).
One transaction for a batch.

Refuses: to append to a log that is shorter than it was: its database was restored, and appending
would fork what was published. An event about a registered contract in another authority's name, or
from the future, is parked. What things are called is kept beside the log, to be shown (`names`).
"""

from __future__ import annotations

import asyncio
import collections
import os
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from services.ledger import metrics, store
from services.ledger.consumer import names
from services.ledger.domain.entries import facts, index_row, leaves, payloads, recording
from services.ledger.domain.entries.chains import Authorities, Tip
from services.ledger.domain.log import tree
from shared import clock, sql
from shared.delivery import belief, consumer, kafka, parking, topics, transaction
from shared.delivery.messages import Message, Record, read_event
from shared.wire import events, ids

SUBSCRIPTION: Final = kafka.Subscription(
    "makegood-ledger",
    [
        *(topics.RETURNS.name, topics.OUTCOMES.name, topics.ALERTS.name, topics.PARKED.name),
        *(topics.CONTRACTS.name, topics.PEOPLE.name),  # for display (`offsets.FOR_DISPLAY`)
    ],
)
BYTES_IN_LOOP_MAX: Final = 2_000_000
"""Recording more bytes than this takes longer than the event loop can spare: 50 ms at 25 µs a kB.
A full batch of returns has fewer, and a thread would only compete with the loop for it."""

_RECORDED: Final = frozenset(facts.RECORDED)
"""A set, for it is asked for each message: `isinstance` over ten types is slower."""


class ShrunkError(Exception):
    """The log is shorter than it was."""


class Recorder:
    """Appends batches. If it refuses to append, it tells `stop` why, and gets no more batches."""

    def __init__(
        self,
        delivery: transaction.Delivery,
        stop: Callable[[str, str], None],
        now: clock.Clock | None,
    ) -> None:
        """`now`: None in the demo, where an operator of intake moves the clock."""
        self._delivery, self._stop, self._now = delivery, stop, now
        self._size_reached = 0

    async def handle(self, records: Sequence[Record]) -> None:
        """Appends the events of `records`, in one transaction."""
        try:
            made = await self._append(records)
        except ShrunkError as error:
            self._stop("log_shrunk", str(error))
            return
        for kind, count in collections.Counter(entry.leaf.type for entry in made).items():
            metrics.ENTRIES.labels(kind).inc(count)
        metrics.LOG_SIZE.set(self._size_reached)

    async def _append(self, records: Sequence[Record]) -> list[recording.Entry]:
        async with transaction.unit(self._delivery, records) as unit:
            if self._now is not None:
                belief.keep_time(unit, self._now)
            await names.keep(unit)
            arriving, days = _sort(unit)
            head = await store.log.lock_head(unit.conn)
            if head.size < self._size_reached:
                raise ShrunkError(f"it had {self._size_reached} entries and has {head.size}")
            tips = await store.log.load_tips(
                unit.conn, {_contract(each) for each in arriving} - {""}
            )
            foreign = _foreign(arriving, tips)
            if foreign:
                belief.set_aside(unit, foreign, parking.AUTHORITY_DIFFERS)
                arriving, days = _sort(unit)
            made, moved = await _make(arriving, tips)
            edge, completed = tree.append(head.edge, [entry.leaf_hash for entry in made])
            if made:
                rows = [index_row.of(message.event) for message in arriving]
                await store.log.append(unit.conn, head.size, made, rows)
                await store.log.move_tips(unit.conn, moved)
                await store.log.move_head(unit.conn, edge, completed)
                unit.send(topics.ENTRIES, _entries_recorded(head.size, made))
            if unit.repeats:
                await store.log.add_repeats(unit.conn, unit.repeats, self._delivery.parking_key)
            if days:
                await store.log.add_days(unit.conn, days, self._delivery.parking_key)
        self._size_reached = edge.size
        return made


def handler(
    delivery: transaction.Delivery, stop: Callable[[str, str], None], now: clock.Clock | None
) -> consumer.Handle:
    """Handles batches of `SUBSCRIPTION`'s topics."""
    return Recorder(delivery, stop, now).handle


def read(record: Record) -> tuple[events.AnyEvent, UUID | None]:
    """An event, and its id if it becomes an entry. A day claims no id, for it may come twice; nor
    does what is only displayed. Raises messages.UnreadableError."""
    event, event_id = read_event(record)
    return event, event_id if type(event) in _RECORDED else None


async def seen(conn: sql.Connection, messages: Sequence[Message]) -> dict[UUID, transaction.IsOf]:
    """Which of these events are entries already, and how to recognise the bytes of each
    (`transaction.Seen`).

    The head is locked first, so that what another writer appends meanwhile is found too.
    """
    await store.log.lock_head(conn)
    found = await store.log.load_seen(conn, {message.event.event_id for message in messages})
    return {event_id: entry.is_of for event_id, entry in found.items()}


def _sort(unit: transaction.Unit) -> tuple[list[Message], list[Message]]:
    """The messages that become entries, and the days: nothing else belongs on these topics."""
    arriving: list[Message] = []
    days: list[Message] = []
    for message in unit.messages:
        (days if isinstance(message.event, events.DayEnded) else arriving).append(message)
    return arriving, days


def _foreign(arriving: Sequence[Message], tips: dict[str, Tip]) -> list[Message]:
    """What speaks for another authority than its contract's."""
    authorities = Authorities(tips)
    return [each for each in arriving if authorities.differ(each.event)]


def _contract(message: Message) -> str:
    """Its contract; empty if it has none."""
    return getattr(message.event, "contract_id", None) or ""


async def _make(
    arriving: Sequence[Message], tips: dict[str, Tip]
) -> tuple[list[recording.Entry], dict[str, Tip]]:
    """The entries of these messages, each sealed with fresh secrets, and the tips that they
    move."""
    length = payloads.SECRETS_BYTES
    random = os.urandom(length * len(arriving))
    secrets = [payloads.cut(random[n : n + length]) for n in range(0, len(random), length)]
    arrivals = [
        recording.Arrival(
            message.event,
            message.body,
            leaves.Source(message.topic, message.incarnation, message.partition, message.offset),
        )
        for message in arriving
    ]
    if sum(len(arrival.body) for arrival in arrivals) > BYTES_IN_LOOP_MAX:
        return await asyncio.to_thread(recording.record, arrivals, tips, secrets)
    return recording.record(arrivals, tips, secrets)


def _entries_recorded(size: int, made: Sequence[recording.Entry]) -> events.EntriesRecorded:
    """Tells which event became which entry."""
    newest = made[-1].leaf
    return events.EntriesRecorded(
        event_id=ids.derived("entries", newest.event_id),
        authority_id=events.INSTALLATION,
        occurred_at=newest.occurred_at,
        size=size + len(made),
        entries=tuple(
            events.Entry(event_id=entry.event_id, index=index, type=entry.leaf.type)
            for index, entry in enumerate(made, size)
        ),
    )
