"""Contests: what the lines that claim one thing come to, all at once (rules V6, V12).

Promises: pure, and no order of arrival: the ranks of the claims decide. Lines whose result does not
change come back as they were.

Of several lines that claim
    an invoice: each that fits whole into the net total counts, others wait, credits take off;
    a session: the lowest rank counts, others wait;
    a thing that counts once: the first that no other rule queries or refuses decides whose it is;
    the party's earliest line carries it, its lines of other months are roster lines, any other
    line waits;
    a person's weeks: their days together make the weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

import msgspec

from services.verification.domain import claims, weeks
from services.verification.domain.claims import Claim, ClaimId
from services.verification.domain.lines import Finding, Line, LineKey, Result
from shared.wire import events

Results: TypeAlias = dict[LineKey, Result]

_ZERO: Final = Decimal(0)


def against(own: Iterable[Line], others: Iterable[Claim] = ()) -> list[Line]:
    """A contract's lines that claim one thing, each with its result against all other claims."""
    lines = sorted(own, key=_rank)
    if not lines:
        return []
    sort = _claim(lines[0]).sort
    if sort == "once":
        results = _once(lines)
    elif sort == "weeks":
        results = _weeks(lines)
    else:
        results = _contested(lines, tuple(others))
    return [_with(line, results[line.id]) for line in lines]


def _claim(line: Line) -> Claim:
    assert line.claim is not None
    return line.claim


def _rank(line: Line) -> claims.Rank:
    return _claim(line).rank


def _with(line: Line, result: Result) -> Line:
    if line.result is result or line.result == result:
        return line
    is_newly_displaced = result.is_displaced and not line.result.is_displaced
    return msgspec.structs.replace(
        line,
        against=None if result == line.alone else result,
        displaced=line.displaced + is_newly_displaced,
    )


# --- invoices and sessions: over all contracts ---------------------------------------------------


def _contested(lines: Sequence[Line], others: Sequence[Claim]) -> Results:
    every = (*map(_claim, lines), *others)
    fits, total = claims.fitting(every), claims.net_total(every)
    results = {line.id: _result(line, fits, total) for line in lines if not _claim(line).is_credit}
    if len(results) == len(lines):
        return results
    abroad = next((c.contract_id for c in others if fits.get(c.id, c) is None), None)
    left: dict[str, _Left] = {}
    for line in lines:
        if not _claim(line).is_credit:
            left.setdefault(line.commitment_id, _Left([])).add(line, results[line.id])
    for line in lines:
        if _claim(line).is_credit:
            own = left.get(line.commitment_id)
            if own is None or not own.has_anything:
                results[line.id] = _stray(line, left, abroad)
            else:
                results[line.id] = _credit(line, own, results)
    return results


def _result(line: Line, fits: Mapping[ClaimId, Decimal | None], total: Decimal | None) -> Result:
    claim = _claim(line)
    left = fits.get(claim.id)
    if left is None:  # it fits, or does not hold
        return line.alone
    if total is None:
        finding = Finding("V6", "session_claimed")
    else:
        figures = map(_written, (claim.amount, left, total))
        finding = Finding("V6", "invoice_full", *figures)
    return Result("queried", queried=line.value, findings=(*line.alone.findings, finding))


@dataclass(slots=True)
class _Left:
    """What credits can still take off an invoice, on one commitment."""

    waiting: list[LineKey]
    """Lines of the invoice that are queried, the lowest rank first."""
    counted: Decimal = _ZERO
    has_anything: bool = False

    def add(self, line: Line, result: Result) -> None:
        self.counted += result.counted
        self.has_anything |= bool(result.counted or result.queried)
        if result.queried:
            self.waiting.append(line.id)


def _credit(line: Line, left: _Left, results: Results) -> Result:
    """A credit takes off at most what its invoice counts here, in its own month. What its invoice
    has in the council's queue it takes off there, on the invoice's own lines, so that high never
    falls below low (docs/rules.md, Credits)."""
    if line.alone.outcome == "not_counted":
        return line.alone
    taken_off = min(-line.value, left.counted)
    left.counted -= taken_off
    rest = -line.value - taken_off
    for each in left.waiting:
        lowered = min(rest, results[each].queried)
        if lowered:
            results[each] = _lowered(results[each], lowered)
            rest -= lowered
    findings = line.alone.findings
    if (waiting := -line.value - taken_off - rest) > 0:
        findings = (*findings, Finding("V6", "credit_of_queried", _written(waiting)))
    if rest:
        taken = _written(-line.value - rest)
        finding = Finding("V6", "credit_above_invoice", _written(-line.value), taken)
        findings = (*findings, finding)
    outcome: events.Outcome = "counted" if taken_off else "queried" if waiting else "not_counted"
    return Result(outcome, counted=_ZERO - taken_off, findings=findings)


def _lowered(result: Result, credited: Decimal) -> Result:
    finding = Finding("V6", "credited", _written(credited))
    return msgspec.structs.replace(
        result, queried=result.queried - credited, findings=(*result.findings, finding)
    )


def _stray(line: Line, left: Mapping[str, _Left], abroad: str | None) -> Result:
    """A credit whose invoice has nothing on its commitment waits, and says where the invoice
    counts: on another commitment, else on another contract, else nowhere."""
    if line.alone.outcome == "not_counted":
        return line.alone
    counting = (commitment_id for commitment_id, each in left.items() if each.has_anything)
    place = next(counting, abroad)
    code = "credit_of_nothing" if place is None else "credit_elsewhere"
    return Result("queried", findings=(*line.alone.findings, Finding("V6", code, place)))


# --- things that count once, and weeks: within a contract ----------------------------------------


def _once(lines: Sequence[Line]) -> Results:
    """The party of the first line that plainly counts has the thing; where none does, that of the
    first that waits. Its earliest line carries it, with the value of its first (docs/rules.md,
    Things that count once)."""
    results = {line.id: line.alone for line in lines}
    holding = [line for line in lines if _claim(line).holds]
    plain = [line for line in holding if line.alone.outcome != "queried"] or holding
    if not plain:
        return results
    first = plain[0]
    bearer = min((line for line in plain if line.party_id == first.party_id), key=_start)
    for line in holding:
        if line is bearer:
            results[line.id] = _bearing(line, first.value)
        elif line.party_id == first.party_id and line.period != bearer.period:
            finding = Finding("V6", "counted_once", None, bearer.period)
            findings = (*line.alone.findings, finding)
            results[line.id] = Result("not_counted", findings=findings, reported=_ZERO)
        else:
            is_own = line.party_id == first.party_id
            finding = Finding("V6", "claimed_again" if is_own else "claimed_by_other")
            findings = (*line.alone.findings, finding)
            results[line.id] = Result("queried", queried=line.value, findings=findings)
    return results


def _start(line: Line) -> tuple[object, ...]:
    """Posts go by their earliest day, other things by the month of the return."""
    is_post = line.per != 1
    return (line.activity_on if is_post else line.period, line.period, _rank(line))


def _bearing(line: Line, value: Decimal) -> Result:
    if line.value == value:
        return line.alone
    figure: Any = {line.alone.outcome: value}
    return msgspec.structs.replace(line.alone, reported=value, **figure)


def _weeks(lines: Sequence[Line]) -> Results:
    results = {line.id: line.alone for line in lines}
    by_party: dict[str, list[Line]] = {}
    for line in lines:
        if _claim(line).holds:
            by_party.setdefault(line.party_id, []).append(line)
    for own in by_party.values():
        months: list[list[str]] = [[] for _ in own]
        for week in weeks.count([_engaged(line) for line in own]):
            months[week.line].append(week.month)
        results.update(
            (line.id, _worked_out(line, its)) for line, its in zip(own, months, strict=True)
        )
    return results


def weeks_alone(line: Line) -> Result:
    """A line's weeks by its own dates."""
    return _worked_out(line, [week.month for week in weeks.count([_engaged(line)])])


def _engaged(line: Line) -> weeks.Engaged:
    last = line.until or line.activity_on
    return weeks.Engaged(line.activity_on, last, line.period, line.alone.outcome == "queried")


def _worked_out(line: Line, months: Sequence[str]) -> Result:
    """The weeks that sit on a line, times its share; the stated ones are only compared."""
    worked = _plain(len(months) * line.share)
    carried = _plain(sum(month > line.period for month in months) * line.share)
    outcome, findings = line.alone.outcome, line.alone.findings
    if worked != line.value:
        finding = Finding("Weeks", "weeks_worked_out", _written(line.value), _written(worked))
        findings = (*findings, finding)
    if not worked and outcome == "counted":
        outcome = "not_counted"
    if outcome == "not_counted":
        return Result(outcome, findings=findings)
    figure: Any = {outcome: worked}
    return Result(outcome, findings=findings, carried=carried, **figure)


def _plain(value: Decimal) -> Decimal:
    return events.plain(value.normalize())


def _written(value: Decimal) -> str:
    return f"{_plain(value):f}"
