"""The returns of a contract, month by month and supplier by supplier, as the log tells of them.

Promises: pure; says what entries say and guesses nothing. Entries tell of a due day only where a
supplier was reminded: a return that came before its first reminder is neither late nor in time here
(docs/ledger.md, Returns).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from shared import calendar

REMINDERS: Final = ("return_due", "return_overdue")
"""The kinds of alert that tell of a return that is owed."""

State: TypeAlias = Literal["received", "withdrawn", "missing"]


class Told(NamedTuple):
    """An entry about the return of a party for a month."""

    entry: int
    type: str
    party_id: str
    period: str
    occurred_at: datetime
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Received:
    """A revision that came in."""

    entry: int
    received_at: datetime
    facts: Mapping[str, Any]
    is_current: bool = True
    """Neither replaced nor withdrawn."""
    due_on: date | None = None
    """As the reminder before it says; None if there was none, or another revision was there."""

    @property
    def is_late(self) -> bool | None:
        """Whether it came after its due day. None if the log does not tell that day."""
        if self.due_on is None:
            return None
        return calendar.london_day(self.received_at) > self.due_on

    @property
    def late_lines(self) -> int | None:
        """How many lines are of earlier months. None if the leaf has only a digest of its facts."""
        commitments = self.facts.get("commitments")
        if not isinstance(commitments, dict):
            return None
        return sum(int(each.get("late", 0)) for each in commitments.values())


class Event(NamedTuple):
    """A withdrawal or a reminder: its entry, when it occurred, and its facts."""

    entry: int
    at: datetime
    facts: Mapping[str, Any]


@dataclass(slots=True)
class Slot:
    """What one supplier sent for one month."""

    party_id: str
    received: list[Received] = field(default_factory=list)
    withdrawals: list[Event] = field(default_factory=list)
    reminders: list[Event] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What stands now. Missing: a supplier was reminded, and nothing came."""
        if any(each.is_current for each in self.received):
            return "received"
        return "withdrawn" if self.received else "missing"


class Month(NamedTuple):
    """The returns of one month."""

    period: str
    slots: list[Slot]


def by_month(told: Iterable[Told]) -> list[Month]:
    """The months, each with its suppliers in order. Entries may come in any order: topics are read
    side by side."""
    slots: dict[tuple[str, str], list[Told]] = {}
    for each in told:
        if each.type != "AlertRaised" or each.facts.get("kind") in REMINDERS:
            slots.setdefault((each.period, each.party_id), []).append(each)
    grouped = itertools.groupby(sorted(slots), lambda key: key[0])
    return [
        Month(period, [_slot(party_id, slots[period, party_id]) for _, party_id in keys])
        for period, keys in grouped
    ]


def _slot(party_id: str, told: list[Told]) -> Slot:
    slot, due_on = Slot(party_id), None
    for each in sorted(told, key=lambda one: (one.occurred_at, one.entry)):
        current = next((one for one in slot.received if one.is_current), None)
        event = Event(each.entry, each.occurred_at, each.facts)
        if each.type == "AlertRaised":
            slot.reminders.append(event)
            due_on = _day(each.facts.get("due_on"))
        elif each.type == "ReturnWithdrawn":
            slot.withdrawals.append(event)
            if current is not None:
                current.is_current, due_on = False, None
        else:
            if current is not None:
                current.is_current = False
            due = due_on if current is None else None
            made = Received(each.entry, each.occurred_at, each.facts, due_on=due)
            slot.received.append(made)
    return slot


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said))
    except ValueError:
        return None
