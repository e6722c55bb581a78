"""Consistency files: they prove offline, to anyone with the key, that the log only grew.

The format is that of the body of a C2SP tlog-witness `add-checkpoint` request, so that any witness
reads it: `old` and the size of the earlier tree, the proof in base64, a blank line, the newer
checkpoint as it was signed. The earlier tree's root is not in it: whoever checks has it, from the
checkpoint that they kept.

Promises: `write` and `parse` are inverse. `verify` returns the newer checkpoint, whose tree begins
with the earlier one. Refuses, with NoteRefusedError or ProofRefusedError: another format, more than
HASHES_MAX hashes, a signature or a proof that does not hold.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from services.ledger.domain.log import notes, verifier

HASHES_MAX: Final = 63
"""As C2SP has it: a tree of 2**63 leaves needs no more."""
_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class ConsistencyFile:
    """The size of the earlier tree, the proof, and the newer checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str
    """The note, exactly as it was signed."""


def write(file: ConsistencyFile) -> str:
    """The file's text. Inverse of `parse`."""
    hashes = [base64.b64encode(each).decode() for each in file.proof]
    return "\n".join([f"old {file.old}", *hashes, "", file.checkpoint])


def parse(text: str) -> ConsistencyFile:
    """Inverse of `write`. Verifies nothing yet. Raises NoteRefusedError."""
    head, separator, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if old is None or not separator:
        raise notes.NoteRefusedError("this is not a consistency file")
    if len(lines) > HASHES_MAX:
        raise notes.NoteRefusedError(f"it has more than {HASHES_MAX} hashes")
    return ConsistencyFile(int(old[1]), tuple(map(notes.decode64, lines)), checkpoint)


def verify(text: str, old_root: bytes, key: notes.VerifierKey, *, origin: str) -> notes.Checkpoint:
    """The signed checkpoint whose tree begins with the earlier one of `old_root`. Raises
    NoteRefusedError, ProofRefusedError."""
    file = parse(text)
    checkpoint = notes.open_checkpoint(file.checkpoint, key, origin=origin)
    verifier.check_consistency(file.old, checkpoint.size, file.proof, old_root, checkpoint.root)
    return checkpoint
