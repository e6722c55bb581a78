"""Counting: a return's lines take the place of those before it, and claims are settled anew.

Promises: a revision, a withdrawal, a credit or another contract's claim re-runs what it touches,
also on other contracts, and only that (rule V12); what is left does not depend on what came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from services.verification.domain import announcements, checks, claims
from services.verification.domain.claims import Claim
from services.verification.domain.state import Line, Slot, Sums
from services.verification.domain.work import RULE_SET, Work
from shared.wire import events, ids


def replace(work: Work, slot: Slot, new: list[Line], receipt_no: int) -> list[Line]:
    """`new` stands for the slot from now on, instead of what stood there; the lines with their
    results. `receipt_no` is that of the return or the withdrawal."""
    before = work.lines.in_slot(slot)
    fresh = {line.line_id: line for line in new}
    others: dict[tuple[str, str, str], tuple[Line, Line]] = {}
    keys = {line.claim.key for line in (*new, *before.values()) if line.claim}
    for key in sorted(keys):
        _settle(work, key, slot, fresh, others)
        _tell_others(work, key, before.values(), fresh.values(), receipt_no)
    _keep(work, before, fresh)
    _shift(work, before.values(), fresh.values())
    _change(work, others.values())
    for line in fresh.values():
        if line.claim is not None:
            _alert(work, before.get(line.line_id), line)
    return list(fresh.values())


def reconsider(work: Work, key: str) -> None:
    """Another contract's claim has changed: settle this contract's lines under `key` anew."""
    own = work.lines.claiming(key)
    foreign = work.facts.standings.get(key, ())
    after = checks.beside(own.values(), foreign)
    _change(work, [(own[line.id], line) for line in after if line is not own[line.id]])


def _settle(
    work: Work,
    key: str,
    slot: Slot,
    fresh: dict[str, Line],
    others: dict[tuple[str, str, str], tuple[Line, Line]],
) -> None:
    """Settle one key: new lines get their results in `fresh`, other lines that changed go into
    `others` as (before, after)."""
    stood = work.lines.claiming(key)
    own = [line for line in stood.values() if (line.period, line.party_id) != slot]
    own.extend(line for line in fresh.values() if line.claim and line.claim.key == key)
    for line in checks.beside(own, work.facts.standings.get(key, ())):
        if (line.period, line.party_id) == slot:
            fresh[line.line_id] = line
        elif line is not stood[line.id]:
            others[line.id] = (stood[line.id], line)


def _tell_others(
    work: Work, key: str, before: Iterable[Line], after: Iterable[Line], receipt_no: int
) -> None:
    """Post LineReconsidered to each contract for whose claims the room has changed (rule V12)."""
    foreign = work.facts.standings.get(key, ())
    if not foreign:
        return
    gone = _claims(before, key)
    come = _claims(after, key)
    stay = [
        line.claim
        for line in work.lines.claiming(key).values()
        if line.claim and line.claim.id not in gone
    ]
    was = claims.fitting([*foreign, *stay, *gone.values()])
    now = claims.fitting([*foreign, *stay, *come.values()])
    winner = hashlib.sha256(
        f"{work.state.contract_id}\x1f{key}\x1f{receipt_no}".encode()
    ).hexdigest()
    for contract_id in dict.fromkeys(
        claim.contract_id for claim in foreign if was.get(claim.id) != now.get(claim.id)
    ):
        head = work.head(ids.derived("LineReconsidered", contract_id, key, winner, RULE_SET))
        work.out.reconsider.append(
            events.LineReconsidered(
                **(head | {"contract_id": contract_id}), claim=key, winner=winner
            )
        )


def _claims(lines: Iterable[Line], key: str) -> dict[claims.ClaimId, Claim]:
    return {line.claim.id: line.claim for line in lines if line.claim and line.claim.key == key}


def _keep(work: Work, before: dict[str, Line], fresh: dict[str, Line]) -> None:
    """Lines and claims: what goes and what is put."""
    out = work.out
    out.lines_put.extend(fresh.values())
    out.claims_put.extend(line.claim for line in fresh.values() if line.claim)
    if not before:
        return
    out.lines_gone.extend(line for line in before.values() if line.line_id not in fresh)
    kept = {(claim.key, claim.id) for claim in out.claims_put}
    out.claims_gone.extend(
        line.claim
        for line in before.values()
        if line.claim and (line.claim.key, line.claim.id) not in kept
    )


def _shift(work: Work, gone: Iterable[Line], come: Iterable[Line]) -> None:
    """Sums leave with the lines that go and come with those that take their place."""
    for place, lines in _by_place(gone).items():
        work.add(*place, Sums.of(lines).negated())
    for place, lines in _by_place(come).items():
        work.add(*place, Sums.of(lines))


def _by_place(lines: Iterable[Line]) -> dict[tuple[str, str], list[Line]]:
    """By commitment and period."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        found.setdefault((line.commitment_id, line.period), []).append(line)
    return found


def _change(work: Work, pairs: Iterable[tuple[Line, Line]]) -> None:
    """Lines of other returns that come out differently now."""
    for before, after in pairs:
        _shift(work, (before,), (after,))
        work.out.lines_put.append(after)
        work.changed.append(announcements.result(after, is_other=True))
        _alert(work, before, after)


def _alert(work: Work, before: Line | None, after: Line) -> None:
    """A line that has newly lost its room to an earlier claim is a duplicate (rule L2)."""
    if not after.result.is_crowded_out or after.claim is None:
        return
    if before is not None and before.result.is_crowded_out and before.claim == after.claim:
        return
    foreign = work.facts.standings.get(after.claim.key, ())
    work.out.alerts.append(announcements.duplicate(work, after, _least(work, after, foreign)))


def _least(work: Work, line: Line, foreign: Iterable[Claim]) -> int:
    """The least receipt that claims the same thing."""
    assert line.claim is not None
    own = (
        other.claim.receipt_no
        for other in work.lines.claiming(line.claim.key).values()
        if other.claim
    )
    return min((line.claim.receipt_no, *own, *(claim.receipt_no for claim in foreign)))
