"""What arrives by Kafka: returns on the parties' inbound topics, and what the other services say.

Promises: an inbound record is a submission like one by HTTP, whatever its bytes are. It is
accepted, recognised as sent before, or refused with a ReturnRefused, and its party is answered on a
topic of its own. The party is the one that the exact name of the inbound topic belongs to. Events
of other services are stored, to be used or shown later; of some of them suppliers' people are told
(`telling`). There is one transaction for a batch.

Refuses (parks): a contract in another authority's name than it is known in; records on an inbound
topic that belongs to no party; and bytes that are no JSON object. Those are refused as well, so
that their sender learns of it and what came can be examined.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.intake import metrics, store
from services.intake.acceptance import desk
from services.intake.consumer import telling
from services.intake.domain import admission, answers, line_status
from services.intake.domain.faults import Fault
from shared import books, log, sql
from shared import metrics as shared_metrics
from shared.delivery import consumer, kafka, parking, topics, transaction
from shared.delivery.messages import Message, Record, read_event
from shared.wire.events import (
    ContractPublished,
    EntriesRecorded,
    Entry,
    RecordParked,
    RecordTakenUp,
)

_log = log.get(__name__)

_OURS: Final = (
    topics.CONTRACTS.name,
    topics.OUTCOMES.name,
    topics.ALERTS.name,
    topics.ENTRIES.name,
    topics.PARKED.name,
)
FETCH_BYTES_MAX: Final = 64 * 1024
RECORDS_MAX: Final = 200
"""Less at once than elsewhere: thousands of alerts may come while a return of 5,000 lines is being
taken, and both together must fit into the service's memory."""
SUBSCRIPTION: Final = kafka.Subscription(
    "makegood-intake",
    pattern="^(?:"
    + "|".join([*(name.replace(".", r"\.") for name in _OURS), topics.INBOUND_PATTERN.strip("^$")])
    + ")$",
    late=frozenset({topics.ALERTS.name}),
    fetch_bytes_max=FETCH_BYTES_MAX,
    records_max=RECORDS_MAX,
    pause_seconds=0.1,  # the status of a line may be read a little later
)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A submission that has not been read yet."""

    body: bytes
    key: str | Fault | None


def read(record: Record) -> tuple[Any, UUID | None]:
    """Our own events are read as in every service. Of an inbound record only its bytes and its
    Idempotency-Key are kept."""
    if not record.topic.startswith(topics.INBOUND_PREFIX):
        return read_event(record)
    headers = [value for name, value in record.headers if name == desk.KEY_HEADER and value]
    return Inbound(record.value or b"", desk.read_key(headers)), None


def handler(
    delivery: transaction.Delivery, intake_desk: desk.Desk, digest_hour: int
) -> consumer.Handle:
    """Handles batches of `SUBSCRIPTION`'s topics. `digest_hour`: when digests go out, in London."""

    async def handle(records: Sequence[Record]) -> None:
        async with transaction.unit(delivery, records) as unit:
            await _apply_events(unit)
            await telling.tell(unit, telling.Clock(intake_desk.now(), digest_hour))
            decisions = await _decide_inbound(unit, intake_desk)
        for decision in decisions:
            metrics.count(decision)

    return handle


async def _apply_events(unit: transaction.Unit) -> None:
    """Stores what the other services say."""
    messages = unit.messages
    await store.projections.apply_contracts(unit.conn, await _last_contracts(unit))
    await store.projections.apply_line_statuses(
        unit.conn, line_status.latest(message.event for message in messages)
    )
    odd = await store.projections.apply_entries(unit.conn, _entries(messages))
    for contested in odd.contested:
        what = f"entry {contested.index} is said to be event {contested.event_id}, and was another"
        await _raise_alarm(unit.conn, "entry_contested", "The log was taken back.", [what])
    if odd.unknown:
        whats = [
            f"entry {each.index} is {each.type} {each.event_id}, which intake never wrote"
            for each in odd.unknown
        ]
        await _raise_alarm(unit.conn, "entry_unknown", "The log has events of others.", whats)
    parked = [m.event for m in messages if isinstance(m.event, RecordParked | RecordTakenUp)]
    await store.projections.apply_parked(unit.conn, parked)


async def _raise_alarm(conn: sql.Connection, alarm: str, words: str, whats: Sequence[str]) -> None:
    """The log holds what cannot be true: an alarm for all of it, and `/health` says so."""
    shared_metrics.ALARMS.labels(alarm).inc(len(whats))
    _log.error(words, why=whats[0], count=len(whats), runbook=f"{alarm}.md")
    await books.keep(conn, whats)


async def _decide_inbound(
    unit: transaction.Unit, intake_desk: desk.Desk
) -> list[admission.Decision]:
    """Decides inbound submissions, as one group."""
    inbound = [message for message in unit.messages if isinstance(message.event, Inbound)]
    owners = await store.parties.load_inbound_topics(unit.conn, {m.topic for m in inbound})
    posts, known, is_answered = [], [], []
    for message in inbound:
        owner = owners.get(message.topic)
        if owner is None:
            unit.park(message, "unknown_inbound_topic")
        else:
            sender = desk.Sender(owner.party_id, owner.authority_id, "kafka")
            posts.append(await desk.read(message.event.body, message.event.key, sender))
            is_answered.append(owner.has_replies)
            known.append(message)
    if not posts:
        return []
    decided = await intake_desk.decide(unit.conn, posts)
    for event in decided.events:
        unit.send(topics.RETURNS, event)
    told = {event.event_id for event in decided.events}
    decisions = zip(known, posts, decided.decisions, is_answered, strict=True)
    for message, post, decision, has_replies in decisions:
        if isinstance(decision, admission.Refused):
            unit.refuse(message)
        if post.reading.is_unreadable:  # refused and told like any other, and its bytes are kept
            unit.park(message, "unreadable_return", is_told=post.return_id in told)
        if has_replies:
            place = answers.Place(message.topic, message.incarnation, message.offset)
            reply = answers.answer(decision, place, decided.at)
            unit.send(topics.replies_to(reply.party_id), reply)
    return decided.decisions


async def _last_contracts(unit: transaction.Unit) -> Collection[store.rows.ContractRow]:
    """Each contract as the batch says it last: the topic has one writer and an order, so a wrong
    version, however high, stands only until the contract is published again. A record that was
    parked comes late: it says nothing about a contract that is known in a later version. One of
    another authority than the known contract's is parked: a contract never changes hands."""
    published = [m for m in unit.messages if isinstance(m.event, ContractPublished)]
    known = await store.projections.load_known(unit.conn, {m.event.contract_id for m in published})
    last: dict[str, store.rows.ContractRow] = {}
    for message in published:
        event = message.event
        before = known.get(event.contract_id)
        if before is not None and before.authority_id != event.authority_id:
            unit.park(message, parking.AUTHORITY_DIFFERS)
            continue
        is_late = message.event_id in unit.waiting
        if before is not None and is_late and event.version < before.version:
            continue
        known[event.contract_id] = store.projections.Known(event.authority_id, event.version)
        last[event.contract_id] = store.rows.contract_row(event, message.body)
    return last.values()


def _entries(messages: Sequence[Message]) -> list[Entry]:
    return [
        entry
        for message in messages
        if isinstance(message.event, EntriesRecorded)
        for entry in message.event.entries
    ]
