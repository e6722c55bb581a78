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


async def describe(conn: sql.Connection, rows: Iterable[store.rows.ShownLeaf]) -> dict[int, Change]:
    """The change that each of these entries is, by its index. Those whose leaf is damaged are not
    among them."""
    decisions = []
    for row in rows:
        found = await _read(conn, row.idx, row.leaf)
        if found is not None:
            decisions.append(found)
    before, earlier = await _stated_before(conn, decisions), await _earlier(conn, decisions)
    causes = [figures.cause(each.leaf, each.facts or {}) for each in decisions]
    event_ids = {cause.event_id for cause in causes if cause.event_id is not None}
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
    return Change(
        entry=decision.entry,
        encoded=decision.encoded,
        leaf=decision.leaf,
        cause=cause,
        cause_entry=None if cause.event_id is None else entries.get(cause.event_id),
        figures=[each for each in steps if each.has_changed],
        lines=_lines(decision, earlier.checked.get(decision.entry)),
        lines_elsewhere=said.get("changed", {}),
        commitment=None if version is None else (earlier.approved.get(decision.entry), version),
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
        (key, decision.entry): decision.entry
        for decision in decisions
        for key, figure in _figures(decision)
        if figure.replaces
    }
    while asked:
        found = await store.changes.load_stated_before(
            conn, list({(key, below) for (key, _), below in asked.items()})
        )
        read = {leaf.idx: await _read(conn, *leaf) for leaf in set(found.values())}
        further = {}
        for (key, index), below in asked.items():
            leaf = found.get((key, below))
            if leaf is None:
                continue
            earlier = read[leaf.idx]
            if earlier is None or earlier.facts is None:
                damaged.add(index)
                continue
            figure = dict(_figures(earlier)).get(key)
            if figure is None:
                further[key, index] = leaf.idx
            else:
                stated[key, index] = Stated(leaf.idx, figure)
        asked = further
    return _Before(stated, damaged)


class _Earlier(NamedTuple):
    """By the entry of a decision: the check that it replaces, and the version."""

    checked: Mapping[int, _Decision]
    approved: Mapping[int, Mapping[str, Any]]


async def _earlier(conn: sql.Connection, decisions: Iterable[_Decision]) -> _Earlier:
    slots: dict[int, tuple[store.changes.Slot, int]] = {}
    versions: dict[int, tuple[str, str, int]] = {}
    for index, _, leaf, said, _ in decisions:
        if said is None or leaf.contract_id is None:
            continue
        if leaf.type == "ReturnChecked" and (said["revision"] > 1 or said["withdrawn"]):
            slot = store.changes.Slot(leaf.contract_id, said["party_id"], leaf.period or "")
            slots[index] = slot, index
        if leaf.type == "CommitmentChanged" and said["commitment"]["version"] > 1:
            versions[index] = leaf.contract_id, said["commitment"]["commitment_id"], index
    checked = await store.changes.load_checked_before(conn, list(slots.values()))
    approved = await store.changes.load_approved_before(conn, list(versions.values()))
    read = {
        index: await _read(conn, *checked[place])
        for index, place in slots.items()
        if place in checked
    }
    return _Earlier(
        {index: decision for index, decision in read.items() if decision is not None},
        {
            index: leaves.parse(approved[place].leaf).facts["commitment"]
            for index, place in versions.items()
            if place in approved
        },
    )
