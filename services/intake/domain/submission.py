"""The shape of a return as it arrives: untrusted JSON (docs/rules.md, What a return is).

Promises: `read` accepts any bytes and never raises. It reads every field that it can, even if
others cannot be read, so that `returns.check` can name all faults at once. A field that cannot be
read is None afterwards. That is why every field may be absent here; `returns` says what is missing.

Refuses (as faults): unreadable JSON; unknown fields, since a misspelt one would be lost in silence;
values of the wrong form (rules I4, I6, I9 and I10); sizes over their limits (rule I12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from services.intake.domain import faults, field_help

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
"""Rule I12: a file has at most 10 MB."""
LINES_MAX: Final = 5_000
"""Rule I12: of one return."""
TEXT_CHARACTERS_MAX: Final = 2_000
"""Rule I12: of one text."""
IDENTIFIER_CHARACTERS_MAX: Final = 200
"""The limit of the events for an identifier."""
EVIDENCE_MAX: Final = 50
"""Pieces of evidence for one line."""
COMMAS_MAX: Final = 300_000
"""Limits the number of values before a return is read. 5,000 full lines have 175,000 commas."""
READ_FAULTS_MAX: Final = 10_000
"""With more faults of form than this, a return is not examined further."""

Text = Annotated[str, StringConstraints(max_length=TEXT_CHARACTERS_MAX)]
Identifier = Annotated[
    str,
    StringConstraints(
        max_length=IDENTIFIER_CHARACTERS_MAX,
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$",  # not only blanks
    ),
]
Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9._:/-]+$")]
"""An identifier that goes into events, so it must not be able to hold a name."""
OrgId = Annotated[
    str, StringConstraints(max_length=100, pattern=r"^[A-Z]{2,3}-[A-Z0-9]+-[A-Za-z0-9._/-]+$")
]
Number = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$")]
"""A decimal number, as text, since many programs read JSON numbers as floats. With a seventh
decimal place `Decimal` would write it with an exponent."""
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}(\.[0-9]{1,6})?$")]
"""A number that is not negative."""
Money = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$")]
Month = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Postcode = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z]{1,2}[0-9][A-Za-z0-9]?|[Gg][Ii][Rr]) ?"
        r"[0-9][ABD-HJLNP-UW-Zabd-hjlnp-uw-z]{2}$"
    ),
]
School = Annotated[str, StringConstraints(pattern=r"^GB-EDU-[0-9]{6}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")]
LocalTime = Annotated[
    str, StringConstraints(pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$")
]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", validate_by_name=False)


class Declaration(_Shape):
    this_contract_and_period_only: bool | None = None
    answers_a_commitment: bool | None = None
    name: Text | None = None
    role: Text | None = None


class Person(_Shape):
    employer_id: OrgId | None = None
    ref: Identifier | None = None
    shared_id: Identifier | None = None
    weekly_hours: Amount | None = None
    in_post_on: date | None = None
    left_on: date | None = None


class Place(_Shape):
    postcode: Postcode | None = None
    school: School | None = None


class Invoice(_Shape):
    payer_id: OrgId | None = None
    payee: Text | None = None
    payee_id: OrgId | None = None
    number: Identifier | None = None
    issued_on: date | None = Field(default=None, alias="date")
    net_total: Money | None = None
    credit_of: Identifier | None = None


class Session(_Shape):
    start: LocalTime | None = None
    hours: Amount | None = None
    attendees: Annotated[int, Field(ge=0, le=100_000)] | None = None
    deliverer_id: OrgId | None = None


class Evidence(_Shape):
    evidence_id: Identifier | None = None
    reference: Text | None = None
    sha256: Sha256 | None = None


class Line(_Shape):
    line_id: Code | None = None
    commitment_id: Identifier | None = None
    quantity: Number | None = None
    unit: Identifier | None = None
    from_: date | None = Field(default=None, alias="from")
    to: date | None = None
    attribution: Amount | None = None
    person: Person | None = None
    place: Place | None = None
    invoice: Invoice | None = None
    session: Session | None = None
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=EVIDENCE_MAX)] | None = None
    late: Text | None = None
    """Why the line is late. If it is there, the line is a late claim (rule I5)."""
    note: Text | None = None
    recovery: Text | None = None


class Submission(_Shape):
    """A month's return. What must be in it is a matter of the I rules."""

    contract_id: Identifier | None = None
    period: Month | None = None
    revision: Annotated[int, Field(ge=1, le=10_000)] | None = None
    reason: Text | None = None
    nil: bool | None = None
    invoiced_to_date: Money | None = None
    declaration: Declaration | None = None
    lines: Annotated[tuple[Line, ...], Field(max_length=LINES_MAX)] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read, and what could not. `faulty` has the pointers of `faults`."""

    submission: Submission
    faults: tuple[faults.Fault, ...] = ()
    faulty: frozenset[str] = frozenset()

    @property
    def is_unreadable(self) -> bool:
        """Whether nothing could be read: the fault is one of the whole."""
        return "" in self.faulty


def read(body: bytes) -> Reading:
    """The submission in `body`, with a fault for each field that has the wrong form."""
    if body.count(b",") > COMMAS_MAX:
        return _nothing("I12", f"This has more than {COMMAS_MAX:,} commas", "Send fewer lines.")
    try:
        return Reading(Submission.model_validate_json(body))
    except ValidationError as error:
        return _readable(body, error)


def _readable(body: bytes, error: ValidationError) -> Reading:
    if error.error_count() > READ_FAULTS_MAX:
        message = f"More than {READ_FAULTS_MAX:,} fields have the wrong form"
        return _nothing("I12", message, "Correct one line first, then the others like it.")
    try:
        tree = pydantic_core.from_json(body)
    except ValueError as unreadable:
        return _nothing(faults.FORM, f"This is not JSON: {unreadable}", _SEND_JSON)
    if not isinstance(tree, dict):
        return _nothing(faults.FORM, "This is JSON, but not an object", _SEND_JSON)
    found: list[faults.Fault] = []
    while True:  # each round removes at least one value from the tree, so it ends
        for detail in error.errors(include_url=False):
            found.append(_fault(detail))
            _prune(tree, detail["loc"])
        try:
            # As JSON once more: only there does strict reading accept a date as text.
            submission = Submission.model_validate_json(pydantic_core.to_json(tree))
        except ValidationError as more:
            error = more
        else:
            return Reading(submission, tuple(found), frozenset(f.pointer for f in found))


_SEND_JSON: Final = "Send one JSON object in UTF-8."


def _nothing(rule: str, message: str, fix: str) -> Reading:
    return Reading(Submission(), (faults.Fault("", None, rule, message, fix),), frozenset({""}))


def _prune(tree: Any, path: tuple[str | int, ...]) -> None:
    """Removes a value. An item of a list becomes an empty object, so that the others keep their
    places."""
    *above, last = path
    for step in above:
        tree = tree[step]
    if isinstance(tree, list):
        tree[int(last)] = {}
    else:
        tree.pop(last, None)


def _fault(detail: ErrorDetails) -> faults.Fault:
    path = detail["loc"]
    place = faults.pointer(path)
    if detail["type"] == "extra_forbidden":
        message, fix = "Unknown field", "Remove it, or correct its name."
        return faults.Fault(place, None, faults.FORM, message, fix)
    form = field_help.FORMS[next(step for step in reversed(path) if isinstance(step, str))]
    value = None if "person" in path else faults.shown(detail["input"])  # rule I7
    if detail["type"] == "string_too_long":
        message = f"This has more than {detail['ctx']['max_length']:,} characters"
        return faults.Fault(place, value, "I12", message, form.fix)
    if detail["type"] == "too_long":
        most = f"{detail['ctx']['max_length']:,}"
        message, fix = f"This has more than {most} items", f"Send at most {most}."
        return faults.Fault(place, value, "I12", message, fix)
    return faults.Fault(place, value, form.rule, f"This must be {form.wanted}", form.fix)
