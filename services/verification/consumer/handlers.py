"""What verification does with returns, days and reconsiderations: gather, decide, apply.

Promises: one transaction for a batch of records; contracts are locked first, by id, then claims, by
key; everything that a fold needs is at hand before the first, and written in bulk after the last.
A contract that is not known here, or a revision that is not newer than the one that stands, parks
its message. ReturnRefused is taken and nothing follows: it is there for the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import prometheus_client

from services.verification import store
from services.verification.consumer.batch import Batch
from services.verification.domain import places, rating, state, world
from services.verification.domain.claims import ClaimIndex
from services.verification.domain.lines import Line, Lines
from services.verification.domain.state import Needs, State
from services.verification.domain.world import World
from shared import clock, sql
from shared.delivery import consumer, kafka, topics, transaction
from shared.delivery.messages import Message, Record
from shared.wire import events

SUBSCRIPTION: Final = kafka.Subscription(
    "makegood-verification", [topics.RETURNS.name, topics.RECONSIDER.name]
)

RETURNS_CHECKED: Final = prometheus_client.Counter(
    "makegood_returns_checked_total",
    "Returns and withdrawals checked, by the outcome of their worst line.",
    ["outcome"],
)
MESSAGES_A_TURN: Final = 250
"""Heartbeats and the relay share the event loop: folding so many takes 10 to 20 ms."""

_NOTHING: Final = Needs()
_FOLDED: Final = (events.ReturnReceived, events.ReturnWithdrawn, events.LineReconsidered)


async def taken(conn: sql.Connection, messages: Sequence[Message]) -> dict[UUID, transaction.IsOf]:
    """Which messages were taken before: the journal and the days tell (`mail.Seen`)."""
    known = await store.fold.taken(conn, [message.event_id for message in messages])
    return {event_id: transaction.is_of(digest) for event_id, digest in known.items()}


def handler(delivery: transaction.Delivery, now: clock.Clock) -> consumer.Handle:
    """Handles batches of `SUBSCRIPTION`'s topics for `delivery`, which sees with `taken`."""

    async def handle(records: Sequence[Record]) -> None:
        async with transaction.unit(delivery, records) as work:
            if not work.messages:
                return
            needs = _Needs(work.messages)
            held = await _gather(work, needs)
            await _decide(work, needs, held)
            await _apply(work.conn, held)
        for outcome, count in held.outcomes.items():
            RETURNS_CHECKED.labels(outcome).inc(count)
        if isinstance(now, clock.MovedClock):
            _follow(now, work.messages)

    return handle


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
        self.returns: set[store.fold.ReturnId] = set()
        self.keys: set[str] = set()
        self.postcodes: set[tuple[str, str]] = set()

    def add(self, before: State, wanted: Needs) -> None:
        """What an event needs. A return that `before` knows not to stand has no lines to load."""
        for slot in wanted.slots:
            if state.slot_key(slot) in before.filed or slot[0] <= rating.final_through(before):
                self.returns.add((before.contract_id, *slot))
        self.keys |= wanted.keys
        self.postcodes |= wanted.postcodes


async def _gather(work: transaction.Unit, needs: _Needs) -> Batch:
    conn = work.conn
    if needs.days:
        needs.contract_ids.update(await store.fold.waking(conn, needs.days))
    rows = await store.fold.lock_contracts(conn, needs.contract_ids)
    states = {contract_id: state.from_bytes(row[1]) for contract_id, row in rows.items()}
    partitions = {contract_id: row[0] for contract_id, row in rows.items()}
    for message in work.messages:
        wanted = _NOTHING
        if isinstance(message.event, _FOLDED) and message.event.contract_id in states:
            before = states[message.event.contract_id]
            wanted = world.needs(before, message.event)
            needs.add(before, wanted)
        needs.of_messages.append(wanted)
    lines: dict[str, Lines] = {}
    held = Batch(states, partitions, lines, World(await _places(conn, needs)), work.send)
    if needs.returns:
        _hold_lines(held, await store.fold.lines_of_returns(conn, needs.returns))
    for found_lines in lines.values():
        needs.keys |= found_lines.keys()
    if needs.keys:
        await _hold_claims(conn, held, needs)
    return held


async def _places(conn: sql.Connection, needs: _Needs) -> dict[str, places.PlaceFact]:
    return await store.fold.places_of(conn, needs.postcodes) if needs.postcodes else {}


async def _hold_claims(conn: sql.Connection, held: Batch, needs: _Needs) -> None:
    """Claims under the batch's keys, and the returns of the own lines that stand behind them."""
    await store.fold.lock_claims(conn, needs.keys)
    book: ClaimIndex = held.world.claims
    found = await store.fold.claims_under(conn, needs.keys)
    book.put(found)
    held.stored_claims.update((claim.key, claim.id) for claim in found)
    behind = {
        (claim.contract_id, claim.period, claim.party_id)
        for claim in found
        if claim.contract_id in held.states
    }
    if missing := behind - held.stored_returns:
        _hold_lines(held, await store.fold.lines_of_returns(conn, missing))


def _hold_lines(held: Batch, found: dict[store.fold.ReturnId, list[Line]]) -> None:
    for named, lines in found.items():
        held.lines.setdefault(named[0], Lines()).put(lines)
    held.stored_returns.update(found)


async def _decide(work: transaction.Unit, needs: _Needs, held: Batch) -> None:
    for place, (message, wanted) in enumerate(
        zip(work.messages, needs.of_messages, strict=True), 1
    ):
        event = message.event
        if isinstance(event, events.DayEnded):
            held.end_day(event, message.body)
        elif isinstance(event, _FOLDED):
            refusal = held.take(event, message.body, wanted)
            if refusal is not None:
                work.park(message, refusal)
        elif not isinstance(event, events.ReturnRefused):
            work.park(message, "unexpected_type")
        if place % MESSAGES_A_TURN == 0:
            await asyncio.sleep(0)


async def _apply(conn: sql.Connection, held: Batch) -> None:
    await store.fold.change_lines(conn, held.change())
    await store.fold.add_inputs(conn, held.inputs)
    await store.fold.add_assessments(conn, held.assessed)
    await store.fold.move_cases(conn, held.moved.values())
    await store.fold.add_alerts(conn, held.raised)
    await store.fold.end_days(conn, held.days)
    await store.fold.move_contracts(conn, held.stands())


def _follow(now: clock.MovedClock, messages: Sequence[Message]) -> None:
    """The demo's clock is moved by intake's operator: here it goes along with what arrives."""
    at = max(message.event.occurred_at for message in messages)
    if at > now.now():
        now.move_to(at)
