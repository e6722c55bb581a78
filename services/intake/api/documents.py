"""The JSON of intake's endpoints: what they read and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain import due, return_status
from shared import catalogue, fields
from shared.spreadsheets import tables
from shared.web import lists


class Links(BaseModel):
    self: str
    withdraw: str


class Receipt(BaseModel):
    """A supplier can check it alone (docs/ledger.md, Receipts)."""

    kind: Literal["return", "withdrawal"]
    receipt_no: int
    return_id: UUID
    contract_id: str
    party_id: str
    period: str
    revision: int
    sha256: str
    salt: str
    received_at: datetime
    merge_by: datetime
    statement: str
    signature: str
    public_key: str
    links: Links


class Key(BaseModel):
    public_key: str
    """Ed25519, in base64. Receipts are checked with it."""


class ReturnSummary(BaseModel):
    return_id: UUID
    receipt_no: int
    contract_id: str
    party_id: str
    period: str
    revision: int
    received_at: datetime
    status: return_status.ReturnStatus
    due_on: date
    """By the end of this day it was due; also if it was not asked for."""
    late: bool
    """Whether it came after that. A revision is not late if the return that it corrects was not."""
    superseded_by: UUID | None
    withdrawn_at: datetime | None
    entry: int | None
    """Its entry in the log; null until the log has recorded it."""


class ReturnsQuery(lists.PageQuery):
    """What a list of returns is narrowed down to. `refused` lists refusals instead."""

    contract: fields.ContractId | None = None
    party: fields.OrgId | None = None
    period: fields.Period | None = None
    period_from: fields.Period | None = None
    period_to: fields.Period | None = None
    status: Literal[return_status.ReturnStatus, "refused"] | None = None
    late: Literal["true", "false"] | None = None

    def wants(self, summary: Mapping[str, Any]) -> bool:
        """Whether a return is one of those."""
        is_late = {None: None, "true": True, "false": False}[self.late]
        return self.status in (None, summary["status"]) and is_late in (None, summary["late"])


class RefusedFault(BaseModel):
    """One thing that was wrong, without anything that was sent."""

    pointer: str
    rule: str
    message: str
    fix: str
    header: str | None = None


class Refusal(BaseModel):
    """That something was refused, and why."""

    status: Literal["refused"] = "refused"
    refusal_id: UUID
    refused_at: datetime
    party_id: str
    contract_id: str | None
    """If it could be read, and the party may report on it."""
    period: str | None
    """If it could be read."""
    route: Literal["http", "kafka"]
    rules: list[str]
    faults_count: int
    faults: list[RefusedFault]
    """The first of them; none if `count` is more than 1."""
    count: int
    """How many refusals these are: beyond a number a day, those of a day are one."""


ReturnsListed: TypeAlias = lists.Page[ReturnSummary | Refusal]


class Line(BaseModel):
    line_id: str
    commitment_id: str
    quantity: str
    unit: str
    from_: date = Field(alias="from")
    to: date | None
    attribution: str | None = None
    late: str | None = None
    """Why it is a late claim; null if it is none."""
    place: dict[str, Any] | None = None
    person: dict[str, Any] | None = None
    """With the references to the person for its party only."""
    invoice: dict[str, Any] | None = None
    session: dict[str, Any] | None = None
    evidence: list[dict[str, Any]] = []
    note: str | None = None
    recovery: str | None = None
    status: Literal[
        "received", "counted", "provisional", "queried", "not_counted", "withdrawn", "superseded"
    ]
    """`withdrawn` and `superseded`: it no longer counts, since its return does not."""
    counted: str | None = None
    provisional: str | None = None
    queried: str | None = None
    reasons: list[dict[str, Any]] = []
    """What the rules found, each with rule, code, found, wanted, and a sentence."""
    entry: int | None = None
    """The entry of the decision in the log."""


class Declaration(BaseModel):
    """The two statements, and who made them."""

    this_contract_and_period_only: bool
    answers_a_commitment: bool
    name: str
    role: str


class Withdrawal(BaseModel):
    receipt_no: int
    reason: str
    withdrawn_at: datetime
    entry: int | None


class Return(ReturnSummary):
    held: str | None
    """What is said of a return that a service cannot take yet."""
    differs: str | None
    """What is wrong with the stored bytes or the receipt. Then no lines are shown."""
    supersedes: UUID | None
    reason: str | None
    """Why the month was reported again."""
    nil: bool | None
    """Whether it says that there is nothing to report. Null, like the declaration, if `differs`."""
    invoiced_to_date: str | None
    declaration: Declaration | None
    withdrawal: Withdrawal | None
    receipt: Receipt
    lines: list[Line]


class TemplateQuery(BaseModel):
    """Which template is asked for."""

    period: fields.Period
    format: tables.Format = "xlsx"


class FileQuery(BaseModel):
    """What a spreadsheet of lines is for."""

    contract: fields.ContractId
    period: fields.Period
    dry_run: bool = False


class FileTotal(BaseModel):
    """What a file says of a promise in force."""

    commitment_id: str
    unit: str | None
    """Null if the catalogue has no such measure."""
    lines: int
    quantity: str
    quantity_before: str
    """What the return of the month before reported."""
    answered: bool
    """Whether the file has lines of the promise, or says that there is nothing."""


class CheckedFile(BaseModel):
    """A spreadsheet of lines that has no faults. Nothing was stored."""

    return_: dict[str, Any] = Field(alias="return")
    """The return that would be sent, as JSON."""
    totals: list[FileTotal]
    notes: list[str]
    """What was passed over, in words."""


class DueQuery(lists.PageQuery):
    """What a list of returns that are due is narrowed down to. `from` and `to` are months."""

    contract: fields.ContractId | None = None
    party: fields.OrgId | None = None
    state: due.DueState | None = None
    first: fields.Period | None = Field(default=None, alias="from")
    last: fields.Period | None = Field(default=None, alias="to")
    """The running month if it is left out."""


class Due(BaseModel):
    """A return that a contract asks for."""

    contract_id: str
    party_id: str
    period: str
    state: due.DueState
    send_from: date
    """The day after its month; it is taken from the month's first day on."""
    due_on: date
    """By the end of this day; a later one since it was withdrawn."""
    overdue_working_days: int | None
    """How many working days have begun since its due day; null unless it is overdue."""
    next_revision: int
    """The revision that the next return of this month must have."""
    revision: int | None
    """What is in: null unless it is received."""
    return_id: UUID | None
    receipt_no: int | None
    received_at: datetime | None
    late: bool | None
    """Whether it came in after its due day; null while it is not in. A revision is not late if the
    return that it corrects was not."""
    withdrawn_at: datetime | None
    """When a return of this month was last withdrawn."""


class Need(BaseModel):
    """A place of a line, as a JSON pointer, and what must be there."""

    pointer: str
    wanted: str


class Check(BaseModel):
    rule: str
    title: str


class Measure(BaseModel):
    """A measure of the catalogue."""

    code: str
    title: str
    theme: str
    unit: str
    """Nothing is converted: a line is in this unit."""
    kind: catalogue.Kind
    """How quantities combine (docs/rules.md, Measures and kinds)."""
    recognition: catalogue.Recognition
    quantity_max: str
    """The most that one line may report."""
    decimals_max: int
    evidence: list[str]
    """The documents that usually show it."""
    is_local: bool
    """Whether it counts in the contract's local area only, if one is set."""
    never_counted: str | None
    """Why it cannot be promised yet; null if it can."""
    needs: list[Need]
    """Without one of these a line is refused."""
    waits_without: list[Need]
    """Without one of these a line waits for the council."""
    checks: list[Check]
    """What its lines are checked for."""
    checks_not_built: list[Check]
    """What concerns it, and is not checked yet."""
    example: dict[str, Any]
    """A line that is accepted, of a return for October 2026."""


class WithdrawalRequest(BaseModel):
    reason: fields.Words


class Credential(BaseModel):
    actor_id: str
    authority_id: str
    created_at: datetime
    revoked_at: datetime | None


class NewCredential(BaseModel):
    token: str
    """Shown only once."""
    inbound_topic: str
    replies_topic: str
    """On which intake answers what came on the inbound topic."""


class ContactRequest(BaseModel):
    """Somebody to be told of changes."""

    model_config = ConfigDict(extra="forbid")

    person_id: fields.Identifier
    """The account of the supplier's person."""
    address: fields.MailAddress


class Contact(BaseModel):
    person_id: str
    address: str
    is_on: bool
    """Whether mails go there."""
    set_by: str
    set_at: datetime


class ClockRequest(BaseModel):
    """Either a moment, or a day: its beginning in London."""

    now: fields.Moment | None = None
    day: fields.Day | None = None


class Clock(BaseModel):
    now: datetime
    day_ended: date
