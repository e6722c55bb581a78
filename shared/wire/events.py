"""The events between the services: the only definition of what goes over the wire.

Promises: each event is a frozen struct. Its JSON is self-contained (id, type, cause, time and
figures). A new field is optional; a changed meaning is a new version. Readers ignore unknown
fields, and the ledger's payload keeps them. `shared/wire/schemas/` shows each change in review.

Refuses: names and free text. They stay in the database of the service that received them and appear
here as salted digests only. People are random ids. Two events are the exception, for display only:
ContractPublished names a contract, its suppliers and its commitments, OfficerNamed an officer of a
council. Neither is ever an entry of the log, and both topics are compacted, so that a newer name
takes the place of an older one (docs/decisions/0013-names-for-display.md).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

import msgspec

from shared.wire import bounds
from shared.wire.parts import (
    INSTALLATION,
    NIL,
    TEXT_LENGTH_MAX,
    WHOLE,
    AlertKind,
    Assessment,
    CommitmentVersion,
    Digest,
    Entry,
    Event,
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
    Quantity,
    Rating,
    Session,
    assert_sound,
    plain,
)
from shared.wire.published import (
    ContractNames,
    ContractPublished,
    Days,
    LateHoliday,
    Named,
    Obligations,
    OfficerNamed,
    OwedMonths,
    PublishedCommitment,
)

__all__ = [  # the parts too: readers say `events.Line`
    "INSTALLATION",
    "NIL",
    "TEXT_LENGTH_MAX",
    "WHOLE",
    "AlertAcknowledged",
    "AlertKind",
    "AlertRaised",
    "AnyEvent",
    "Assessment",
    "CaseMoved",
    "CommitmentAssessed",
    "CommitmentChanged",
    "CommitmentVersion",
    "ContractNames",
    "ContractPublished",
    "ContractRegistered",
    "DayEnded",
    "Days",
    "Digest",
    "EntriesRecorded",
    "Entry",
    "Event",
    "Evidence",
    "Finding",
    "Frozen",
    "Identifier",
    "Invoice",
    "LateHoliday",
    "Line",
    "LineReconsidered",
    "LineResult",
    "Named",
    "Obligations",
    "OfficerNamed",
    "Outcome",
    "OwedMonths",
    "Period",
    "Person",
    "Place",
    "PublishedCommitment",
    "Quantity",
    "Rating",
    "RecordParked",
    "RecordTakenUp",
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


# --- what a supplier reported ---------------------------------------------------------------


class ReturnReceived(Event, frozen=True, kw_only=True):
    """A return that intake accepted: it is stored and receipted."""

    contract_id: Identifier
    return_id: UUID
    receipt_no: bounds.ReceiptNumber
    """The order of commit in this installation, from 1, without gaps."""
    party_id: Identifier
    period: Period
    revision: bounds.Number
    supersedes: UUID | None = None
    """The `return_id` of the previous revision."""
    nil: bool = False
    invoiced_to_date: Quantity | None = None
    words_digest: Digest | None = None
    """Salted digest of the return's exact bytes, which intake keeps (notes, names, reasons)."""
    lines: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        Event.__post_init__(self)
        assert_sound(self.invoiced_to_date)


class ReturnWithdrawn(Event, frozen=True, kw_only=True):
    """A supplier withdrew a return."""

    contract_id: Identifier
    return_id: UUID
    receipt_no: bounds.ReceiptNumber
    """The withdrawal's own receipt number; returns and withdrawals are numbered together."""
    party_id: Identifier
    period: Period
    revision: bounds.Number


class ReturnRefused(Event, frozen=True, kw_only=True):
    """A return was refused: by which rules, and when. Its content is never told."""

    contract_id: Identifier | None = None
    """Only if the party may report on it; otherwise the contract is part of the content."""
    party_id: Identifier
    route: Literal["http", "kafka"]
    rules: tuple[bounds.Code, ...]
    faults: bounds.Count
    count: bounds.Number = 1
    digest: Digest | None = None
    """Over the ids of `count` refusals told together (docs/rules.md, Refusals and receipts)."""


class DayEnded(Event, frozen=True, kw_only=True):
    """Midnight in London has passed. Every partition of `returns` gets one a day, in order."""

    day: date
    partition: bounds.Count

    def __post_init__(self) -> None:
        Event.__post_init__(self)
        bounds.assert_timely(self.day)


# --- what verification decided ---------------------------------------------------------------


class ContractRegistered(Event, frozen=True, kw_only=True):
    """A contract was registered or changed."""

    contract_id: Identifier
    version: bounds.Number
    supplier_ids: tuple[Identifier, ...]
    starts_on: date
    ends_on: date
    ocid: bounds.Text | None = None
    award_id: bounds.Text | None = None
    buyer_id: bounds.Text | None = None
    """The buyer as published; the authority is the body that monitors."""
    words_digest: Digest | None = None


class CommitmentChanged(Event, frozen=True, kw_only=True):
    """A version of a commitment was drafted, activated or closed."""

    contract_id: Identifier
    contract_version: bounds.Number
    commitment: CommitmentVersion
    proposed_by: Identifier
    approved_by: Identifier | None = None
    words_digest: Digest | None = None


class ReturnChecked(Event, frozen=True, kw_only=True):
    """The decision on a return or withdrawal: its lines' results, and what it had assessed."""

    contract_id: Identifier
    return_id: UUID
    receipt_no: bounds.ReceiptNumber
    party_id: Identifier
    period: Period
    revision: bounds.Number
    withdrawn: bool = False
    results: tuple[LineResult, ...]
    changed: tuple[LineResult, ...] = ()
    """Lines of this contract's other returns whose outcome changed because of this one."""
    assessments: tuple[Assessment, ...] = ()
    rule_set: Identifier
    editions: tuple[Identifier, ...] = ()
    """The editions of reference data that were used (postcodes)."""
    part: bounds.Number = 1
    parts: bounds.Number = 1


class CommitmentAssessed(Event, frozen=True, kw_only=True):
    """Assessments caused by a day or by another contract, and the lines that changed with them."""

    contract_id: Identifier
    changed: tuple[LineResult, ...] = ()
    assessments: tuple[Assessment, ...]
    rule_set: Identifier
    part: bounds.Number = 1
    parts: bounds.Number = 1


class CaseMoved(Event, frozen=True, kw_only=True):
    """A case was opened or moved to another state."""

    contract_id: Identifier
    case_id: UUID
    kind: Literal["shortfall", "no_data"]
    commitment_id: Identifier | None = None
    party_id: Identifier | None = None
    period: Period
    moved_from: bounds.Code | None = None
    moved_to: bounds.Code
    reason: bounds.Code


class AlertRaised(Event, frozen=True, kw_only=True):
    """What somebody must be told, as ids and figures; the reader makes the words (rule L1)."""

    contract_id: Identifier
    kind: AlertKind
    subject: Identifier
    """What it is about: a case, an obligation, a line, a commitment, a contract. Each transition of
    a subject has one alert of each kind."""
    supplier_id: Identifier | None = None
    commitment_id: Identifier | None = None
    period: Period | None = None
    unit: Identifier | None = None
    target: Quantity | None = None
    expected: Quantity | None = None
    """Rounded to two places, for display; the assessment has the exact fraction."""
    reported: Quantity | None = None
    counted: Quantity | None = None
    low: Quantity | None = None
    queried: Quantity | None = None
    gap: Quantity | None = None
    rating: Rating | None = None
    rating_before: Rating | None = None
    """The rating that stands, where a correction would change it to `rating`."""
    due_on: date | None = None
    ends_on: date | None = None
    why: tuple[bounds.Code, ...] = ()
    """Codes: not_delivered, rejected, awaiting_council, no_return, claimed_before, corrected."""
    step: bounds.Code | None = None
    """The suggested next step: send_return, chase_return, notify_supplier, decide_line,
    decide_lines, review_rating, review_contract, name_owner."""
    step_by: date | None = None
    returns: tuple[UUID, ...] = ()
    rule_set: Identifier


class AlertAcknowledged(Event, frozen=True, kw_only=True):
    """An officer has seen an alert and answers for it; once for each alert (rule L3)."""

    contract_id: Identifier
    alert_id: UUID
    """The `event_id` of its AlertRaised."""
    acknowledged_by: Identifier
    """The officer's account id."""


class LineReconsidered(Event, frozen=True, kw_only=True):
    """Another contract's claim changed what counts here: check this claim again (V6, V12)."""

    contract_id: Identifier
    claim: Digest
    """What is claimed, by the digest of its key."""
    winner: Digest
    """The claim that caused this, with its rank; it posts this once."""


# --- between the services, and the ledger's own --------------------------------------------------


class EntriesRecorded(Event, frozen=True, kw_only=True):
    """Which entry of the log each event became."""

    size: bounds.Position
    entries: tuple[Entry, ...]


class RecordParked(Event, frozen=True, kw_only=True):
    """A record could not be read or processed. The service that parked it keeps its bytes."""

    service: Literal["intake", "verification", "ledger"]
    topic: bounds.TopicName
    incarnation: bounds.Count
    partition: bounds.Count
    offset: bounds.Position
    digest: Digest
    """Salted; the salt is stored with the bytes."""
    reason: bounds.Code
    record_id: UUID | None = None
    """The event that the record is, as far as its bytes tell. It waits until it is taken up."""
    return_id: UUID | None = None
    """If the record is about a return with a receipt: this one. It is held until then."""


class RecordTakenUp(Event, frozen=True, kw_only=True):
    """An event whose record had been parked has been processed after all."""

    service: Literal["intake", "verification", "ledger"]
    record_id: UUID
    return_id: UUID | None = None


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
    | AlertAcknowledged
    | LineReconsidered
    | ContractPublished
    | OfficerNamed
    | EntriesRecorded
    | RecordParked
    | RecordTakenUp
)

_READER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_WRITER: Final = msgspec.json.Encoder()


def read(body: bytes) -> AnyEvent:
    """The event in `body`. Raises msgspec's DecodeError if it is not JSON, and ValidationError if
    it is not one of our events."""
    return _READER.decode(body)


def write(event: Event) -> bytes:
    """The event's exact bytes on the wire: UTF-8 JSON in field order. Inverse of `read`."""
    return _WRITER.encode(event)


def subject(event: Event) -> str:
    """What the event is about, and the key that orders it: its contract, else its party, else its
    officer, else its authority."""
    found: str | None = getattr(event, "contract_id", None) or getattr(event, "party_id", None)
    return found or getattr(event, "officer_id", None) or event.authority_id


def spelt(event_id: UUID) -> bytes:
    """An id as on the wire. Four times as fast as `str`."""
    return _WRITER.encode(event_id)[1:-1]


def utc(moment: datetime) -> str:
    """The moment in RFC 3339, in UTC with a `Z`."""
    return moment.isoformat().replace("+00:00", "Z")
