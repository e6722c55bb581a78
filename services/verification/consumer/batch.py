"""A batch in hand: contracts' states, lines and claims as they stand, folded on event by event.

Promises: each event sees what the one before it did, also across contracts, so that a batch of n
decides exactly as n batches of one. What is to be written is kept until the end, as rows. No
database here: `handlers.py` gathers and applies.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from services.verification import store
from services.verification.domain import fold, obligations, world
from services.verification.domain.lines import Lines
from services.verification.domain.state import Decisions, Facts, Needs, State
from services.verification.domain.world import World
from services.verification.store import rows
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
    inputs: list[rows.JournalRow] = field(default_factory=list)
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    """Returns and withdrawals, by the outcome of their worst line."""
    assessed: list[rows.AssessmentRow] = field(default_factory=list)
    raised: list[rows.AlertRow] = field(default_factory=list)
    moved: dict[object, rows.CaseRow] = field(default_factory=dict)
    days: list[rows.DayRow] = field(default_factory=list)
    _returns: dict[store.fold.ReturnId, rows.ReturnRow | None] = field(default_factory=dict)
    """Returns whose lines changed, whole; None where none stands any more."""
    _claims: dict[store.fold.Claiming, rows.ClaimRow | None] = field(default_factory=dict)

    def take(self, event: fold.Input, body: bytes, wanted: Needs) -> str | None:
        """Folds an event into its contract; the reason where it cannot be."""
        assert not isinstance(event, events.DayEnded)
        contract_id = event.contract_id
        before = self.states.get(contract_id)
        refusal = fold.refusal(before, event)
        if refusal is not None:
            return refusal
        assert before is not None, "a batch registers no contracts"
        used = world.facts(before, wanted, self._lines_of(contract_id), self.world)
        self._fold(contract_id, event, body, used)
        return None

    def end_day(self, event: events.DayEnded, body: bytes) -> None:
        """Folds a day into the contracts of its partition that have something due by its end."""
        for contract_id in self._waking(event):
            self._fold(contract_id, event, body, Facts())
        digest = hashlib.sha256(body).digest()
        self.days.append(rows.DayRow(event.partition, event.day, event.event_id, digest))

    def stands(self) -> list[rows.StateRow]:
        """The contracts that moved."""
        moved = sorted({each.contract_id for each in self.inputs})
        return [rows.state_row(self.states[contract_id]) for contract_id in moved]

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
            wake_on = obligations.wake_on(self.states[contract_id])
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
        self.world.claims.drop(decided.claims_gone)
        self.world.claims.put(decided.claims_put)
        self.inputs.append(rows.journal_row(after, event, body, used))
        self._keep(contract_id, decided, lines)

    def _keep(self, contract_id: str, decided: Decisions, lines: Lines) -> None:
        for slot in decided.slots():
            standing = lines.in_slot(slot).values()
            self._returns[contract_id, *slot] = (
                rows.return_row(contract_id, standing) if standing else None
            )
        for claim in decided.claims_gone:
            self._claims[claim.key, claim.id] = None
        for claim in decided.claims_put:
            self._claims[claim.key, claim.id] = rows.claim_row(claim)
        for outcome in decided.outcomes:
            self.post(topics.OUTCOMES, outcome)
            if isinstance(outcome, events.ReturnChecked):
                self.outcomes[_worst(outcome)] += 1
            elif isinstance(outcome, events.CaseMoved):
                self._move(outcome)
        self.assessed.extend(rows.assessment_rows(decided.outcomes))
        for alert in decided.alerts:
            self.post(topics.ALERTS, alert)
            self.raised.append(rows.alert_row(alert))
        for event in decided.reconsider:
            self.post(topics.RECONSIDER, event)

    def _move(self, event: events.CaseMoved) -> None:
        self.moved[event.case_id] = rows.case_row(event, self.moved.get(event.case_id))


def _worst(event: events.ReturnChecked) -> str:
    if event.withdrawn:
        return "withdrawn"
    found = {result.outcome for result in event.results}
    return next((outcome for outcome in _WORST if outcome in found), "nil")
