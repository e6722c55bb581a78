"""What each field of a return must look like, in words: its rule, its form, and what to do.

Promises: every field of `submission` is here (a test compares the two), so that a fault of form
says what was expected and what to do.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """How a field is written. `wanted` ends the sentence "This must be …"."""

    rule: str
    wanted: str
    fix: str


_DATE: Final = "a date, YYYY-MM-DD"
_TEXT: Final = "a text of at most 2,000 characters"
_WRITE_DATE: Final = "Write it as 2026-10-06."
_ORG_ID: Final = "an organisation's identifier (org-id) and no placeholder"
_WRITE_ORG_ID: Final = "Write the register and the number, such as GB-COH-00000001, never a name."
_MONEY: Final = "an amount in pounds with at most two decimal places, as text"
_WRITE_MONEY: Final = 'Write it without VAT, such as "18250.00".'
_SHORTEN: Final = "Shorten it, or send it as text."
_DECLARE: Final = "To make the statement, write true."
_COPY_FROM_CONTRACT: Final = "Copy it from your contract."
_COPY_FROM_INVOICE: Final = "Copy it from the invoice."

FORMS: Final[dict[str, Form]] = {
    "contract_id": Form("I1", "a contract's identifier", _COPY_FROM_CONTRACT),
    "period": Form("I2", "a month, YYYY-MM", "Write it as 2026-10."),
    "revision": Form("I3", "a whole number from 1", "Write 1 for the first return of a month."),
    "reason": Form("I3", _TEXT, _SHORTEN),
    "nil": Form(
        "I3", "true or false", "Write true if there is nothing to report, otherwise false."
    ),
    "lines": Form("I3", "a list of lines, each an object", "Write one object for each line."),
    "line_id": Form(
        "I4", "a short code of letters, digits and . _ : / -", "Number your lines: 1, 2, 3."
    ),
    "commitment_id": Form("I4", "a commitment's identifier", _COPY_FROM_CONTRACT),
    "quantity": Form("I4", "a decimal number, as text", 'Write it as text, such as "12.50".'),
    "unit": Form("I4", "a unit, as text", "Use the unit of the commitment."),
    "attribution": Form(
        "I4", "a share, as text", 'Write it as text, such as "0.50"; the whole is "1".'
    ),
    "from": Form("I5", _DATE, _WRITE_DATE),
    "to": Form("I5", _DATE, _WRITE_DATE),
    "late": Form("I5", "the reason why the line is late, as text", _SHORTEN),
    "invoiced_to_date": Form("I6", _MONEY, _WRITE_MONEY),
    "invoice": Form(
        "I6", "an object that describes an invoice", "Give payer, payee, number and net total."
    ),
    "payer_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "payee": Form("I6", _TEXT, _SHORTEN),
    "payee_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "number": Form("I6", "an invoice's number, as text and no placeholder", _COPY_FROM_INVOICE),
    "date": Form("I6", _DATE, _WRITE_DATE),
    "net_total": Form("I6", _MONEY, _WRITE_MONEY),
    "credit_of": Form("I6", "the number of the credited invoice, as text", _COPY_FROM_INVOICE),
    "person": Form("I7", "an object that refers to a person", "Give employer_id and ref."),
    "employer_id": Form("I7", _ORG_ID, _WRITE_ORG_ID),
    "ref": Form(
        "I7",
        "a reference, as text and no placeholder",
        "Use your own staff number, such as APP-014.",
    ),
    "shared_id": Form(
        "I7",
        "a shared identifier, as text and no placeholder",
        "Use the learner number or the council's code.",
    ),
    "weekly_hours": Form("I7", "the hours per week, as text", 'Write them as text, such as "37".'),
    "in_post_on": Form("I5", _DATE, _WRITE_DATE),
    "left_on": Form("I5", _DATE, _WRITE_DATE),
    "session": Form(
        "I8", "an object that describes a session", "Give start, hours, attendees, deliverer_id."
    ),
    "start": Form("I8", "a local time, YYYY-MM-DDTHH:MM", "Write it as 2026-10-14T09:30."),
    "hours": Form("I8", "a number of hours, as text", 'Write it as text, such as "2.0".'),
    "attendees": Form("I8", "a whole number of people", "Count the people who came."),
    "deliverer_id": Form("I8", _ORG_ID, _WRITE_ORG_ID),
    "place": Form("I9", "an object that names a place", "Give a postcode or a school."),
    "postcode": Form("I9", "a full postcode", "Write it as L36 9YU."),
    "school": Form("I9", "a school's URN", "Write GB-EDU- and six digits, such as GB-EDU-143878."),
    "evidence": Form(
        "I10", "a list of evidence, each an object", "List at most 50 pieces for each line."
    ),
    "evidence_id": Form(
        "I10", "an identifier of evidence", "Give its reference and SHA-256 instead."
    ),
    "reference": Form("I10", _TEXT, _SHORTEN),
    "sha256": Form("I10", "a SHA-256 in hexadecimal", "Compute it over the file's exact bytes."),
    "declaration": Form(
        "I11", "an object with the declaration", "Make both statements, and give name and role."
    ),
    "this_contract_and_period_only": Form("I11", "true", _DECLARE),
    "answers_a_commitment": Form("I11", "true", _DECLARE),
    "name": Form("I11", _TEXT, "Give the name of the person who declares."),
    "role": Form("I11", _TEXT, "Give the role of the person who declares."),
    "note": Form("I12", _TEXT, _SHORTEN),
    "recovery": Form("I12", _TEXT, _SHORTEN),
}
