"""C2SP tlog-proof files: that a leaf is in a log, to be checked offline by anyone with the key.

Promises: `write` and `parse` are inverse; `verify` gives the checkpoint that the leaf was proven
against. Refuses (NoteRefusedError, ProofRefusedError) whatever the format, the checkpoint's
signature or the proof refuses. Extra data, which nothing vouches for, is passed over.
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
    """Leaf `index`, its inclusion proof from the leaf's side up, and the signed checkpoint."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    """The note exactly as it was signed."""


def write(file: ProofFile) -> str:
    """The file's text. Inverse of `parse`."""
    hashes = [base64.b64encode(each).decode() for each in file.proof]
    return "\n".join([_HEADER, f"index {file.index}", *hashes, "", file.checkpoint])


def parse(text: str) -> ProofFile:
    """Inverse of `write`. Raises NoteRefusedError; nothing is verified yet."""
    head, separator, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if header != _HEADER or not separator:
        raise notes.NoteRefusedError(f"it is no {_HEADER}")
    if lines and lines[0].startswith("extra "):
        notes.decode64(lines.pop(0).removeprefix("extra "))
    index = _INDEX.fullmatch(lines[0]) if lines else None
    if index is None:
        raise notes.NoteRefusedError("the index is missing")
    return ProofFile(int(index[1]), tuple(map(notes.decode64, lines[1:])), checkpoint)


def verify(text: str, leaf: bytes, key: notes.VerifierKey, *, origin: str) -> notes.Checkpoint:
    """The signed checkpoint in whose tree `leaf` is. Raises as its module says."""
    file = parse(text)
    checkpoint = notes.open_checkpoint(file.checkpoint, key, origin=origin)
    verifier.check_inclusion(
        file.index, checkpoint.size, verifier.hash_leaf(leaf), file.proof, checkpoint.root
    )
    return checkpoint
