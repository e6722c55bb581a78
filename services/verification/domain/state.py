"""What verification remembers of one contract, and the values that go into and out of its fold.

Promises: `State` is all that the fold needs of the past but the lines; it goes to compact JSON and
back (`to_bytes` and `from_bytes` are inverse). Leaves are frozen; the fold replaces them.
Refuses: quantities as floats. Sums of posts are in weekly hours (37 to the full-time post), so that
they stay finite decimals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec

from services.verification.domain import claims, people, places, profiles
from services.verification.domain.cases import Case, Rated
from services.verification.domain.lines import POST_HOURS, Line, Slot
from shared import calendar
from shared.wire import events

_ZERO: Final = Decimal(0)


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """What the lines of one commitment come to, in parts of its unit (`Version.per`)."""

    reported: Decimal = _ZERO
    counted: Decimal = _ZERO
    provisional: Decimal = _ZERO
    queried: Decimal = _ZERO

    @classmethod
    def of(cls, line: Line) -> Sums:
        """Of one line."""
        result = line.result
        reported = line.value if result.reported is None else result.reported
        return cls(reported, result.counted, result.provisional, result.queried)

    @property
    def low(self) -> Decimal:
        """Counted and provisional (rule A2)."""
        return self.counted + self.provisional

    @property
    def high(self) -> Decimal:
        """With what is queried too (rule A2)."""
        return self.counted + self.provisional + self.queried

    def plus(self, other: Sums) -> Sums:
        return Sums(
            self.reported + other.reported,
            self.counted + other.counted,
            self.provisional + other.provisional,
            self.queried + other.queried,
        )

    def negated(self) -> Sums:
        return Sums(
            _ZERO - self.reported,
            _ZERO - self.counted,
            _ZERO - self.provisional,
            _ZERO - self.queried,
        )


def totals(lines: Iterable[Line]) -> dict[tuple[str, str], Sums]:
    """What lines come to, by commitment and the month that it belongs to."""
    found: dict[tuple[str, str], Sums] = {}
    for line in lines:
        own, result = Sums.of(line), line.result
        if result.carried:
            later = Sums(
                counted=result.carried if result.counted else _ZERO,
                queried=result.carried if result.queried else _ZERO,
            )
            _put(found, (line.commitment_id, calendar.next_period(line.period)), later)
            own = own.plus(later.negated())
        _put(found, (line.commitment_id, line.period), own)
    return found


def _put(found: dict[tuple[str, str], Sums], key: tuple[str, str], sums: Sums) -> None:
    before = found.get(key)
    found[key] = sums if before is None else before.plus(sums)


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

    @property
    def per(self) -> int:
        """In how many parts of the unit sums are kept: hours for posts."""
        return POST_HOURS if self.kind == "post" else 1


class Commitment(msgspec.Struct, array_like=True):
    """A commitment: its versions, what was delivered on it, how it was rated."""

    versions: tuple[Version, ...]
    """By number, and so by the day from which each is in force."""
    known_from: str = ""
    """The month that was running when it became binding. Months before are its history: what is
    sent of them is rated without alerts and cases, whenever it comes (rules A5, L3)."""
    total: Sums = Sums()
    """Of all periods."""
    sums: dict[str, Sums] = msgspec.field(default_factory=dict)
    """By period: of history, and after `forgotten_through`."""
    forgotten_through: str = ""
    """Up to this period no rating is asked for again, but for its history."""
    ratings: dict[str, Rated] = msgspec.field(default_factory=dict)
    case: Case | None = None
    """Its open shortfall case."""
    cases: int = 0
    """How many have been opened."""

    def copied(self) -> Commitment:
        """Another of the same, to be changed."""
        return Commitment(
            versions=self.versions,
            known_from=self.known_from,
            total=self.total,
            sums=dict(self.sums),
            forgotten_through=self.forgotten_through,
            ratings=dict(self.ratings),
            case=self.case,
            cases=self.cases,
        )

    def in_force(self, day: date) -> Version | None:
        """The version that is in force on `day`."""
        last = self.versions[-1]
        if last.from_on <= day:  # nearly always
            return last
        for version in reversed(self.versions):
            if version.from_on <= day:
                return version
        return None

    def active_on(self, day: date) -> Version | None:
        """The version in force on `day`, where it is active (rule V1)."""
        version = self.in_force(day)
        return version if version is not None and version.state == "active" else None

    def is_history(self, period: str) -> bool:
        return period < self.known_from

    def is_kept(self, period: str) -> bool:
        """Whether the sums and the rating of `period` are still at hand."""
        return period > self.forgotten_through or self.is_history(period)

    def through(self, period: str) -> Sums:
        """Sums of all periods up to `period`, which is kept."""
        if self.is_history(period):
            return _added(Sums(), (sums for each, sums in self.sums.items() if each <= period))
        later = (sums.negated() for each, sums in self.sums.items() if each > period)
        return _added(self.total, later)

    def add(self, period: str, sums: Sums) -> None:
        self.total = self.total.plus(sums)
        if self.is_kept(period):
            before = self.sums.get(period)
            self.sums[period] = sums if before is None else before.plus(sums)


def _added(total: Sums, parts: Iterable[Sums]) -> Sums:
    for part in parts:
        total = total.plus(part)
    return total


class Filed(msgspec.Struct, frozen=True, array_like=True):
    """The current return of one party and period."""

    return_id: UUID
    receipt_no: int
    revision: int


class Owed(msgspec.Struct, frozen=True, array_like=True):
    """A return that is not in: an obligation from the end of its period on (rule O1)."""

    due_on: date
    steps: int = 0
    """Steps of the ladder that were climbed."""
    case_id: UUID | None = None
    """The `no_data` case that the last step opened."""


class State(msgspec.Struct, array_like=True):
    """One contract. Periods up to `closed_through` have had their due day; ratings of later ones
    may still be replaced (rule A5)."""

    contract_id: str
    authority_id: str
    version: int
    suppliers: tuple[str, ...]
    """Each owes a return a period; other parties may report and owe none."""
    starts_on: date
    ends_on: date
    ended_through: str
    """Periods that have ended, so that they are rated and what is missing of them is owed. Those
    before registration are among them."""
    closed_through: str
    owed_from: str = ""
    """The first period that was owed; empty: none was yet (rule O1)."""
    inputs: int = 0
    """How many inputs of its journal have been folded."""
    commitments: dict[str, Commitment] = msgspec.field(default_factory=dict)
    filed: dict[str, Filed] = msgspec.field(default_factory=dict)
    """By `slot_key`; only of periods whose ratings are kept."""
    owed: dict[str, Owed] = msgspec.field(default_factory=dict)
    """By `slot_key`, so in order of period."""
    links: people.Links = msgspec.field(default_factory=dict)
    """Which references its current lines say to be one person."""
    former: tuple[str, ...] = ()
    """Suppliers that it had before: what they reported until then may still arrive."""
    end_told: date | None = None
    """The last end of which it was told that it comes, or that was near when it became known."""
    holidays: calendar.Late = ()
    """Bank holidays that were declared late, as far as they are known here."""


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Foreign facts that one input used; they go into the journal with it."""

    postcodes: dict[str, places.PlaceFact] = msgspec.field(default_factory=dict)
    """By `places.fact_key`; an unknown postcode is absent."""
    other_claims: dict[str, tuple[claims.Claim, ...]] = msgspec.field(default_factory=dict)
    """Other contracts' claims by key, the lowest rank first; absent where there are none."""
    holidays: calendar.Late = ()
    """Bank holidays that were declared late and are known from now on."""


class Needs(msgspec.Struct, frozen=True):
    """What must be at hand to fold an event."""

    postcodes: frozenset[tuple[str, str]] = frozenset()
    """(edition, postcode in normal form)."""
    slots: frozenset[Slot] = frozenset()
    """Whose current lines are to be loaded; the keys of their claims are needed too."""
    keys: frozenset[str] = frozenset()
    """Claims' keys: lock them, sorted, together with those of the lines in `slots`; load every
    contract's claims under them, and the own lines that made the own claims."""


@dataclass(slots=True)
class Decisions:
    """What a fold decided, as values to apply in one transaction: first what goes, then what is
    put. Events are in the order in which they are to be posted on their topic."""

    outcomes: list[events.Event] = field(default_factory=list)
    alerts: Iterable[events.Event] = ()
    """Made as they are taken, once: together they may be large."""
    reconsider: list[events.Event] = field(default_factory=list)
    lines_gone: list[Line] = field(default_factory=list)
    lines_put: list[Line] = field(default_factory=list)
    claims_gone: list[claims.Claim] = field(default_factory=list)
    claims_put: list[claims.Claim] = field(default_factory=list)

    def slots(self) -> list[Slot]:
        """Those whose lines go or are put, in that order."""
        return list(dict.fromkeys([line.slot for line in (*self.lines_gone, *self.lines_put)]))


def slot_key(slot: Slot) -> str:
    """A slot as the key of a JSON object."""
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
