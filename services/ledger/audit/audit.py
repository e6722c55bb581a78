"""The offline audit: what an export proves to someone who trusts the log's public key only.

Promises: pure, no database, no network; every leaf is read once. It checks, and says of each
check how much it saw and every place where it fails:

- `checkpoint`: the log's key signed it, for this origin;
- `leaves`: they are the ones of the signed root, no more, no fewer, each event once;
- `contracts`: each contract's leaves are numbered from 1 without a gap, and chained by hash, up to
  its newest leaf (ledger.md, Completeness 3);
- `sources`: from offset 0 on, every offset of every partition is a leaf, a parked record, or listed
  as a repeat of a leaf, as a day or as a hole, once, in the order of the leaves (Completeness 2);
- `payloads`: each disclosed event is the one that its leaf committed to.

An exported event needs its salt only, so that no key leaves the service. What an export does not
hold is not claimed: an audit without sources beyond the newest leaf says nothing of what came
later.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.ledger.domain.entries import leaves, payloads
from services.ledger.domain.log import notes, verifier


class Stream(NamedTuple):
    """One life of one partition."""

    topic: str
    incarnation: int
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}] (incarnation {self.incarnation})"


class Listed(NamedTuple):
    """Offsets `[first, next)` of a stream that are no leaf of their own, and why."""

    stream: Stream
    first: int
    next: int
    why: Literal["repeat", "day", "parked", "hole"]
    event_id: UUID | None = None
    """Of a repeat: the event that it repeats."""


class Disclosed(NamedTuple):
    """An event's exact bytes, and the salt of its commitment."""

    event: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class Export:
    """What is audited. `entries` are the leaves' exact bytes, from index 0 on."""

    checkpoint: str
    entries: Iterable[bytes]
    listed: Iterable[Listed] = ()
    next_offsets: Mapping[Stream, int] = field(default_factory=dict)
    """Where reading stood when the checkpoint's tree was written, where the export says so."""
    disclosed: Mapping[int, Disclosed] = field(default_factory=dict)
    """By the index of the leaf."""


class Failure(NamedTuple):
    """Where the export fails a check, and how."""

    place: str
    what: str


CheckName: TypeAlias = Literal["checkpoint", "leaves", "contracts", "sources", "payloads"]


@dataclass(slots=True)
class Check:
    """How many things one check saw (`checked`), and where they fail."""

    name: CheckName
    checked: int = 0
    failures: list[Failure] = field(default_factory=list)

    def refuse(self, place: object, what: str) -> None:
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


def check(export: Export, key: notes.VerifierKey, *, origin: str) -> Report:
    """Everything that can be checked of `export` with the log's verifier key."""
    checkpoint, signed = _check_checkpoint(export.checkpoint, key, origin)
    reading = _Reading(export.disclosed)
    root = verifier.compute_root(map(reading.take, export.entries))
    _check_root(reading.leaves, checkpoint, root)
    for index in sorted(export.disclosed.keys() - range(reading.leaves.checked)):
        reading.payloads.refuse(f"entry {index}", "an event is disclosed for a leaf that is not")
    reading.contracts.checked = len(reading.tips)
    sources = _check_sources(reading, export)
    checks = (signed, reading.leaves, reading.contracts, sources, reading.payloads)
    return Report(checkpoint, checks)


def _check_checkpoint(
    note: str, key: notes.VerifierKey, origin: str
) -> tuple[notes.Checkpoint | None, Check]:
    signed = Check("checkpoint", checked=1)
    try:
        return notes.open_checkpoint(note, key, origin=origin), signed
    except notes.NoteRefusedError as error:
        signed.refuse("checkpoint", str(error))
        return None, signed


def _check_root(found: Check, checkpoint: notes.Checkpoint | None, root: bytes) -> None:
    if checkpoint is None:
        found.refuse("checkpoint", "there is no signed root to compare the leaves with")
    elif checkpoint.size != found.checked:
        found.refuse("tree", f"{found.checked} leaves, but {checkpoint.size} were signed")
    elif checkpoint.root != root:
        found.refuse("tree", "the leaves have another root than the one that was signed")


class _Reading:
    """One pass over the leaves: what each check needs of them."""

    def __init__(self, disclosed: Mapping[int, Disclosed]) -> None:
        self.leaves, self.contracts, self.payloads = (
            Check("leaves"),
            Check("contracts"),
            Check("payloads"),
        )
        self.disclosed = disclosed
        self.event_ids: set[UUID] = set()
        self.tips: dict[str, tuple[int, str]] = {}
        self.taken: dict[Stream, list[_Taken]] = defaultdict(list)

    def take(self, encoded: bytes) -> bytes:
        """The hash of the next leaf, after all that it says was noted."""
        leaf_hash = verifier.hash_leaf(encoded)
        place = f"entry {self.leaves.checked}"
        disclosed = self.disclosed.get(self.leaves.checked)
        self.leaves.checked += 1
        try:
            leaf = leaves.parse(encoded)
        except leaves.LeafRefusedError as error:
            self.leaves.refuse(place, str(error))
            return leaf_hash
        if leaf.event_id in self.event_ids:
            self.leaves.refuse(place, f"event {leaf.event_id} is recorded a second time")
        self.event_ids.add(leaf.event_id)
        self._chain(place, leaf, leaf_hash)
        self._note_source(place, leaf)
        if disclosed is not None:
            self._check_payload(place, leaf, disclosed)
        return leaf_hash

    def _chain(self, place: str, leaf: leaves.Leaf, leaf_hash: bytes) -> None:
        if leaf.contract_id is None:
            return
        assert leaf.contract_seq is not None
        seq, newest = self.tips.get(leaf.contract_id, (0, None))
        if leaf.contract_seq != seq + 1:
            what = f"{leaf.contract_id} goes on with {leaf.contract_seq} after {seq}"
            self.contracts.refuse(place, what)
        elif leaf.prev != newest:
            self.contracts.refuse(place, f"{leaf.contract_id}: its leaf before was another one")
        self.tips[leaf.contract_id] = leaf.contract_seq, leaf_hash.hex()

    def _note_source(self, place: str, leaf: leaves.Leaf) -> None:
        at = leaf.source
        stream = Stream(at.topic, at.incarnation, at.partition)
        self.taken[stream].append(_Taken(at.offset, at.offset + 1, place))
        match leaf.type, leaf.facts:
            case "RecordParked", {
                "service": "ledger",
                "topic": str(topic),
                "incarnation": int(incarnation),
                "partition": int(partition),
                "offset": int(offset),
            }:
                stream = Stream(topic, incarnation, partition)
                self.taken[stream].append(_Taken(offset, offset + 1, _PARKED))

    def _check_payload(self, place: str, leaf: leaves.Leaf, disclosed: Disclosed) -> None:
        self.payloads.checked += 1
        if payloads.commit(disclosed.salt, disclosed.event) != leaf.payload:
            self.payloads.refuse(place, "the event is not the one that the leaf committed to")
        elif _event_id(disclosed.event) != str(leaf.event_id):
            self.payloads.refuse(place, "the event has another id than its leaf")


def _event_id(event: bytes) -> object:
    try:
        fields = json.loads(event)
    except ValueError:
        return None
    return fields.get("event_id") if isinstance(fields, dict) else None


_PARKED: Final = "parked"


class _Taken(NamedTuple):
    """Offsets `[first, next)`: the leaf's place, or why there is none."""

    first: int
    next: int
    by: str


def _check_sources(reading: _Reading, export: Export) -> Check:
    """That the offsets of each stream are taken from 0 on, each once (Completeness 2)."""
    sources = Check("sources")
    for stream, taken in reading.taken.items():
        entries = [each for each in taken if each.by != _PARKED]
        for before, after in itertools.pairwise(entries):
            if after.first < before.first:
                what = f"offset {after.first} came after offset {before.first}"
                sources.refuse(f"{stream}, {after.by}", what)
    for listed in export.listed:
        reading.taken[listed.stream].append(_Taken(listed.first, listed.next, listed.why))
        if listed.why == "repeat" and listed.event_id not in reading.event_ids:
            place = f"{listed.stream} offset {listed.first}"
            sources.refuse(place, f"it repeats event {listed.event_id}, which no leaf records")
    for stream in sorted(reading.taken.keys() | export.next_offsets.keys()):
        taken = sorted(reading.taken.get(stream, ()))
        _check_stream(sources, stream, taken, export.next_offsets.get(stream))
    return sources


def _check_stream(
    sources: Check, stream: Stream, taken: list[_Taken], next_offset: int | None
) -> None:
    sources.checked += 1
    reached, last = 0, ""
    for each in taken:
        place = f"{stream} offset {each.first}"
        if each.first > reached:
            sources.refuse(place, f"nothing accounts for offsets {reached} to {each.first - 1}")
        elif each.first < reached and not last == each.by == _PARKED:
            sources.refuse(place, f"it is accounted for twice: {last}, {each.by}")
        reached, last = max(reached, each.next), each.by
    if next_offset is not None and next_offset != reached:
        what = f"reading stood at {next_offset}, but offsets to {reached} are accounted for"
        sources.refuse(stream, what)
