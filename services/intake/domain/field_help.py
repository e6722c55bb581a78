"""What each field of a return must look like, in words: its rule, its form, and what to do.

Promises: every field of `submission` is here (a test compares the two), so that a fault of form
says what was expected and what to do. The same words serve whoever fills in a form, a file or a
program; only where a program has sent another type than JSON has for it, `IN_JSON` is added.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    """How a field is written. `wanted` ends the sentence "This must be …"."""

    rule: str
    wanted: str
    fix: str


IN_JSON: Final[dict[str, str]] = {
    "string_type": "in JSON with quotation marks around it",
    "bool_type": "in JSON true or false, without quotation marks",
    "int_type": "in JSON without quotation marks",
    "tuple_type": "in JSON a list in square brackets",
    "model_type": "in JSON an object in braces",
}
"""By the type of a fault: how a value of another type would have to be written. Forms and files
cannot have these faults."""

_DATE: Final = "a date, YYYY-MM-DD"
_TEXT: Final = "a text of at most 2,000 characters"
_WRITE_DATE: Final = "Write it as 2026-10-06."
_ORG_ID: Final = "an organisation's identifier (org-id) and no placeholder"
_WRITE_ORG_ID: Final = "Write the register and the number, such as GB-COH-00000001, never a name."
_MONEY: Final = "an amount in pounds with at most two decimal places"
_WRITE_MONEY: Final = "Write it without VAT and without commas, such as 18250.00."
_SHORTEN: Final = "Shorten it."
_COPY_FROM_CONTRACT: Final = "Copy it from your contract."
_COPY_FROM_INVOICE: Final = "Copy it from the invoice."
DECLARE: Final = "Make this statement, if it is true."
WRITE_QUANTITY: Final = "Write it without commas, such as 12.50."
WRITE_SHARE: Final = "Write it as 0.50; the whole is 1."
NAME_PERSON: Final = "Give the employer and a number of your own for the person, such as APP-014."

FORMS: Final[dict[str, Form]] = {
    "contract_id": Form("I1", "a contract's identifier", _COPY_FROM_CONTRACT),
    "period": Form("I2", "a month, YYYY-MM", "Write it as 2026-10."),
    "revision": Form("I3", "a whole number from 1", "Write 1 for the first return of a month."),
    "reason": Form("I3", _TEXT, _SHORTEN),
    "nil": Form("I3", "yes or no", "Say whether there is nothing to report."),
    "lines": Form("I3", "a list of lines", "Give each line with its fields."),
    "line_id": Form(
        "I4", "a short code of letters, digits and . _ : / -", "Number your lines: 1, 2, 3."
    ),
    "commitment_id": Form("I4", "a commitment's identifier", _COPY_FROM_CONTRACT),
    "quantity": Form("I4", "a decimal number", WRITE_QUANTITY),
    "unit": Form("I4", "a unit", "Use the unit of the commitment."),
    "attribution": Form("I4", "a share", WRITE_SHARE),
    "from": Form("I5", _DATE, _WRITE_DATE),
    "to": Form("I5", _DATE, _WRITE_DATE),
    "late": Form("I5", "the reason why the line is late", _SHORTEN),
    "invoiced_to_date": Form("I6", _MONEY, _WRITE_MONEY),
    "invoice": Form("I6", "an invoice", "Give payer, payee, number and net total."),
    "payer_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "payee": Form("I6", _TEXT, _SHORTEN),
    "payee_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "number": Form("I6", "an invoice's number and no placeholder", _COPY_FROM_INVOICE),
    "date": Form("I6", _DATE, _WRITE_DATE),
    "net_total": Form("I6", _MONEY, _WRITE_MONEY),
    "credit_of": Form("I6", "the number of the credited invoice", _COPY_FROM_INVOICE),
    "person": Form("I7", "a reference to a person", NAME_PERSON),
    "employer_id": Form("I7", _ORG_ID, _WRITE_ORG_ID),
    "ref": Form(
        "I7",
        "a reference and no placeholder",
        "Use your own staff number, such as APP-014.",
    ),
    "shared_id": Form(
        "I7",
        "a shared identifier and no placeholder",
        "Use the learner number or the council's code.",
    ),
    "weekly_hours": Form("I7", "the hours per week", "Write them as 37 or 18.5."),
    "in_post_on": Form("I5", _DATE, _WRITE_DATE),
    "left_on": Form("I5", _DATE, _WRITE_DATE),
    "session": Form(
        "I8", "a session", "Say when it was, how long, for how many people, and who delivered it."
    ),
    "start": Form("I8", "a local time, YYYY-MM-DDTHH:MM", "Write it as 2026-10-14T09:30."),
    "hours": Form("I8", "a number of hours", "Write it as 2.0."),
    "attendees": Form("I8", "a whole number of people", "Count the people who came."),
    "deliverer_id": Form("I8", _ORG_ID, _WRITE_ORG_ID),
    "place": Form("I9", "a place", "Give a postcode or a school."),
    "postcode": Form("I9", "a full postcode", "Write it as L36 9YU."),
    "school": Form("I9", "a school's URN", "Write GB-EDU- and six digits, such as GB-EDU-143878."),
    "evidence": Form("I10", "a list of evidence", "List at most 50 pieces for each line."),
    "evidence_id": Form(
        "I10", "an identifier of evidence", "Say where it is kept, and give its SHA-256 instead."
    ),
    "reference": Form("I10", _TEXT, _SHORTEN),
    "sha256": Form("I10", "a SHA-256 in hexadecimal", "Compute it over the file's exact bytes."),
    "declaration": Form("I11", "the declaration", "Make both statements, and give name and role."),
    "this_contract_and_period_only": Form("I11", "yes or no", DECLARE),
    "answers_a_commitment": Form("I11", "yes or no", DECLARE),
    "name": Form("I11", _TEXT, "Give the name of the person who declares."),
    "role": Form("I11", _TEXT, "Give the role of the person who declares."),
    "note": Form("I12", _TEXT, _SHORTEN),
    "recovery": Form("I12", _TEXT, _SHORTEN),
}
