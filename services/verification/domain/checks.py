"""Checks: what one line comes to by the rules that look at it alone (rules V1, V2, V3).

Promises: each line gets its findings and one outcome, and its claim where it claims a thing that
counts once. What it comes to against other claims of the same thing is `settlement`'s business.
Refuses: to count what cannot be placed: that waits for the council (queried).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from services.verification.domain import claims, places
from services.verification.domain.claims import Claim
from services.verification.domain.lines import POST_HOURS, Finding, Line, Result
from services.verification.domain.state import Commitment, Facts, State, Version
from shared.wire import events

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)

_AREA_FINDINGS: Final = {
    "inside_terminated": "postcode_terminated",
    "outside": "outside_area",
    "none": "postcode_missing",
    "unknown": "postcode_unknown",
    "gone": "postcode_gone",
}


class Return(NamedTuple):
    """What the lines of a return are read against."""

    state: State
    event: events.ReturnReceived
    facts: Facts
    before: Mapping[str, Line]
    """The current lines of this party and period until now, by line id."""


def read(given: Return, line: events.Line, order: int) -> Line:
    """The line with its outcome by the rules that look at it alone, and with its claim."""
    event, claim, displaced = given.event, None, 0
    version = version_for(given.state, line)
    if version is None:
        value, per = _ZERO, 1
        alone = _refused(_inactive(given.state.commitments.get(line.commitment_id), line.from_))
    else:
        value, per = _value(version, line), version.per
        alone = _check(version, line, value, given.facts)
        if (key := claim_key(given.state, version, line)) is not None:
            before = _without_a_gap(given, line, key)
            first = before.claim if before is not None else None
            displaced = before.displaced if before is not None else 0
            claim = Claim(
                key=key,
                receipt_no=first.receipt_no if first is not None else event.receipt_no,
                order=first.order if first is not None else order,
                contract_id=event.contract_id,
                party_id=event.party_id,
                period=event.period,
                line_id=line.line_id,
                amount=value,
                net_total=line.invoice.net_total
                if version.kind == "sum" and line.invoice
                else None,
                holds=alone.outcome != "not_counted" and value != _ZERO,
            )
    return Line(
        period=event.period,
        party_id=event.party_id,
        line_id=line.line_id,
        return_id=event.return_id,
        order=order,
        commitment_id=line.commitment_id,
        activity_on=line.from_,
        value=value,
        per=per,
        alone=alone,
        claim=claim,
        displaced=displaced,
    )


def version_for(state: State, line: events.Line) -> Version | None:
    """The version in force on a line's activity date, where it is active (rule V1)."""
    commitment = state.commitments.get(line.commitment_id)
    return None if commitment is None else commitment.active_on(line.from_)


def claim_key(state: State, version: Version, line: events.Line) -> str | None:
    """What the line claims: an invoice, or a thing that counts once per contract."""
    if version.kind == "sum":
        invoice = line.invoice if version.unit == "GBP" else None
        if invoice is None:
            return None
        number = invoice.number if line.quantity >= _ZERO else invoice.credit_of or invoice.number
        parties = (invoice.payer_id, invoice.payee_id)
        return claims.invoice_key(state.authority_id, version.measure, parties, number)
    thing = _thing(version, line)
    if thing is None:
        return None
    return claims.once_key(state.authority_id, state.contract_id, version.measure, thing)


def area_key(version: Version, line: events.Line) -> tuple[str, str] | None:
    """(edition, postcode) that rule V3 asks the directory for. A credit goes where its invoice
    went."""
    if version.area is None or line.quantity < 0 or line.place is None:
        return None
    if not line.place.postcode:
        return None
    return (version.area.edition, places.normal(line.place.postcode))


def _inactive(commitment: Commitment | None, day: date) -> Finding:
    """Rule V1."""
    if commitment is None or not commitment.versions:
        return Finding("V1", "commitment_not_active", str(day), None)
    return Finding("V1", "commitment_not_active", str(day), str(commitment.versions[0].from_on))


def _check(version: Version, line: events.Line, value: Decimal, facts: Facts) -> Result:
    if line.unit != version.unit:  # rule V2
        return _refused(Finding("V2", "unit_differs", line.unit, version.unit))
    is_credit = line.quantity < _ZERO
    if is_credit and (line.invoice is None or not line.invoice.credit_of):
        return _refused(Finding("V6", "credit_without_invoice", f"{line.quantity:f}"))
    if version.kind == "distinct" and _thing(version, line) is None:
        return Result("queried", queried=value, findings=(Finding("V6", "thing_missing"),))
    if version.area is None or is_credit:
        return _counted(version, value)
    return _check_area(version, version.area, line, value, facts)


def _check_area(
    version: Version, area: places.Area, line: events.Line, value: Decimal, facts: Facts
) -> Result:
    """Rule V3."""
    key = area_key(version, line)
    fact = facts.postcodes.get(places.fact_key(*key)) if key is not None else None
    verdict = "none" if key is None else places.judge(area, fact, line.from_)
    if verdict == "inside":
        return _counted(version, value)
    found = fact.terminated if verdict in ("gone", "inside_terminated") and fact else None
    if verdict == "outside" and fact is not None:
        found = fact.gss[0]
    finding = Finding("V3", _AREA_FINDINGS[verdict], found, ",".join(area.gss[:5]))
    if verdict == "outside":
        return _refused(finding)
    if verdict == "inside_terminated":
        return _counted(version, value, (finding,))
    return Result("queried", queried=value, findings=(finding,))


def _counted(version: Version, value: Decimal, findings: tuple[Finding, ...] = ()) -> Result:
    if version.kind == "post":  # provisional until it vests
        return Result("provisional", provisional=value, findings=findings)
    return Result("counted", counted=value, findings=findings)


def _refused(finding: Finding) -> Result:
    return Result("not_counted", findings=(finding,))


def _value(version: Version, line: events.Line) -> Decimal:
    """Quantity x attribution; posts in weekly hours, things that count once as one (docs/rules.md,
    Measures and kinds)."""
    quantity = line.quantity
    if version.kind == "post":
        person = line.person
        stated = person.weekly_hours if person is not None else None
        quantity = quantity * POST_HOURS if stated is None else min(stated, Decimal(POST_HOURS))
    elif version.kind in ("distinct", "done"):
        return _ONE if quantity > 0 else _ZERO
    if line.attribution == 1:
        return quantity
    return events.plain((quantity * line.attribution).normalize())


def _thing(version: Version, line: events.Line) -> str | None:
    """What counts once: the person of a post, the person, payee or school reached."""
    if version.kind == "done":
        return line.commitment_id
    if version.kind not in ("post", "distinct"):
        return None
    if line.person is not None:
        return str(line.person.shared_person_id or line.person.person_id)
    if version.kind == "post":
        return None  # a group's total, never who
    if line.invoice is not None:
        return line.invoice.payee_id
    return line.place.school if line.place is not None else None


def _without_a_gap(given: Return, line: events.Line, key: str) -> Line | None:
    """The line until now, where it claimed the same thing: its rank is kept (rule V6)."""
    before = given.before.get(line.line_id)
    if before is None or before.claim is None or before.claim.key != key:
        return None
    return before
