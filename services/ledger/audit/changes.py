"""What changed: for each decision the figures before and after, and what led to it.

Promises: what was before is what was recorded before, of whatever day; the figures are those that
entries state, none is worked out here. If an event that this needs does not open, the change says
that it is damaged. A page takes a handful of queries, and one for each event that is opened: of
decisions whose figures did not fit into their leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.ledger import store
from services.ledger.domain.entries import figures, leaves
from services.ledger.domain.entries.figures import Key, Stated, Step
from shared import sql

TYPES: Final = (*figures.DECIDED, "CommitmentChanged")
"""The entries that change figures, or what is expected."""


class LinesStep(NamedTuple):
    """What a return counts for one commitment: lines, sums, and rules that found something."""

    commitment_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision."""

    entry: int
    encoded: bytes
    """The leaf's exact bytes."""
    leaf: leaves.Leaf
    cause: figures.Cause
    cause_entry: int | None
    """None if the cause is no entry, or is not recorded yet."""
    figures: Sequence[Step]
    """Those that are stated otherwise than before, or for the first time."""
    lines: Sequence[LinesStep] | None
    """Of the return that was checked, where its count changed; None if there is no return, or what
    was decided was told in parts."""
    lines_elsewhere: Mapping[str, Mapping[str, Any]]
    """By commitment, lines of the contract's other returns that count otherwise now."""
    commitment: tuple[Mapping[str, Any] | None, Mapping[str, Any]] | None
    """Of a commitment that was changed: the version that was in force, and the new one."""
    is_damaged: bool


class _Decision(NamedTuple):
    entry: int
    encoded: bytes
    leaf: leaves.Leaf
    facts: Mapping[str, Any] | None
    """None if only the event has them, and it does not open."""
    stated: Sequence[figures.Figure]


async def describe(
    conn: sql.Connection, rows: Iterable[store.rows.ShownLeaf], *, has_causes: bool = True
) -> dict[int, Change]:
    """The change that each of these entries is, by its index. Those whose leaf is damaged are not
    among them. With `has_causes`, the entries of causes are looked up."""
    decisions = []
    for row in rows:
        found = await _read(conn, row.idx, row.leaf)
        if found is not None:
            decisions.append(found)
    before, earlier = await _stated_before(conn, decisions), await _earlier(conn, decisions)
    causes = [figures.cause(each.leaf, each.facts or {}) for each in decisions]
    event_ids = {cause.event_id for cause in causes if has_causes and cause.event_id is not None}
    entries = await store.changes.load_indexes(conn, event_ids)
    return {
        each.entry: _change(each, cause, entries, before, earlier)
        for each, cause in zip(decisions, causes, strict=True)
    }


def _change(
    decision: _Decision,
    cause: figures.Cause,
    entries: Mapping[UUID, int],
    before: _Before,
    earlier: _Earlier,
) -> Change:
    said = decision.facts or {}
    steps = (
        Step(key, before.stated.get((key, decision.entry)), Stated(decision.entry, figure))
        for key, figure in _figures(decision)
    )
    version = said.get("commitment") if decision.leaf.type == "CommitmentChanged" else None
    approved = earlier.approved.get(decision.entry)
    version_before = None if approved is None else approved.leaf.facts["commitment"]
    return Change(
        entry=decision.entry,
        encoded=decision.encoded,
        leaf=decision.leaf,
        cause=cause,
        cause_entry=None if cause.event_id is None else entries.get(cause.event_id),
        figures=[each for each in steps if each.has_changed],
        lines=_lines(decision, earlier.checked.get(decision.entry)),
        lines_elsewhere=said.get("changed", {}),
        commitment=None if version is None else (version_before, version),
        is_damaged=decision.facts is None or decision.entry in before.damaged,
    )


def _lines(decision: _Decision, previous: _Decision | None) -> list[LinesStep] | None:
    """What the return counts now and counted before, where that differs."""
    now, then = decision.facts, {} if previous is None else previous.facts
    if decision.leaf.type != "ReturnChecked" or now is None or then is None:
        return None
    if "part" in now or "part" in then:
        return None
    after, before = now["commitments"], then.get("commitments", {})
    return [
        LinesStep(commitment_id, before.get(commitment_id), after.get(commitment_id))
        for commitment_id in sorted(before.keys() | after.keys())
        if before.get(commitment_id) != after.get(commitment_id)
    ]


# --- what is read --------------------------------------------------------------------------------


async def _read(conn: sql.Connection, index: int, encoded: bytes) -> _Decision | None:
    """An entry with its facts; None for bytes that are not a leaf."""
    try:
        leaf = leaves.parse(encoded)
    except leaves.LeafRefusedError:
        return None
    said: Mapping[str, Any] | None = leaf.facts
    if leaf.type in figures.DECIDED and figures.is_digest(leaf.facts):
        entry = await store.reading.find_entry(conn, index)
        disclosed = None if entry is None else entry.disclosed
        said = None if disclosed is None else figures.facts_of(disclosed.event)
    try:
        stated = figures.read(said or {})
    except figures.FactsRefusedError:
        said, stated = None, []
    return _Decision(index, encoded, leaf, said, stated)


def _figures(decision: _Decision) -> Iterator[tuple[Key, figures.Figure]]:
    contract_id = decision.leaf.contract_id or ""
    for figure in decision.stated:
        yield Key(contract_id, figure.commitment_id, figure.period), figure


def _authority(leaf: leaves.Leaf) -> str:
    """Every leaf names it, also one that has only a digest of its facts."""
    return str(leaf.facts.get("authority_id"))


class _Before(NamedTuple):
    """What was stated before."""

    stated: Mapping[tuple[Key, int], Stated]
    """By the figure, and the entry that states it anew."""
    damaged: Set[int]
    """Entries of which it is not known, because an event does not open."""


async def _stated_before(conn: sql.Connection, decisions: Iterable[_Decision]) -> _Before:
    """What each figure was before, if it was rated before. Where a leaf has only a digest, its
    event is asked; if that does not state the figure, the entries before it are."""
    stated: dict[tuple[Key, int], Stated] = {}
    damaged: set[int] = set()
    asked = {
        (key, decision.entry): store.changes.FigureBefore(
            _authority(decision.leaf), *key, before=decision.entry
        )
        for decision in decisions
        for key, figure in _figures(decision)
        if figure.replaces
    }
    while asked:
        found = await store.changes.load_stated_before(conn, list(set(asked.values())))
        read = {leaf.idx: await _read_figures(conn, leaf) for leaf in set(found.values())}
        further = {}
        for (key, entry), wanted in asked.items():
            if wanted not in found:
                continue
            index = found[wanted].idx
            known = read[index]
            if known is None:
                damaged.add(entry)
            elif key in known:
                stated[key, entry] = Stated(index, known[key])
            else:
                further[key, entry] = wanted._replace(before=index)
        asked = further
    return _Before(stated, damaged)


async def _read_figures(
    conn: sql.Connection, leaf: store.changes.Leaf
) -> dict[Key, figures.Figure] | None:
    """The figures that an entry states; None if they cannot be read."""
    decision = await _read(conn, *leaf)
    if decision is None or decision.facts is None:
        return None
    return dict(_figures(decision))


class _Earlier(NamedTuple):
    """By the entry of a decision: the check that it replaces, and the version."""

    checked: Mapping[int, _Decision]
    approved: Mapping[int, _Decision]


async def _earlier(conn: sql.Connection, decisions: Iterable[_Decision]) -> _Earlier:
    checks: dict[int, store.changes.CheckBefore] = {}
    versions: dict[int, store.changes.VersionBefore] = {}
    for entry, _, leaf, said, _ in decisions:
        if said is None or leaf.contract_id is None:
            continue
        authority, contract = _authority(leaf), leaf.contract_id
        if leaf.type == "ReturnChecked" and (said["revision"] > 1 or said["withdrawn"]):
            checks[entry] = store.changes.CheckBefore(
                authority, contract, said["party_id"], leaf.period or "", entry
            )
        if leaf.type == "CommitmentChanged" and said["commitment"]["version"] > 1:
            commitment = said["commitment"]["commitment_id"]
            versions[entry] = store.changes.VersionBefore(authority, contract, commitment, entry)
    checked = await store.changes.load_checked_before(conn, list(checks.values()))
    approved = await store.changes.load_approved_before(conn, list(versions.values()))
    return _Earlier(
        await _read_each(conn, {n: checked[each] for n, each in checks.items() if each in checked}),
        await _read_each(
            conn, {n: approved[each] for n, each in versions.items() if each in approved}
        ),
    )


async def _read_each(
    conn: sql.Connection, found: Mapping[int, store.changes.Leaf]
) -> dict[int, _Decision]:
    """Those that can be read."""
    read = {entry: await _read(conn, *leaf) for entry, leaf in found.items()}
    return {entry: decision for entry, decision in read.items() if decision is not None}
