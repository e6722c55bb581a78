"""What one return may and may not say: the I rules of product §3, all faults at once.

Promises: `check` names every fault of a reading, each with its place, its rule and what to do;
`received` is the event of a return without faults: no names, no free text, people as random ids.

Refuses: rules I1 to I12, as far as one return alone can break them. The lines' are in `lines`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.intake.domain import faults, lines, submission
from shared import calendar, catalogue
from shared.wire.events import (
    WHOLE,
    ContractPublished,
    Evidence,
    Invoice,
    Line,
    Person,
    Place,
    ReturnReceived,
    Session,
    write,
)

LATE_MONTHS_MAX: Final = 12
"""Rule I5: how far back a late claim may reach before its return's month."""
MONTHS_AFTER_END_MAX: Final = 6
"""Rule I2: retention and late delivery are reported after a contract's end."""
EVENT_GROWTH_MAX: Final = 5
"""No event is longer than so many times its return's bytes and `EVENT_BYTES_BASE` (a test tries):
only what could be too long has to be measured."""
EVENT_BYTES_BASE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Contract:
    """What intake knows of a contract: enough to read a line, nothing else."""

    contract_id: str
    authority_id: str
    supplier_ids: frozenset[str]
    starts_on: date
    ends_on: date
    measures: dict[str, catalogue.Measure | None]
    """By commitment. None: the catalogue has no such measure."""


def contract(published: ContractPublished) -> Contract:
    """The contract as verification last published it."""
    return Contract(
        published.contract_id,
        published.authority_id,
        frozenset(published.supplier_ids),
        published.starts_on,
        published.ends_on,
        {c.commitment_id: catalogue.by_code.get(c.measure) for c in published.commitments},
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What a return is checked against."""

    party_id: str
    contract: Contract | None
    """None: not known here, or not this party's to report on."""
    revision: int
    """The current one for the contract, party and period; 0 where there is none."""
    today: date


# --- what is wrong ---------------------------------------------------------------------------


def check(reading: submission.Reading, context: Context) -> tuple[faults.Fault, ...]:
    """Every fault of what was read, those of form first. Empty: the return can be accepted."""
    found = faults.Findings(list(reading.faults), reading.faulty)
    if "" in reading.faulty:
        return faults.bounded(found.faults)
    given = reading.submission
    _check_party(found, given, context)
    month = _check_period(found, given, context)
    _check_revision(found, given, context.revision)
    _check_declaration(found, given.declaration)
    _check_invoiced_to_date(found, given.invoiced_to_date)
    _check_lines(found, given, context.contract, month)
    return faults.bounded(found.faults)


def is_conflict(reading: submission.Reading, found: tuple[faults.Fault, ...]) -> bool:
    """True where nothing is wrong but the revision's number, which is one: answered with 409."""
    is_only = [fault.pointer for fault in found] == ["/revision"]
    return is_only and reading.submission.revision is not None


def _check_party(found: faults.Findings, given: submission.Submission, context: Context) -> None:
    """Rule I1. One answer for both cases: nobody learns of contracts by guessing."""
    if given.contract_id is None:
        found.missing("I1", "/contract_id", "Copy it from your contract.")
    elif context.contract is None:
        found.add(
            "I1",
            "/contract_id",
            given.contract_id,
            f"This contract is not known here yet, or {context.party_id} may not report on it",
            "Check the identifier; if it is right, ask the council and send the same again.",
        )


def _check_period(
    found: faults.Findings, given: submission.Submission, context: Context
) -> lines.Month | None:
    """Rule I2. The month, where it could be read."""
    if given.period is None:
        found.missing("I2", "/period", "Write the month as 2026-10.")
        return None
    month = month_of(given.period)
    known = context.contract
    if month.first > context.today:
        message = "This month lies ahead"
        found.add("I2", "/period", given.period, message, "Report it once it has begun.")
    elif known is not None and month.last < known.starts_on:
        message = f"The contract starts on {known.starts_on}"
        found.add("I2", "/period", given.period, message, "Choose a month of the contract.")
    elif known is not None and _months_between(known.ends_on, month.first) > MONTHS_AFTER_END_MAX:
        message = f"The contract ended on {known.ends_on}, more than six months before"
        found.add("I2", "/period", given.period, message, "Choose a month of the contract.")
    return month


@functools.lru_cache(maxsize=1_000)
def month_of(period: str) -> lines.Month:
    """The days of a period, `YYYY-MM`."""
    first = calendar.first_day(period)
    late_year, late_number = divmod(first.year * 12 + first.month - 1 - LATE_MONTHS_MAX, 12)
    late_from = date(late_year, late_number + 1, 1)
    return lines.Month(period, first, calendar.last_day(period), late_from)


def _months_between(earlier: date, later: date) -> int:
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def _check_revision(found: faults.Findings, given: submission.Submission, current: int) -> None:
    """Rule I3."""
    if given.revision is None:
        found.missing("I3", "/revision", "Write 1 for a month's first return.")
    elif given.revision != current + 1:
        stands = f"is revision {current}" if current else "has no return yet"
        message = f"This month {stands}: the next is revision {current + 1}"
        fix = f"Look at what was sent before, then send it as revision {current + 1}."
        found.add("I3", "/revision", given.revision, message, fix)
    if given.revision not in (None, 1) and not (given.reason or "").strip():
        found.missing("I3", "/reason", "Say why the month is reported again.")
    if given.nil and given.lines:
        message = "A nil return has no lines"
        found.add("I3", "/nil", given.nil, message, "Take out the lines, or write false.")
    if not given.nil and not given.lines:
        found.missing("I3", "/lines", 'Add lines, or say that there are none: "nil": true.')


def _check_declaration(found: faults.Findings, declared: submission.Declaration | None) -> None:
    """Rule I11."""
    if declared is None:
        return found.missing("I11", "/declaration", "Make both statements, with name and role.")
    for name, statement in (
        ("this_contract_and_period_only", declared.this_contract_and_period_only),
        ("answers_a_commitment", declared.answers_a_commitment),
    ):
        if statement is not True:
            found.missing("I11", f"/declaration/{name}", "Make the statement: write true.")
    for name, text in (("name", declared.name), ("role", declared.role)):
        if not (text or "").strip():
            found.missing("I11", f"/declaration/{name}", f"Give the {name} of who declares.")
    return None


def _check_invoiced_to_date(found: faults.Findings, amount: str | None) -> None:
    if amount is not None and Decimal(amount) < 0:
        message = "What was invoiced to date is not below nothing"
        found.add("I6", "/invoiced_to_date", amount, message, "Give the total of all invoices.")


def _check_lines(
    found: faults.Findings,
    given: submission.Submission,
    known: Contract | None,
    month: lines.Month | None,
) -> None:
    seen: set[str] = set()
    for index, line in enumerate(given.lines or ()):
        place = f"/lines/{index}"
        if line.line_id is not None and line.line_id in seen:
            message = "Another line of this return has this line_id"
            found.add("I4", place + "/line_id", line.line_id, message, "Number the lines apart.")
        elif line.line_id is not None:
            seen.add(line.line_id)
        measure = _measure(found, place, line.commitment_id, known)
        lines.check(found, place, line, month, measure)


def _measure(
    found: faults.Findings, place: str, commitment_id: str | None, known: Contract | None
) -> catalogue.Measure | None:
    """What a line's commitment counts; a fault (I4) where that is not known."""
    at = place + "/commitment_id"
    if commitment_id is None:
        found.missing("I4", at, "Copy it from your contract.")
        return None
    if known is None:
        return None
    measure = known.measures.get(commitment_id)
    if measure is None:
        message = "This contract has no such commitment with a known measure"
        fix = f"Choose one of: {', '.join(sorted(known.measures)[:20]) or 'none yet'}."
        found.add("I4", at, commitment_id, message, fix)
    return measure


# --- what is passed on -----------------------------------------------------------------------


People = Callable[[submission.Person], tuple[UUID, UUID | None]]
"""The random ids of a person and, where a shared identifier was given, of that."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What makes a submission a receipted return."""

    return_id: UUID
    receipt_no: int
    received_at: datetime
    supersedes: UUID | None
    words_digest: str
    party_id: str
    authority_id: str


def received(
    given: submission.Submission, acceptance: Acceptance, people: People
) -> ReturnReceived:
    """The event of an accepted return; its id is the return's own."""
    assert given.contract_id is not None
    assert given.period is not None
    assert given.revision is not None
    invoiced = given.invoiced_to_date
    return ReturnReceived(
        event_id=acceptance.return_id,
        authority_id=acceptance.authority_id,
        occurred_at=acceptance.received_at,
        contract_id=given.contract_id,
        return_id=acceptance.return_id,
        receipt_no=acceptance.receipt_no,
        party_id=acceptance.party_id,
        period=given.period,
        revision=given.revision,
        supersedes=acceptance.supersedes,
        nil=bool(given.nil),
        invoiced_to_date=None if invoiced is None else Decimal(invoiced),
        words_digest=acceptance.words_digest,
        lines=tuple(_line(line, people) for line in given.lines or ()),
    )


def is_too_large(
    given: submission.Submission, body_bytes: int, acceptance: Acceptance, event_bytes_max: int
) -> bool:
    """Whether the event would not fit into a message (rule I12). Ids have one length, so that it
    can be known before people have theirs."""
    if body_bytes * EVENT_GROWTH_MAX + EVENT_BYTES_BASE <= event_bytes_max:
        return False
    nobody = UUID(int=0)
    event = received(given, acceptance, lambda person: (nobody, nobody))  # noqa: ARG005
    return len(write(event)) > event_bytes_max


def _line(line: submission.Line, people: People) -> Line:
    assert line.line_id is not None
    assert line.commitment_id is not None
    assert line.quantity is not None
    assert line.unit is not None
    assert line.from_ is not None
    return Line(
        line_id=line.line_id,
        commitment_id=line.commitment_id,
        quantity=Decimal(line.quantity),
        unit=line.unit,
        from_=line.from_,
        to=line.to,
        attribution=Decimal(line.attribution) if line.attribution else WHOLE,
        place=None if line.place is None else _place(line.place),
        person=None if line.person is None else _person(line.person, people),
        invoice=None if line.invoice is None else _invoice(line.invoice),
        session=None if line.session is None else _session(line.session),
        is_late=line.late is not None,
        evidence=tuple(Evidence(sha256=(e.sha256 or "").lower()) for e in line.evidence or ()),
    )


def _place(place: submission.Place) -> Place:
    postcode = place.postcode
    if postcode is not None:
        whole = postcode.replace(" ", "").upper()
        postcode = f"{whole[:-3]} {whole[-3:]}"
    return Place(postcode=postcode, school=place.school)


def _person(person: submission.Person, people: People) -> Person:
    person_id, shared_person_id = people(person)
    hours = person.weekly_hours
    return Person(
        person_id=person_id,
        shared_person_id=shared_person_id,
        weekly_hours=None if hours is None else Decimal(hours),
        in_post_on=person.in_post_on,
        left_on=person.left_on,
    )


def _invoice(invoice: submission.Invoice) -> Invoice:
    assert invoice.payer_id is not None
    assert invoice.payee_id is not None
    assert invoice.number is not None
    assert invoice.net_total is not None
    return Invoice(
        payer_id=invoice.payer_id,
        payee_id=invoice.payee_id,
        number=invoice.number,
        net_total=Decimal(invoice.net_total),
        credit_of=invoice.credit_of,
        issued_on=invoice.issued_on,
    )


def _session(session: submission.Session) -> Session:
    assert session.start is not None
    assert session.hours is not None
    assert session.attendees is not None
    assert session.deliverer_id is not None
    return Session(
        start=session.start,
        hours=Decimal(session.hours),
        attendees=session.attendees,
        deliverer_id=session.deliverer_id,
    )
