"""The chains of the log: the leaves of each contract, in the order of recording.

Promises: the leaves of a contract are numbered from 1 without a gap, and each but the first has the
hash of the leaf before it (docs/ledger.md, Completeness 3).
"""

from __future__ import annotations

from typing import NamedTuple

from services.ledger.domain.entries import leaves


class Tip(NamedTuple):
    """The end of a contract's chain: the number and hash of its newest leaf."""

    seq: int
    leaf_hash: bytes


class Chains:
    """Follows every chain while the leaves are read in order."""

    def __init__(self) -> None:
        self.tips: dict[str, Tip] = {}

    def follow(self, leaf: leaves.Leaf, leaf_hash: bytes) -> str | None:
        """Moves the tip of the leaf's contract to this leaf. Says what is wrong if the leaf does
        not continue the chain."""
        contract_id, seq = leaf.contract_id, leaf.contract_seq
        if contract_id is None or seq is None:
            return None
        before = self.tips.get(contract_id)
        self.tips[contract_id] = Tip(seq, leaf_hash)
        seq_before = 0 if before is None else before.seq
        if seq != seq_before + 1:
            return f"{contract_id}: number {seq} follows number {seq_before}"
        if leaf.prev != (None if before is None else before.leaf_hash.hex()):
            return f"{contract_id}: prev is not the hash of the leaf before"
        return None
