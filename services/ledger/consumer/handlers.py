"""What the ledger does with what it reads: append it, in batches, to the one log.

Promises: every event is one leaf, once, behind the lock on the head (two writers take turns);
every offset is a leaf, a parked record, a listed repeat or a passed day (ledger.md, Completeness
2); the leaves of a contract are numbered and chained (3). One transaction a batch.

Refuses: events that are none of the log's (parked), and a log that became shorter than it was:
that is a restored database, and appending to it would fork what was published.
"""

from __future__ import annotations

import asyncio
import collections
import os
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge

from services.ledger import store
from services.ledger.domain.entries import facts, index_row, leaves, payloads, recording
from services.ledger.domain.log import tree
from shared import sql
from shared.delivery import kafka, topics, transaction
from shared.delivery.messages import Message, Record, read_event
from shared.wire import events, ids

READS: Final = kafka.Subscription(
    "makegood-ledger",
    [topics.RETURNS.name, topics.OUTCOMES.name, topics.ALERTS.name, topics.PARKED.name],
)
BYTES_IN_LOOP_MAX: Final = 2_000_000
"""Events of more than this take longer than the event loop can spare: 50 ms at 25 µs for each kB.
A full batch of returns is below it, and a thread would only take turns with the loop."""

_RECORDED: Final = frozenset(facts.RECORDED)
"""Asked of each message: a set knows a type sooner than `isinstance` knows ten."""

ENTRIES: Final = Counter("makegood_entries_total", "Entries appended, by type of event.", ["type"])
LOG_SIZE: Final = Gauge("makegood_log_size", "Entries in the log.")


class ShrunkError(Exception):
    """The log is shorter than it was."""


class Recorder:
    """Appends batches. `stop` is told why when it refuses to go on; the caller then hands it no
    more."""

    def __init__(self, delivery: transaction.Delivery, stop: Callable[[str, str], None]) -> None:
        self._delivery, self._stop = delivery, stop
        self._size_reached = 0

    async def take(self, records: Sequence[Record]) -> None:
        """Appends what `records` bring. One transaction."""
        try:
            made = await self._record(records)
        except ShrunkError as error:
            self._stop("log_shrunk", str(error))
            return
        for kind, count in collections.Counter(entry.leaf.type for entry in made).items():
            ENTRIES.labels(kind).inc(count)
        LOG_SIZE.set(self._size_reached)

    async def _record(self, records: Sequence[Record]) -> list[recording.Entry]:
        async with transaction.unit(self._delivery, records) as work:
            arriving, days = _sort(work)
            head = await store.log.lock_head(work.conn)
            if head.size < self._size_reached:
                raise ShrunkError(f"it had {self._size_reached} entries and has {head.size}")
            tips = await store.log.get_tips(
                work.conn, {_contract(each) for each in arriving} - {""}
            )
            made, moved = await _make(arriving, tips)
            edge, completed = tree.append(head.edge, [entry.leaf_hash for entry in made])
            if made:
                rows = [index_row.of(message.event) for message in arriving]
                await store.log.append(work.conn, head.size, made, rows)
                await store.log.move_tips(work.conn, moved)
                await store.log.move_head(work.conn, edge, completed)
                work.send(topics.ENTRIES, _recorded(head.size, made))
            if work.repeats:
                await store.log.add_repeats(work.conn, work.repeats)
            if days:
                await store.log.add_days(work.conn, days)
        self._size_reached = edge.size
        return made


def read(record: Record) -> tuple[events.AnyEvent, UUID | None]:
    """An event, and its id where it becomes an entry: days may come twice and what is none of the
    log's is parked, so neither claims an id. Raises mail.UnreadableError."""
    event, event_id = read_event(record)
    return event, event_id if type(event) in _RECORDED else None


async def seen(conn: sql.Connection, messages: Sequence[Message]) -> dict[UUID, transaction.IsOf]:
    """Which of these events are entries, and what tells their bytes from others (`mail.Seen`).

    The head is locked first: what another writer appends meanwhile is seen too.
    """
    await store.log.lock_head(conn)
    taken = await store.log.get_seen(conn, {message.event.event_id for message in messages})
    return {event_id: entry.is_of for event_id, entry in taken.items()}


def _sort(work: transaction.Unit) -> tuple[list[Message], list[Message]]:
    """What becomes entries, and the days; what is neither is parked."""
    arriving: list[Message] = []
    days: list[Message] = []
    for message in work.messages:
        if type(message.event) in _RECORDED:
            arriving.append(message)
        elif isinstance(message.event, events.DayEnded):
            days.append(message)
        else:
            work.park(message, "not_recorded_here")
    return arriving, days


def _contract(message: Message) -> str:
    """Its contract, or nothing."""
    return getattr(message.event, "contract_id", None) or ""


async def _make(
    arriving: Sequence[Message], tips: dict[str, recording.Tip]
) -> tuple[list[recording.Entry], dict[str, recording.Tip]]:
    """The entries of these messages, each under fresh secrets."""
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


def _recorded(size: int, made: Sequence[recording.Entry]) -> events.EntriesRecorded:
    """Which events became which entries; small, since a batch is."""
    newest = made[-1].leaf
    return events.EntriesRecorded(
        event_id=ids.derived("entries", newest.event_id),
        authority_id=events.INSTALLATION,
        occurred_at=newest.occurred_at,
        size=size + len(made),
        entries=tuple(
            events.Entry(event_id=entry.event_id, index=index)
            for index, entry in enumerate(made, size)
        ),
    )
