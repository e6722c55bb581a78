"""What events are made of: identifiers, figures, and the parts of a return and of a decision.

Promises: frozen structs; a new field is optional, a changed meaning is a new version; unknown
fields are passed over by readers, and fields that say no more than their default are not written.
`events.py` has the events themselves.

Refuses: figures that suppliers or managers state and nobody can count with (`assert_sound`). What
a service makes itself is not checked again.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec

TEXT_LENGTH_MAX: Final = 200
"""Longest identifier on the wire, in characters: org-ids, postcodes and codes are far below it."""

INSTALLATION: Final = "installation"
"""The authority of events that concern no single one (days, entries, parked records)."""

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_LENGTH_MAX)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hex of a SHA-256."""
Period = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month, `YYYY-MM`."""
Quantity: TypeAlias = Decimal
"""A finite decimal, written as a plain string (never a float)."""
NIL: Final = Decimal(0)
WHOLE: Final = Decimal(1)
"""Defaults of figures. Who gives these very objects has them left out of what is written."""

_DIGITS_MAX: Final = 20
"""Before and behind the point; far beyond any sum of money."""
_ON_WIRE: Final = {"from_": "from"}
"""Fields whose name is a word of Python's."""


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """What all of them are."""


def assert_sound(figure: Decimal | None) -> None:
    """Raises ValueError for a figure that is not finite, or beyond all sums of money."""
    if figure is None:
        return
    if not figure.is_finite() or not -_DIGITS_MAX < figure.adjusted() < _DIGITS_MAX:
        raise ValueError(f"{figure} is no figure that anything can be counted with")


def plain(value: Decimal) -> Decimal:
    """The same figure, such that it is written without an exponent. Services put figures that they
    rounded, or took from people, on the wire through here; intake's rules bound the others."""
    return Decimal(format(value, "f"))


# --- what a supplier reported ---------------------------------------------------------------


class Place(Frozen, frozen=True, kw_only=True):
    postcode: str | None = None
    school: str | None = None


class Person(Frozen, frozen=True, kw_only=True):
    """`person_id` is random, by (authority, employer, reference); `shared_person_id` joins
    employers where a shared identifier (a ULN, a council code) was given."""

    person_id: UUID
    shared_person_id: UUID | None = None
    weekly_hours: Quantity | None = None
    in_post_on: date | None = None
    left_on: date | None = None

    def __post_init__(self) -> None:
        assert_sound(self.weekly_hours)


class Invoice(Frozen, frozen=True, kw_only=True):
    payer_id: Identifier
    payee_id: Identifier
    number: Identifier
    net_total: Quantity
    credit_of: str | None = None
    issued_on: date | None = None

    def __post_init__(self) -> None:
        assert_sound(self.net_total)


class Session(Frozen, frozen=True, kw_only=True):
    start: str
    """Local time, `YYYY-MM-DDTHH:MM`."""
    hours: Quantity
    attendees: int
    deliverer_id: Identifier

    def __post_init__(self) -> None:
        assert_sound(self.hours)


class Evidence(Frozen, frozen=True, kw_only=True):
    evidence_id: str | None = None
    sha256: Digest | None = None


class Line(Frozen, frozen=True, kw_only=True, rename=_ON_WIRE):
    line_id: Identifier
    commitment_id: Identifier
    quantity: Quantity
    unit: Identifier
    from_: date
    to: date | None = None
    attribution: Quantity = WHOLE
    place: Place | None = None
    person: Person | None = None
    invoice: Invoice | None = None
    session: Session | None = None
    is_late: bool = False
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        assert_sound(self.quantity)
        if self.attribution is not WHOLE:  # nearly always it is; every line of every service asks
            assert_sound(self.attribution)


# --- what was promised, and what was decided ---------------------------------------------------


class CommitmentVersion(Frozen, frozen=True, kw_only=True, rename=_ON_WIRE):
    """One version of a promise, as figures. Shape of `profile` and `area`: verification's
    `contract.py`, which reads them."""

    commitment_id: Identifier
    version: int
    state: Literal["draft", "active", "closed"]
    measure: Identifier
    kind: Literal["sum", "distinct", "ratio", "post", "done"]
    unit: Identifier
    target: Quantity
    profile: dict[str, Any]
    area: dict[str, Any] | None = None
    from_: date | None = None

    def __post_init__(self) -> None:
        assert_sound(self.target)


class Finding(Frozen, frozen=True, kw_only=True):
    """What a rule found: `found` and `wanted` are figures or codes, never prose."""

    rule: Identifier
    code: Identifier
    found: str | None = None
    wanted: str | None = None


Outcome: TypeAlias = Literal["counted", "provisional", "queried", "not_counted"]


class LineResult(Frozen, frozen=True, kw_only=True):
    return_id: UUID | None = None
    """Given where the line belongs to another return than the event's own."""
    line_id: Identifier
    commitment_id: Identifier
    outcome: Outcome
    counted: Quantity
    provisional: Quantity = NIL
    queried: Quantity = NIL
    findings: tuple[Finding, ...] = ()


Rating: TypeAlias = Literal[
    "Good", "Approaching target", "Requires improvement", "Inadequate", "Other"
]


class Assessment(Frozen, frozen=True, kw_only=True):
    """One commitment at one period's end, with all that it used (rule A9)."""

    commitment_id: Identifier
    commitment_version: int
    period: Period
    target: Quantity
    expected: str
    """Exact fraction, `numerator/denominator`, in the commitment's unit."""
    counted: Quantity
    low: Quantity
    high: Quantity
    attainment: str | None = None
    """Exact fraction low / expected; none when nothing is expected."""
    rating: Rating
    reason: str | None = None
    """Why the rating is Other."""
    bands: Identifier
    """The band table used, by name and version."""
    returns: tuple[UUID, ...]
    """The revisions that stand for this period; those of earlier ones are among the `inputs`."""
    inputs: int
    """The assessment rests on the first so many inputs of the contract's journal."""
    replaces: bool = False
    """True when an earlier rating of the same period is replaced by this one."""


class PublishedCommitment(Frozen, frozen=True, kw_only=True):
    """What intake must know of a commitment to read a line."""

    commitment_id: Identifier
    measure: Identifier
    kind: Literal["sum", "distinct", "ratio", "post", "done"]
    unit: Identifier
    state: Literal["draft", "active", "closed"]


class Entry(Frozen, frozen=True, kw_only=True):
    event_id: UUID
    index: int
