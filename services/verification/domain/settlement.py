"""Settlement: a return's lines take the place of those before it, and claims are settled anew.

Promises: a revision, a withdrawal, a credit or another contract's claim re-runs what it touches,
also on other contracts, and only that (rule V12); the outcome does not depend on what came first.
`against` knows no order of arrival: it looks at all claims of one thing at once (rule V6).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from services.verification.domain import claims
from services.verification.domain.claims import Claim, ClaimId
from services.verification.domain.lines import Finding, Line, LineKey, Result, Slot
from services.verification.domain.state import Sums
from services.verification.domain.work import Duplicate, Reconsideration, Work
from shared.wire import events

_ZERO: Final = Decimal(0)


class ChangedLine(NamedTuple):
    """A current line of another return that comes out differently now."""

    before: Line
    after: Line


def replace(work: Work, slot: Slot, new: list[Line], receipt_no: int) -> None:
    """`new` are the current lines of the slot from now on, instead of those until now; they are
    kept, with their results, as `work.results`. `receipt_no` is that of the return or the
    withdrawal."""
    before = work.lines.in_slot(slot)
    fresh = {line.line_id: line for line in new}
    others: dict[LineKey, ChangedLine] = {}
    keys = {line.claim.key for line in (*new, *before.values()) if line.claim}
    for key in sorted(keys):
        _settle(work, key, slot, fresh, others)
        _reconsider_elsewhere(work, key, before.values(), fresh.values(), receipt_no)
    _keep(work, before, fresh)
    _move_sums(work, before.values(), fresh.values())
    _change(work, others.values())
    for line in fresh.values():
        if line.claim is not None:
            _note_duplicate(work, before.get(line.line_id), line)
    work.results = list(fresh.values())


def reconsider(work: Work, key: str) -> None:
    """Another contract's claim has changed: settle this contract's lines under `key` anew."""
    own = work.lines.claiming(key)
    after = against(own.values(), work.facts.other_claims.get(key, ()))
    _change(work, [ChangedLine(own[line.id], line) for line in after if line is not own[line.id]])


def against(own: Iterable[Line], others: Iterable[Claim]) -> list[Line]:
    """A contract's lines under one key, each with its result against all other claims (rule V6).
    Lines whose result does not change come back as they were."""
    lines = sorted(own, key=lambda line: line.claim.rank if line.claim else (0, 0))
    fits = claims.fitting(itertools.chain((line.claim for line in lines if line.claim), others))
    left: dict[str, _Left] = {}
    answer = []
    for line in lines:
        assert line.claim is not None
        if line.claim.is_credit:
            continue
        result = _result(line, fits)
        left.setdefault(line.commitment_id, _Left()).add(result)
        answer.append(_with(line, result))
    for line in lines:
        if line.claim is not None and line.claim.is_credit:
            credit = _credit(line, left.setdefault(line.commitment_id, _Left()))
            answer.append(_with(line, credit))
    return answer


# --- one thing and all its claims ----------------------------------------------------------------


class _Left:
    """What a credit can still take off the lines of its invoice, on one commitment."""

    def __init__(self) -> None:
        self.counted = self.queried = _ZERO

    def add(self, result: Result) -> None:
        self.counted += result.counted
        self.queried += result.queried


def _result(line: Line, fits: Mapping[ClaimId, Decimal | None]) -> Result:
    claim = line.claim
    assert claim is not None
    left = fits.get(claim.id)
    if left is None:  # it fits, or does not hold
        return line.alone
    if claim.net_total is None:
        finding = Finding("V6", "counted_once", None, None)
        return Result("not_counted", findings=(*line.alone.findings, finding))
    finding = Finding("V6", "invoice_full", f"{claim.amount:f}", f"{left:f}")
    return Result("queried", queried=line.value, findings=(*line.alone.findings, finding))


def _credit(line: Line, left: _Left) -> Result:
    """A credit takes off at most what its invoice counts here, in its own month; what its invoice
    has in the council's queue it takes off there (docs/rules.md, Credits)."""
    if line.alone.outcome == "not_counted":
        return line.alone
    taken_off = min(-line.value, left.counted)
    waiting = min(-line.value - taken_off, left.queried)
    left.counted -= taken_off
    left.queried -= waiting
    findings = line.alone.findings
    total = taken_off + waiting
    if total < -line.value:
        finding = Finding("V6", "credit_above_invoice", f"{-line.value:f}", f"{total:f}")
        findings = (*findings, finding)
    outcome: events.Outcome = (
        "counted" if taken_off else "queried" if waiting else "not_counted"  # nothing to take off
    )
    return Result(outcome, counted=_ZERO - taken_off, queried=_ZERO - waiting, findings=findings)


def _with(line: Line, result: Result) -> Line:
    if line.result is result or line.result == result:
        return line
    is_newly_displaced = result.is_displaced and not line.result.is_displaced
    return msgspec.structs.replace(
        line,
        against=None if result == line.alone else result,
        displaced=line.displaced + is_newly_displaced,
    )


# --- a return in the place of another ------------------------------------------------------------


def _settle(
    work: Work, key: str, slot: Slot, fresh: dict[str, Line], others: dict[LineKey, ChangedLine]
) -> None:
    """Settles one key: new lines get their results in `fresh`, other lines that change go into
    `others`."""
    current = work.lines.claiming(key)
    own = [line for line in current.values() if line.slot != slot]
    own.extend(line for line in fresh.values() if line.claim and line.claim.key == key)
    for line in against(own, work.facts.other_claims.get(key, ())):
        if line.slot == slot:
            fresh[line.line_id] = line
        elif line is not current[line.id]:
            others[line.id] = ChangedLine(current[line.id], line)


def _reconsider_elsewhere(
    work: Work, key: str, before: Iterable[Line], after: Iterable[Line], receipt_no: int
) -> None:
    """Each contract with a claim that fits now and did not before, or the other way round, has to
    look again (rule V12)."""
    others = work.facts.other_claims.get(key, ())
    if not others:
        return
    gone = _claims(before, key)
    new = _claims(after, key)
    kept = [
        line.claim
        for line in work.lines.claiming(key).values()
        if line.claim and line.claim.id not in gone
    ]
    fitted = claims.fitting([*others, *kept, *gone.values()])
    fits = claims.fitting([*others, *kept, *new.values()])
    winner = hashlib.sha256(
        f"{work.state.contract_id}\x1f{key}\x1f{receipt_no}".encode()
    ).hexdigest()
    for contract_id in dict.fromkeys(
        claim.contract_id for claim in others if fitted.get(claim.id) != fits.get(claim.id)
    ):
        work.reconsiderations.append(Reconsideration(contract_id, key, winner))


def _claims(lines: Iterable[Line], key: str) -> dict[ClaimId, Claim]:
    return {line.claim.id: line.claim for line in lines if line.claim and line.claim.key == key}


def _keep(work: Work, before: dict[str, Line], fresh: dict[str, Line]) -> None:
    """Lines and claims: what goes and what is put."""
    work.lines_put.extend(fresh.values())
    work.claims_put.extend(line.claim for line in fresh.values() if line.claim)
    if not before:
        return
    work.lines_gone.extend(line for line in before.values() if line.line_id not in fresh)
    kept = {(claim.key, claim.id) for claim in work.claims_put}
    work.claims_gone.extend(
        line.claim
        for line in before.values()
        if line.claim and (line.claim.key, line.claim.id) not in kept
    )


def _change(work: Work, changes: Iterable[ChangedLine]) -> None:
    """Lines of other returns that come out differently now."""
    for before, after in changes:
        _move_sums(work, (before,), (after,))
        work.lines_put.append(after)
        work.changed.append(after)
        _note_duplicate(work, before, after)


def _move_sums(work: Work, gone: Iterable[Line], new: Iterable[Line]) -> None:
    """Sums leave with the lines that go and come with those that take their place."""
    for (commitment_id, period), lines in _by_total(gone).items():
        work.add(commitment_id, period, Sums.of(lines).negated())
    for (commitment_id, period), lines in _by_total(new).items():
        work.add(commitment_id, period, Sums.of(lines))


def _by_total(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    """By commitment and period: what lines are added up by."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.commitment_id, line.period), []).append(line)
    return found


def _note_duplicate(work: Work, before: Line | None, after: Line) -> None:
    """A line that claims of a lower rank have newly displaced is a duplicate (rule L2)."""
    if not after.result.is_displaced or after.claim is None:
        return
    if before is not None and before.result.is_displaced and before.claim == after.claim:
        return
    others = work.facts.other_claims.get(after.claim.key, ())
    own = (line.claim for line in work.lines.claiming(after.claim.key).values() if line.claim)
    lowest = min(claim.receipt_no for claim in (after.claim, *own, *others))
    work.alerts.append(Duplicate(after, lowest))
