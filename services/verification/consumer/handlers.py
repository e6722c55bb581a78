"""What verification does with returns, days and reconsiderations: gather, decide, apply.

Promises: one transaction for a batch of records; contracts are locked first, by id, then claims, by
key; everything that a fold needs is loaded before the first, and written in bulk after the last.
Refuses: a message of a contract that is not known here or of another authority, of a party that
never was its supplier, of a revision that is not newer than the current one or follows no return
that came before, or from the future, is parked. Nothing follows from a ReturnRefused: it is there
for the ledger. What officers are called is kept to be shown, and takes part in no decision.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from services.verification import metrics, store
from services.verification.consumer.batch import Batch
from services.verification.domain import fold, ownerless, places, rating, state, world
from services.verification.domain.lines import Lines
from services.verification.domain.state import Needs, State
from services.verification.domain.world import World
from services.verification.notifier import raising
from shared import clock, officers, sql
from shared.delivery import belief, consumer, kafka, parking, topics, transaction
from shared.delivery.messages import Message, Record
from shared.settings import DIGEST_HOUR
from shared.wire import events

SUBSCRIPTION: Final = kafka.Subscription(
    "makegood-verification", [topics.RETURNS.name, topics.RECONSIDER.name, topics.PEOPLE.name]
)

LINES_BYTES_MAX: Final = 2_000_000
CLAIMS_MAX: Final = 5_000
"""What a batch about several returns or contracts may load. Lines and claims take four times the
memory that their rows do. One return may need more, and it cannot be halved."""

MESSAGES_PER_TURN: Final = 250
"""The event loop is left to heartbeats and the relay after so many: they take 10 to 20 ms."""

_NOTHING: Final = Needs()
_OF_A_RETURN: Final = (events.ReturnReceived, events.ReturnWithdrawn)
_FOLDED: Final = (events.ReturnReceived, events.ReturnWithdrawn, events.LineReconsidered)


async def seen(conn: sql.Connection, messages: Sequence[Message]) -> dict[UUID, transaction.IsOf]:
    """Which messages were seen before: the journal and the days tell (`transaction.Seen`)."""
    known = await store.batches.load_digests(conn, [message.event_id for message in messages])
    return {event_id: transaction.is_of(digest) for event_id, digest in known.items()}


def handler(
    delivery: transaction.Delivery, now: clock.Clock, digest_hour: int = DIGEST_HOUR
) -> consumer.Handle:
    """Handles batches of `SUBSCRIPTION`'s topics for `delivery`, which uses `seen`. `digest_hour`:
    when daily digests are sent."""

    async def handle(records: Sequence[Record]) -> None:
        async with transaction.unit(delivery, records) as unit:
            belief.keep_time(unit, now)
            await officers.keep(unit)
            if unit.waiting:
                await _pass_overtaken(unit)
            if not unit.messages:
                return
            needs = _Needs(unit.messages)
            batch = await _gather(unit, needs)
            await _decide(unit, needs, batch)
            unit.forget_events()
            await _apply(unit.conn, batch)
            await raising.tell(unit.conn, batch.alerts, now.now(), digest_hour)
            await raising.tell_unanswered(unit.conn, batch.days, now.now(), digest_hour)
        for outcome, count in batch.outcomes.items():
            metrics.RETURNS_CHECKED.labels(outcome).inc(count)

    return handle


async def _pass_overtaken(unit: transaction.Unit) -> None:
    """A return or withdrawal that waited while a later one of its month was folded has no effect
    any more: it is passed over, and known from then on."""
    for message in unit.messages:
        event = message.event
        if event.event_id not in unit.waiting or not isinstance(event, _OF_A_RETURN):
            continue
        if await store.batches.count_later(unit.conn, event):
            digest = hashlib.sha256(message.body).digest()
            await store.batches.add_overtaken(unit.conn, event.event_id, digest)
            unit.messages = tuple(each for each in unit.messages if each is not message)


class _Needs:
    """What a batch needs, filled in as it becomes known."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.of_messages: list[Needs] = []
        """Of each message, in order."""
        self.contract_ids = {
            message.event.contract_id for message in messages if isinstance(message.event, _FOLDED)
        }
        self.days = {
            message.event.partition: message.event.day
            for message in messages
            if isinstance(message.event, events.DayEnded)
        }
        self.returns: set[store.batches.ReturnId] = set()
        self.keys: set[str] = set()
        self.postcodes: set[tuple[str, str]] = set()
        self.superseded: set[tuple[UUID, str]] = set()
        """Returns that later ones name, each with its contract, that its state does not tell."""
        self.has_several = len({_subject(message.event) for message in messages}) > 1
        """Returns or contracts: only then do halves of the batch touch less than the whole."""

    def add(self, before: State, wanted: Needs) -> None:
        """What an event needs. A return that `before` knows not to be there has no lines."""
        for slot in wanted.slots:
            if state.slot_key(slot) in before.filed or not rating.is_kept(before, slot[0]):
                self.returns.add((before.contract_id, *slot))
        self.keys |= wanted.keys
        self.postcodes |= wanted.postcodes

    def add_superseded(self, before: State, event: fold.Input) -> None:
        """What a return supersedes, where `before` does not tell of it."""
        if isinstance(event, events.ReturnReceived) and fold.follows_unseen(before, event):
            assert event.supersedes is not None
            self.superseded.add((event.supersedes, event.contract_id))


def _subject(event: events.AnyEvent) -> tuple[str | None, ...]:
    """What an event is about: the month of a party, or a contract as a whole."""
    if isinstance(event, _OF_A_RETURN):
        return (event.contract_id, event.period, event.party_id)
    return (getattr(event, "contract_id", None),)


async def _gather(unit: transaction.Unit, needs: _Needs) -> Batch:
    conn = unit.conn
    if needs.days:
        needs.contract_ids.update(await store.batches.list_waking(conn, needs.days))
    locked = await store.batches.lock_contracts(conn, needs.contract_ids)
    states = {contract_id: state.from_bytes(each.state) for contract_id, each in locked.items()}
    partitions = {contract_id: each.partition for contract_id, each in locked.items()}
    for message in unit.messages:
        wanted = _NOTHING
        if isinstance(message.event, _FOLDED) and message.event.contract_id in states:
            before = states[message.event.contract_id]
            wanted = world.needs(before, message.event)
            needs.add(before, wanted)
            needs.add_superseded(before, message.event)
        needs.of_messages.append(wanted)
    lines: dict[str, Lines] = {}
    late = next((each.holidays for each in locked.values()), None)
    gathered = World(await _places(conn, needs), holidays=store.holidays.read_holidays(late))
    batch = Batch(states, partitions, lines, gathered, unit.send)
    if needs.days:
        most = ownerless.AT_ONCE_MAX
        batch.ownerless = await store.people.lock_ownerless(conn, needs.days, most)
    await _add_lines(conn, batch, needs, needs.returns)
    for contract_id, found in lines.items():
        needs.keys |= world.keys(states[contract_id], found.all())
        claims = (line.claim for line in found.all() if line.claim)
        batch.stored_claims.update((claim.key, claim.id) for claim in claims)
    if needs.keys:
        await _add_claims(conn, batch, needs)
    if needs.superseded:
        batch.known_returns = await store.batches.load_known(conn, needs.superseded, parking.UNTRUE)
    return batch


async def _places(conn: sql.Connection, needs: _Needs) -> dict[str, places.PlaceFact]:
    return await store.batches.load_places(conn, needs.postcodes) if needs.postcodes else {}


async def _add_claims(conn: sql.Connection, batch: Batch, needs: _Needs) -> None:
    """Claims under the batch's keys, and the returns with the own lines that made own claims."""
    await store.batches.lock_claims(conn, needs.keys)
    most = CLAIMS_MAX if needs.has_several else None
    found = await store.batches.load_claims(conn, needs.keys, batch.states, most)
    if found is None:
        raise transaction.TooMuch
    batch.world.claims.put(found.claims)
    await _add_lines(conn, batch, needs, found.returns - batch.stored_returns)


async def _add_lines(
    conn: sql.Connection, batch: Batch, needs: _Needs, wanted: Collection[store.batches.ReturnId]
) -> None:
    if not wanted:
        return
    most = LINES_BYTES_MAX if needs.has_several else None
    found = await store.batches.load_lines(conn, wanted, most)
    if found is None:
        raise transaction.TooMuch
    for (contract_id, _, _), lines in found.items():
        batch.lines.setdefault(contract_id, Lines()).put(lines)
    batch.stored_returns.update(found)


async def _decide(unit: transaction.Unit, needs: _Needs, batch: Batch) -> None:
    for number, (message, wanted) in enumerate(
        zip(unit.messages, needs.of_messages, strict=True), 1
    ):
        event = message.event
        if isinstance(event, events.DayEnded):
            batch.end_day(event, message.body)
        elif isinstance(event, _FOLDED):
            refusal = batch.fold_in(event, message.body, wanted)
            if refusal is not None:
                unit.park(message, refusal)
        if number % MESSAGES_PER_TURN == 0:
            await asyncio.sleep(0)


async def _apply(conn: sql.Connection, batch: Batch) -> None:
    await store.batches.change_lines(conn, batch.row_changes())
    await store.batches.add_entries(conn, batch.journal)
    await store.batches.add_assessments(conn, batch.assessments)
    await store.batches.move_cases(conn, batch.cases.values())
    await store.batches.add_alerts(conn, batch.alerts)
    await store.people.set_owners_told(conn, batch.told_ownerless)
    await store.batches.add_days(conn, batch.days)
    await store.batches.move_contracts(conn, batch.state_rows())
    await store.batches.set_standings(conn, batch.standing_rows())
