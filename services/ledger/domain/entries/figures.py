"""The figures that entries state: the rating of a commitment at the end of a month, and its cause.

Promises: pure; read from facts alone, which are public. `Figures` follows the leaves in the order
of recording, and tells what each figure was before. A cause is what the decision says of itself;
the entry that records it is looked up by its event.

Refuses, with FactsRefusedError: facts that are not those of a decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from services.ledger.domain.entries import facts, leaves
from shared import calendar
from shared.wire import events, ids

DECIDED: Final = ("ReturnChecked", "CommitmentAssessed")
"""The types of the entries that state figures."""

COMPARED: Final = ("rating", "reason", "counted", "low", "high", "expected", "target")
"""What changes if a figure changes."""

CauseKind: TypeAlias = Literal[
    "return_received",
    "return_revised",
    "return_withdrawn",
    "day_ended",
    "line_elsewhere",
    "commitment_changed",
]


class FactsRefusedError(ValueError):
    """The facts are not those of a decision."""


class Key(NamedTuple):
    """What a figure is of: one commitment at the end of one month."""

    contract_id: str
    commitment_id: str
    period: str


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What an assessment states (rule A9). Quantities are decimals, `expected` and `attainment`
    exact fractions, all as text; in the unit of the commitment."""

    commitment_id: str
    period: str
    commitment_version: int
    target: str
    expected: str
    counted: str
    low: str
    high: str
    attainment: str | None = None
    rating: str
    reason: str | None = None
    replaces: bool = False
    """Whether the period had a rating before."""


class Stated(NamedTuple):
    """A figure, and the index of the entry that states it."""

    entry: int
    figure: Figure


class Step(NamedTuple):
    """One entry states a figure anew."""

    key: Key
    before: Stated | None
    after: Stated

    @property
    def has_changed(self) -> bool:
        """Whether it is stated otherwise than before, or for the first time. The version of the
        commitment is no figure."""
        if self.before is None:
            return True
        was, now = self.before.figure, self.after.figure
        return any(getattr(was, name) != getattr(now, name) for name in COMPARED)


class Cause(NamedTuple):
    """What led to a decision. A day and a line elsewhere are no entries of the log."""

    kind: CauseKind
    event_id: UUID | None
    """Of the return or withdrawal, whose entry says more; None if the cause is no entry."""
    receipt_no: int | None = None


def is_digest(said: Mapping[str, Any]) -> bool:
    """Whether the facts were too long for a leaf: only the event has them."""
    return "digest" in said and "assessments" not in said


def facts_of(body: bytes) -> dict[str, Any] | None:
    """The facts of a decision, from its event; None if it is something else."""
    try:
        event = events.read(body)
    except ValueError:
        return None
    if isinstance(event, events.ReturnChecked | events.CommitmentAssessed):
        return facts.of(event)
    return None


def read(said: Mapping[str, Any]) -> list[Figure]:
    """The figures of a decision, in its order. Raises FactsRefusedError."""
    try:
        return msgspec.convert(said.get("assessments", []), list[Figure])
    except msgspec.ValidationError as error:
        raise FactsRefusedError(f"its figures cannot be read: {error}") from error


def cause(leaf: leaves.Leaf, said: Mapping[str, Any]) -> Cause:
    """What led to the decision of `leaf`. `said` are its facts: those of its event, if the leaf has
    only their digest."""
    if leaf.type == "CommitmentChanged":
        return Cause("commitment_changed", leaf.event_id)
    if leaf.type == "CommitmentAssessed":
        return Cause("day_ended" if _is_of_a_day(leaf, said) else "line_elsewhere", None)
    receipt_no, revision = said.get("receipt_no"), said.get("revision")
    kind: CauseKind = "return_received" if revision == 1 else "return_revised"
    if said.get("withdrawn"):
        kind = "return_withdrawn"
    return Cause(kind, leaf.caused_by, receipt_no if isinstance(receipt_no, int) else None)


def _is_of_a_day(leaf: leaves.Leaf, said: Mapping[str, Any]) -> bool:
    """Whether its id is that of a day's assessment: ids are derived of what an event says."""
    day = _day_ended(leaf.occurred_at)
    whole = ids.derived(leaf.type, leaf.contract_id, f"day:{day}", leaf.rule_set)
    part = said.get("part", 1)
    return leaf.event_id == (whole if part == 1 else ids.derived(leaf.type, whole, "part", part))


def _day_ended(moment: datetime) -> str:
    """The day that ended at `moment`; none that could be meant if there is no day before it."""
    try:
        return str(calendar.day_ended_by(moment))
    except OverflowError:
        return ""


class Figures:
    """Every figure, as it was stated last."""

    def __init__(self) -> None:
        self._stated: dict[Key, Stated] = {}

    def follow(self, index: int, contract_id: str, figures: Iterable[Figure]) -> list[Step]:
        """Takes in what entry `index` states. Returns what that changes."""
        steps = []
        for figure in figures:
            key = Key(contract_id, figure.commitment_id, figure.period)
            stated = Stated(index, figure)
            steps.append(Step(key, self._stated.get(key), stated))
            self._stated[key] = stated
        return steps
