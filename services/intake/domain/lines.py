"""What one line of a return may say: rules I4 to I10.

Promises: `check` finds every fault of a line, whatever else is wrong with it; an absent field is
named as missing once. Verification decides what counts; here only what cannot be so is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from services.intake.domain import people, submission
from services.intake.domain.faults import Findings
from shared import catalogue

HOURS_A_WEEK_MAX: Final = 168
ATTRIBUTION_DECIMALS_MAX: Final = 4
_WRITE_DAY: Final = "Write the day as 2026-10-06."


@dataclass(frozen=True, slots=True)
class Month:
    """A return's period and how far back a late claim in it may reach."""

    name: str
    first: date
    last: date
    late_from: date


def check(
    found: Findings,
    place: str,
    line: submission.Line,
    month: Month | None,
    measure: catalogue.Measure | None,
) -> None:
    """Adds the faults of `line`, which stands at `place`. `month` and `measure` are None where
    the period or the commitment could not be known."""
    if line.line_id is None:
        found.missing("I4", place + "/line_id", "Number your lines, such as 1, 2, 3.")
    _check_quantity(found, place, line, measure)
    _check_dates(found, place, line, month)
    if line.invoice is not None or (measure is not None and measure.needs_invoice):
        _check_invoice(found, place, line, measure)
    if line.person is not None:
        _check_person(found, place + "/person", line.person)
    if line.session is not None:
        _check_session(found, place, line, measure)
    if line.evidence:
        _check_evidence(found, place, line.evidence)


def _check_quantity(
    found: Findings, place: str, line: submission.Line, measure: catalogue.Measure | None
) -> None:
    if line.unit is None:
        found.missing("I4", place + "/unit", "Write the commitment's unit.")
    elif measure is not None and line.unit != measure.unit:
        found.add(
            "I4",
            place + "/unit",
            line.unit,
            f"{measure.title} is counted in {measure.unit}",
            f"Give the quantity in {measure.unit}; nothing is converted.",
        )
    if line.attribution is not None:
        _check_attribution(found, place + "/attribution", line.attribution)
    at = place + "/quantity"
    if line.quantity is None:
        return found.missing("I4", at, 'Write it as text, such as "12.50".')
    quantity = Decimal(line.quantity)
    is_credit = line.invoice is not None and line.invoice.credit_of is not None
    if quantity < 0 and not is_credit:
        message = "Only a credit line that cites its invoice is below nothing"
        found.add("I4", at, line.quantity, message, "Give the invoice's number as credit_of.")
    elif quantity > 0 and is_credit:
        message = "A credit takes off: its quantity is below nothing"
        found.add("I4", at, line.quantity, message, f'Write "-{line.quantity}".')
    if measure is None:
        return None
    if abs(quantity) > measure.quantity_max:
        message = f"One line of {measure.title} is at most {measure.quantity_max:,f}"
        found.add("I4", at, line.quantity, message, "Check the unit, or write several lines.")
    if _decimals(line.quantity) > measure.decimals_max:
        rule = "I6" if measure.unit == "GBP" else "I4"
        message = f"{measure.unit} have at most {measure.decimals_max} decimals here"
        found.add(rule, at, line.quantity, message, "Round it as your records do.")
    return None


def _check_attribution(found: Findings, at: str, attribution: str) -> None:
    if not 0 < Decimal(attribution) <= 1 or _decimals(attribution) > ATTRIBUTION_DECIMALS_MAX:
        message = "A share is above 0, at most 1, and has at most 4 decimals"
        found.add("I4", at, attribution, message, 'Write it as "0.50"; the whole is "1".')


def _decimals(number: str) -> int:
    """Decimals that say something: noughts at the end do not."""
    return len(number.partition(".")[2].rstrip("0"))


def _check_dates(found: Findings, place: str, line: submission.Line, month: Month | None) -> None:
    if line.late is not None and not line.late.strip():
        found.add("I5", place + "/late", None, "A late line says why", "Give the reason.")
    if line.from_ is None:
        found.missing("I5", place + "/from", _WRITE_DAY)
    else:
        _check_day(found, place + "/from", line, line.from_, month)
    if line.to is not None:
        _check_day(found, place + "/to", line, line.to, month)
        if line.from_ is not None and line.to < line.from_:
            found.add("I5", place + "/to", line.to, "It ends before it begins", "Correct the days.")


def _check_day(
    found: Findings, at: str, line: submission.Line, day: date, month: Month | None
) -> None:
    """Activity lies in the return's month; a late claim says so and reaches a year back (I5)."""
    if month is None or month.first <= day <= month.last:
        return
    if day > month.last:
        message = f"This is after {month.name}, the month of this return"
        found.add("I5", at, day, message, "Report it in the return of its own month.")
    elif line.late is None:
        message = f"This is before {month.name}, the month of this return"
        found.add("I5", at, day, message, 'Say why it is late: "late": "…".')
    elif day < month.late_from:
        message = f"A late claim in {month.name} reaches back to {month.late_from:%Y-%m-%d}"
        found.add("I5", at, day, message, "It cannot be claimed any more: leave the line out.")


def _check_invoice(
    found: Findings, place: str, line: submission.Line, measure: catalogue.Measure | None
) -> None:
    """Money is in GBP to two places (the form sees to it); spend says who was paid, where (I6)."""
    at, invoice = place + "/invoice", line.invoice
    if invoice is None:
        return found.missing("I6", at, "Spend needs its invoice: payer, payee, number, net total.")
    for name, value in (
        ("payer_id", invoice.payer_id),
        ("payee_id", invoice.payee_id),
        ("number", invoice.number),
        ("net_total", invoice.net_total),
    ):
        if value is None:
            found.missing("I6", f"{at}/{name}", "Copy it from the invoice.")
    if invoice.net_total is not None and Decimal(invoice.net_total) < 0 and not invoice.credit_of:
        message = "An invoice's total is not below nothing"
        fix = "For a credit note give the invoice's number as credit_of."
        found.add("I6", at + "/net_total", invoice.net_total, message, fix)
    needs_place = measure is not None and measure.needs_invoice
    if needs_place and (line.place is None or line.place.postcode is None):
        found.missing("I6", place + "/place/postcode", "Give the payee's postcode.")
    return None


def _check_person(found: Findings, at: str, person: submission.Person) -> None:
    """Rule I7. A fault here never repeats the value."""
    if person.employer_id is None:
        found.missing("I7", at + "/employer_id", "Write it as GB-COH-00000001.")
    if person.ref is None:
        found.missing("I7", at + "/ref", "Use your own staff number, such as APP-014.")
    for name, reference in (("ref", person.ref), ("shared_id", person.shared_id)):
        likeness = None if reference is None else people.looks_like(reference)
        if likeness is not None:
            fix = "Use a number of your own, such as APP-014, and keep who it is to yourself."
            found.add("I7", f"{at}/{name}", None, f"This looks like {likeness}", fix)
    if person.weekly_hours is not None and Decimal(person.weekly_hours) > HOURS_A_WEEK_MAX:
        message = f"A week has {HOURS_A_WEEK_MAX} hours"
        found.add("I4", at + "/weekly_hours", None, message, "Write the contract's weekly hours.")


def _check_session(
    found: Findings, place: str, line: submission.Line, measure: catalogue.Measure | None
) -> None:
    session, at = line.session, place + "/session"
    assert session is not None
    for name, value in (
        ("start", session.start),
        ("hours", session.hours),
        ("attendees", session.attendees),
        ("deliverer_id", session.deliverer_id),
    ):
        if value is None:
            found.missing("I8", f"{at}/{name}", "A session says when, how long, for how many.")
    if session.start is not None:
        _check_start(found, at + "/start", line, session.start)
    if (
        measure is not None
        and measure.code == "participant-hours"
        and line.quantity is not None
        and session.hours is not None
        and session.attendees is not None
    ):
        product = Decimal(session.hours) * session.attendees
        if Decimal(line.quantity) != product:
            message = f"{session.hours} hours for {session.attendees} people are {product:f}"
            fix = "Correct the quantity, the hours or the attendees."
            found.add("I8", place + "/quantity", line.quantity, message, fix)


def _check_start(found: Findings, at: str, line: submission.Line, start: str) -> None:
    try:
        day = datetime.fromisoformat(start).date()
    except ValueError:
        fix = "Write it as 2026-10-14T09:30."
        return found.add("I8", at, start, "There is no such day or time", fix)
    if line.from_ is not None and not line.from_ <= day <= (line.to or line.from_):
        message = "The session is not on the day of its line"
        found.add("I5", at, start, message, "Correct the line's from, or the start.")
    return None


def _check_evidence(found: Findings, place: str, evidence: tuple[submission.Evidence, ...]) -> None:
    """Evidence is an external reference with its SHA-256; an id refers to nothing here (I10)."""
    for index, piece in enumerate(evidence):
        at = f"{place}/evidence/{index}"
        if piece.evidence_id is not None:
            fix = "Give the file's reference and SHA-256 instead."
            message = "No evidence with this id was uploaded"
            found.add("I10", at + "/evidence_id", piece.evidence_id, message, fix)
        elif piece.reference is None or not piece.reference.strip():
            found.missing("I10", at + "/reference", "Say where it is kept.")
        elif piece.sha256 is None:
            found.missing("I10", at + "/sha256", "Compute it over the file's exact bytes.")
