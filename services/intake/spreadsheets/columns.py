"""The columns of a spreadsheet of lines: one set for all measures.

Promises: every field of a line that people can give has one column (a test compares them with the
shape of a line); each says in words what goes in it.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal[
    "text", "promise", "month", "yes_no", "number", "share", "whole", "day", "clock",
    "organisation", "school", "passed_over",
]  # fmt: skip


class Column(NamedTuple):
    """One column."""

    heading: str
    pointer: str
    """Where it goes within the line; empty if it is not of the line."""
    kind: Kind
    about: str


CONTRACT: Final = "Contract"
MONTH: Final = "Month"
LINE: Final = "Line"
PROMISE: Final = "Promise"
NOTHING: Final = "Nothing this month"
FIRST_DAY: Final = "First day"
START: Final = "Start time"
RESULT: Final = "Result"
WHAT_TO_DO: Final = "What to do"

_COMPANY: Final = "The number at Companies House, or another org-id such as GB-CHC-1234567."
_DAY: Final = "A day, such as 6 October 2026."

COLUMNS: Final = (
    Column(CONTRACT, "", "text", "The contract that the lines are for. It may be left blank."),
    Column(MONTH, "", "month", "The month that you report. It may be left blank."),
    Column(LINE, "/line_id", "text", "A number of your own. If it is blank, we give one."),
    Column(PROMISE, "/commitment_id", "promise", "Which promise the line is for."),
    Column(NOTHING, "", "yes_no", "Yes, in a row of its own, if there is nothing to report."),
    Column("Quantity", "/quantity", "number", "How much, in the unit. Money without VAT."),
    Column("Unit", "/unit", "text", "The promise's unit. It may be left blank."),
    Column(FIRST_DAY, "/from", "day", f"{_DAY} Of a single day, that day."),
    Column("Last day", "/to", "day", f"{_DAY} Of a single day, leave it blank."),
    Column("Postcode", "/place/postcode", "text", "Where it was; of spend, the payee's."),
    Column("School's URN", "/place/school", "school", "Six digits, such as 143878."),
    Column(
        "Person's number", "/person/ref", "text", "Your own, such as APP-014. Never write a name."
    ),
    Column("Employer's company number", "/person/employer_id", "organisation", _COMPANY),
    Column("Hours a week", "/person/weekly_hours", "number", "Of the employment contract."),
    Column("In post on", "/person/in_post_on", "day", "A day on which the person was still there."),
    Column("Left on", "/person/left_on", "day", "The last day, if the person has left."),
    Column("Learner number", "/person/shared_id", "text", "Or the council's code for the person."),
    Column("Invoice number", "/invoice/number", "text", "As it is on the invoice."),
    Column("Invoice date", "/invoice/date", "day", _DAY),
    Column("Invoice total", "/invoice/net_total", "number", "The whole invoice, without VAT."),
    Column("Payer's company number", "/invoice/payer_id", "organisation", _COMPANY),
    Column("Payee", "/invoice/payee", "text", "The name of the firm that was paid."),
    Column("Payee's company number", "/invoice/payee_id", "organisation", _COMPANY),
    Column("Credit of invoice", "/invoice/credit_of", "text", "Of a credit: the invoice's number."),
    Column(START, "/session/start", "clock", "Of a session on the first day, such as 09:30."),
    Column("Length in hours", "/session/hours", "number", "Such as 1.5."),
    Column("People who came", "/session/attendees", "whole", "How many."),
    Column("Deliverer's company number", "/session/deliverer_id", "organisation", _COMPANY),
    Column("Our share", "/attribution", "share", "If it is not all yours: 50% or 0.5."),
    Column("Evidence", "/evidence/0/reference", "text", "Where the document is kept."),
    Column("Evidence SHA-256", "/evidence/0/sha256", "text", "The digest of the document's bytes."),
    Column("Why it is late", "/late", "text", "Of what happened before the month: why only now."),
    Column("Note", "/note", "text", "For the council."),
    Column("How it will be made up", "/recovery", "text", "For the council."),
    Column(RESULT, "", "passed_over", "Ours, in a file that we send back. We pass it over."),
    Column(WHAT_TO_DO, "", "passed_over", "Ours, in a file that we send back. We pass it over."),
)
OFFERED: Final = tuple(each for each in COLUMNS if each.kind != "passed_over")
"""The columns of the template."""
BY_HEADING: Final = {each.heading: each for each in COLUMNS}
BY_POINTER: Final = {each.pointer: each for each in COLUMNS if each.pointer}
NEEDED: Final = (PROMISE, "Quantity", FIRST_DAY)
"""Without these no line can be read."""
PREFILLED: Final = frozenset(
    {
        CONTRACT, MONTH, LINE, PROMISE, "Unit", "Postcode", "Person's number",
        "Employer's company number", "Hours a week", "Learner number", "Payer's company number",
        "Deliverer's company number", RESULT, WHAT_TO_DO,
    }
)  # fmt: skip
"""What the template may hold already. A row with nothing else was not filled in."""
SPARE: Final = PREFILLED - {LINE, "Person's number", "Postcode", "Hours a week", "Learner number"}
"""What a spare row of the template holds."""
SHEET: Final = "Lines"


def heading(pointer: str) -> str | None:
    """The heading of the column where a place of a line is given: its own, or that of what is in
    it (`/invoice`)."""
    column = BY_POINTER.get(pointer)
    if column is not None:
        return column.heading
    inside = (each.heading for place, each in BY_POINTER.items() if place.startswith(f"{pointer}/"))
    return next(inside, None)
