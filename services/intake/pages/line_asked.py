"""What is asked of a line, by its measure: only the fields that the measure needs, in order.

Promises: pure. Whatever a line of a measure must have is asked, worked out or known (a test goes by
`domain.measures`). What the rules work out is not asked: a post by its hours, participant hours by
length and people, one for what counts once.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple, TypeAlias

from services.intake.pages import fields
from shared import catalogue, formats

Kind: TypeAlias = Literal[
    "text", "words", "number", "whole", "day", "time", "share", "org", "school"
]
"""How a value is written, in a form and in JSON (`line_form`)."""
WorkedOut: TypeAlias = Literal["one", "post", "product", "people"]
"""How a quantity is found that is not asked."""

FULL_WEEK_HOURS: Final = 37
"""A post is its weekly hours by these, at most 1 (docs/rules.md, Posts)."""
_HUNDREDTH: Final = Decimal("0.01")


class Asked(NamedTuple):
    """One field of a line's form. `pointer`: its place within the line."""

    pointer: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    width: int | None = None

    @property
    def name(self) -> str:
        """Of the form's field."""
        return fields.name(self.pointer)


def _asked(pointer: str, hint: str = "", kind: Kind = "text", width: int | None = None) -> Asked:
    return Asked(pointer, fields.label(pointer), hint, kind, width)


_DAY_HINT: Final = "For example 6 October 2026 or 6/10/2026."
_ORG_HINT: Final = (
    "The company number, such as 01234567, or another register’s identifier, such as "
    "GB-CHC-1234567."
)
_OWN_HINT: Final = "Your company number is filled in. If it is another organisation, give theirs."
_PAYER_HINT: Final = "Your company number is filled in. If a subcontractor paid, give theirs."

_FROM: Final = _asked("/from", _DAY_HINT, "day", 20)
_TO: Final = _asked("/to", "", "day", 20)
_POSTCODE: Final = _asked("/place/postcode", "", width=10)
_SCHOOL: Final = _asked(
    "/place/school",
    "Its URN: six digits, which the register of schools has (get-information-schools).",
    "school",
    10,
)
_PERSON: Final = (
    _asked("/person/ref", "Your own staff number, such as APP-014, never a name.", width=20),
    _asked("/person/employer_id", _OWN_HINT, "org", 20),
)
_SHARED_ID: Final = _asked(
    "/person/shared_id", "If there is one. We keep no readable copy of it elsewhere.", width=20
)
_INVOICE: Final = (
    _asked("/invoice/number", "", width=20),
    _asked("/invoice/date", "If it is another day.", "day", 20),
    _asked("/invoice/net_total", "Without VAT, the whole invoice.", "number", 10),
    _asked("/invoice/payer_id", _PAYER_HINT, "org", 20),
    _asked("/invoice/payee", "", width=30),
    _asked("/invoice/payee_id", _ORG_HINT, "org", 20),
)
_CREDIT_OF: Final = _asked(
    "/invoice/credit_of",
    "Only for a credit note: the number of the invoice. The amount is then below 0.",
    width=20,
)
_SESSION: Final = (
    _asked("/session/start", "For example 09:30.", "time", 5),
    Asked("/session/hours", "Length in hours", "For example 1.5.", "number", 5),
    _asked("/session/attendees", "", "whole", 5),
    _asked("/session/deliverer_id", _OWN_HINT, "org", 20),
)
EVIDENCE: Final = (
    _asked(
        "/evidence/0/reference",
        "Files cannot be uploaded yet: say where you keep it, such as “Our file 2026/117”.",
    ),
    _asked(
        "/evidence/0/sha256",
        "The checksum of that very file: 64 letters and digits. Without evidence leave both empty.",
    ),
)
NOTE: Final = _asked("/note", "Never a name.", "words")
MORE: Final = (
    _asked("/attribution", "If it is not the whole.", "share", 5),
    _asked("/recovery", "If you are behind.", "words"),
)
LATE: Final = _asked("/late", "The date lies before the month of this return.", "words")


def asked(measure: catalogue.Measure) -> tuple[Asked, ...]:
    """The fields of a line of this measure, without evidence, note and what is rarely needed."""
    if measure.kind == "post":
        found = _of_post(measure)
    elif measure.unit == "GBP":
        found = _of_money(measure)
    elif measure.unit == "weeks":
        found = (*_PERSON, *_span("First day"), _quantity(measure), _SHARED_ID)
    elif measure.unit == "hours" and worked_out(measure) is None:
        found = (*_place(measure), *_span("Date, or first day"), _quantity(measure), *_PERSON)
    elif measure.unit in ("visits", "sessions", "people", "hours"):
        counted = () if worked_out(measure) else (_quantity(measure),)
        found = (*_place(measure), _FROM, *counted, *_SESSION)
    elif measure.kind == "distinct":
        of_firm = () if measure.unit == "schools" else _INVOICE
        found = (*_place(measure), *of_firm, _FROM)
    else:
        counted = () if worked_out(measure) else (_quantity(measure),)
        found = (_finished(measure), *counted)
    is_placed = any(each.pointer == "/place/postcode" for each in found)
    return (*found, _POSTCODE) if measure.is_local and not is_placed else found


def _of_post(measure: catalogue.Measure) -> tuple[Asked, ...]:
    started = _FROM._replace(
        label="Started on",
        hint=f"{_DAY_HINT} If it was before this month, its first day.",
    )
    if measure.is_group_total:
        return (_FROM, _quantity(measure))
    return (
        *_PERSON,
        _asked("/person/weekly_hours", f"{FULL_WEEK_HOURS} or more is one post.", "number", 5),
        started,
        _asked("/person/in_post_on", "The last day on which you know it.", "day", 20),
        _asked("/person/left_on", "If the person has left.", "day", 20),
        _POSTCODE,
        _SHARED_ID,
    )


def _of_money(measure: catalogue.Measure) -> tuple[Asked, ...]:
    amount = Asked("/quantity", "Amount without VAT", "What you claim for it.", "number", 10)
    if not measure.needs_invoice:
        return (amount, _FROM)
    postcode = _POSTCODE._replace(label="Postcode of the firm that was paid")
    return (amount, _FROM, *_INVOICE, postcode, _CREDIT_OF)


def _place(measure: catalogue.Measure) -> tuple[Asked, ...]:
    if measure.theme == "school engagement":
        return (_SCHOOL,)
    optional = _POSTCODE._replace(hint="Where it was, if you know it.")
    return (optional,) if measure.code == "participant-hours" else ()


def _span(first: str) -> tuple[Asked, Asked]:
    return (_FROM._replace(label=first), _TO._replace(hint="If it was more than a day."))


def _finished(measure: catalogue.Measure) -> Asked:
    return _FROM._replace(label="Finished on") if measure.recognition == "end" else _FROM


def _quantity(measure: catalogue.Measure) -> Asked:
    kind: Kind = "number"
    return Asked("/quantity", f"How many {formats.unit(measure.unit)}", "", kind, 5)


# --- what is not asked ---------------------------------------------------------------------------


def worked_out(measure: catalogue.Measure) -> WorkedOut | None:
    """How the quantity is found; None if it is asked."""
    if measure.needs_person:
        return "post"
    if measure.kind in ("distinct", "done"):
        return "one"
    if measure.code == "participant-hours":
        return "product"
    return "people" if measure.unit == "people" else None


def post(weekly_hours: Decimal) -> Decimal:
    """What a post is worth: 20 of 37 hours are 0.54."""
    worth = min(Decimal(1), weekly_hours / FULL_WEEK_HOURS)
    return worth.quantize(_HUNDREDTH, ROUND_HALF_UP)
