"""Rows and values, both ways: what a table keeps of a value, and the value of a row.

A value becomes a row with `<noun>_row`, a row becomes a value with `read_<noun>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from services.intake.domain import admission, due, faults, receipts, refused_days, return_status
from services.intake.domain.line_status import LineStatus
from shared import calendar, sql
from shared.wire import events
from shared.wire.events import ContractPublished

# --- the desk ------------------------------------------------------------------------------------


class DeskRow(NamedTuple):
    """The one row of `desk`."""

    receipt_no: int
    """The last one issued."""
    day_ended: date
    """The last one that has ended."""
    latest_at: datetime
    """The latest time that the desk has used. It never goes back."""

    def time(self, now: datetime) -> datetime:
        """The time of what is accepted now, even if the clock went back."""
        return max(now, self.latest_at)


def read_desk(row: sql.Record) -> DeskRow:
    return DeskRow(*row)


class ContractRow(NamedTuple):
    """A row of `contract`."""

    contract_id: str
    event_id: UUID
    """Which event said it: one version may be said again."""
    version: int
    body: bytes


def contract_row(published: ContractPublished, body: bytes) -> ContractRow:
    return ContractRow(published.contract_id, published.event_id, published.version, body)


def read_contract(row: sql.Record) -> ContractRow:
    return ContractRow(*row)


def read_late_holidays(text: str | None) -> calendar.Late:
    """Holidays that were declared late, from what a contract tells of them; nearly always none."""
    found = [] if text is None else msgspec.json.decode(text, type=list[events.LateHoliday])
    return tuple(calendar.LateHoliday(each.day, each.known_from) for each in found)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one submission before it is decided."""

    contract_event: UUID | None
    """What said last what its contract is; None if the contract is unknown."""
    latest: admission.Latest | None
    by_key: UUID | None
    """The return that its party sent the same authority before, under the same Idempotency-Key."""
    by_bytes: UUID | None
    """The return that its party sent before with the same bytes."""


def read_known(row: sql.Record) -> Known:
    contract_event, revision, return_id, by_key, by_bytes = row
    latest = admission.Latest(revision, return_id) if revision else None
    return Known(contract_event, latest, by_key, by_bytes)


def read_published(body: bytes) -> ContractPublished:
    """A contract, from the `body` of its row."""
    published = events.read(body)
    assert isinstance(published, ContractPublished)
    return published


# --- what was decided ----------------------------------------------------------------------------


class ReturnRow(NamedTuple):
    """A row of `accepted_return`."""

    return_id: UUID
    receipt_no: int
    authority_id: str
    contract_id: str
    party_id: str
    period: str
    revision: int
    supersedes: UUID | None
    body: bytes
    sha256: bytes
    salt: bytes
    received_at: datetime
    merge_by: datetime
    signature: bytes
    public_key: bytes


def return_row(accepted: admission.Accepted) -> ReturnRow:
    receipt = accepted.issued.receipt
    return ReturnRow(
        return_id=receipt.return_id,
        receipt_no=receipt.receipt_no,
        authority_id=accepted.acceptance.authority_id,
        contract_id=receipt.contract_id,
        party_id=receipt.party_id,
        period=receipt.period,
        revision=receipt.revision,
        supersedes=accepted.acceptance.supersedes,
        body=accepted.post.body,
        sha256=receipt.sha256,
        salt=receipt.salt,
        received_at=receipt.received_at,
        merge_by=receipt.merge_by,
        signature=accepted.issued.signature,
        public_key=accepted.issued.public_key,
    )


def read_receipt(row: sql.Record) -> receipts.Issued:
    """The receipt of an accepted return."""
    receipt = receipts.Receipt(kind="return", **{name: row[name] for name in _RECEIPT_COLUMNS})
    return receipts.Issued(receipt, row["signature"], row["public_key"])


_RECEIPT_COLUMNS: Final = [f.name for f in fields(receipts.Receipt) if f.name != "kind"]


class _Posted(msgspec.Struct):
    """What is compared of an event that was posted."""

    type: str
    authority_id: str
    contract_id: str
    return_id: UUID
    receipt_no: int
    party_id: str
    period: str
    revision: int
    supersedes: UUID | None = None
    words_digest: str | None = None


_posted: Final = msgspec.json.Decoder(_Posted)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReceipt:
    """A receipt, and what fsck compares with it."""

    issued: receipts.Issued
    authority_id: str
    supersedes: UUID | None
    body_sha256: bytes
    """Of the bytes that are stored now."""
    words_digest: str | None
    """Of the same; None for a withdrawal."""
    posted: Mapping[str, object] | None
    """The event, by field; None if there is none."""
    entry: int | None
    is_due: bool

    def wanted(self) -> dict[str, object]:
        """What the event must say."""
        receipt = self.issued.receipt
        is_return = receipt.kind == "return"
        return {
            "type": "ReturnReceived" if is_return else "ReturnWithdrawn",
            "authority_id": self.authority_id,
            "contract_id": receipt.contract_id,
            "return_id": receipt.return_id,
            "receipt_no": receipt.receipt_no,
            "party_id": receipt.party_id,
            "period": receipt.period,
            "revision": receipt.revision,
            "supersedes": self.supersedes,
            "words_digest": self.words_digest,
        }


def read_checked_receipt(row: sql.Record) -> CheckedReceipt:
    names = [f.name for f in fields(receipts.Receipt)]
    receipt = receipts.Receipt(**{name: row[name] for name in names})
    return CheckedReceipt(
        issued=receipts.Issued(receipt, row["signature"], row["public_key"]),
        authority_id=row["authority_id"],
        supersedes=row["supersedes"],
        body_sha256=row["body_sha256"],
        words_digest=row["words_digest"],
        posted=_read_posted(row["posted"]),
        entry=row["entry"],
        is_due=row["is_due"],
    )


def _read_posted(body: bytes | None) -> dict[str, object] | None:
    """An event, by field; an empty one if these bytes are none."""
    if body is None:
        return None
    try:
        return msgspec.structs.asdict(_posted.decode(body))
    except (ValueError, RecursionError):
        return {}


class KeyRow(NamedTuple):
    """A row of `idempotency`: under which Idempotency-Key a return came."""

    authority_id: str
    party_id: str
    key: str
    return_id: UUID


class RefusalRow(NamedTuple):
    """A row of `refusal`, without the time."""

    event_id: UUID
    authority_id: str
    party_id: str
    contract_id: str | None
    period: str | None
    route: admission.Route
    rules: str
    """Separated by blanks."""
    faults: int
    details: str
    """The first faults, as a JSON array."""


def refusal_row(refused: admission.Refused) -> RefusalRow:
    return RefusalRow(
        event_id=refused.post.return_id,
        authority_id=refused.authority_id,
        party_id=refused.post.party_id,
        contract_id=refused.contract.contract_id if refused.contract else None,
        period=refused.post.reading.submission.period,
        route=refused.post.route,
        rules=" ".join(faults.rules(refused.faults)),
        faults=len(refused.faults),
        details=msgspec.json.encode(faults.told(refused.faults)).decode(),
    )


def read_together(row: sql.Record) -> refused_days.Together:
    return refused_days.Together(**dict(row) | {"rules": tuple(row["rules"])})


def read_sent(row: sql.Record) -> due.Sent:
    """What was sent for one month of a party and contract."""
    return due.Sent(**{name: row[name] for name in _SENT_COLUMNS})


_SENT_COLUMNS: Final = [f.name for f in fields(due.Sent)]


# --- withdrawals ---------------------------------------------------------------------------------


class WithdrawalRow(NamedTuple):
    """A row of `withdrawal`."""

    return_id: UUID
    event_id: UUID
    receipt_no: int
    reason: str
    withdrawn_at: datetime
    merge_by: datetime
    signature: bytes
    public_key: bytes


def withdrawal_row(issued: receipts.Issued, event_id: UUID, reason: str) -> WithdrawalRow:
    return WithdrawalRow(
        return_id=issued.receipt.return_id,
        event_id=event_id,
        receipt_no=issued.receipt.receipt_no,
        reason=reason,
        withdrawn_at=issued.receipt.received_at,
        merge_by=issued.receipt.merge_by,
        signature=issued.signature,
        public_key=issued.public_key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReturn:
    """An accepted return, as far as its withdrawal needs it."""

    return_id: UUID
    authority_id: str
    contract_id: str
    party_id: str
    period: str
    revision: int
    sha256: bytes
    salt: bytes
    status: return_status.ReturnStatus
    withdrawal: receipts.Issued | None
    """The receipt of its withdrawal, if it was withdrawn."""


def read_stored_return(row: sql.Record) -> StoredReturn:
    return StoredReturn(
        return_id=row["return_id"],
        authority_id=row["authority_id"],
        contract_id=row["contract_id"],
        party_id=row["party_id"],
        period=row["period"],
        revision=row["revision"],
        sha256=row["sha256"],
        salt=row["salt"],
        status=return_status.status(
            is_withdrawn=row["withdrawal_no"] is not None,
            is_superseded=row["is_superseded"],
            is_checked=row["is_checked"],
        ),
        withdrawal=None if row["withdrawal_no"] is None else _withdrawal(row),
    )


def _withdrawal(row: sql.Record) -> receipts.Issued:
    receipt = receipts.Receipt(
        kind="withdrawal",
        receipt_no=row["withdrawal_no"],
        return_id=row["return_id"],
        contract_id=row["contract_id"],
        party_id=row["party_id"],
        period=row["period"],
        revision=row["revision"],
        sha256=row["sha256"],
        salt=row["salt"],
        received_at=row["withdrawn_at"],
        merge_by=row["merge_by"],
    )
    return receipts.Issued(receipt, row["signature"], row["public_key"])


# --- what other services say ---------------------------------------------------------------------


class LineStatusesRow(NamedTuple):
    """A row of `last_said`: the status of some lines of one return."""

    return_id: UUID
    lines: str
    """A JSON object by line id; each status is an array."""


def line_statuses_row(return_id: UUID, lines: Mapping[str, LineStatus]) -> LineStatusesRow:
    return LineStatusesRow(return_id, msgspec.json.encode(lines).decode())


class RecordedStatus(NamedTuple):
    """A line status, and the entry of the log that has the event which set it."""

    status: LineStatus
    entry: int | None
    """None until the log has recorded the event."""


def read_line_status(row: sql.Record) -> RecordedStatus:
    status = msgspec.json.decode(row["said"], type=LineStatus)
    return RecordedStatus(status, row["entry"])
