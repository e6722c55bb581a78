"""One fold in progress: the state being made, what caused it, and what has been decided so far.

Promises: the state that came in is not touched. Promises are copied the first time they are asked
for to be changed; everything below them is frozen.
"""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.verification.domain.state import Decisions, Facts, Lines, Promise, State, Sums
from shared.wire import events

RULE_SET: Final = "makegood-rules-1"
"""Stored with every outcome, and part of its id."""


class Work:
    def __init__(self, state: State, event: events.Event, facts: Facts, lines: Lines) -> None:
        self.state = copy.copy(state)
        self.state.promises = dict(state.promises)
        self.state.filed = dict(state.filed)
        self.state.owed = dict(state.owed)
        self.state.inputs += 1
        self.event = event
        self.facts = facts
        self.lines = lines
        self.out = Decisions()
        self.assessments: list[events.Assessment] = []
        self.changed: list[events.LineResult] = []
        self.moves: list[events.Event] = []
        """Cases that moved: posted after what moved them."""
        self.touched: dict[str, str] = {}
        """Commitment → first period whose sums changed."""
        self._own: set[str] = set()
        self._standing: dict[str, tuple[UUID, ...]] = {}

    def promise(self, commitment_id: str) -> Promise:
        """The commitment, to be changed."""
        found = self.state.promises[commitment_id]
        if commitment_id in self._own:
            return found
        mine = self.state.promises[commitment_id] = found.copied()
        self._own.add(commitment_id)
        return mine

    def standing(self, period: str) -> tuple[UUID, ...]:
        """The returns that stand for `period`, by party; asked for when all filing is done."""
        found = self._standing.get(period)
        if found is None:
            filed = self.state.filed
            keys = sorted(key for key in filed if key.startswith(period))
            found = self._standing[period] = tuple(filed[key].return_id for key in keys)
        return found

    def add(self, commitment_id: str, period: str, sums: Sums) -> None:
        """Sums that come to a commitment's period (below zero: that leave it)."""
        if commitment_id not in self.state.promises:
            return  # rule V1 refused the line: no such commitment
        self.promise(commitment_id).add(period, sums)
        self.touched[commitment_id] = min(period, self.touched.get(commitment_id, period))

    def head(self, event_id: UUID) -> dict[str, Any]:
        """What every derived event says of itself: its time is its cause's."""
        occurred_at: datetime = self.event.occurred_at
        return {
            "event_id": event_id,
            "authority_id": self.state.authority_id,
            "occurred_at": occurred_at,
            "caused_by": self.event.event_id,
            "contract_id": self.state.contract_id,
        }
