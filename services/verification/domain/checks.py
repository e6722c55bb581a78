"""Checks: what one line comes to by the rules that look at it alone (rules V1, V2, V3).

Promises: each line gets all its findings, also where one of them refuses it, and one outcome; and
its claim, where it claims a thing that counts once. What it comes to against other claims of the
same thing is for `contests` to say.
Refuses: to count what cannot be placed: that waits for the council (queried).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from services.verification.domain import claims, contests, people, places
from services.verification.domain.claims import Claim
from services.verification.domain.lines import POST_HOURS, Finding, Line, Result
from services.verification.domain.state import Facts, State, Version
from shared import identifiers
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
_AREA_OUTCOMES: Final[dict[str, events.Outcome]] = {
    "outside": "not_counted",
    "inside_terminated": "counted",
}
"""Anything else that is not inside is queried."""

_STAFF_HOURS: Final = frozenset({"school-hours", "volunteering"})
"""Measures whose hours are a member of staff's."""


class Return(NamedTuple):
    """What the lines of a return are read against."""

    state: State
    event: events.ReturnReceived
    facts: Facts
    before: Mapping[str, Line]
    """The current lines of this party and period until now, by line id."""


def read(given: Return, line: events.Line, order: int) -> Line:
    """The line with its outcome by the rules that look at it alone, and with its claim."""
    event, state = given.event, given.state
    active = version_for(state, line)
    version = active or version_to_check(state, line)
    findings = [] if active is not None else [_inactive(state, line)]
    value = _ZERO
    if version is not None:
        value = _value(version, line)
        findings += _look(version, line, given.facts)
    read_ = Line(
        period=event.period,
        party_id=event.party_id,
        line_id=line.line_id,
        return_id=event.return_id,
        order=order,
        commitment_id=line.commitment_id,
        activity_on=line.from_,
        value=value,
        per=1 if version is None else version.per,
        alone=_result(version, value, findings),
        until=line.to,
        share=line.attribution,
    )
    if active is None:
        return read_
    what = claimed(state, active, line)
    if what is not None:
        return _with_claim(given, what, line, read_)
    if active.unit == "weeks":
        return msgspec.structs.replace(read_, alone=contests.weeks_alone(read_))
    return read_


def _with_claim(given: Return, what: Claimed, line: events.Line, read_: Line) -> Line:
    before = _without_a_gap(given, line, what.key)
    first = before.claim if before is not None else None
    claim = Claim(
        key=what.key,
        receipt_no=first.receipt_no if first is not None else given.event.receipt_no,
        order=first.order if first is not None else read_.order,
        contract_id=given.event.contract_id,
        party_id=read_.party_id,
        period=read_.period,
        line_id=read_.line_id,
        amount=read_.value,
        net_total=line.invoice.net_total if what.sort == "invoice" and line.invoice else None,
        holds=read_.alone.outcome != "not_counted"
        and (what.sort == "weeks" or read_.value != _ZERO),
        sort=what.sort,
    )
    displaced = before.displaced if before is not None else 0
    return msgspec.structs.replace(
        read_, claim=claim, displaced=displaced, person=what.person, thing=what.thing
    )


def version_for(state: State, line: events.Line) -> Version | None:
    """The version in force on a line's activity date, where it is active (rule V1)."""
    commitment = state.commitments.get(line.commitment_id)
    return None if commitment is None else commitment.active_on(line.from_)


def version_to_check(state: State, line: events.Line) -> Version | None:
    """The version whose other rules a line is held against, also where it is not active then: the
    one in force, else the first. None: there is no such commitment."""
    commitment = state.commitments.get(line.commitment_id)
    if commitment is None:
        return None
    return commitment.in_force(line.from_) or commitment.versions[0]


class Claimed(NamedTuple):
    """What a line claims."""

    sort: claims.Sort
    key: str
    person: people.Person | None = None
    """Where the thing is a person, or a person's weeks."""
    thing: str | None = None
    """What it is, as people name it; people are not named."""


def claimed(state: State, version: Version, line: events.Line) -> Claimed | None:
    """An invoice, a session, a thing that counts once per contract, or a person's weeks."""
    authority_id, contract_id, measure = state.authority_id, state.contract_id, version.measure
    if version.kind != "sum":
        thing = _thing(version, line)
        if thing is None:
            return None
        key = claims.once_key(authority_id, contract_id, measure, thing)
        if _is_of_person(version):
            return Claimed("once", key, _person(line))
        return Claimed("once", key, thing=thing if version.kind == "distinct" else None)
    if version.unit == "GBP":
        invoice = line.invoice
        if invoice is None:
            return None
        number = invoice.number if line.quantity >= _ZERO else invoice.credit_of or invoice.number
        parties = (invoice.payer_id, invoice.payee_id)
        key = claims.invoice_key(authority_id, measure, parties, number)
        return Claimed("invoice", key, thing=number)
    if version.unit == "weeks":
        person = _person(line)
        if person is None:
            return None
        key = claims.weeks_key(contract_id, line.commitment_id, person.person_id)
        return Claimed("weeks", key, person)
    return _claimed_session(authority_id, measure, line)


def _claimed_session(authority_id: str, measure: str, line: events.Line) -> Claimed | None:
    """Hours of staff are the person's and not the session's: of several people each claims the
    session for themselves (rules V6, V7)."""
    if line.session is None:
        return None
    what = [line.session.start]
    if measure in _STAFF_HOURS:
        if line.person is None:
            return None
        what.append(str(line.person.person_id))
    key = claims.session_key(authority_id, measure, line.session.deliverer_id, *what)
    return Claimed("session", key, thing=line.session.start)


class OfPeople(NamedTuple):
    """What people are claimed for on a contract: once for a measure, or weeks on a commitment."""

    sort: claims.Sort
    commitment_id: str
    """Of those of one measure, any."""


def of_people(contract: State) -> list[OfPeople]:
    """All that people are claimed for."""
    found: dict[str, OfPeople] = {}
    for commitment_id, each in contract.commitments.items():
        version = each.versions[-1]
        if _is_of_person(version):
            found.setdefault(version.measure, OfPeople("once", commitment_id))
        elif version.unit == "weeks":
            found[commitment_id] = OfPeople("weeks", commitment_id)
    return list(found.values())


def person_keys(contract: State, what: OfPeople, references: Iterable[str]) -> tuple[str, ...]:
    """The keys under which a person is claimed, one for each reference."""
    if what.sort == "weeks":
        where = (contract.contract_id, what.commitment_id)
        return tuple(claims.weeks_key(*where, each) for each in references)
    measure = contract.commitments[what.commitment_id].versions[-1].measure
    whose = (contract.authority_id, contract.contract_id, measure)
    return tuple(claims.once_key(*whose, each) for each in references)


def area_key(version: Version, line: events.Line) -> tuple[str, str] | None:
    """(edition, postcode) that rule V3 asks the directory for. A credit goes where its invoice
    went."""
    if version.area is None or line.quantity < 0 or line.place is None:
        return None
    if not line.place.postcode:
        return None
    postcode = identifiers.postcode(line.place.postcode) or line.place.postcode
    return (version.area.edition, postcode)


# --- what the rules find -------------------------------------------------------------------------


class _Found(NamedTuple):
    """What one rule makes of a line."""

    outcome: events.Outcome
    finding: Finding


_SEVERITY: Final[tuple[events.Outcome, ...]] = ("not_counted", "queried", "counted")


def _result(version: Version | None, value: Decimal, found: list[_Found]) -> Result:
    """All findings, and the outcome of the severest."""
    findings = tuple(each.finding for each in found)
    outcome = min((each.outcome for each in found), key=_SEVERITY.index, default="counted")
    if outcome == "not_counted" or version is None:
        return Result("not_counted", findings=findings)
    if outcome == "queried":
        return Result("queried", queried=value, findings=findings)
    if version.kind == "post":  # rule V8: provisional until it vests
        findings = (*findings, Finding("V8", "waits_for_retention"))
        return Result("provisional", provisional=value, findings=findings)
    return Result("counted", counted=value, findings=findings)


def _inactive(state: State, line: events.Line) -> _Found:
    """Rule V1."""
    commitment = state.commitments.get(line.commitment_id)
    if commitment is None:
        return _Found("not_counted", Finding("V1", "commitment_unknown"))
    first = commitment.versions[0].from_on
    begins = str(first) if first > line.from_ else None
    finding = Finding("V1", "commitment_not_active", str(line.from_), begins)
    return _Found("not_counted", finding)


def _look(version: Version, line: events.Line, facts: Facts) -> list[_Found]:
    """What the rules find that look at a line alone, apart from V1."""
    found = []
    if line.unit != version.unit:
        finding = Finding("V2", "unit_differs", line.unit, version.unit)
        found.append(_Found("not_counted", finding))
    is_credit = line.quantity < _ZERO
    if is_credit and (line.invoice is None or not line.invoice.credit_of):
        finding = Finding("V6", "credit_without_invoice", f"{line.quantity:f}")
        found.append(_Found("not_counted", finding))
    if version.kind == "distinct" and _thing(version, line) is None:
        found.append(_Found("queried", Finding("V6", "thing_missing")))
    if version.unit == "weeks" and line.person is None:
        found.append(_Found("queried", Finding("Weeks", "person_missing")))
    if version.kind == "post" and line.person is not None and line.person.weekly_hours is None:
        found.append(_Found("queried", Finding("Posts", "hours_missing")))
    if version.area is not None and not is_credit:
        found.extend(_look_at_place(version, version.area, line, facts))
    return found


def _look_at_place(
    version: Version, area: places.Area, line: events.Line, facts: Facts
) -> Iterator[_Found]:
    """Rule V3."""
    key = area_key(version, line)
    fact = facts.postcodes.get(places.fact_key(*key)) if key is not None else None
    verdict = "none" if key is None else places.judge(area, fact, line.from_)
    if verdict == "inside":
        return
    found = None if key is None else key[1]
    if verdict in ("gone", "inside_terminated") and fact is not None:
        found = fact.terminated
    finding = Finding("V3", _AREA_FINDINGS[verdict], found, ",".join(area.gss[:5]))
    yield _Found(_AREA_OUTCOMES.get(verdict, "queried"), finding)


# --- what a line is about ------------------------------------------------------------------------


def _value(version: Version, line: events.Line) -> Decimal:
    """Quantity x attribution; posts in weekly hours, things that count once as one (docs/rules.md,
    Measures and kinds). Nothing in another unit, since it cannot be added."""
    quantity = line.quantity
    if line.unit != version.unit:
        return _ZERO
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
    if _is_of_person(version):
        person = _person(line)  # a group's total names nobody
        return None if person is None else person.person_id
    if version.unit == "organisations":
        return None if line.invoice is None else claims.firm(line.invoice.payee_id)
    return line.place.school if line.place is not None else None


def _is_of_person(version: Version) -> bool:
    """Whether the thing that counts once is a person."""
    return version.kind == "post" or (version.kind == "distinct" and version.unit == "people")


def _person(line: events.Line) -> people.Person | None:
    person = line.person
    if person is None:
        return None
    shared = person.shared_person_id
    return people.Person(str(person.person_id), None if shared is None else str(shared))


def _without_a_gap(given: Return, line: events.Line, key: str) -> Line | None:
    """The line until now, where it claimed the same thing: its rank is kept (rule V6)."""
    before = given.before.get(line.line_id)
    if before is None or before.claim is None or before.claim.key != key:
        return None
    return before
