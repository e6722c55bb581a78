"""The shape of a return as it arrives: untrusted JSON (docs/rules.md, What a return is).

Promises: `read` accepts any bytes and never raises. It reads every field that it can, even if
others cannot be read, so that `returns.check` can name all faults at once. A field that cannot be
read is None afterwards. That is why every field may be absent here; `returns` says what is missing.

Refuses (as faults): unreadable JSON; unknown fields, since a misspelt one would be lost in silence;
values of the wrong form (rules I4, I6, I9 and I10); sizes over their limits (rule I12); what can be
read in two ways (rule I13).
"""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from services.intake.domain import faults, field_help
from shared import documents, fields

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
"""Rule I12: a file has at most 10 MB."""
LINES_MAX: Final = 5_000
"""Rule I12: of one return."""
EVIDENCE_MAX: Final = 50
"""Pieces of evidence for one line."""
COMMAS_MAX: Final = 300_000
"""Limits the number of values before a return is read. 5,000 full lines have 175,000 commas."""
MISSPELT_MAX: Final = 100
"""Unknown fields that are compared with the known ones; each takes a tenth of a millisecond."""
READ_FAULTS_MAX: Final = 10_000
"""With more faults of form than this, a return is not examined further."""


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", validate_by_name=False)


class Declaration(_Shape):
    this_contract_and_period_only: bool | None = None
    answers_a_commitment: bool | None = None
    name: fields.Text | None = None
    role: fields.Text | None = None


class Person(_Shape):
    employer_id: fields.OrgId | None = None
    ref: fields.PersonReference | None = None
    shared_id: fields.SharedIdentifier | None = None
    weekly_hours: fields.Amount | None = None
    in_post_on: fields.Day | None = None
    left_on: fields.Day | None = None


class Place(_Shape):
    postcode: fields.Postcode | None = None
    school: fields.School | None = None


class Invoice(_Shape):
    payer_id: fields.OrgId | None = None
    payee: fields.Text | None = None
    payee_id: fields.OrgId | None = None
    number: fields.InvoiceNumber | None = None
    issued_on: fields.Day | None = Field(default=None, alias="date")
    net_total: fields.Money | None = None
    credit_of: fields.InvoiceNumber | None = None


class Session(_Shape):
    start: fields.LocalTime | None = None
    hours: fields.Amount | None = None
    attendees: Annotated[int, Field(ge=0, le=100_000)] | None = None
    deliverer_id: fields.OrgId | None = None


class Evidence(_Shape):
    evidence_id: fields.Identifier | None = None
    reference: fields.Text | None = None
    sha256: fields.Sha256 | None = None


class Line(_Shape):
    line_id: fields.Code | None = None
    commitment_id: fields.CommitmentId | None = None
    quantity: fields.Number | None = None
    unit: fields.Identifier | None = None
    from_: fields.Day | None = Field(default=None, alias="from")
    to: fields.Day | None = None
    attribution: fields.Amount | None = None
    person: Person | None = None
    place: Place | None = None
    invoice: Invoice | None = None
    session: Session | None = None
    evidence: (
        Annotated[tuple[Evidence, ...], Field(strict=False, max_length=EVIDENCE_MAX)] | None
    ) = None
    late: fields.Text | None = None
    """Why the line is late. If it is there, the line is a late claim (rule I5)."""
    note: fields.Text | None = None
    recovery: fields.Text | None = None


class Submission(_Shape):
    """A month's return. What must be in it is a matter of the I rules."""

    contract_id: fields.ContractId | None = None
    period: fields.Period | None = None
    revision: Annotated[int, Field(ge=1, le=10_000)] | None = None
    reason: fields.Text | None = None
    nil: bool | None = None
    invoiced_to_date: fields.Money | None = None
    declaration: Declaration | None = None
    lines: Annotated[tuple[Line, ...], Field(strict=False, max_length=LINES_MAX)] | None = None


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
    document = documents.read(body)
    if isinstance(document, documents.Unreadable):
        return _nothing(faults.FORM, document.message, _SEND_JSON)
    if not isinstance(document.value, dict):
        return _nothing(faults.FORM, "This is JSON, but not an object", _SEND_JSON)
    try:
        submission = Submission.model_validate(document.value)
    except ValidationError as error:
        return _read_rest(document, error)
    return _reading(submission, [_left_out(each) for each in document.left_out])


_SEND_JSON: Final = "Send one JSON object in UTF-8."


def _nothing(rule: str, message: str, fix: str) -> Reading:
    return Reading(Submission(), (faults.Fault("", None, rule, message, fix),), frozenset({""}))


def _reading(submission: Submission, found: list[faults.Fault]) -> Reading:
    return Reading(submission, tuple(found), frozenset(fault.pointer for fault in found))


def _read_rest(document: documents.Document, error: ValidationError) -> Reading:
    """What can be read without the fields of `error`."""
    if error.error_count() > READ_FAULTS_MAX:
        message = f"More than {READ_FAULTS_MAX:,} fields have the wrong form"
        return _nothing("I12", message, "Correct one line first, then the others like it.")
    found = [_left_out(each) for each in document.left_out]
    while True:  # each round removes at least one value from the document, so it ends
        for detail in error.errors(include_url=False):
            found.append(_fault(detail))
            documents.prune(document.value, detail["loc"])
        try:
            submission = Submission.model_validate(document.value)
            return _without_misspelt(_reading(submission, found), document.value)
        except ValidationError as more:
            error = more


_UNKNOWN: Final = "Remove it, or correct its name."
_SHAPES: Final[dict[str, type[_Shape]]] = {
    "": Submission,
    "declaration": Declaration,
    "lines": Line,
    "person": Person,
    "place": Place,
    "invoice": Invoice,
    "session": Session,
    "evidence": Evidence,
}
"""By the field that holds them."""


def _without_misspelt(reading: Reading, value: Any) -> Reading:
    """The same, where an unknown field that is spelt much like an absent one is that one: it is not
    missing as well."""
    named: list[faults.Fault] = []
    meant: set[str] = set()
    looked_at = 0
    for fault in reading.faults:
        above, _, name = fault.pointer.rpartition("/")
        wanted = None
        if fault.fix == _UNKNOWN and looked_at < MISSPELT_MAX:
            looked_at += 1
            wanted = _find_meant(value, above, name)
        if wanted is None or f"{above}/{wanted}" in meant:
            named.append(fault)
        else:
            meant.add(f"{above}/{wanted}")
            named.append(dataclasses.replace(fault, fix=f"Write {wanted}."))
    return dataclasses.replace(reading, faults=tuple(named), faulty=reading.faulty | meant)


def _find_meant(value: Any, above: str, name: str) -> str | None:
    """The absent field of the object at `above` whose name is much like this one."""
    holder = ""
    try:
        for step in above.split("/")[1:]:
            value = value[int(step)] if isinstance(value, list) else value[step]
            holder = holder if step.isdecimal() else step
        shape = _SHAPES[holder]
    except (KeyError, IndexError, ValueError):  # it was left out, as it could not be read
        return None
    known = [field.alias or each for each, field in shape.model_fields.items()]
    absent = [each for each in known if value.get(each) is None]
    return next(iter(difflib.get_close_matches(name, absent, n=1)), None)


def _left_out(repair: documents.Repair) -> faults.Fault:
    """Rule I13."""
    return faults.Fault(faults.pointer(repair.path), None, "I13", repair.message, repair.fix)


def _fault(detail: ErrorDetails) -> faults.Fault:
    path = detail["loc"]
    place = faults.pointer(path)
    if detail["type"] == "extra_forbidden":
        return faults.Fault(place, None, faults.FORM, "Unknown field", _UNKNOWN)
    form = field_help.FORMS[next(step for step in reversed(path) if isinstance(step, str))]
    value = None if "person" in path else faults.shown(detail["input"])  # rule I7
    if detail["type"] == "string_too_long":
        message = f"This has more than {detail['ctx']['max_length']:,} characters"
        return faults.Fault(place, value, "I12", message, form.fix)
    if detail["type"] == "too_long":
        most = f"{detail['ctx']['max_length']:,}"
        message, fix = f"This has more than {most} items", f"Send at most {most}."
        return faults.Fault(place, value, "I12", message, fix)
    in_json = field_help.IN_JSON.get(detail["type"])
    message = f"This must be {form.wanted}" + (f" ({in_json})" if in_json else "")
    return faults.Fault(place, value, form.rule, message, form.fix)
