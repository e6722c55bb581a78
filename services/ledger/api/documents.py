"""The JSON that the ledger answers with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic_core import PydanticCustomError

from services.ledger.domain.entries import facts, figures, returns, sought
from shared import fields
from shared.web import lists

TYPES: Final = tuple(kind.__name__ for kind in facts.RECORDED)


class Item(pydantic.BaseModel):
    """An entry in a list. `leaf` is its JSON; the exact bytes come with the single entry. `words`
    say what the leaf says, in one sentence."""

    index: int
    words: str
    leaf_hash: str
    leaf: dict[str, Any]


class Payload(pydantic.BaseModel):
    """The event, and the salt of the leaf's commitment to it: `payload` in the leaf is
    `SHA-256(0x02 || salt || event)`, over the bytes in `event_base64`."""

    event: dict[str, Any]
    event_base64: str
    salt: str


class Entry(Item):
    """One entry with its exact bytes, and with its event for those who may see it."""

    leaf_base64: str
    payload: Payload | None
    """None if the caller may not see it, or it is damaged."""
    is_damaged: bool
    """Whether the caller should see the event, but the ledger cannot open it any more. The leaf and
    its proofs stay valid."""


class Log(pydantic.BaseModel):
    """The log as it was last signed."""

    origin: str
    size: int
    root: str
    verifier_key: str
    verifier_keys: list[str]
    witnesses: list[str]
    checkpoint_at: datetime | None


class Tree(pydantic.BaseModel):
    """The log as it was at one size. `signed_at` is null if no checkpoint was signed at this size:
    about one a second is."""

    size: int
    root: str
    signed_at: datetime | None


class Consistency(pydantic.BaseModel):
    """That the tree `to` begins with the tree `from`, all of it: the proof of RFC 9162, section
    2.1.4. `checkpoint` is null if none was signed at the size of `to`."""

    model_config = pydantic.ConfigDict(serialize_by_alias=True)

    older: Tree = pydantic.Field(alias="from")
    newer: Tree = pydantic.Field(alias="to")
    proof: list[str]
    checkpoint: str | None


Size = Annotated[fields.Whole, pydantic.Field(ge=1, lt=2**63)]


class ConsistencyQuery(pydantic.BaseModel):
    """Two sizes of the log, the smaller first."""

    model_config = pydantic.ConfigDict(extra="forbid")

    older: Size = pydantic.Field(alias="from", description="How many entries the earlier tree has.")
    newer: Size = pydantic.Field(
        alias="to",
        description="How many entries the later tree has: at most as many as are signed for.",
    )


class Hit(pydantic.BaseModel):
    """One thing that a text names, and how: as the number of an entry or of a receipt, the id of an
    event or a return, the hash of an entry, a leaf's commitment to its event, the root of a
    checkpoint, a contract or a supplier."""

    kind: Literal[
        "entry",
        "receipt",
        "event",
        "return",
        "hash",
        "commitment",
        "root",
        "contract",
        "supplier",
    ]
    words: str
    entry: int | None = None
    return_id: str | None = None
    contract_id: str | None = None
    party_id: str | None = None
    size: int | None = None


class SearchQuery(pydantic.BaseModel):
    """What is looked for."""

    model_config = pydantic.ConfigDict(extra="forbid")

    q: Annotated[str, pydantic.StringConstraints(min_length=1, max_length=sought.CHARACTERS_MAX)]


class Cause(pydantic.BaseModel):
    """What led to a decision, and the entry and receipt of the return or withdrawal. A day and a
    line of another contract are no entries, and have none."""

    kind: figures.CauseKind
    entry: int | None
    receipt_no: int | None


class Figure(pydantic.BaseModel):
    """What the entry `entry` states of a commitment at the end of a month. Quantities are in the
    commitment's unit, `expected` and `attainment` exact fractions."""

    entry: int
    commitment_version: int
    target: str
    expected: str
    counted: str
    low: str
    high: str
    attainment: str | None
    rating: str
    reason: str | None
    """Why the rating is Other."""


class FigureChange(pydantic.BaseModel):
    """A figure that is stated otherwise than before. `before` is null if it never was."""

    commitment_id: str
    period: str
    before: Figure | None
    after: Figure


class Counted(pydantic.BaseModel):
    """How many lines, what counts of them, and which rules found something."""

    lines: int
    counted: str
    provisional: str = "0"
    queried: str = "0"
    rules: list[str] = []


class LinesChange(pydantic.BaseModel):
    """What a return counts for a commitment. Null: it has no line for it."""

    commitment_id: str
    before: Counted | None
    after: Counted | None


class LinesElsewhere(pydantic.BaseModel):
    """Lines of other returns of the contract, as they count now."""

    commitment_id: str
    now: Counted


class Version(pydantic.BaseModel):
    """A version of a commitment, without its profile and area."""

    commitment_id: str
    version: int
    state: str
    measure: str
    kind: str
    unit: str
    target: str
    begins_on: str | None = pydantic.Field(default=None, validation_alias="from")


class VersionChange(pydantic.BaseModel):
    """A new version, and the one that was approved last before it."""

    before: Version | None
    after: Version


class Change(pydantic.BaseModel):
    """What one entry changed. `lines` is null if it checked no return, or what was decided was told
    in parts. If `is_damaged`, an event that this needs does not open: figures may be missing. Of an
    entry whose leaf is damaged there is no type, contract and cause."""

    entry: int
    type: str | None
    words: str
    occurred_at: datetime
    contract_id: str | None
    cause: Cause | None
    figures: list[FigureChange]
    lines: list[LinesChange] | None
    lines_elsewhere: list[LinesElsewhere]
    commitment: VersionChange | None
    is_damaged: bool


class ReturnReceived(pydantic.BaseModel):
    """A revision that came in. `due_on` and `is_late` are null where the log does not tell the due
    day, and of a revision that took the place of another. The other fields that may be null are so
    if the leaf has only a digest of its facts."""

    entry: int
    received_at: datetime
    return_id: str | None
    revision: int | None
    receipt_no: int | None
    is_nil: bool | None
    is_current: bool
    due_on: date | None
    is_late: bool | None
    late_lines: int | None


class ReturnWithdrawn(pydantic.BaseModel):
    """A revision that was taken back, by a receipt of its own."""

    entry: int
    withdrawn_at: datetime
    revision: int | None
    receipt_no: int | None


class Reminder(pydantic.BaseModel):
    """An alert that a return is owed and was not there."""

    entry: int
    kind: str | None
    due_on: date | None
    occurred_at: datetime


class ReturnsOfSupplier(pydantic.BaseModel):
    """What one supplier sent for a month. `missing`: it was reminded, and sent nothing."""

    party_id: str
    state: returns.State
    received: list[ReturnReceived]
    withdrawals: list[ReturnWithdrawn]
    reminders: list[Reminder]


class ReturnsOfMonth(pydantic.BaseModel):
    """How many suppliers have a current return, have only withdrawn ones, and were reminded in
    vain; how many returns came after a due day that the log tells. What was due and waived the log
    does not tell."""

    period: str
    received: int
    withdrawn: int
    missing: int
    late: int
    due: None
    waived: None
    suppliers: list[ReturnsOfSupplier]


class Returns(lists.Page[ReturnsOfMonth]):
    """The months of a contract, and what the log does not tell of them."""

    not_told: list[str]


def _known(name: str) -> str:
    if name not in TYPES:
        message = f"There is no such type of entry. The types are {', '.join(TYPES)}"
        raise PydanticCustomError("unknown_type", "{message}", {"message": message})
    return name


EntryType = Annotated[fields.Code, pydantic.AfterValidator(_known)]
ReceiptNo = Annotated[fields.Whole, pydantic.Field(ge=1, lt=2**63)]


class EntriesQuery(lists.PageQuery):
    """What a list of entries is narrowed down to. `from` and `to` are the first and last day of
    occurrence, both included; with either the list is in the order of occurrence. `receipt` names
    one entry by itself; with `digest` only if that is the digest of its return."""

    receipt: ReceiptNo | None = None
    digest: fields.Sha256 | None = None
    contract: fields.ContractId | None = None
    supplier: fields.OrgId | None = None
    commitment: fields.CommitmentId | None = None
    type: EntryType | None = None
    period: fields.Period | None = None
    since: fields.Day | None = pydantic.Field(default=None, alias="from")
    until: fields.Day | None = pydantic.Field(default=None, alias="to")


class HistoryQuery(lists.PageQuery):
    """A chain, as it was at the end of the day `as_at`."""

    as_at: fields.Day | None = None


class ChangesQuery(lists.PageQuery):
    """The first and the last day, both included, and what the changes are narrowed down to."""

    since: fields.Day = pydantic.Field(alias="from")
    until: fields.Day = pydantic.Field(alias="to")
    contract: fields.ContractId | None = None
    supplier: fields.OrgId | None = None


class ReturnsQuery(lists.PageQuery):
    """The months of a contract; with `supplier`, of that one alone."""

    supplier: fields.OrgId | None = None
