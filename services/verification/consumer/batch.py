"""A batch in hand: contracts' states, lines and claims as they stand, folded on event by event.

Promises: each event sees what the one before it did, also across contracts, so that a batch of n
decides exactly as n batches of one. What is to be written is kept until the end, as rows. No
database here: `handlers.py` gathers and applies.
"""

from __future__ import annotations

import collections
import hashlib
import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, TypeAlias

import msgspec

from services.verification import store
from services.verification.domain import claims, fold, state
from services.verification.domain.state import Decisions, Facts, Lines, Needs, State
from services.verification.domain.world import World
from shared.delivery import topics
from shared.wire import events

Post: TypeAlias = Callable[[topics.Topic, events.Event], None]

_WORST: Final = ("not_counted", "queried", "provisional", "counted")


@dataclass
class Batch:
    states: dict[str, State]
    partitions: dict[str, int]
    """Of `returns`: whose days a contract lives by."""
    lines: dict[str, Lines]
    world: World
    post: Post
    """Takes each message to be sent, in order."""
    stored_returns: set[store.fold.ReturnId] = field(default_factory=set)
    """Loaded, so there in the database."""
    stored_claims: set[store.fold.Claiming] = field(default_factory=set)
    inputs: list[store.fold.Input] = field(default_factory=list)
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    """Returns and withdrawals, by the outcome of their worst line."""
    assessed: list[store.fold.Assessed] = field(default_factory=list)
    raised: list[store.fold.Raised] = field(default_factory=list)
    moved: dict[object, store.fold.Moved] = field(default_factory=dict)
    days: list[store.fold.Day] = field(default_factory=list)
    _returns: dict[store.fold.ReturnId, store.fold.Checked | None] = field(default_factory=dict)
    """Returns whose lines changed, whole; None where none stands any more."""
    _claims: dict[store.fold.Claiming, store.fold.Claimed | None] = field(default_factory=dict)

    def take(self, event: fold.Input, body: bytes, wanted: Needs) -> str | None:
        """Folds an event into its contract; the reason where it cannot be."""
        assert not isinstance(event, events.DayEnded)
        contract_id = event.contract_id
        before = self.states.get(contract_id)
        refusal = fold.refusal(before, event)
        if refusal is not None:
            return refusal
        assert before is not None, "a batch registers no contracts"
        used = fold.facts(before, wanted, self._lines_of(contract_id), self.world)
        self._fold(contract_id, event, body, used)
        return None

    def end_day(self, event: events.DayEnded, body: bytes) -> None:
        """Folds a day into the contracts of its partition that have something due by its end."""
        for contract_id in self._waking(event):
            self._fold(contract_id, event, body, Facts())
        digest = hashlib.sha256(body).digest()
        self.days.append(store.fold.Day(event.partition, event.day, event.event_id, digest))

    def stands(self) -> list[store.fold.Stand]:
        """The contracts that moved."""
        moved = sorted({each.contract_id for each in self.inputs})
        return [stand(self.states[contract_id]) for contract_id in moved]

    def change(self) -> store.fold.Change:
        """What the batch comes to for lines and claims; a row that is replaced goes first."""
        return store.fold.Change(
            [touched for touched in self._returns if touched in self.stored_returns],
            [row for row in self._returns.values() if row is not None],
            [key for key in self._claims if key in self.stored_claims],
            [row for row in self._claims.values() if row is not None],
        )

    def _waking(self, event: events.DayEnded) -> Iterator[str]:
        for contract_id in sorted(self.states):
            if self.partitions[contract_id] != event.partition:
                continue
            wake_on = fold.wake_on(self.states[contract_id])
            if wake_on is not None and wake_on <= event.day:
                yield contract_id

    def _lines_of(self, contract_id: str) -> Lines:
        found = self.lines.get(contract_id)
        if found is None:
            found = self.lines[contract_id] = Lines()
        return found

    def _fold(self, contract_id: str, event: fold.Input, body: bytes, used: Facts) -> None:
        lines = self._lines_of(contract_id)
        after, decided = fold.fold(self.states[contract_id], event, used, lines)
        self.states[contract_id] = after
        lines.drop(decided.lines_gone)
        lines.put(decided.lines_put)
        self.world.book.drop(decided.claims_gone)
        self.world.book.put(decided.claims_put)
        self.inputs.append(entry(after, event, body, used))
        self._keep(contract_id, decided, lines)

    def _keep(self, contract_id: str, decided: Decisions, lines: Lines) -> None:
        for slot in decided.slots():
            standing = lines.in_slot(slot).values()
            self._returns[contract_id, *slot] = checked(contract_id, standing) if standing else None
        for claim in decided.claims_gone:
            self._claims[claim.key, claim.id] = None
        for claim in decided.claims_put:
            self._claims[claim.key, claim.id] = claimed(claim)
        for outcome in decided.outcomes:
            self.post(topics.OUTCOMES, outcome)
            if isinstance(outcome, events.ReturnChecked):
                self.outcomes[_worst(outcome)] += 1
            elif isinstance(outcome, events.CaseMoved):
                self._move(outcome)
        self.assessed.extend(assessed(decided))
        for alert in decided.alerts:
            self.post(topics.ALERTS, alert)
            self.raised.append(raised(alert))
        for event in decided.reconsider:
            self.post(topics.RECONSIDER, event)

    def _move(self, event: events.CaseMoved) -> None:
        self.moved[event.case_id] = moved(event, self.moved.get(event.case_id))


def _worst(event: events.ReturnChecked) -> str:
    if event.withdrawn:
        return "withdrawn"
    found = {result.outcome for result in event.results}
    return next((outcome for outcome in _WORST if outcome in found), "nil")


def stand(found: State) -> store.fold.Stand:
    """Where a contract stands, as it is stored."""
    wake_on: date | None = fold.wake_on(found)
    return store.fold.Stand(found.contract_id, found.inputs, wake_on, state.to_bytes(found))


def entry(after: State, event: fold.Input, body: bytes, used: Facts) -> store.fold.Input:
    """The row of `journal` of the input that led to `after`."""
    return store.fold.Input(
        after.contract_id,
        after.inputs,
        event.event_id,
        event.type,
        event.occurred_at,
        body,
        state.to_bytes(used),
    )


def checked(contract_id: str, lines: Iterable[state.Line]) -> store.fold.Checked:
    """The row of a return's lines, of which there is one at least."""
    ordered = sorted(lines, key=_order)
    outcomes = " ".join(sorted({line.result.outcome for line in ordered}))
    first = ordered[0]
    return store.fold.Checked(
        contract_id, first.period, first.party_id, outcomes, _encoder.encode(ordered)
    )


def claimed(claim: claims.Claim) -> store.fold.Claimed:
    """The row of a claim."""
    return store.fold.Claimed(bytes.fromhex(claim.key), *claim.id, _encoder.encode(claim))


_order: Final = operator.attrgetter("order")
_encoder: Final = msgspec.json.Encoder()
_ASSESSING: Final = (events.ReturnChecked, events.CommitmentAssessed)


def assessed(decided: Decisions) -> list[store.fold.Assessed]:
    """The rows of what was assessed."""
    return [
        store.fold.Assessed(
            said.contract_id,
            said.assessments[0].inputs,
            said.event_id,
            said.occurred_at,
            _encoder.encode(said.assessments),
        )
        for said in decided.outcomes
        if isinstance(said, _ASSESSING) and said.assessments
    ]


def raised(alert: events.Event) -> store.fold.Raised:
    assert isinstance(alert, events.AlertRaised)
    return store.fold.Raised(
        alert.event_id, alert.contract_id, alert.kind, alert.occurred_at, events.write(alert)
    )


def moved(event: events.CaseMoved, before: store.fold.Moved | None) -> store.fold.Moved:
    """The case after a move; one that opens within a batch keeps the time of its opening."""
    return store.fold.Moved(
        event.case_id,
        event.contract_id,
        event.kind,
        event.commitment_id,
        event.party_id,
        event.period,
        event.moved_to,
        event.reason,
        before.opened_at if before is not None else event.occurred_at,
        event.occurred_at,
    )
