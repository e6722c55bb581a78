"""What one line of a return may say: rules I4 to I10.

Promises: `check` finds every fault of a line, whatever else is wrong with it. An absent field is
named as missing once. What only follows from another fault is none: in another unit the figure is
not judged, nor is the line asked for the invoice or person of a measure that it may not mean.
Verification decides what counts; here only what cannot be true is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

from services.intake.domain import field_help, people, submission
from services.intake.domain.faults import FaultList
from shared import catalogue

HOURS_PER_WEEK_MAX: Final = 168
ATTRIBUTION_DECIMALS_MAX: Final = 4
_WRITE_DATE: Final = "Write it as 2026-10-06."
_WRITE_START: Final = "Write it as 2026-10-14T09:30."
_WAIT: Final = "Report it when it has happened, or correct the day."
_CITE_INVOICE: Final = "For a credit, name the credited invoice."


@dataclass(frozen=True, slots=True)
class Month:
    """The period of a return, and how far back a late claim in it may reach."""

    name: str
    first: date
    last: date
    late_from: date


class Days(NamedTuple):
    """What the days of a line are checked against."""

    month: Month | None
    """None if the period cannot be read."""
    received_on: date


def check(
    found: FaultList,
    place: str,
    line: submission.Line,
    days: Days,
    measure: catalogue.Measure | None,
) -> None:
    """Adds the faults of the line at `place`. `measure` is None if the commitment is not known."""
    if line.line_id is None:
        found.add_missing("I4", place + "/line_id", "Number your lines: 1, 2, 3.")
    has_unit = _check_unit(found, place + "/unit", line.unit, measure)
    meant = measure if has_unit else None
    if line.attribution is not None:
        _check_attribution(found, place + "/attribution", line.attribution)
    has_quantity = _check_quantity(found, place + "/quantity", line, meant)
    has_days = _check_days(found, place, line, days)
    _check_ahead(found, place, line, days.received_on)
    if line.invoice is not None:
        _check_invoice(found, place, line, line.invoice)
        if measure is not None and measure.needs_invoice:
            _check_payee(found, place, line)
    elif meant is not None and meant.needs_invoice:
        fix = "Spend needs its invoice: give payer, payee, number and net total."
        found.add_missing("I6", place + "/invoice", fix)
        _check_payee(found, place, line)
    if line.person is not None:
        _check_person(found, place + "/person", line.person)
    elif meant is not None and meant.needs_person:
        found.add_missing("I4", place + "/person", field_help.NAME_PERSON)
    if line.session is not None:
        _check_session(found, place + "/session", line.session)
        if line.session.start is not None:
            start_place, start = place + "/session/start", line.session.start
            _check_start(found, start_place, line, start, has_days=has_days)
        if has_quantity and meant is not None and meant.code == "participant-hours":
            _check_product(found, place + "/quantity", line, line.session)
    if line.evidence:
        _check_evidence(found, place, line.evidence)


def _check_unit(
    found: FaultList, place: str, unit: str | None, measure: catalogue.Measure | None
) -> bool:
    """Whether the line is in the measure's unit, as far as both are known."""
    if unit is None:
        found.add_missing("I4", place, "Use the unit of the commitment.")
    elif measure is not None and unit != measure.unit:
        message = f"The unit of this measure ({measure.title}) is {measure.unit}"
        fix = (
            f"Give the quantity in {measure.unit}, or correct the commitment; nothing is converted."
        )
        found.add("I4", place, unit, message, fix)
        return False
    return True


def _check_attribution(found: FaultList, place: str, attribution: str) -> None:
    if not 0 < Decimal(attribution) <= 1 or _decimals(attribution) > ATTRIBUTION_DECIMALS_MAX:
        message = "A share must be above 0 and at most 1, with at most 4 decimal places"
        found.add("I4", place, attribution, message, field_help.WRITE_SHARE)


def _decimals(number: str) -> int:
    """The decimal places that matter: zeros at the end do not."""
    return len(number.partition(".")[2].rstrip("0"))


def _check_quantity(
    found: FaultList, place: str, line: submission.Line, measure: catalogue.Measure | None
) -> bool:
    """Whether there is a quantity that can be true."""
    if line.quantity is None:
        found.add_missing("I4", place, field_help.WRITE_QUANTITY)
        return False
    quantity = Decimal(line.quantity)
    is_credit = line.invoice is not None and line.invoice.credit_of is not None
    if quantity < 0 and not is_credit:
        message = "The quantity must not be negative, unless the line is a credit"
        found.add("I4", place, line.quantity, message, _CITE_INVOICE)
        return False
    if quantity > 0 and is_credit:
        message = "The quantity of a credit must be negative"
        found.add("I4", place, line.quantity, message, "Write a minus sign before it.")
        return False
    return measure is None or _check_bounds(found, place, line.quantity, measure)


def _check_bounds(found: FaultList, place: str, quantity: str, measure: catalogue.Measure) -> bool:
    if abs(Decimal(quantity)) > measure.quantity_max:
        message = (
            f"One line of this measure ({measure.title}) can have at most {measure.quantity_max:,f}"
        )
        found.add("I4", place, quantity, message, "Check the unit, or write several lines.")
        return False
    if _decimals(quantity) > measure.decimals_max:
        rule = "I6" if measure.unit == "GBP" else "I4"
        limit = f"have at most {measure.decimals_max} decimal places"
        message = f"The quantity must {limit if measure.decimals_max else 'be a whole number'}"
        found.add(rule, place, quantity, message, "Round it as your records do.")
        return False
    return True


def _check_days(found: FaultList, place: str, line: submission.Line, days: Days) -> bool:
    """Whether the line has days, and they can be true."""
    if line.late is not None and not line.late.strip():
        message = "A late line must say why it is late"
        found.add("I5", place + "/late", None, message, "Give the reason.")
    wrong_from = wrong_to = None
    if line.from_ is None:
        found.add_missing("I5", place + "/from", _WRITE_DATE)
    elif wrong_from := _find_wrong(line, line.from_, days):
        found.add("I5", place + "/from", line.from_, *wrong_from)
    if line.to is not None:
        wrong_to = _find_wrong(line, line.to, days)
        if line.from_ is not None and line.to < line.from_:
            wrong_to = _Wrong("The line ends before it begins", "Correct the days.")
        if wrong_to and wrong_to != wrong_from:
            found.add("I5", place + "/to", line.to, *wrong_to)
    return line.from_ is not None and not wrong_from and not wrong_to


class _Wrong(NamedTuple):
    """What is wrong with a day, and what to do."""

    message: str
    fix: str


def _find_wrong(line: submission.Line, day: date, days: Days) -> _Wrong | None:
    """Activity lies in the return's month and not after the day of receipt. A late claim says so
    and reaches a year back (rule I5)."""
    month = days.month
    if month is not None and day > month.last:
        message = f"This is after {month.name}, the month of this return"
        return _Wrong(message, "Report it in the return of its own month.")
    if day > days.received_on:
        return _Wrong(_ahead(days.received_on), _WAIT)
    if month is None or day >= month.first:
        return None
    if line.late is None:
        message = f"This is before {month.name}, the month of this return"
        return _Wrong(message, "If it is a late claim, say why it is late.")
    if day < month.late_from:
        message = f"A late claim in {month.name} may not go back beyond {month.late_from:%Y-%m-%d}"
        return _Wrong(message, "It can no longer be claimed: remove the line.")
    return None


def _check_ahead(found: FaultList, place: str, line: submission.Line, received_on: date) -> None:
    """What has happened to a person or an invoice has happened by the day of receipt (rule I5)."""
    if line.invoice is not None and line.invoice.issued_on is not None:
        day = line.invoice.issued_on
        if day > received_on:
            found.add("I5", place + "/invoice/date", day, _ahead(received_on), _WAIT)
    if line.person is not None:
        in_post_on, left_on = line.person.in_post_on, line.person.left_on
        for name, on in (("in_post_on", in_post_on), ("left_on", left_on)):
            if on is not None and on > received_on:  # its value is a person's (rule I7)
                found.add("I5", f"{place}/person/{name}", None, _ahead(received_on), _WAIT)


def _ahead(received_on: date) -> str:
    return f"This is after the day on which the return is received, {received_on}"


def _check_invoice(
    found: FaultList, place: str, line: submission.Line, invoice: submission.Invoice
) -> None:
    """Rule I6. Its two decimal places are a matter of form."""
    for name, value in (
        ("payer_id", invoice.payer_id),
        ("payee_id", invoice.payee_id),
        ("number", invoice.number),
        ("net_total", invoice.net_total),
    ):
        if value is None:
            found.add_missing("I6", f"{place}/invoice/{name}", "Copy it from the invoice.")
    is_told = line.quantity is not None and Decimal(line.quantity) < 0  # the same credit is meant
    total = invoice.net_total
    if total is not None and Decimal(total) < 0 and not invoice.credit_of and not is_told:
        message = "The total of an invoice must not be negative, unless it is a credit"
        found.add("I6", place + "/invoice/net_total", total, message, _CITE_INVOICE)


def _check_payee(found: FaultList, place: str, line: submission.Line) -> None:
    """Rule I6: spend says where the one who was paid is."""
    if line.place is None or line.place.postcode is None:
        found.add_missing("I6", place + "/place/postcode", "Give the payee's postcode.")


def _check_person(found: FaultList, place: str, person: submission.Person) -> None:
    """Rule I7. A fault here never repeats the value."""
    if person.employer_id is None:
        found.add_missing("I7", place + "/employer_id", "Write it as GB-COH-00000001.")
    if person.ref is None:
        found.add_missing("I7", place + "/ref", "Use your own staff number, such as APP-014.")
    for name, reference in (("ref", person.ref), ("shared_id", person.shared_id)):
        likeness = None if reference is None else people.looks_like(reference)
        if likeness is not None:
            fix = "Use a number of your own, such as APP-014. Never send names."
            found.add("I7", f"{place}/{name}", None, f"This looks like {likeness}", fix)
    if person.weekly_hours is not None and Decimal(person.weekly_hours) > HOURS_PER_WEEK_MAX:
        message = f"A week has at most {HOURS_PER_WEEK_MAX} hours"
        fix = "Give the weekly hours in the employment contract."
        found.add("I4", place + "/weekly_hours", None, message, fix)


def _check_session(found: FaultList, place: str, session: submission.Session) -> None:
    """Rule I8."""
    for name, value in (
        ("start", session.start),
        ("hours", session.hours),
        ("attendees", session.attendees),
        ("deliverer_id", session.deliverer_id),
    ):
        if value is None:
            fix = "Say when it was, how long, for how many people, and who delivered it."
            found.add_missing("I8", f"{place}/{name}", fix)


def _check_start(
    found: FaultList, place: str, line: submission.Line, start: str, *, has_days: bool
) -> None:
    try:
        day = datetime.fromisoformat(start).date()
    except ValueError:
        found.add("I8", place, start, "This day or time does not exist", _WRITE_START)
        return
    if not has_days or line.from_ is None or line.from_ <= day <= (line.to or line.from_):
        return
    message = "The session is not on the days of its line"
    found.add("I5", place, start, message, "Correct the days of the line, or the start.")


def _check_product(
    found: FaultList, place: str, line: submission.Line, session: submission.Session
) -> None:
    """Rule I8: participant hours are duration times attendees."""
    if line.quantity is None or session.hours is None or session.attendees is None:
        return
    product = Decimal(session.hours) * session.attendees
    if Decimal(line.quantity) != product:
        message = f"{session.hours} hours for {session.attendees} people make {product:f} hours"
        fix = "Correct the quantity, the hours or the attendees."
        found.add("I8", place, line.quantity, message, fix)


def _check_evidence(
    found: FaultList, place: str, evidence: tuple[submission.Evidence, ...]
) -> None:
    """Rule I10. Evidence is kept elsewhere and named with its SHA-256. An id refers to nothing,
    since files cannot be uploaded."""
    for index, piece in enumerate(evidence):
        piece_place = f"{place}/evidence/{index}"
        if piece.evidence_id is not None:
            message = "No evidence with this id was uploaded"
            fix = "Say where it is kept, and give its SHA-256 instead."
            found.add("I10", piece_place + "/evidence_id", piece.evidence_id, message, fix)
        elif piece.reference is None or not piece.reference.strip():
            found.add_missing("I10", piece_place + "/reference", "Say where it is kept.")
        elif piece.sha256 is None:
            fix = "Compute it over the file's exact bytes."
            found.add_missing("I10", piece_place + "/sha256", fix)
