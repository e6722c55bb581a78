"""Checks: what one line comes to (rules V1, V2, V3), and beside others of the same thing (V6).

Promises: each line gets findings and one outcome. `read` looks at the line alone; `beside` looks at
all claims of one thing, and knows no order of arrival.
Refuses: to count what it can't place: that waits for the council (queried).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from services.verification.domain import claims, places
from services.verification.domain.claims import Claim
from services.verification.domain.state import (
    POST_HOURS,
    Facts,
    Finding,
    Line,
    Promise,
    Result,
    State,
    Version,
)
from shared.wire import events

_NIL: Final = Decimal(0)
_ONE: Final = Decimal(1)

_AREA_FINDINGS: Final = {
    "inside_terminated": "postcode_terminated",
    "outside": "outside_area",
    "none": "postcode_missing",
    "unknown": "postcode_unknown",
    "gone": "postcode_gone",
}


class Return(NamedTuple):
    """What a line is read against."""

    state: State
    event: events.ReturnReceived
    facts: Facts
    before: Mapping[str, Line]
    """The lines that stood for this party and period, by line id."""


def read(given: Return, line: events.Line, order: int) -> Line:
    """The line with its outcome by the rules that look at it alone, and with its claim."""
    event, claim, crowded = given.event, None, 0
    version = version_for(given.state, line)
    if version is None:
        value, per = _NIL, 1
        judged = _refused(_inactive(given.state.promises.get(line.commitment_id), line.from_))
    else:
        value, per = _value(version, line), version.per
        judged = _judge(version, line, value, given.facts)
        if (key := claim_key(given.state, version, line)) is not None:
            standing, crowded = _standing(given, line, key, order)
            claim = Claim(
                key,
                *standing,
                event.contract_id,
                event.party_id,
                event.period,
                line.line_id,
                value,
                line.invoice.net_total if version.kind == "sum" and line.invoice else None,
                judged.outcome != "not_counted" and value != _NIL,
            )
    return Line(
        event.period,
        event.party_id,
        line.line_id,
        event.return_id,
        order,
        line.commitment_id,
        line.from_,
        value,
        per,
        judged,
        None,
        claim,
        crowded,
    )


def version_for(state: State, line: events.Line) -> Version | None:
    """The version that a line's activity date falls to (rule V1), where it is active."""
    promise = state.promises.get(line.commitment_id)
    if promise is None:
        return None
    version = promise.in_force(line.from_)
    return version if version is not None and version.state == "active" else None


def claim_key(state: State, version: Version, line: events.Line) -> str | None:
    """What the line claims: an invoice, or a thing that counts once per contract."""
    if version.kind == "sum":
        invoice = line.invoice if version.unit == "GBP" else None
        if invoice is None:
            return None
        number = invoice.number if line.quantity >= _NIL else invoice.credit_of or invoice.number
        parties = (invoice.payer_id, invoice.payee_id)
        return claims.invoice_key(state.authority_id, version.measure, parties, number)
    thing = _thing(version, line)
    if thing is None:
        return None
    return claims.once_key(state.authority_id, state.contract_id, version.measure, thing)


def beside(own: Iterable[Line], foreign: Iterable[Claim]) -> list[Line]:
    """A contract's lines under one key, each with its result beside all others (rule V6). Lines
    whose result stays come back as they were."""
    lines = sorted(own, key=lambda line: line.claim.standing if line.claim else (0, 0))
    standings = itertools.chain((line.claim for line in lines if line.claim), foreign)
    fits = claims.fitting(standings)
    spent: dict[str, list[Decimal]] = {}
    answer = []
    for line in lines:
        assert line.claim is not None
        if line.claim.amount < 0:
            continue
        result = _result(line, fits)
        left = spent.setdefault(line.commitment_id, [_NIL, _NIL])
        left[0] += result.counted
        left[1] += result.queried
        answer.append(_with(line, result))
    for line in lines:
        if line.claim is not None and line.claim.amount < 0:
            left = spent.setdefault(line.commitment_id, [_NIL, _NIL])
            answer.append(_with(line, _credit(line, left)))
    return answer


def area_key(version: Version, line: events.Line) -> tuple[str, str] | None:
    """(edition, postcode) that rule V3 asks the directory for. A credit goes where its invoice
    went."""
    if version.area is None or line.quantity < 0 or line.place is None:
        return None
    if not line.place.postcode:
        return None
    return (version.area.edition, places.normal(line.place.postcode))


# --- the line alone -----------------------------------------------------------------------------


def _inactive(promise: Promise | None, day: date) -> Finding:
    if promise is None or not promise.versions:  # rule V1
        return Finding("V1", "commitment_not_active", str(day), None)
    return Finding("V1", "commitment_not_active", str(day), str(promise.versions[0].from_on))


def _judge(version: Version, line: events.Line, value: Decimal, facts: Facts) -> Result:
    if line.unit != version.unit:  # rule V2
        return _refused(Finding("V2", "unit_differs", line.unit, version.unit))
    is_credit = line.quantity < _NIL
    if is_credit and (line.invoice is None or not line.invoice.credit_of):
        return _refused(Finding("V6", "credit_without_invoice", f"{line.quantity:f}"))
    if version.kind == "distinct" and _thing(version, line) is None:
        return Result("queried", queried=value, findings=(Finding("V6", "thing_missing"),))
    if version.area is None or is_credit:
        return _counted(version, value)
    return _judge_area(version, line, value, facts)


def _judge_area(version: Version, line: events.Line, value: Decimal, facts: Facts) -> Result:
    key = area_key(version, line)
    fact = facts.postcodes.get(places.fact_key(*key)) if key is not None else None
    assert version.area is not None
    verdict = "none" if key is None else places.judge(version.area, fact, line.from_)  # rule V3
    if verdict == "inside":
        return _counted(version, value)
    found = fact.terminated if verdict in ("gone", "inside_terminated") and fact else None
    if verdict == "outside" and fact is not None:
        found = fact.gss[0]
    finding = Finding("V3", _AREA_FINDINGS[verdict], found, ",".join(version.area.gss[:5]))
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
    """Quantity x attribution; posts in weekly hours, things that count once as one (product §2)."""
    quantity = line.quantity
    if version.kind == "post":
        person = line.person
        stated = person.weekly_hours if person is not None else None
        quantity = quantity * POST_HOURS if stated is None else min(stated, Decimal(POST_HOURS))
    elif version.kind in ("distinct", "done"):
        return _ONE if quantity > 0 else _NIL
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


def _standing(
    given: Return, line: events.Line, key: str, order: int
) -> tuple[tuple[int, int], int]:
    """The same thing without a gap keeps its place (rule V6), and how often it was crowded out."""
    stood = given.before.get(line.line_id)
    if stood is not None and stood.claim is not None and stood.claim.key == key:
        return stood.claim.standing, stood.crowded
    return (given.event.receipt_no, order), 0


# --- beside others ------------------------------------------------------------------------------


def _result(line: Line, fits: Mapping[claims.ClaimId, Decimal | None]) -> Result:
    claim = line.claim
    assert claim is not None
    room = fits.get(claim.id)
    if room is None:  # it fits, or does not hold
        return line.judged
    if claim.net_total is None:
        finding = Finding("V6", "counted_once", None, None)
        return Result("not_counted", findings=(*line.judged.findings, finding))
    finding = Finding("V6", "invoice_full", f"{claim.amount:f}", f"{room:f}")
    return Result("queried", queried=line.value, findings=(*line.judged.findings, finding))


def _credit(line: Line, left: list[Decimal]) -> Result:
    """A credit takes off at most what its invoice counts here, in its own month; what its invoice
    has in the council's queue it takes off there (finer points: credits)."""
    if line.judged.outcome == "not_counted":
        return line.judged
    taken = min(-line.value, left[0])
    waiting = min(-line.value - taken, left[1])
    left[0] -= taken
    left[1] -= waiting
    findings = line.judged.findings
    if taken + waiting < -line.value:
        finding = Finding("V6", "credit_above_invoice", f"{-line.value:f}", f"{taken + waiting:f}")
        findings = (*findings, finding)
    outcome: events.Outcome = (
        "counted" if taken else "queried" if waiting else "not_counted"  # nothing to take it off
    )
    return Result(outcome, counted=_NIL - taken, queried=_NIL - waiting, findings=findings)


def _with(line: Line, result: Result) -> Line:
    if line.result is result or line.result == result:
        return line
    is_newly_out = result.is_crowded_out and not line.result.is_crowded_out
    return msgspec.structs.replace(
        line,
        beside=None if result == line.judged else result,
        crowded=line.crowded + is_newly_out,
    )
