"""The fields of a return as people are asked for them: their labels, and what is wrong in words.

Promises: pure. Every field of a return has a label (a test compares the two). A fault is worded for
whoever fills in a form or a file: it never speaks JSON, and days are written as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from services.intake.domain import faults
from shared import formats

LABELS: Final[Mapping[str, str]] = {
    "contract_id": "Contract",
    "period": "Month",
    "revision": "Revision",
    "reason": "Why you report again",
    "nil": "Nothing to report",
    "lines": "Lines",
    "line_id": "Number of the line",
    "commitment_id": "Promise",
    "quantity": "Quantity",
    "unit": "Unit",
    "attribution": "Share that is for this contract",
    "from": "Date",
    "to": "Last day",
    "late": "Why is it late?",
    "invoiced_to_date": "Value invoiced to date",
    "invoice": "Invoice",
    "payer_id": "Who paid",
    "payee": "Name of the firm that was paid",
    "payee_id": "Company number of the firm that was paid",
    "number": "Invoice number",
    "date": "Date of the invoice",
    "net_total": "Net total of the invoice",
    "credit_of": "Invoice that this credits",
    "person": "Person",
    "employer_id": "Employer",
    "ref": "Your number for the person",
    "shared_id": "Learner number, or the council’s code",
    "weekly_hours": "Hours a week",
    "in_post_on": "Still in post on",
    "left_on": "Left on",
    "session": "Session",
    "start": "Start",
    "hours": "Length",
    "attendees": "People who came",
    "deliverer_id": "Who delivered it",
    "place": "Place",
    "postcode": "Postcode",
    "school": "School",
    "evidence": "Evidence",
    "evidence_id": "Uploaded evidence",
    "reference": "Where the evidence is kept",
    "sha256": "SHA-256 of the file",
    "declaration": "Declaration",
    "this_contract_and_period_only": "The figures are of this contract and month only",
    "answers_a_commitment": "Each line answers a promise",
    "name": "Name",
    "role": "Role",
    "note": "Note",
    "recovery": "What you do to catch up",
}
"""By the last step of a field's pointer."""
ANY: Final = "This return"
"""Of a fault that is of no field."""

_DAY: Final = "a date, such as 6 October 2026 or 6/10/2026"
_ORG: Final = (
    "a company number of 8 characters, such as 01234567, or another register’s identifier, "
    "such as GB-CHC-1234567"
)
_NUMBER: Final = "a number, such as 12.50"
_MONEY: Final = "an amount in pounds, such as 18,250.00"
_TEXT: Final = "a text of at most 2,000 characters"
_REFERENCE: Final = "a number of your own, such as APP-014, and never a name"
_WANTED: Final[Mapping[str, str]] = {
    "quantity": _NUMBER,
    "attribution": "a share in percent, such as 50",
    "from": _DAY,
    "to": _DAY,
    "date": _DAY,
    "in_post_on": _DAY,
    "left_on": _DAY,
    "invoiced_to_date": _MONEY,
    "net_total": _MONEY,
    "payer_id": _ORG,
    "payee_id": _ORG,
    "employer_id": _ORG,
    "deliverer_id": _ORG,
    "number": "the number on the invoice",
    "credit_of": "the number of an invoice",
    "ref": _REFERENCE,
    "shared_id": "a learner number or a code",
    "weekly_hours": "a number of hours, such as 37 or 18.5",
    "hours": "a number of hours, such as 2 or 1.5",
    "attendees": "a whole number of people",
    "start": "a time, such as 09:30",
    "postcode": "a full postcode, such as L36 9YU",
    "school": "the school’s URN, six digits such as 143878",
    "sha256": "64 letters and digits, as a SHA-256 is written",
    "nil": "yes or no",
    "this_contract_and_period_only": "ticked, if it is true",
    "answers_a_commitment": "ticked, if it is true",
    "line_id": "a short code, such as 1",
    "period": "a month, such as October 2026",
}
"""How a field is written. What is not here is a text."""
_MISSING: Final = "This is missing"
_FORM: Final = "This must be "
_FIXES: Final[Mapping[str, str]] = {
    "Write it as GB-COH-00000001.": "Give the company number.",
    "Copy it from your contract.": "Choose one of your promises.",
    "Make this statement, if it is true.": "Tick it, if it is true.",
    "Give each line a line_id of its own.": "Give each line a number of its own.",
}
"""Of faults that are not of form: what to do, where the rule's own words are for programs."""
_WRITE: Final = re.compile(r"^Write (it|them|the register|GB)\b")
"""How a fix begins that says how a value is written for a program."""
_ISO_DAY: Final = re.compile(r"(?<![\w-])(\d{4})-(\d{2})-(\d{2})(?![\w-])")
_ISO_MONTH: Final = re.compile(r"(?<![\w-])(\d{4}-(?:0[1-9]|1[0-2]))(?![\w-])")


def label(pointer: str) -> str:
    """What the field at a pointer is called: `Invoice number` of `/lines/0/invoice/number`."""
    steps = [step for step in pointer.split("/") if step and not step.isdecimal()]
    return LABELS.get(steps[-1], steps[-1]) if steps else ANY


def name(pointer: str) -> str:
    """The name of a form's field, within the line or the return: `invoice-number`."""
    steps = pointer.split("/")[1:]
    return "-".join(steps[2:] if steps[:1] == ["lines"] and len(steps) > 2 else steps)


def word(fault: faults.Fault, called: str | None = None) -> str:
    """A fault in a sentence or two. `called`: the label on this very form."""
    step = fault.pointer.rpartition("/")[2]
    called = called or label(fault.pointer)
    if fault.message == _MISSING:
        return f"{called}: nothing is given. {_fix(fault, step)}".strip()
    if fault.message.startswith(_FORM):
        return f"{called}: this must be {_WANTED.get(step, _TEXT)}."
    return f"{called}: {_lower(dated(fault.message))}. {_fix(fault, step)}".strip()


def _fix(fault: faults.Fault, step: str) -> str:
    fix = _FIXES.get(fault.fix, fault.fix)
    if step in _WANTED and _WRITE.match(fix):
        return f"Give {_WANTED[step]}."
    return dated(fix)


def dated(text: str) -> str:
    """With days and months as people write them: `2026-10-06` is 6 October 2026."""
    return _ISO_MONTH.sub(lambda found: formats.month(found[1]), _ISO_DAY.sub(_day, text))


def _day(found: re.Match[str]) -> str:
    try:
        return formats.day(date(*map(int, found.groups())))
    except ValueError:  # it is no day
        return found[0]


def _lower(sentence: str) -> str:
    """To stand after a colon. An abbreviation stays as it is."""
    return sentence if sentence[1:2].isupper() else sentence[:1].lower() + sentence[1:]
