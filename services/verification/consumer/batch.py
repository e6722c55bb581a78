"""A batch: contracts' states, lines and claims as loaded, folded on event by event.

Promises: each event sees what the one before it did, also across contracts, so that a batch of n
decides exactly as n batches of one. What is to be written is kept until the end, as rows. There is
no database here: `handlers` gathers and applies.
"""

from __future__ import annotations

import collections
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from services.verification import store
from services.verification.domain import claims, fold, obligations, ownerless, world
from services.verification.domain.lines import Lines
from services.verification.domain.ownerless import Ownerless
from services.verification.domain.state import Decisions, Facts, Needs, State
from services.verification.domain.world import World
from services.verification.store import rows
from shared.delivery import parking, topics
from shared.wire import events

Post: TypeAlias = Callable[[topics.Topic, events.Event], bytes]

_WORST_FIRST: Final = ("not_counted", "queried", "provisional", "counted")


@dataclass
class Batch:
    states: dict[str, State]
    partitions: dict[str, int]
    """Of `returns`, by contract: whose days it lives by."""
    lines: dict[str, Lines]
    world: World
    post: Post
    """Gets each message to be sent, in order; gives its bytes."""
    stored_returns: set[store.batches.ReturnId] = field(default_factory=set)
    """Those that were loaded: they have rows."""
    stored_claims: set[store.batches.Claiming] = field(default_factory=set)

    known_returns: set[UUID] = field(default_factory=set)
    """Returns that later ones may supersede though the states do not tell of them."""

    journal: list[rows.JournalRow] = field(default_factory=list)
    assessments: list[rows.AssessmentRow] = field(default_factory=list)
    alerts: list[rows.AlertRow] = field(default_factory=list)
    cases: dict[object, rows.CaseRow] = field(default_factory=dict)
    """Those that moved, by id."""
    days: list[rows.DayRow] = field(default_factory=list)
    ownerless: dict[int, list[Ownerless]] = field(default_factory=dict)
    """Contracts of which it is to be said that they have no owner, by partition."""
    told_ownerless: list[Ownerless] = field(default_factory=list)
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    """Returns and withdrawals, by the outcome of their worst line."""
    _returns: dict[store.batches.ReturnId, None] = field(default_factory=dict)
    """Returns whose lines changed, in order."""
    _claims: dict[store.batches.Claiming, claims.Claim | None] = field(default_factory=dict)

    def fold_in(self, event: fold.Input, body: bytes, wanted: Needs) -> str | None:
        """Folds an event into its contract; the reason, as a code, where that is refused."""
        assert not isinstance(event, events.DayEnded)
        contract_id = event.contract_id
        before = self.states.get(contract_id)
        refusal = fold.refusal(before, event, self.known_returns)
        if isinstance(event, events.ReturnReceived) and refusal not in parking.UNTRUE:
            self.known_returns.add(event.return_id)
        if refusal is not None:
            return refusal
        assert before is not None, "a batch registers no contracts"
        facts = world.facts(before, wanted, self._lines_of(contract_id), self.world)
        self._fold(contract_id, event, body, facts)
        return None

    def end_day(self, event: events.DayEnded, body: bytes) -> None:
        """Folds a day into the contracts of its partition that have something due by its end; says
        which have no owner."""
        for contract_id in self._waking(event):
            self._fold(contract_id, event, body, Facts())
        for contract in self.ownerless.pop(event.partition, ()):
            self._raise(ownerless.tell(contract, event))
            self.told_ownerless.append(contract)
        digest = hashlib.sha256(body).digest()
        self.days.append(rows.DayRow(event.partition, event.day, event.event_id, digest))

    def state_rows(self) -> list[rows.StateRow]:
        """The contracts whose journal grew."""
        moved = sorted({row.contract_id for row in self.journal})
        return [rows.state_row(self.states[contract_id]) for contract_id in moved]

    def standing_rows(self) -> list[rows.StandingRow]:
        """Where these contracts stand now."""
        moved = sorted({row.contract_id for row in self.journal})
        return [rows.standing_row(self.states[contract_id]) for contract_id in moved]

    def row_changes(self) -> store.batches.RowChanges:
        """What the batch comes to for lines and claims; a row that is replaced goes first. Rows are
        made one at a time: together they may be large."""
        return store.batches.RowChanges(
            [touched for touched in self._returns if touched in self.stored_returns],
            self._return_rows(),
            [key for key in self._claims if key in self.stored_claims],
            (rows.claim_row(claim) for claim in self._claims.values() if claim is not None),
        )

    def _return_rows(self) -> Iterator[rows.ReturnRow]:
        for contract_id, *slot in self._returns:
            current = self.lines[contract_id].in_slot((slot[0], slot[1]))
            if current:
                yield rows.return_row(contract_id, current.values())

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

    def _fold(self, contract_id: str, event: fold.Input, body: bytes, facts: Facts) -> None:
        lines = self._lines_of(contract_id)
        if new := world.newly_known(self.states[contract_id], event, self.world):
            facts = msgspec.structs.replace(facts, holidays=new)
        after, decisions = fold.fold(self.states[contract_id], event, facts, lines)
        self.states[contract_id] = after
        lines.drop(decisions.lines_gone)
        lines.put(decisions.lines_put)
        self.world.claims.drop(decisions.claims_gone)
        self.world.claims.put(decisions.claims_put)
        self.journal.append(rows.journal_row(after, event, body, facts))
        self._keep(contract_id, decisions)

    def _keep(self, contract_id: str, decisions: Decisions) -> None:
        self._returns.update(dict.fromkeys((contract_id, *slot) for slot in decisions.slots()))
        for claim in decisions.claims_gone:
            self._claims[claim.key, claim.id] = None
        for claim in decisions.claims_put:
            self._claims[claim.key, claim.id] = claim
        checked = [each for each in decisions.outcomes if isinstance(each, events.ReturnChecked)]
        if checked:
            self.outcomes[_worst(checked)] += 1
        for outcome in decisions.outcomes:
            self.post(topics.OUTCOMES, outcome)
            if isinstance(outcome, events.CaseMoved):
                before = self.cases.get(outcome.case_id)
                self.cases[outcome.case_id] = rows.case_row(outcome, before)
        self.assessments.extend(rows.assessment_rows(decisions.outcomes))
        for alert in decisions.alerts:
            self._raise(alert)
        for event in decisions.reconsider:
            self.post(topics.RECONSIDER, event)

    def _raise(self, alert: events.Event) -> None:
        self.alerts.append(rows.alert_row(alert, self.post(topics.ALERTS, alert)))


def _worst(parts: Sequence[events.ReturnChecked]) -> str:
    if parts[0].withdrawn:
        return "withdrawn"
    found = {result.outcome for part in parts for result in part.results}
    return next((outcome for outcome in _WORST_FIRST if outcome in found), "nil")
