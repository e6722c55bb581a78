"""The offline audit: what an export proves to someone who trusts only the log's public key.

Promises: pure, without database or network; it reads each leaf once. For each check it says how
much it saw and every place where the check fails:

- `checkpoint`: the log's key signed it, for this origin;
- `leaves`: they are exactly those of the signed root, and each event is there once;
- `contracts`: the leaves of each contract are numbered from 1 without a gap, and chained by hash,
  up to its newest leaf (docs/ledger.md, Completeness 3);
- `sources`: in each partition every offset from 0 on is a leaf, a parked record, or listed as a
  repeat of a leaf, as a day or as a hole, exactly once, and the leaves are in the order of their
  offsets (docs/ledger.md, Completeness 2);
- `payloads`: each disclosed event is the one that its leaf committed to;
- `since`, if an earlier checkpoint is given: these leaves begin with all that it was signed over;
- `receipts`, if some are given: each has its leaf (docs/ledger.md, Completeness 1).

A disclosed event needs only its salt, so that no key leaves the service. The audit claims nothing
about what an export does not hold, and nothing about what came after its newest leaf.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.ledger.domain.entries import leaves, payloads
from services.ledger.domain.entries.chains import Chains
from services.ledger.domain.entries.offsets import FOR_DISPLAY, Listed, Stream
from services.ledger.domain.entries.payloads import Disclosed
from services.ledger.domain.log import notes, verifier


@dataclass(frozen=True, slots=True)
class Export:
    """What is audited. `entries` are the leaves' exact bytes, from index 0 on."""

    checkpoint: str
    entries: Iterable[bytes]
    listed: Iterable[Listed] = ()
    next_offsets: Mapping[Stream, int] = field(default_factory=dict)
    """The next offset of each stream when the tree had this size, if the export says so."""
    disclosed: Mapping[int, Disclosed | None] = field(default_factory=dict)
    """By the index of the leaf; None for an event that the ledger should disclose and could not
    open."""


class Promise(NamedTuple):
    """What a receipt promises: the leaf that has it. `type` is that of the leaf's event."""

    type: Literal["ReturnReceived", "ReturnWithdrawn"]
    return_id: UUID
    receipt_no: int
    contract_id: str
    party_id: str
    period: str
    revision: int
    is_due: bool
    """Whether the time has passed by which the log has it."""
    merge_by: str

    def __str__(self) -> str:
        return f"receipt {self.receipt_no}"


class Failure(NamedTuple):
    """Where a check fails, and how."""

    place: str
    what: str


CheckName: TypeAlias = Literal[
    "checkpoint", "leaves", "contracts", "sources", "payloads", "since", "receipts"
]


@dataclass(slots=True)
class Check:
    """How many things one check saw (`checked`), where it fails, and what may still come."""

    name: CheckName
    checked: int = 0
    failures: list[Failure] = field(default_factory=list)
    waiting: list[Failure] = field(default_factory=list)
    """What is not there yet and not due."""

    def fail(self, place: object, what: str) -> None:
        """Adds a failure."""
        self.failures.append(Failure(str(place), what))


@dataclass(frozen=True, slots=True)
class Report:
    """What was proved, check by check."""

    checkpoint: notes.Checkpoint | None
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing failed."""
        return not any(check.failures for check in self.checks)


def check(
    export: Export,
    key: notes.VerifierKey,
    *,
    origin: str,
    since: notes.Checkpoint | None = None,
    promises: Sequence[Promise] = (),
) -> Report:
    """Everything that can be checked of `export` with the log's verifier key; with `since`, that it
    continues that checkpoint; with `promises`, that they were kept."""
    checkpoint, signed = _check_checkpoint(export.checkpoint, key, origin)
    reading = _Reading(export.disclosed, since, promises)
    for entry in export.entries:
        reading.read(entry)
    _check_root(reading.leaves, checkpoint, reading.roots.root())
    for index in sorted(export.disclosed.keys() - range(reading.leaves.checked)):
        reading.payloads.fail(f"entry {index}", "an event is disclosed, but there is no leaf")
    reading.contracts.checked = len(reading.chains.tips)
    sources = _check_sources(reading, export)
    checks = [signed, reading.leaves, reading.contracts, sources, reading.payloads]
    if since is not None:
        checks.append(_check_since(reading, since))
    if promises:
        checks.append(_check_promises(reading, promises))
    return Report(checkpoint, tuple(checks))


def _check_checkpoint(
    note: str, key: notes.VerifierKey, origin: str
) -> tuple[notes.Checkpoint | None, Check]:
    signed = Check("checkpoint", checked=1)
    try:
        return notes.open_checkpoint(note, key, origin=origin), signed
    except notes.NoteRefusedError as error:
        signed.fail("checkpoint", str(error))
        return None, signed


def _check_root(found: Check, checkpoint: notes.Checkpoint | None, root: bytes) -> None:
    if checkpoint is None:
        found.fail("checkpoint", "there is no signed root to compare the leaves with")
    elif checkpoint.size > found.checked:
        what = f"only {found.checked} of the {checkpoint.size} entries that were signed are here"
        found.fail("end of the file", f"{what}: the download was cut off, or they were left out")
    elif checkpoint.size < found.checked:
        what = f"there are {found.checked} entries, but only {checkpoint.size} were signed"
        found.fail("end of the file", what)
    elif checkpoint.root != root:
        found.fail("tree", "the root of the leaves is not the root that was signed")


class _Span(NamedTuple):
    """Offsets `[first, next)` of a stream: the place of their leaf, or why they have none."""

    first: int
    next: int
    by: str


_PARKED: Final = "parked"


class _Reading:
    """One pass over the leaves: collects what each check needs of them."""

    def __init__(
        self,
        disclosed: Mapping[int, Disclosed | None],
        since: notes.Checkpoint | None,
        promises: Sequence[Promise],
    ) -> None:
        self.leaves = Check("leaves")
        self.contracts = Check("contracts")
        self.payloads = Check("payloads")
        self.disclosed = disclosed
        self.event_ids: set[UUID] = set()
        self.chains = Chains()
        self.spans: dict[Stream, list[_Span]] = defaultdict(list)
        self.roots = verifier.Roots()
        self.since_size = None if since is None else since.size
        self.since_root = self.roots.root()
        """The root at the size of the earlier checkpoint, once that is reached."""
        self.promised = {(promise.type, str(promise.return_id)) for promise in promises}
        self.kept: dict[tuple[str, str], leaves.Leaf] = {}
        """The leaves that were promised."""

    def read(self, encoded: bytes) -> None:
        """Checks the next leaf."""
        leaf_hash = verifier.hash_leaf(encoded)
        self.roots.add(leaf_hash)
        if self.roots.size == self.since_size:
            self.since_root = self.roots.root()
        place = f"entry {self.leaves.checked}"
        index = self.leaves.checked
        self.leaves.checked += 1
        try:
            leaf = leaves.parse(encoded)
        except leaves.LeafRefusedError as error:
            self.leaves.fail(place, str(error))
            return
        if leaf.event_id in self.event_ids:
            self.leaves.fail(place, f"event {leaf.event_id} was recorded before")
        self.event_ids.add(leaf.event_id)
        broken = self.chains.follow(leaf, leaf_hash)
        if broken is not None:
            self.contracts.fail(place, broken)
        self._add_spans(place, leaf)
        if index in self.disclosed:
            self._check_payload(place, leaf, self.disclosed[index])
        # facts that are too long are a digest; then the event of a return still has its id
        about = leaf.type, str(leaf.facts.get("return_id", leaf.event_id))
        if about in self.promised:
            self.kept[about] = leaf

    def _add_spans(self, place: str, leaf: leaves.Leaf) -> None:
        """The leaf's own offset, and that of the record which it says was parked here."""
        at = leaf.source
        stream = Stream(at.topic, at.incarnation, at.partition)
        self.spans[stream].append(_Span(at.offset, at.offset + 1, place))
        match leaf.type, leaf.facts:
            case "RecordParked", {
                "service": "ledger",
                "topic": str(topic),
                "incarnation": int(incarnation),
                "partition": int(partition),
                "offset": int(offset),
            } if topic not in FOR_DISPLAY:
                stream = Stream(topic, incarnation, partition)
                self.spans[stream].append(_Span(offset, offset + 1, _PARKED))

    def _check_payload(self, place: str, leaf: leaves.Leaf, disclosed: Disclosed | None) -> None:
        self.payloads.checked += 1
        if disclosed is None:
            self.payloads.fail(place, "the ledger could not open its event")
        elif payloads.commit(disclosed.salt, disclosed.event) != leaf.payload:
            self.payloads.fail(place, "the event is not the one that the leaf committed to")
        elif _event_id(disclosed.event) != str(leaf.event_id):
            self.payloads.fail(place, "the event's id is not that of its leaf")


def _check_since(reading: _Reading, since: notes.Checkpoint) -> Check:
    """That all that was signed earlier is where it was."""
    found, place = Check("since", checked=since.size), f"checkpoint {since.size}"
    if since.size > reading.roots.size:
        what = f"it was signed over {since.size} entries, but here are {reading.roots.size}"
        found.fail(place, f"{what}: entries were taken back, or this export is the older one")
    elif since.root != reading.since_root:
        found.fail(place, "it was signed over other entries: the log was changed or forked")
    return found


def _check_promises(reading: _Reading, promises: Sequence[Promise]) -> Check:
    """That each receipt has its leaf (docs/ledger.md, Completeness 1)."""
    found = Check("receipts", checked=len(promises))
    for promise in promises:
        leaf = reading.kept.get((promise.type, str(promise.return_id)))
        if leaf is None and promise.is_due:
            what = f"it promised an entry by {promise.merge_by}, and there is none"
            found.fail(promise, what)
        elif leaf is None:
            what = f"it has no entry here yet; it is promised by {promise.merge_by}"
            found.waiting.append(Failure(str(promise), what))
        else:
            said = {"contract_id": leaf.contract_id, "period": leaf.period, **leaf.facts}
            for name in ("contract_id", "period", "party_id", "receipt_no", "revision"):
                if said.get(name, getattr(promise, name)) != getattr(promise, name):
                    what = f"its entry says {name} {said[name]}, not {getattr(promise, name)}"
                    found.fail(promise, what)
    return found


def _event_id(event: bytes) -> object:
    try:
        fields = json.loads(event)
    except ValueError:
        return None
    return fields.get("event_id") if isinstance(fields, dict) else None


def _check_sources(reading: _Reading, export: Export) -> Check:
    """That every offset of each stream is accounted for, exactly once, from 0 on (docs/ledger.md,
    Completeness 2)."""
    sources = Check("sources")
    for stream, spans in reading.spans.items():
        entries = [span for span in spans if span.by != _PARKED]
        for before, after in itertools.pairwise(entries):
            if after.first < before.first:
                what = f"offset {after.first} comes after offset {before.first}"
                sources.fail(f"{stream}, {after.by}", what)
    for listed in export.listed:
        reading.spans[listed.stream].append(_Span(listed.first, listed.next, listed.why))
        if listed.why == "repeat" and listed.event_id not in reading.event_ids:
            place = f"{listed.stream} offset {listed.first}"
            sources.fail(place, f"it repeats event {listed.event_id}, which no leaf records")
    for stream in sorted(reading.spans.keys() | export.next_offsets.keys()):
        spans = sorted(reading.spans.get(stream, ()))
        _check_stream(sources, stream, spans, export.next_offsets.get(stream))
    return sources


def _check_stream(
    sources: Check, stream: Stream, spans: list[_Span], next_offset: int | None
) -> None:
    sources.checked += 1
    reached, last = 0, ""
    for span in spans:
        place = f"{stream} offset {span.first}"
        if span.first > reached:
            sources.fail(place, f"nothing accounts for offsets {reached} to {span.first - 1}")
        elif span.first < reached and not last == span.by == _PARKED:
            sources.fail(place, f"it is accounted for twice: {last}, {span.by}")
        reached, last = max(reached, span.next), span.by
    if next_offset is not None and next_offset != reached:
        what = (
            f"the next offset was {next_offset}, but the offsets below {reached} are accounted for"
        )
        sources.fail(stream, what)
