"""What events are made of: identifiers, figures, and the parts of a return and of a decision.

Promises: frozen models; a new field is optional, a changed meaning is a new version; unknown fields
are passed over by readers. `events.py` has the events themselves.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

TEXT_LENGTH_MAX = 200
"""Longest identifier on the wire, in characters: org-ids, postcodes and codes are far below it."""

INSTALLATION = "installation"
"""The authority of events that concern no single one (days, entries, parked records)."""

Identifier = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hex of a SHA-256."""
Period = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A month, `YYYY-MM`."""


def _plain(value: Decimal) -> str:
    return format(value, "f")


Quantity = Annotated[Decimal, PlainSerializer(_plain, return_type=str, when_used="json")]
"""A finite decimal, written as a plain string (never a float, never an exponent)."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


# --- what a supplier reported ---------------------------------------------------------------


class Place(Frozen):
    postcode: str | None = None
    school: str | None = None


class Person(Frozen):
    """`person_id` is random, by (authority, employer, reference); `shared_person_id` joins
    employers where a shared identifier (a ULN, a council code) was given."""

    person_id: UUID
    shared_person_id: UUID | None = None
    weekly_hours: Quantity | None = None
    in_post_on: date | None = None
    left_on: date | None = None


class Invoice(Frozen):
    payer_id: Identifier
    payee_id: Identifier
    number: Identifier
    net_total: Quantity
    credit_of: str | None = None
    issued_on: date | None = None


class Session(Frozen):
    start: str
    """Local time, `YYYY-MM-DDTHH:MM`."""
    hours: Quantity
    attendees: int
    deliverer_id: Identifier


class Evidence(Frozen):
    evidence_id: str | None = None
    sha256: Digest | None = None


class Line(Frozen):
    line_id: Identifier
    commitment_id: Identifier
    quantity: Quantity
    unit: Identifier
    from_: date = Field(alias="from")
    to: date | None = None
    attribution: Quantity = Decimal(1)
    place: Place | None = None
    person: Person | None = None
    invoice: Invoice | None = None
    session: Session | None = None
    is_late: bool = False
    evidence: tuple[Evidence, ...] = ()


# --- what was promised, and what was decided ---------------------------------------------------


class Commitment(Frozen):
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
    from_: date | None = Field(default=None, alias="from")


class Finding(Frozen):
    """What a rule found: `found` and `wanted` are figures or codes, never prose."""

    rule: Identifier
    code: Identifier
    found: str | None = None
    wanted: str | None = None


Outcome: TypeAlias = Literal["counted", "provisional", "queried", "not_counted"]


class LineResult(Frozen):
    return_id: UUID | None = None
    """Given where the line belongs to another return than the event's own."""
    line_id: Identifier
    commitment_id: Identifier
    outcome: Outcome
    counted: Quantity
    provisional: Quantity = Decimal(0)
    queried: Quantity = Decimal(0)
    findings: tuple[Finding, ...] = ()


Rating: TypeAlias = Literal[
    "Good", "Approaching target", "Requires improvement", "Inadequate", "Other"
]


class Assessment(Frozen):
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


class Terms(Frozen):
    """What intake must know of a commitment to read a line."""

    commitment_id: Identifier
    measure: Identifier
    kind: Literal["sum", "distinct", "ratio", "post", "done"]
    unit: Identifier
    state: Literal["draft", "active", "closed"]


class Entry(Frozen):
    event_id: UUID
    index: int
