"""A file that somebody hands in to be checked: a pack, the proof of an entry, or one that the log
only grew.

Promises: pure but for reading the file; nothing is kept. The same code as `makegood verify`. What
the file is, its first bytes say. It stops, with TooSlowError, when its time is over.

Refuses, as a value that names the field: another file, a proof without what it proves, a file of
another log than the key's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, NamedTuple, TypeAlias

from services.ledger.audit import audit, export
from services.ledger.domain.entries import words
from services.ledger.domain.log import consistencyfile, notes, prooffile, verifier

PROOF_BYTES_MAX: Final = 100_000
"""Of a proof, a leaf or a checkpoint: a leaf has at most 65,535 bytes."""

Clock: TypeAlias = Callable[[], float]


class TooSlowError(Exception):
    """The file takes longer than a page may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What was handed in. `second` belongs to a proof: the leaf, or the earlier checkpoint."""

    file: BinaryIO
    second: bytes
    key: notes.VerifierKey


class Refused(NamedTuple):
    """Why the file was not checked: the field, and a sentence."""

    field: Literal["file", "second", "key"]
    text: str


class PackChecked(NamedTuple):
    """What was found in a pack."""

    origin: str
    report: audit.Report


class EntryProved(NamedTuple):
    """That an entry is under a checkpoint."""

    entry: int
    words: str
    leaf_hash: bytes
    checkpoint: notes.Checkpoint


class GrowthProved(NamedTuple):
    """That the tree of one checkpoint begins with that of another."""

    old: notes.Checkpoint
    new: notes.Checkpoint


class NotProved(NamedTuple):
    """A proof that does not hold, and why."""

    why: str


Outcome: TypeAlias = PackChecked | EntryProved | GrowthProved | NotProved | Refused


def check(handed: Handed, ends_at: float, now: Clock) -> Outcome:
    """What the file shows. Raises TooSlowError once `now` is past `ends_at`."""
    beginning = handed.file.read(100)
    handed.file.seek(0)
    if beginning.startswith(b"c2sp.org/tlog-proof@"):
        return _check_entry(handed)
    if beginning.startswith(b"old "):
        return _check_growth(handed)
    if beginning.startswith(b"{"):
        return _check_pack(handed, ends_at, now)
    if b"\n\n\xe2\x80\x94 " in handed.file.read(PROOF_BYTES_MAX):
        return Refused("file", "This is a checkpoint. Choose a pack or a proof.")
    return Refused("file", "This is neither a pack nor a proof. Choose a file that came from here.")


def _check_pack(handed: Handed, ends_at: float, now: Clock) -> Outcome:
    def advance(_: int) -> None:
        if now() > ends_at:
            raise TooSlowError

    key = handed.key
    try:
        pack = export.read_lines(export.pieces(handed.file), advance)
        if pack.origin != key.name:  # a log is signed by the key of its name
            text = f"This pack is of the log {pack.origin[:100]}, and the key of {key.name}."
            return Refused("key", text)
        return PackChecked(key.name, audit.check(pack.export, key, origin=key.name))
    except export.ExportRefusedError as error:
        return Refused("file", f"This is no whole pack. {_sentence(error)}")


def _check_entry(handed: Handed) -> Outcome:
    text = _text(handed.file)
    if text is None:
        return Refused("file", "This is no text, so it is no proof.")
    if not handed.second:
        return Refused("second", "Choose the leaf that the proof is of.")
    leaf, key = handed.second.removesuffix(b"\n"), handed.key  # an editor's; a leaf never ends so
    try:
        index = prooffile.parse(text).index
        checkpoint = prooffile.verify(text, leaf, key, origin=key.name)
    except ValueError as error:  # refused by note or proof
        return NotProved(_sentence(error))
    return EntryProved(index, words.of(_object(leaf)), verifier.hash_leaf(leaf), checkpoint)


def _check_growth(handed: Handed) -> Outcome:
    text, key = _text(handed.file), handed.key
    if text is None:
        return Refused("file", "This is no text, so it is no proof.")
    if not handed.second:
        return Refused("second", "Choose the earlier checkpoint, which you kept.")
    try:
        old = notes.open_checkpoint(handed.second.decode(), key, origin=key.name)
    except ValueError as error:  # refused, or not text
        return Refused("second", f"This is no checkpoint of this key. {_sentence(error)}")
    try:
        if consistencyfile.parse(text).old != old.size:
            return Refused("second", f"This checkpoint is of {old.size} entries: another tree.")
        new = consistencyfile.verify(text, old.root, key, origin=key.name)
    except ValueError as error:
        return NotProved(_sentence(error))
    return GrowthProved(old, new)


def _text(file: BinaryIO) -> str | None:
    content = file.read(PROOF_BYTES_MAX + 1)
    try:
        return content.decode() if len(content) <= PROOF_BYTES_MAX else None
    except UnicodeDecodeError:
        return None


def _object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; an empty one for anything else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
