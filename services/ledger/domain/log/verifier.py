"""The verifier: the algorithms of RFC 9162, sections 2.1.3.2 and 2.1.4.2, and a tree's root.

It shares no code with the tree and the prover, so that it finds their mistakes. The publisher uses
it before it signs; the offline audit uses nothing else.

Promises: returns only if the proof holds. Refuses, with ProofRefusedError and the reason: hashes
that are not 32 bytes, numbers out of range, a proof that is too long or too short, and a proof that
leads to other roots. Every tree is consistent with the empty one: that needs no proof, so a
consistency proof from size 0 is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


class ProofRefusedError(ValueError):
    """The proof does not show what it should."""


def check_inclusion(
    index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Checks that `leaf_hash` is leaf `index` of the tree of `size` with `root`
    (RFC 9162 §2.1.3.2)."""
    _refuse_odd_hashes(leaf_hash, root, *proof)
    if not 0 <= index < size:  # step 1
        raise ProofRefusedError(f"there is no leaf {index} in a tree of {size}")
    fn, sn, r = index, size - 1, leaf_hash  # steps 2, 3
    for p in proof:  # step 4
        if sn == 0:
            raise ProofRefusedError("the proof is too long")
        if fn & 1 or fn == sn:
            r = _node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = _node(r, p)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:  # step 5
        raise ProofRefusedError("the proof is too short")
    if r != root:
        raise ProofRefusedError("the proof leads to a different root")


def check_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Checks that the tree of `new` leaves begins with the tree of `old` (RFC 9162 §2.1.4.2).

    The hashes of the proof must be 32 bytes, and so must the roots unless the sizes are equal."""
    _refuse_odd_hashes(*proof)
    if not 0 < old <= new:
        raise ProofRefusedError(f"there is no proof from size {old} to size {new}")
    if old == new:  # nothing is hashed: the roots are only compared
        if proof or old_root != new_root:
            raise ProofRefusedError(
                "two trees of the same size have the same root, and need no proof"
            )
        return
    _refuse_odd_hashes(old_root, new_root)
    if not proof:  # step 1
        raise ProofRefusedError("the proof is empty")
    fr, sr = _walk_consistency(old, new, proof, old_root)
    if fr != old_root:  # step 7
        raise ProofRefusedError("the proof leads to a different old root")
    if sr != new_root:
        raise ProofRefusedError("the proof leads to a different new root")


def _walk_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """The old and the new root to which the proof leads (RFC 9162 §2.1.4.2, steps 2 to 7)."""
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)  # step 2
    fn, sn = old - 1, new - 1  # step 3
    while fn & 1:  # step 4
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]  # step 5
    for c in path[1:]:  # step 6
        if sn == 0:
            raise ProofRefusedError("the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = _node(c, fr), _node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:  # step 7
        raise ProofRefusedError("the proof is too short")
    return fr, sr


def hash_leaf(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


class Roots:
    """The roots of a tree that grows leaf by leaf (RFC 9162 §2.1.2). Keeps a stack of perfect
    subtrees, which are joined as a binary counter carries."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []

    def add(self, leaf_hash: bytes) -> None:
        """Adds the next leaf."""
        _refuse_odd_hashes(leaf_hash)
        node, carries = leaf_hash, self.size
        while carries & 1:
            node = _node(self._stack.pop(), node)
            carries >>= 1
        self._stack.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._stack:
            return hashlib.sha256().digest()
        *left, root = self._stack
        for node in reversed(left):
            root = _node(node, root)
        return root


def compute_root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over all leaves."""
    roots = Roots()
    for leaf_hash in leaf_hashes:
        roots.add(leaf_hash)
    return roots.root()


def _refuse_odd_hashes(*hashes: bytes) -> None:
    if any(len(each) != 32 for each in hashes):
        raise ProofRefusedError("a hash is not 32 bytes")


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
