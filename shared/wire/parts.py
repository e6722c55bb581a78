"""What events consist of: identifiers, figures, and the parts of a return and of a decision.

Promises: frozen structs; `Event` is the base of every event. A new field is optional; a changed
meaning is a new version. Readers ignore unknown fields, and fields that have their default are not
written. `events.py` has the events themselves.

Refuses: figures from suppliers or managers that cannot be counted with (`assert_sound`). Figures
that a service computes itself are not checked again.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from shared import identifiers
from shared.wire import bounds

TEXT_LENGTH_MAX: Final = identifiers.CHARACTERS_MAX
YEAR_PATTERN: Final = "(199[0-9]|20[0-9]{2}|2100)"
PERIOD_PATTERN: Final = f"^{YEAR_PATTERN}-(0[1-9]|1[0-2])$"

INSTALLATION: Final = "installation"
"""The authority of events that belong to no single authority (days, entries, parked records)."""

Identifier = Annotated[
    str,
    msgspec.Meta(
        max_length=TEXT_LENGTH_MAX,
        pattern=r"^(?=\s*\S)[^\x00-\x1f\x7f-\x9f]+(?![\s\S])",  # `$` would pass a last newline
    ),
]
"""Not only blanks, and without control characters."""
Digest = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[0-9a-f]{64}$")]
"""Lower-case hex of a SHA-256."""
Period = Annotated[str, msgspec.Meta(max_length=7, pattern=PERIOD_PATTERN)]
"""A month, `YYYY-MM`."""
Quantity: TypeAlias = Decimal
"""A finite decimal, written as a plain string (never a float)."""
NIL: Final = Decimal(0)
WHOLE: Final = Decimal(1)
"""The defaults of figures. msgspec leaves a field out only if it holds its default itself, so pass
these constants and not equal figures."""

DIGITS_MAX: Final = 20
"""Before the decimal point, and after it: far more than any sum of money needs."""
_SHOWN: Final = 40
"""Characters of a figure that an error shows."""
_ON_WIRE: Final = {"from_": "from"}
"""Fields whose name on the wire is a keyword of Python."""


class Frozen(msgspec.Struct, frozen=True, omit_defaults=True):
    """The base of all events and their parts."""


class Event(Frozen, frozen=True, kw_only=True, tag_field="type", tag=lambda name: name):
    """The fields of every event, after its type. A derived event has its cause's `occurred_at`."""

    event_id: UUID
    authority_id: Identifier
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    caused_by: UUID | None = None

    def __post_init__(self) -> None:
        bounds.assert_timely(self.occurred_at)

    @property
    def type(self) -> str:
        """The name of its class."""
        return type(self).__name__


def assert_sound(figure: Decimal | None) -> None:
    """Raises ValueError for a figure that is not finite, or has more digits than any sum of money:
    before the decimal point or after it, also zeros."""
    if figure is None or _is_short(figure):
        return
    if figure.is_finite() and figure.adjusted() < DIGITS_MAX:
        exponent = figure.as_tuple().exponent
        if isinstance(exponent, int) and exponent >= -DIGITS_MAX:
            return
    shown = str(figure)[:_SHOWN]
    raise ValueError(f"{shown} is not a figure that can be counted with")


def _is_short(figure: Decimal) -> bool:
    """Whether its digits need not be counted: nearly always, and five times as fast."""
    text = str(figure)
    return len(text) <= DIGITS_MAX and "E" not in text and figure.is_finite()


def plain(value: Decimal) -> Decimal:
    """The same figure, written without an exponent. Services pass figures through here that they
    rounded or received from people; intake's rules limit all others."""
    return Decimal(format(value, "f"))


# --- what a supplier reported ---------------------------------------------------------------


class Place(Frozen, frozen=True, kw_only=True):
    postcode: Identifier | None = None
    school: Identifier | None = None


class Person(Frozen, frozen=True, kw_only=True):
    """`person_id` is random, one for each (authority, employer, reference). `shared_person_id` is
    the same at all employers, if a shared identifier (a ULN, a council code) was reported."""

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
    credit_of: Identifier | None = None
    issued_on: date | None = None

    def __post_init__(self) -> None:
        assert_sound(self.net_total)


class Session(Frozen, frozen=True, kw_only=True):
    start: Identifier
    """Local time, `YYYY-MM-DDTHH:MM`."""
    hours: Quantity
    attendees: bounds.Count
    deliverer_id: Identifier

    def __post_init__(self) -> None:
        assert_sound(self.hours)


class Evidence(Frozen, frozen=True, kw_only=True):
    evidence_id: Identifier | None = None
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
        if self.attribution is not WHOLE:  # the default, which nearly every line has, is sound
            assert_sound(self.attribution)


# --- what was promised, and what was decided ---------------------------------------------------


class CommitmentVersion(Frozen, frozen=True, kw_only=True, rename=_ON_WIRE):
    """One version of a commitment, in figures. `profile` and `area` have the shapes that
    verification reads (docs/rules.md, Profiles and Local area)."""

    commitment_id: Identifier
    version: bounds.Number
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
    """What a rule found about a line. `found`, `wanted` and `of` are figures or codes, never
    prose."""

    rule: bounds.Code
    code: bounds.Code
    found: bounds.Text | None = None
    wanted: bounds.Text | None = None
    of: bounds.Text | None = None
    """The whole of which `wanted` is what is left: an invoice's net total."""


Outcome: TypeAlias = Literal["counted", "provisional", "queried", "not_counted"]


class LineResult(Frozen, frozen=True, kw_only=True):
    return_id: UUID | None = None
    """Set if the line belongs to a different return than the event's own."""
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
    """The assessment of one commitment at the end of a period, with all that it used (rule A9)."""

    commitment_id: Identifier
    commitment_version: bounds.Number
    period: Period
    target: Quantity
    expected: bounds.Fraction
    """In the commitment's unit."""
    counted: Quantity
    low: Quantity
    high: Quantity
    attainment: bounds.Fraction | None = None
    """low / expected; None if nothing is expected."""
    rating: Rating
    reason: bounds.Code | None = None
    """Why the rating is Other."""
    bands: Identifier
    """The band table that was used, by name and version."""
    returns: tuple[UUID, ...]
    """The current revisions for this period; those for earlier periods are among the `inputs`."""
    inputs: bounds.Count
    """How many inputs of the contract's journal, from the first, the assessment is based on."""
    replaces: bool = False
    """Whether this replaces an earlier rating of the same period."""


AlertKind: TypeAlias = Literal[
    "return_due",
    "return_overdue",
    "shortfall_opened",
    "shortfall_worsened",
    "shortfall_recovered",
    "duplicate_claim",
    "correction_changed_rating",
    "queue_holds_rating",
    "contract_ends_with_gap",
    "commitment_without_owner",
]


class Entry(Frozen, frozen=True, kw_only=True):
    """An event's place in the log."""

    event_id: UUID
    index: bounds.Position
    type: bounds.Code | None = None
    """The event's; whoever writes that type knows whether the event is its own."""
