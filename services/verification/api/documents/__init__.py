"""The JSON that verification reads and answers with: of contracts, commitments and figures. That of
alerts, imports and standings is in modules of their own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from shared import fields
from shared.web import lists

SUPPLIERS_MAX: Final = 50
VERSION_MAX: Final = 2**31 - 1


def _plain(value: Decimal) -> str:
    return format(value, "f")


Quantity = Annotated[Decimal, PlainSerializer(_plain, return_type=str, when_used="json")]
"""A decimal, written as a plain string (never a float, never an exponent)."""


class Query(lists.PageQuery):
    """What every list may be asked for."""

    contract: fields.ContractId | None = None


class LinesQuery(Query):
    state: Literal["counted", "provisional", "queried", "not_counted"] | None = None
    period: fields.Period | None = None
    commitment: fields.CommitmentId | None = None
    """Of the contract, which must be named too. The lines come the latest month first."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True, strict=True)


class Organisation(BaseModel):
    """A party as the contract names it."""

    id: str
    name: str | None = None


class Buyer(_Request):
    """Who bought, as the contract names it."""

    id: fields.OrgId
    name: fields.Name | None = None


class ContractRequest(_Request):
    """A contract to be registered."""

    contract_id: fields.ContractId
    title: fields.Title
    supplier_ids: list[fields.OrgId] = Field(min_length=1, max_length=SUPPLIERS_MAX)
    """By org-id, such as GB-COH-01234567. Each owes one return a month."""
    supplier_names: fields.NamesByOrgId = Field(default_factory=dict)
    starts_on: fields.Day
    ends_on: fields.Day
    ocid: fields.Identifier | None = None
    buyer: Buyer | None = None


class CommitmentRequest(_Request):
    """A commitment to be drafted. A linear profile without dates runs with the contract."""

    commitment_id: fields.CommitmentId
    title: fields.Title | None = None
    """As in the contract; the title of the measure if it is left out."""
    measure: fields.Code
    """A code of the catalogue."""
    kind: fields.Identifier | None = None
    unit: fields.Identifier | None = None
    """Kind and unit must be the measure's if they are given."""
    target: fields.Target
    profile: fields.Structure
    area: fields.Structure | None = None
    from_: fields.Day | None = Field(default=None, alias="from")
    """From when this version is in force; the start of the contract if it is left out."""
    reason: fields.Words | None = None


class CommitmentChange(_Request):
    """A new version of a commitment to be drafted. What is left out stays as it is."""

    title: fields.Title | None = None
    measure: fields.Code | None = None
    """Only while the commitment needs structuring: later the measure cannot change."""
    target: fields.Target | None = None
    profile: fields.Structure | None = None
    area: fields.Structure | None = None
    from_: fields.Day | None = Field(default=None, alias="from")
    """From when the change is in force; the day on which it is proposed if it is left out."""
    reason: fields.Words


class Activation(_Request):
    """An approval."""

    version: Annotated[int, Field(ge=1, le=VERSION_MAX)] | None = None
    """The version that was read; refused if another is proposed by now."""


class PeopleRequest(_Request):
    """Who is to hold which part of a contract, by account id. What is left out or null is nobody's
    from now on."""

    owner: fields.Identifier | None = None
    """Answers for the contract, and is told of its alerts at once."""
    deputy: fields.Identifier | None = None
    """Stands in for the owner, and is told with the owner."""
    category_lead: fields.Identifier | None = None
    """Is told of what nobody has answered for 10 working days."""
    director: fields.Identifier | None = None
    """Is told of what nobody has answered for 20 working days."""


class Version(BaseModel):
    """One version of a commitment."""

    version: int
    state: Literal["needs_structuring", "draft", "active", "replaced"]
    measure: str | None
    kind: str | None
    unit: str | None
    target: Quantity | None
    profile: dict[str, Any] | None
    area: dict[str, Any] | None
    from_: date | None = Field(serialization_alias="from")
    is_backdated: bool
    """A change that is in force from a day before the one on which it was proposed: whoever
    approves it should know."""
    words: str | None
    """The target in prose, as published."""
    reason: str | None
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class Check(BaseModel):
    """A rule that a line is held against."""

    rule: str
    title: str


class Checked(BaseModel):
    """What a commitment's lines are checked for."""

    checks: list[Check]
    checks_not_built: list[Check]
    """Rules that concern the measure, and that no line is held against yet."""


class Commitment(Checked):
    """A commitment with its versions. While it needs structuring it has no checks."""

    commitment_id: str
    title: str
    state: Literal["needs_structuring", "draft", "active"]
    """`active` once any version was activated."""
    versions: list[Version]


class Contract(BaseModel):
    """A contract as registered."""

    contract_id: str
    version: int
    title: str
    authority_id: str
    suppliers: list[Organisation]
    starts_on: date
    ends_on: date
    ocid: str | None
    award_id: str | None
    buyer: Organisation | None
    """As published; the authority is the one that monitors."""
    published: bool
    """Whether the broker has acknowledged the newest version, so that intake can know it. Until
    then intake may refuse returns of the contract (rule I1)."""


class ContractWhole(Contract):
    """A contract with its commitments."""

    commitments: list[Commitment]


class AssessmentShown(BaseModel):
    """The last assessment of one period (rule A9)."""

    period: fields.Period
    assessed_at: datetime
    commitment_version: int
    target: Quantity
    expected: Quantity
    """Rounded to two places, half up; `expected_exact` is the fraction."""
    expected_exact: str
    counted: Quantity
    low: Quantity
    high: Quantity
    queried: Quantity
    """`high` minus `low`: what waits for the council."""
    attainment: str | None
    """`low` in per cent of `expected`, rounded down to one decimal; `attainment_exact` is the
    fraction."""
    attainment_exact: str | None
    rating: str
    reason: str | None
    replaces: bool
    used: dict[str, Any]
    """The version, the bands, the current returns, how many inputs of the journal, and the event
    that announced it."""


class Needed(BaseModel):
    """What must come each month from now on so that all is delivered in the end."""

    a_month: Quantity
    """Whole pounds, or one decimal place; of the exact figure the nearest."""
    months: int
    """The months left after the last rated one, without those that are suspended."""
    best: Quantity
    """The most that counted in one month so far."""
    is_best_of_all: bool
    """False: months that are over a year old are not among those compared."""


class Performed(Checked):
    """A commitment's figures: what has been delivered, and how it was last rated."""

    commitment_id: str
    title: str
    headline: str
    words: str
    measure: str
    unit: str
    version: int
    target: Quantity
    reported: Quantity
    counted: Quantity
    provisional: Quantity
    queried: Quantity
    period: fields.Period | None
    """The last that was assessed. `expected`, `attainment`, `rating`, `reason` and `used` belong to
    that assessment."""
    expected: Quantity | None
    attainment: str | None
    rating: str | None
    reason: str | None
    used: dict[str, Any] | None
    assessments: list[AssessmentShown]
    """The newest of each period, by period."""
    needed: Needed | None
    """null: fewer than three months were rated, nothing or no month is left, or it does not come by
    the month."""
    by_period: list[dict[str, str]]
    """Sums of the current lines of each period."""


class Performance(BaseModel):
    """A contract's figures."""

    contract_id: str
    as_at: date | None
    """The day at whose end this was known; null: now."""
    inputs: int
    """How many inputs of the contract's journal were folded."""
    rule_set: str
    commitments: list[Performed]


class LineShown(BaseModel):
    """A line of a return with its result."""

    contract_id: str
    period: fields.Period
    party_id: str
    return_id: UUID
    line_id: str
    commitment_id: str
    activity_on: date
    thing: str | None
    """What it is about, as it names it: an invoice's number, a session's start, a school, a firm.
    People are not named."""
    outcome: Literal["counted", "provisional", "queried", "not_counted"]
    reported: Quantity
    counted: Quantity
    provisional: Quantity
    queried: Quantity
    findings: list[dict[str, Any]]
    """What the rules found: rule, code, found, wanted and of; `words` and `what_to_do` for the
    reader; `goes_first`, the claim that goes first, if the reader may see it."""
