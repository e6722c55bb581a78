"""The events that join the services: the only definition of what goes over the wire.

Promises: each event is a frozen struct; its JSON is self-contained (id, type, cause, time and
figures); a new field is optional, a changed meaning is a new version; unknown fields are passed
over by readers and survive in the ledger's payload. The JSON Schemas exported from here are golden
files (`shared/wire/schemas/`), so that a change of the wire shows in review.

Refuses: names and free text. Those stay in the database of the service that took them and appear
here as salted digests only. People are random ids.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from shared.wire.parts import (
    INSTALLATION,
    NIL,
    TEXT_LENGTH_MAX,
    WHOLE,
    Assessment,
    CommitmentVersion,
    Digest,
    Entry,
    Evidence,
    Finding,
    Frozen,
    Identifier,
    Invoice,
    Line,
    LineResult,
    Outcome,
    Period,
    Person,
    Place,
    PublishedCommitment,
    Quantity,
    Rating,
    Session,
    assert_sound,
    plain,
)

__all__ = [  # the parts too: readers say `events.Line`
    "INSTALLATION",
    "NIL",
    "TEXT_LENGTH_MAX",
    "WHOLE",
    "AlertRaised",
    "AnyEvent",
    "Assessment",
    "CaseMoved",
    "CommitmentAssessed",
    "CommitmentChanged",
    "CommitmentVersion",
    "ContractPublished",
    "ContractRegistered",
    "DayEnded",
    "Digest",
    "EntriesRecorded",
    "Entry",
    "Event",
    "Evidence",
    "Finding",
    "Frozen",
    "Identifier",
    "Invoice",
    "Line",
    "LineReconsidered",
    "LineResult",
    "Outcome",
    "Period",
    "Person",
    "Place",
    "PublishedCommitment",
    "Quantity",
    "Rating",
    "RecordParked",
    "ReturnChecked",
    "ReturnReceived",
    "ReturnRefused",
    "ReturnWithdrawn",
    "Session",
    "plain",
    "read",
    "subject",
    "utc",
    "write",
]


class Event(Frozen, frozen=True, kw_only=True, tag_field="type", tag=lambda name: name):
    """What every event says of itself, its type first. `occurred_at` of a derived event is its
    cause's."""

    event_id: UUID
    authority_id: Identifier
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    caused_by: UUID | None = None

    @property
    def type(self) -> str:
        """The name of its class."""
        return type(self).__name__


# --- what a supplier reported ---------------------------------------------------------------


class ReturnReceived(Event, frozen=True, kw_only=True):
    """A return that intake accepted: durably stored and receipted before this was published."""

    contract_id: Identifier
    return_id: UUID
    receipt_no: int
    """Order of commit over the installation, from 1, without gaps."""
    party_id: Identifier
    period: Period
    revision: int
    supersedes: UUID | None = None
    """The `return_id` of the revision before this one."""
    nil: bool = False
    invoiced_to_date: Quantity | None = None
    words_digest: Digest | None = None
    """Salted digest of the return's exact bytes, which intake keeps (notes, names, reasons)."""
    lines: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        assert_sound(self.invoiced_to_date)


class ReturnWithdrawn(Event, frozen=True, kw_only=True):
    contract_id: Identifier
    return_id: UUID
    receipt_no: int
    """The receipt number of the withdrawal itself: withdrawals are receipted in the same order."""
    party_id: Identifier
    period: Period
    revision: int
    """The revision that is withdrawn."""


class ReturnRefused(Event, frozen=True, kw_only=True):
    """That there was a refusal: party, rules, time. Never its content."""

    contract_id: Identifier | None = None
    """Only where the party may report on it; a claimed contract is content."""
    party_id: Identifier
    route: Literal["http", "kafka"]
    rules: tuple[str, ...]
    faults: int


class DayEnded(Event, frozen=True, kw_only=True):
    """Midnight in London has passed. One for each partition of `returns`, in order."""

    day: date
    partition: int


# --- what verification decided ---------------------------------------------------------------


class ContractRegistered(Event, frozen=True, kw_only=True):
    contract_id: Identifier
    version: int
    supplier_ids: tuple[Identifier, ...]
    starts_on: date
    ends_on: date
    ocid: str | None = None
    buyer_id: str | None = None
    """As published; the authority is who monitors."""
    words_digest: Digest | None = None


class CommitmentChanged(Event, frozen=True, kw_only=True):
    contract_id: Identifier
    contract_version: int
    commitment: CommitmentVersion
    proposed_by: Identifier
    approved_by: Identifier | None = None
    words_digest: Digest | None = None


class ReturnChecked(Event, frozen=True, kw_only=True):
    """One per return or withdrawal: its lines' results and the assessments it completed."""

    contract_id: Identifier
    return_id: UUID
    receipt_no: int
    party_id: Identifier
    period: Period
    revision: int
    withdrawn: bool = False
    results: tuple[LineResult, ...]
    changed: tuple[LineResult, ...] = ()
    """Lines of other returns of this contract whose outcome this return changed."""
    assessments: tuple[Assessment, ...] = ()
    rule_set: Identifier
    editions: tuple[str, ...] = ()
    """Reference editions used (postcodes)."""


class CommitmentAssessed(Event, frozen=True, kw_only=True):
    """Assessments that a day or another contract caused, and lines that changed with them."""

    contract_id: Identifier
    changed: tuple[LineResult, ...] = ()
    assessments: tuple[Assessment, ...]
    rule_set: Identifier


class CaseMoved(Event, frozen=True, kw_only=True):
    contract_id: Identifier
    case_id: UUID
    kind: Literal["shortfall", "no_data"]
    commitment_id: Identifier | None = None
    party_id: Identifier | None = None
    period: Period
    moved_from: str | None = None
    moved_to: str
    reason: str


class AlertRaised(Event, frozen=True, kw_only=True):
    """Ids and figures; the words are made where it is read (rule L1)."""

    contract_id: Identifier
    kind: Literal[
        "return_due",
        "return_overdue",
        "shortfall_opened",
        "shortfall_worsened",
        "shortfall_recovered",
        "duplicate_claim",
    ]
    subject: Identifier
    """What it is about: a case, an obligation, a line. One alert per subject, kind, transition."""
    supplier_id: Identifier | None = None
    commitment_id: Identifier | None = None
    period: Period | None = None
    unit: str | None = None
    target: Quantity | None = None
    expected: Quantity | None = None
    """Rounded to two places, as it is shown; the assessment has the exact fraction."""
    reported: Quantity | None = None
    counted: Quantity | None = None
    low: Quantity | None = None
    gap: Quantity | None = None
    rating: Rating | None = None
    due_on: date | None = None
    why: tuple[Identifier, ...] = ()
    """Codes: not_delivered, rejected, awaiting_council, no_return, claimed_before."""
    step: Identifier | None = None
    """Suggested next step, by code: send_return, chase_return, notify_supplier, decide_line."""
    step_by: date | None = None
    returns: tuple[UUID, ...] = ()
    rule_set: Identifier


class LineReconsidered(Event, frozen=True, kw_only=True):
    """Another contract's claim changed what counts here: look again at this claim (V6, V12)."""

    contract_id: Identifier
    claim: Digest
    """Which claim, by its key's digest."""
    winner: Digest
    """The standing that caused this: who stands there by which receipt. It posts this once."""


# --- between the services, and the ledger's own --------------------------------------------------


class ContractPublished(Event, frozen=True, kw_only=True):
    """The current contract for intake, applied where its version is newer."""

    contract_id: Identifier
    version: int
    supplier_ids: tuple[Identifier, ...]
    starts_on: date
    ends_on: date
    commitments: tuple[PublishedCommitment, ...]


class EntriesRecorded(Event, frozen=True, kw_only=True):
    """Which events became which entries of the log; for display only."""

    size: int
    entries: tuple[Entry, ...]


class RecordParked(Event, frozen=True, kw_only=True):
    """A record could not be read. Its bytes stay, encrypted, in the parking service's database."""

    service: Literal["intake", "verification", "ledger"]
    topic: Identifier
    incarnation: int
    partition: int
    offset: int
    digest: Digest
    """Salted; the salt stays with the bytes."""
    reason: Identifier


AnyEvent: TypeAlias = (
    ReturnReceived
    | ReturnWithdrawn
    | ReturnRefused
    | DayEnded
    | ContractRegistered
    | CommitmentChanged
    | ReturnChecked
    | CommitmentAssessed
    | CaseMoved
    | AlertRaised
    | LineReconsidered
    | ContractPublished
    | EntriesRecorded
    | RecordParked
)

_READER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_WRITER: Final = msgspec.json.Encoder()


def read(body: bytes) -> AnyEvent:
    """The event in `body`. Raises msgspec's DecodeError where it is no JSON, and its
    ValidationError where it is none of ours."""
    return _READER.decode(body)


def write(event: Event) -> bytes:
    """The event's exact bytes on the wire: UTF-8 JSON in field order. Inverse of `read`."""
    return _WRITER.encode(event)


def subject(event: Event) -> str:
    """What the event is about, and the key that orders it: its contract, else its party."""
    named: str | None = getattr(event, "contract_id", None) or getattr(event, "party_id", None)
    return named or event.authority_id


def spelt(event_id: UUID) -> bytes:
    """An id as it is on the wire: four times as quick as by way of `str`."""
    return _WRITER.encode(event_id)[1:-1]


def utc(moment: datetime) -> str:
    """RFC 3339 in UTC with a `Z`."""
    return moment.isoformat().replace("+00:00", "Z")
