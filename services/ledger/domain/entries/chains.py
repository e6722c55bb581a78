"""The chains of the log: the leaves of each contract, in the order of recording, and whose each is.

Promises: the leaves of a contract are numbered from 1 without a gap, and each but the first has the
hash of the leaf before it (docs/ledger.md, Completeness 3). A contract is the authority's that its
first registration names; from then on nothing of another authority is recorded as its own
(docs/ledger.md, Appending).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from services.ledger.domain.entries import leaves
from shared.wire import events


class Tip(NamedTuple):
    """The end of a contract's chain: the number and hash of its newest leaf, and whose the contract
    is; None before it is registered."""

    seq: int
    leaf_hash: bytes
    authority_id: str | None = None

    @classmethod
    def after(cls, before: Tip | None, leaf: leaves.Leaf, leaf_hash: bytes) -> Tip:
        """The end of the chain with one leaf more."""
        assert leaf.contract_seq is not None
        authority_id = None if before is None else before.authority_id
        if authority_id is None and leaf.type == events.ContractRegistered.__name__:
            authority_id = leaf.facts.get("authority_id")
        return cls(leaf.contract_seq, leaf_hash, authority_id)


class Authorities:
    """Whose each contract is, while a batch is looked through in its order."""

    def __init__(self, tips: Mapping[str, Tip]) -> None:
        """`tips` has that of every contract of the batch that has entries already."""
        self._known = {
            contract_id: tip.authority_id for contract_id, tip in tips.items() if tip.authority_id
        }

    def differ(self, event: events.Event) -> bool:
        """Whether the event speaks for another authority than its contract's."""
        contract_id: str | None = getattr(event, "contract_id", None)
        if contract_id is None:
            return False
        if isinstance(event, events.ContractRegistered):
            self._known.setdefault(contract_id, event.authority_id)
        return self._known.get(contract_id, event.authority_id) != event.authority_id


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
        self.tips[contract_id] = Tip.after(before, leaf, leaf_hash)
        seq_before = 0 if before is None else before.seq
        if seq != seq_before + 1:
            return f"{contract_id}: number {seq} follows number {seq_before}"
        if leaf.prev != (None if before is None else before.leaf_hash.hex()):
            return f"{contract_id}: prev is not the hash of the leaf before"
        return None
