"""What verification remembers of one contract, and the values that go into and out of its fold.

Promises: `State` is all that the fold needs of the past but the lines; it goes to compact JSON and
back (`to_bytes`, `from_bytes`: inverses). Leaves are frozen; the fold replaces, never changes them.
Lines live in a table: `Lines` holds those that an event can touch.
Refuses: quantities as floats. Sums of posts are in weekly hours (37 to the FTE), so that they stay
finite decimals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from services.verification.domain import claims, places, profiles
from services.verification.domain.cases import Case, Rated
from shared.wire import events

POST_HOURS: Final = 37
"""Weekly hours of one full-time post (product §2)."""

Slot: TypeAlias = tuple[str, str]
"""(period, party): whose return of which month."""

_NIL: Final = Decimal(0)


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """What the lines of one commitment come to."""

    reported: Decimal = _NIL
    counted: Decimal = _NIL
    provisional: Decimal = _NIL
    queried: Decimal = _NIL

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Sums:
        """Of lines of one commitment."""
        reported = counted = provisional = queried = _NIL
        for line in lines:
            result = line.result
            reported += line.value
            counted += result.counted
            if result.provisional:
                provisional += result.provisional
            if result.queried:
                queried += result.queried
        return cls(reported, counted, provisional, queried)

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.reported + other.reported,
            self.counted + other.counted,
            self.provisional + other.provisional,
            self.queried + other.queried,
        )

    def negated(self) -> Sums:
        return Sums(
            _NIL - self.reported,
            _NIL - self.counted,
            _NIL - self.provisional,
            _NIL - self.queried,
        )


class Version(msgspec.Struct, frozen=True, array_like=True):
    """One version of a commitment, as read from the wire."""

    number: int
    state: str
    from_on: date
    measure: str
    kind: str
    unit: str
    target: Decimal
    profile: profiles.Profile
    area: places.Area | None
    floor: profiles.Ratio
    """Expected of the version before on the day of the change: never less than that (rule A1)."""

    @property
    def per(self) -> int:
        """In how many parts of the unit sums are kept: hours for posts."""
        return POST_HOURS if self.kind == "post" else 1

    @property
    def looks_around(self) -> bool:
        """Whether a line can need more than itself: a postcode's district, or other claims."""
        return self.area is not None or self.kind != "sum" or self.unit == "GBP"


class Promise(msgspec.Struct, array_like=True):
    """A commitment: its versions, what was delivered on it, how it was rated."""

    versions: tuple[Version, ...]
    """By number, and so by the day from which each is in force."""
    total: Sums = Sums()
    """Of all periods."""
    sums: dict[str, Sums] = msgspec.field(default_factory=dict)
    """By period, after `settled_through`."""
    settled_through: str = ""
    """Up to here ratings stand, so that nobody asks for the sums of one period."""
    ratings: dict[str, Rated] = msgspec.field(default_factory=dict)
    case: Case | None = None
    cases: int = 0
    """How many have been opened."""

    def copied(self) -> Promise:
        """Another of the same, to be changed."""
        return Promise(
            self.versions,
            self.total,
            dict(self.sums),
            self.settled_through,
            dict(self.ratings),
            self.case,
            self.cases,
        )

    def in_force(self, day: date) -> Version | None:
        last = self.versions[-1]
        if last.from_on <= day:  # nearly always
            return last
        for version in reversed(self.versions):
            if version.from_on <= day:
                return version
        return None

    def through(self, period: str) -> Sums:
        """Sums of all periods up to `period`, which is not before `settled_through`."""
        total = self.total
        for each, sums in self.sums.items():
            if each > period:
                total = total.plus(sums.negated())
        return total

    def add(self, period: str, sums: Sums) -> None:
        self.total = self.total.plus(sums)
        if period > self.settled_through:
            before = self.sums.get(period)
            self.sums[period] = sums if before is None else before.plus(sums)


class Filed(msgspec.Struct, frozen=True, array_like=True):
    """The return that stands for one party and period."""

    return_id: UUID
    receipt_no: int
    revision: int


class Owed(msgspec.Struct, frozen=True, array_like=True):
    """A return that is not in: an obligation from the end of its period on (rule O1)."""

    due_on: date
    steps: int = 0
    """Steps of the ladder taken."""
    case_id: UUID | None = None
    """The `no_data` case that the last step opened."""


class State(msgspec.Struct, array_like=True):
    """One contract. Periods up to `closed_through` have had their due day; those after it are open,
    and their ratings may still be replaced (rule A5)."""

    contract_id: str
    authority_id: str
    version: int
    suppliers: tuple[str, ...]
    """Each owes a return a period; other parties may report and owe none."""
    starts_on: date
    ends_on: date
    owed_from: str
    """First period whose return was not already due when the contract became known here."""
    begun_through: str
    """Periods that have ended, so that what is missing of them is owed."""
    closed_through: str
    inputs: int = 0
    """How many inputs of its journal have been folded."""
    promises: dict[str, Promise] = msgspec.field(default_factory=dict)
    filed: dict[str, Filed] = msgspec.field(default_factory=dict)
    """By `slot_key`; open periods only."""
    owed: dict[str, Owed] = msgspec.field(default_factory=dict)
    """By `slot_key`, so in order of period."""


class Finding(msgspec.Struct, frozen=True, array_like=True):
    rule: str
    code: str
    found: str | None = None
    wanted: str | None = None


class Result(msgspec.Struct, frozen=True, array_like=True):
    """A line's outcome. Figures in parts of the unit (`Line.per`)."""

    outcome: events.Outcome
    counted: Decimal = _NIL
    provisional: Decimal = _NIL
    queried: Decimal = _NIL
    findings: tuple[Finding, ...] = ()

    @property
    def is_crowded_out(self) -> bool:
        """Earlier claims left no room for it."""
        return any(finding.code == "invoice_full" for finding in self.findings)


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A current line with its result; one of those that a row of
    `checked_return` holds (unique: contract + `id`)."""

    period: str
    party_id: str
    line_id: str
    return_id: UUID
    order: int
    commitment_id: str
    activity_on: date
    value: Decimal
    """Quantity x attribution, in parts of the unit."""
    per: int
    judged: Result
    """By the rules that look at the line alone; holds until the line changes."""
    beside: Result | None = None
    """What it comes to beside other claims of the same thing, where that is something else."""
    claim: claims.Claim | None = None
    crowded: int = 0
    """How often its claim, of this standing, was crowded out: each time is another change."""

    @property
    def result(self) -> Result:
        """What the line comes to."""
        return self.judged if self.beside is None else self.beside

    @property
    def id(self) -> tuple[str, str, str]:
        return (self.period, self.party_id, self.line_id)


class Lines:
    """One contract's lines at hand: live, those of the slots and claims that a batch touches;
    in a replay, all."""

    def __init__(self, rows: Iterable[Line] = ()) -> None:
        self._by_slot: dict[Slot, dict[str, Line]] = {}
        self._by_key: dict[str, dict[tuple[str, str, str], Line]] = {}
        self.put(rows)

    def put(self, rows: Iterable[Line]) -> None:
        for line in rows:
            slot = self._by_slot.setdefault((line.period, line.party_id), {})
            if (before := slot.get(line.line_id)) is not None:
                self._forget(before)
            slot[line.line_id] = line
            if line.claim is not None:
                self._by_key.setdefault(line.claim.key, {})[line.id] = line

    def drop(self, rows: Iterable[Line]) -> None:
        for line in rows:
            self._by_slot.get((line.period, line.party_id), {}).pop(line.line_id, None)
            self._forget(line)

    def in_slot(self, slot: Slot) -> dict[str, Line]:
        """By line id, in the order of the return. Not to be changed."""
        return self._by_slot.get(slot, {})

    def keys(self) -> set[str]:
        """What these lines claim."""
        return {key for key, found in self._by_key.items() if found}

    def claiming(self, key: str) -> dict[tuple[str, str, str], Line]:
        """Not to be changed."""
        return self._by_key.get(key, {})

    def _forget(self, line: Line) -> None:
        if line.claim is not None:
            self._by_key.get(line.claim.key, {}).pop(line.id, None)


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Foreign facts that one input used; they go into the journal beside it."""

    postcodes: dict[str, places.PlaceFact] = msgspec.field(default_factory=dict)
    """By `places.fact_key`; an unknown postcode is absent."""
    standings: dict[str, tuple[claims.Claim, ...]] = msgspec.field(default_factory=dict)
    """Other contracts' standings by key; absent where there are none."""


class Needs(msgspec.Struct, frozen=True):
    """What must be at hand to fold an event."""

    postcodes: frozenset[tuple[str, str]] = frozenset()
    """(edition, postcode in normal form)."""
    slots: frozenset[Slot] = frozenset()
    """Whose current lines are to be loaded; the keys of their claims are needed too."""
    keys: frozenset[str] = frozenset()
    """Claims' keys: lock them, sorted, together with those of the lines in `slots`; load every
    contract's claims under them, and the own lines that stand behind the own claims."""


@dataclass(slots=True)
class Decisions:
    """What a fold decided, as values to apply in one transaction: first what goes, then what is
    put. Events are in the order in which they are to be posted on their topic."""

    outcomes: list[events.Event] = field(default_factory=list)
    alerts: list[events.Event] = field(default_factory=list)
    reconsider: list[events.Event] = field(default_factory=list)
    lines_gone: list[Line] = field(default_factory=list)
    lines_put: list[Line] = field(default_factory=list)
    claims_gone: list[claims.Claim] = field(default_factory=list)
    claims_put: list[claims.Claim] = field(default_factory=list)

    def slots(self) -> list[Slot]:
        """Those whose lines go or are put, in that order."""
        lines = (*self.lines_gone, *self.lines_put)
        return list(dict.fromkeys([(line.period, line.party_id) for line in lines]))


def slot_key(slot: Slot) -> str:
    return f"{slot[0]}/{slot[1]}"


def slot_of(key: str) -> Slot:
    """Inverse of `slot_key`."""
    return (key[:7], key[8:])


_encoder = msgspec.json.Encoder()
_states = msgspec.json.Decoder(State)
_facts = msgspec.json.Decoder(Facts)


def to_bytes(value: State | Line | Facts) -> bytes:
    """Compact JSON. The same value gives the same bytes."""
    return _encoder.encode(value)


def from_bytes(body: bytes) -> State:
    return _states.decode(body)


def facts_from_bytes(body: bytes) -> Facts:
    return _facts.decode(body)
