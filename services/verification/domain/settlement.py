"""Settlement: a return's lines take the place of those before it, and claims are settled anew.

Promises: a revision, a withdrawal, a credit or another contract's claim re-runs what it touches,
also on other contracts, and only that (rule V12); the outcome does not depend on what came first,
since `contests` looks at all claims of one thing at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from services.verification.domain import checks, claims, contests, people, state
from services.verification.domain.claims import Claim, ClaimId
from services.verification.domain.lines import Line, LineKey, Slot
from services.verification.domain.work import Duplicate, Reconsideration, Work


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
    old, own = _by_key(before.values()), _by_key(new)
    for keys in _groups(work, before.values(), new):
        come = [line for key in keys for line in own.get(key, ())]
        for line in _settle(work, keys, slot, come, others):
            fresh[line.line_id] = line
        for key in keys:
            gone = _claims(old.get(key, ()))
            _reconsider_elsewhere(work, key, gone, _claims(own.get(key, ())), receipt_no)
    _keep(work, before, fresh)
    _move_sums(work, before.values(), fresh.values())
    _change(work, others.values())
    for line in fresh.values():
        if line.claim is not None:
            _note_duplicate(work, before.get(line.line_id), line)
    work.results = list(fresh.values())


def _by_key(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Those that claim something, by what they claim."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        if line.claim is not None:
            found.setdefault(line.claim.key, []).append(line)
    return found


def _groups(work: Work, gone: Iterable[Line], new: Iterable[Line]) -> list[tuple[str, ...]]:
    """The keys to settle, those of one person together. Lines that go may part references, lines
    that come may join them."""
    contract, changed = work.state, [line for line in (*gone, *new) if line.claim is not None]
    links = contract.links
    contract.links = people.moved(links, _people(gone), _people(new))
    before, after = people.Joined(links), people.Joined(contract.links)
    of_people = checks.of_people(contract) if contract.links is not links else []
    groups: set[tuple[str, ...]] = set()
    for line in changed:
        assert line.claim is not None
        if line.person is None:
            groups.add((line.claim.key,))
            continue
        reference = line.person.person_id
        own = checks.OfPeople(line.claim.sort, line.commitment_id)
        for each in {*before.same(reference), *after.same(reference)}:
            for what in of_people or (own,):
                groups.add(checks.person_keys(contract, what, after.same(each)))
    return sorted(groups)


def _people(lines: Iterable[Line]) -> list[people.Person]:
    return [line.person for line in lines if line.person is not None]


def reconsider(work: Work, key: str) -> None:
    """Another contract's claim has changed: settle this contract's lines under `key` anew."""
    own = work.lines.claiming(key)
    after = contests.against(own.values(), work.facts.other_claims.get(key, ()))
    _change(work, [ChangedLine(own[line.id], line) for line in after if line is not own[line.id]])


# --- a return in the place of another ------------------------------------------------------------


def _settle(
    work: Work,
    keys: tuple[str, ...],
    slot: Slot,
    new: Iterable[Line],
    others: dict[LineKey, ChangedLine],
) -> Iterator[Line]:
    """Settles the claims of one thing: the new lines with their results. Other lines that change
    go into `others`."""
    current = {line.id: line for key in keys for line in work.lines.claiming(key).values()}
    kept = (line for line in current.values() if line.slot != slot)
    foreign = work.facts.other_claims.get(keys[0], ()) if len(keys) == 1 else ()
    for line in contests.against((*kept, *new), foreign):
        if line.slot == slot:
            yield line
        elif line is not current[line.id]:
            others[line.id] = ChangedLine(current[line.id], line)


def _reconsider_elsewhere(
    work: Work, key: str, gone: dict[ClaimId, Claim], new: dict[ClaimId, Claim], receipt_no: int
) -> None:
    """Each contract with a claim that fits now and did not before, or the other way round, has to
    look again (rule V12); and each that credits the thing, which says where it counts."""
    others = work.facts.other_claims.get(key, ())
    if not others:
        return
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
    has_moved = fitted != fits
    for contract_id in dict.fromkeys(
        claim.contract_id
        for claim in others
        if fitted.get(claim.id) != fits.get(claim.id) or (claim.is_credit and has_moved)
    ):
        work.reconsiderations.append(Reconsideration(contract_id, key, winner))


def _claims(lines: Iterable[Line]) -> dict[ClaimId, Claim]:
    return {line.claim.id: line.claim for line in lines if line.claim}


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
    for (commitment_id, period), sums in state.totals(gone).items():
        work.add(commitment_id, period, sums.negated())
    for (commitment_id, period), sums in state.totals(new).items():
        work.add(commitment_id, period, sums)


def _note_duplicate(work: Work, before: Line | None, after: Line) -> None:
    """A line that claims of a lower rank have newly displaced is a duplicate (rule L2). Of history
    nothing is told (rule L3)."""
    if not after.result.is_displaced or after.claim is None:
        return
    if work.state.commitments[after.commitment_id].is_history(after.period):
        return
    if before is not None and before.result.is_displaced and before.claim == after.claim:
        return
    own, before_it = after.claim.receipt_no, work.lowest_receipt_no(after.claim.key)
    work.alerts.append(Duplicate(after, own if before_it is None else min(own, before_it)))
