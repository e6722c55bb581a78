"""The event of an accepted return: what the other services are told about it.

Promises: the event has figures, days, organisations and places. It has no names, no free text and
no references; people are random ids (rule I7).
Refuses: a return whose event would be too large for one message (rule I12).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

from services.intake.domain import people, submission
from shared.wire.events import (
    WHOLE,
    Evidence,
    Invoice,
    Line,
    Person,
    Place,
    ReturnReceived,
    Session,
    write,
)

EVENT_GROWTH_MAX: Final = 5
"""An event has at most so many times the bytes of its return, plus `EVENT_BYTES_BASE` (a test tries
it). Only what could be too large has to be measured."""
EVENT_BYTES_BASE: Final = 2_000

FindIds: TypeAlias = Callable[[submission.Person], people.PersonIds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What turns a submission into a return with a receipt."""

    return_id: UUID
    receipt_no: int
    received_at: datetime
    supersedes: UUID | None
    words_digest: str
    party_id: str
    authority_id: str


def received(
    sent: submission.Submission, acceptance: Acceptance, find_ids: FindIds
) -> ReturnReceived:
    """The event of an accepted return. Its id is the return's."""
    assert sent.contract_id is not None
    assert sent.period is not None
    assert sent.revision is not None
    invoiced = sent.invoiced_to_date
    return ReturnReceived(
        event_id=acceptance.return_id,
        authority_id=acceptance.authority_id,
        occurred_at=acceptance.received_at,
        contract_id=sent.contract_id,
        return_id=acceptance.return_id,
        receipt_no=acceptance.receipt_no,
        party_id=acceptance.party_id,
        period=sent.period,
        revision=sent.revision,
        supersedes=acceptance.supersedes,
        nil=bool(sent.nil),
        invoiced_to_date=None if invoiced is None else Decimal(invoiced),
        words_digest=acceptance.words_digest,
        lines=tuple(_line(line, find_ids) for line in sent.lines or ()),
    )


def is_too_large(
    sent: submission.Submission, body_bytes: int, acceptance: Acceptance, event_bytes_max: int
) -> bool:
    """Whether the event would be too large for one message (rule I12). All ids have one length, so
    this is known before people get theirs."""
    if body_bytes * EVENT_GROWTH_MAX + EVENT_BYTES_BASE <= event_bytes_max:
        return False
    any_ids = people.PersonIds(UUID(int=0), UUID(int=0))
    event = received(sent, acceptance, lambda person: any_ids)  # noqa: ARG005  see above
    return len(write(event)) > event_bytes_max


def _line(line: submission.Line, find_ids: FindIds) -> Line:
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
        place=None if line.place is None else Place(**line.place.model_dump()),
        person=None if line.person is None else _person(line.person, find_ids),
        invoice=None if line.invoice is None else _invoice(line.invoice),
        session=None if line.session is None else _session(line.session),
        is_late=line.late is not None,
        evidence=tuple(Evidence(sha256=(e.sha256 or "").lower()) for e in line.evidence or ()),
    )


def _person(person: submission.Person, find_ids: FindIds) -> Person:
    person_id, shared_person_id = find_ids(person)
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
