"""C2SP tlog-proof files: they prove offline, to anyone with the key, that a leaf is in the log.

Promises: `write` and `parse` are inverse. `verify` returns the checkpoint under which the leaf is
proved to be. Refuses, with NoteRefusedError or ProofRefusedError: another format, a signature or a
proof that does not hold. Extra data is ignored, for nothing proves it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from services.ledger.domain.log import notes, verifier

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ProofFile:
    """The index of a leaf, its inclusion proof from the leaf up, and the signed checkpoint."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    """The note, exactly as it was signed."""


def write(file: ProofFile) -> str:
    """The file's text. Inverse of `parse`."""
    hashes = [base64.b64encode(each).decode() for each in file.proof]
    return "\n".join([_HEADER, f"index {file.index}", *hashes, "", file.checkpoint])


def parse(text: str) -> ProofFile:
    """Inverse of `write`. Verifies nothing yet. Raises NoteRefusedError."""
    head, separator, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != _HEADER or not separator:
        raise notes.NoteRefusedError(f"this is not a {_HEADER} file")
    if lines and lines[0].startswith("extra "):
        notes.decode64(lines.pop(0).removeprefix("extra "))
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise notes.NoteRefusedError("the index is missing")
    return ProofFile(int(index[1]), tuple(map(notes.decode64, lines[1:])), checkpoint)


def verify(text: str, leaf: bytes, key: notes.VerifierKey, *, origin: str) -> notes.Checkpoint:
    """The signed checkpoint whose tree has `leaf`. Raises NoteRefusedError, ProofRefusedError."""
    file = parse(text)
    checkpoint = notes.open_checkpoint(file.checkpoint, key, origin=origin)
    verifier.check_inclusion(
        file.index, checkpoint.size, verifier.hash_leaf(leaf), file.proof, checkpoint.root
    )
    return checkpoint
