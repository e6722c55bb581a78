"""Lines as verification keeps them: what each one claims and what it comes to.

Promises: a line is a frozen value; the fold replaces it, never changes it. `Lines` holds those of
one contract that an event can touch. Figures are kept in parts of the unit (`Line.per`), so that
shares of a full-time post stay finite decimals.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from services.verification.domain import claims, people
from shared.wire import events

POST_HOURS: Final = 37
"""Weekly hours of one full-time post (docs/rules.md, Posts)."""

Slot: TypeAlias = tuple[str, str]
"""(period, party): whose return of which month."""
LineKey: TypeAlias = tuple[str, str, str]
"""(period, party, line id): a current line within its contract."""

_ZERO: Final = Decimal(0)
_DISPLACED: Final = frozenset(
    {"invoice_full", "session_claimed", "claimed_again", "claimed_by_other"}
)


class Finding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a rule found: `found`, `wanted` and `of` are figures or codes."""

    rule: str
    code: str
    found: str | None = None
    wanted: str | None = None
    of: str | None = None
    """The whole of which `wanted` is what is left."""


class Result(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line's outcome. Figures in parts of the unit."""

    outcome: events.Outcome
    counted: Decimal = _ZERO
    provisional: Decimal = _ZERO
    queried: Decimal = _ZERO
    findings: tuple[Finding, ...] = ()
    carried: Decimal = _ZERO
    """How much of its figure belongs to the month after its return's: a week belongs to the month
    of its Sunday."""
    reported: Decimal | None = None
    """What it reports, where that is not the line's own value: of several lines about one thing,
    one reports it and the others nothing."""

    @property
    def is_displaced(self) -> bool:
        """Claims of a lower rank have used up what it claims."""
        return any(finding.code in _DISPLACED for finding in self.findings)


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A current line with its result. A row of `checked_return` holds those of one return."""

    period: str
    party_id: str
    line_id: str
    return_id: UUID
    order: int
    """Place in its return, from 0."""
    commitment_id: str
    activity_on: date
    value: Decimal
    """Quantity x attribution, in parts of the unit."""
    per: int
    """In how many parts of the unit its figures are kept."""
    alone: Result
    """By the rules that look at the line alone; holds until the line changes."""
    against: Result | None = None
    """What it comes to against other claims of the same thing, where that differs."""
    claim: claims.Claim | None = None
    displaced: int = 0
    """How often its claim, of this rank, was displaced: each time is another change."""
    until: date | None = None
    """The last day of the activity, where it is not the first."""
    share: Decimal = Decimal(1)
    """The attribution."""
    person: people.Person | None = None
    thing: str | None = None
    """What it claims, as it names it: an invoice's number, a session's start, a school, a firm.
    People are not named."""

    @property
    def result(self) -> Result:
        """What the line comes to."""
        return self.alone if self.against is None else self.against

    @property
    def id(self) -> LineKey:
        return (self.period, self.party_id, self.line_id)

    @property
    def slot(self) -> Slot:
        return (self.period, self.party_id)


class Lines:
    """One contract's lines at hand: live, those of the slots and claims that a batch touches; in a
    replay, all."""

    def __init__(self, rows: Iterable[Line] = ()) -> None:
        self._by_slot: dict[Slot, dict[str, Line]] = {}
        self._by_key: dict[str, dict[LineKey, Line]] = {}
        self.put(rows)

    def put(self, rows: Iterable[Line]) -> None:
        """Adds lines, each in place of the one that has its id."""
        for line in rows:
            slot = self._by_slot.setdefault((line.period, line.party_id), {})
            if (before := slot.get(line.line_id)) is not None:
                self._forget_claim(before)
            slot[line.line_id] = line
            if line.claim is not None:
                self._by_key.setdefault(line.claim.key, {})[line.id] = line

    def drop(self, rows: Iterable[Line]) -> None:
        for line in rows:
            self._by_slot.get((line.period, line.party_id), {}).pop(line.line_id, None)
            self._forget_claim(line)

    def in_slot(self, slot: Slot) -> dict[str, Line]:
        """By line id, in the order of the return. Read only."""
        return self._by_slot.get(slot, {})

    def all(self) -> Iterator[Line]:
        """Those at hand."""
        return itertools.chain.from_iterable(each.values() for each in self._by_slot.values())

    def claiming(self, key: str) -> dict[LineKey, Line]:
        """The lines that claim one thing. Read only."""
        return self._by_key.get(key, {})

    def _forget_claim(self, line: Line) -> None:
        if line.claim is not None:
            self._by_key.get(line.claim.key, {}).pop(line.id, None)
