"""One fold in progress: the state being made, and what the rules have decided so far, as values.

Promises: the state that came in is not touched. Commitments are copied the first time they are
asked for to be changed; everything below them is frozen. Rules add to a `Work` and build no events:
`announcements` makes the events of it once, at the end of the fold.
"""

from __future__ import annotations

import copy
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.verification.domain import cases, claims
from services.verification.domain.assessment import Assessment
from services.verification.domain.lines import Line, Lines, Slot
from services.verification.domain.periods import Step
from services.verification.domain.state import Commitment, Facts, Owed, State, Sums
from shared.wire import events


class Duplicate(NamedTuple):
    """A line that was displaced by claims of a lower rank (rule V6)."""

    line: Line
    lowest_receipt_no: int
    """The lowest receipt that claims the same thing."""


class Shortfall(NamedTuple):
    """A case that opened, worsened or recovered (rule L1)."""

    kind: Literal["shortfall_opened", "shortfall_worsened", "shortfall_recovered"]
    case: cases.Case
    assessment: Assessment
    why: tuple[str, ...]
    """Why it is behind, by code."""


class Correction(NamedTuple):
    """A correction after the due day would change a rating that stands (rules A9, L2)."""

    assessment: Assessment
    """As it would be made now."""
    rating_before: events.Rating


class Held(NamedTuple):
    """A rating waits for the council to decide lines (rules A2, L2)."""

    assessment: Assessment


class Ending(NamedTuple):
    """A commitment that is behind while its contract comes to its end (rule L2)."""

    assessment: Assessment
    """The last that says how it stands."""
    why: tuple[str, ...]
    """Why it is behind, by code."""


class Reminder(NamedTuple):
    """A step of the ladder of a return that is not in (rule O1)."""

    slot: Slot
    owed: Owed
    step: Step


Alert: TypeAlias = Duplicate | Shortfall | Correction | Held | Ending | Reminder
"""What people must hear (rule L2)."""


class Reconsideration(NamedTuple):
    """Another contract has to look at a claim again (rules V6, V12)."""

    contract_id: str
    key: str
    winner: str
    """Digest of who claims by which receipt now: this is said once."""


class Work:
    def __init__(self, state: State, event: events.Event, facts: Facts, lines: Lines) -> None:
        self.state = copy.copy(state)
        self.state.commitments = dict(state.commitments)
        self.state.filed = dict(state.filed)
        self.state.owed = dict(state.owed)
        self.state.inputs += 1
        if facts.holidays:
            self.state.holidays = tuple(sorted({*state.holidays, *facts.holidays}))
        self.event = event
        self.facts = facts
        self.lines = lines
        """As they were before this event."""

        self.lines_gone: list[Line] = []
        self.lines_put: list[Line] = []
        self.claims_gone: list[claims.Claim] = []
        self.claims_put: list[claims.Claim] = []
        self.results: list[Line] = []
        """The lines of the event's own return."""
        self.changed: list[Line] = []
        """Lines of other returns that come out differently now."""
        self.assessments: list[Assessment] = []
        self.moves: list[cases.Move] = []
        self.alerts: list[Alert] = []
        self.reconsiderations: list[Reconsideration] = []

        self.touched: dict[str, str] = {}
        """Commitment → first period whose sums changed."""
        self._own: set[str] = set()
        self._returns: dict[str, tuple[UUID, ...]] = {}
        self._filed_periods: frozenset[str] | None = None
        self._lowest: dict[str, int | None] = {}

    def commitment(self, commitment_id: str) -> Commitment:
        """The commitment, to be changed."""
        found = self.state.commitments[commitment_id]
        if commitment_id in self._own:
            return found
        mine = self.state.commitments[commitment_id] = found.copied()
        self._own.add(commitment_id)
        return mine

    def returns(self, period: str) -> tuple[UUID, ...]:
        """The current returns of `period`, by party; asked for when all filing is done."""
        found = self._returns.get(period)
        if found is None:
            filed = self.state.filed
            keys = sorted(key for key in filed if key.startswith(period))
            found = self._returns[period] = tuple(filed[key].return_id for key in keys)
        return found

    def filed_periods(self) -> frozenset[str]:
        """The periods with a current return; asked for when all filing is done."""
        if self._filed_periods is None:
            self._filed_periods = frozenset(key[:7] for key in self.state.filed)
        return self._filed_periods

    def lowest_receipt_no(self, key: str) -> int | None:
        """The lowest receipt that claimed one thing before this event, if any did; asked for line
        by line."""
        if key not in self._lowest:
            own = (line.claim for line in self.lines.claiming(key).values() if line.claim)
            others = self.facts.other_claims.get(key, ())
            claimed = (each.receipt_no for each in (*own, *others) if not each.is_credit)
            self._lowest[key] = min(claimed, default=None)
        return self._lowest[key]

    def add(self, commitment_id: str, period: str, sums: Sums) -> None:
        """Sums that come to a commitment's period (negative ones leave it)."""
        if commitment_id not in self.state.commitments:
            return  # rule V1 refused the line: no such commitment
        self.commitment(commitment_id).add(period, sums)
        self.touched[commitment_id] = min(period, self.touched.get(commitment_id, period))

    def is_touched(self, commitment_id: str, period: str) -> bool:
        """Whether sums of the commitment up to `period` changed."""
        since = self.touched.get(commitment_id)
        return since is not None and since <= period
