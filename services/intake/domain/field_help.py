"""What each field of a return should look like, in words: the rule it falls under, and the way out.

Promises: every field of `submission` has an entry (a test compares the two), so that a fault of
form says what was wanted and what to do.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Form(NamedTuple):
    rule: str
    wanted: str
    fix: str


_DATE: Final = "a date, YYYY-MM-DD"
_TEXT: Final = "a text of at most 2,000 characters"
_WRITE_DATE: Final = "Write the day as 2026-10-06."
_ORG_ID: Final = "an organisation's identifier (org-id)"
_WRITE_ORG_ID: Final = "Write register and number, such as GB-COH-00000001; never a name."
_WRITE_MONEY: Final = 'Write pounds and pence without VAT as text, such as "18250.00".'
_SHORTEN: Final = "Shorten it, or send it as text."

FORMS: Final[dict[str, Form]] = {
    "contract_id": Form("I1", "a contract's identifier", "Copy it from your contract."),
    "period": Form("I2", "a month, YYYY-MM", "Write the month as 2026-10."),
    "revision": Form("I3", "a whole number from 1", "Write 1 for a month's first return."),
    "reason": Form("I3", _TEXT, _SHORTEN),
    "nil": Form("I3", "true or false", "Write true if there is nothing to report, else false."),
    "lines": Form("I3", "a list of lines, each an object", "Write one object a line."),
    "line_id": Form(
        "I4", "a short code of letters, digits and . _ : / -", "Number your lines, such as 1, 2, 3."
    ),
    "commitment_id": Form("I4", "a commitment's identifier", "Copy it from your contract."),
    "quantity": Form("I4", "a finite decimal as text", 'Write it as text, such as "12.50".'),
    "unit": Form("I4", "a unit", "Write the commitment's unit."),
    "attribution": Form("I4", "a share as text", 'Write it as text, such as "0.50"; all is "1".'),
    "from": Form("I5", _DATE, _WRITE_DATE),
    "to": Form("I5", _DATE, _WRITE_DATE),
    "late": Form("I5", "the reason why the line is late, as text", _SHORTEN),
    "invoiced_to_date": Form("I6", "an amount in GBP to two places", _WRITE_MONEY),
    "invoice": Form("I6", "an object that describes an invoice", "Give payer, payee and number."),
    "payer_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "payee": Form("I6", _TEXT, _SHORTEN),
    "payee_id": Form("I6", _ORG_ID, _WRITE_ORG_ID),
    "number": Form("I6", "an invoice's number, as text", "Copy it from the invoice."),
    "date": Form("I6", _DATE, _WRITE_DATE),
    "net_total": Form("I6", "an amount in GBP to two places", _WRITE_MONEY),
    "credit_of": Form("I6", "the number of the invoice credited", "Copy it from the invoice."),
    "person": Form("I7", "an object that refers to a person", "Give employer_id and ref."),
    "employer_id": Form("I7", _ORG_ID, _WRITE_ORG_ID),
    "ref": Form("I7", "a reference", "Use your own staff number, such as APP-014."),
    "shared_id": Form("I7", "a shared identifier", "Use the learner number or the council's code."),
    "weekly_hours": Form("I7", "hours a week as text", 'Write them as text, such as "37".'),
    "in_post_on": Form("I7", _DATE, _WRITE_DATE),
    "left_on": Form("I7", _DATE, _WRITE_DATE),
    "session": Form("I8", "an object that describes a session", "Give start, hours, attendees."),
    "start": Form("I8", "a local time, YYYY-MM-DDTHH:MM", "Write it as 2026-10-14T09:30."),
    "hours": Form("I8", "hours as text", 'Write them as text, such as "2.0".'),
    "attendees": Form("I8", "a whole number of people", "Count the people who came."),
    "deliverer_id": Form("I8", _ORG_ID, _WRITE_ORG_ID),
    "place": Form("I9", "an object that names a place", "Give a postcode or a school."),
    "postcode": Form("I9", "a postcode", "Write a full postcode, such as L36 9YU."),
    "school": Form("I9", "a school's URN", "Write GB-EDU- and six digits, such as GB-EDU-143878."),
    "evidence": Form("I10", "a list of evidence, each an object", "List at most 50 pieces a line."),
    "evidence_id": Form("I10", "an identifier of evidence", "Give its reference and SHA-256."),
    "reference": Form("I10", _TEXT, _SHORTEN),
    "sha256": Form("I10", "a SHA-256 in hexadecimal", "Compute it over the file's exact bytes."),
    "declaration": Form("I11", "a declaration", "Make both statements, with name and role."),
    "this_contract_and_period_only": Form("I11", "true", "Make the statement: write true."),
    "answers_a_commitment": Form("I11", "true", "Make the statement: write true."),
    "name": Form("I11", _TEXT, "Give the name of who declares."),
    "role": Form("I11", _TEXT, "Give the role of who declares."),
    "note": Form("I12", _TEXT, _SHORTEN),
    "recovery": Form("I12", _TEXT, _SHORTEN),
}
