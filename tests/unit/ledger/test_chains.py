"""Chains: leaves that continue them are accepted, others are named."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.ledger.domain.entries import chains, leaves


def leaf(contract_id: str | None, seq: int | None = None, prev: str | None = None) -> leaves.Leaf:
    return leaves.Leaf(
        type="ReturnWithdrawn",
        event_id=UUID(int=1),
        contract_id=contract_id,
        contract_seq=seq,
        prev=prev,
        facts={},
        source=leaves.Source("makegood.returns.v1", 1, 0, 0),
        occurred_at=datetime(2026, 10, 31, 12, tzinfo=UTC),
        payload="ab" * 32,
    )


FIRST, SECOND = b"1" * 32, b"2" * 32


class TestChains:
    def test_are_followed_by_contract(self) -> None:
        """Two contracts in turn, and a leaf without one: nothing is wrong."""
        followed = chains.Chains()
        found = [
            followed.follow(leaf("A", 1), FIRST),
            followed.follow(leaf("B", 1), SECOND),
            followed.follow(leaf(None), b"3" * 32),
            followed.follow(leaf("A", 2, FIRST.hex()), SECOND),
        ]
        assert [None] * 4 == found
        assert {"A": chains.Tip(2, SECOND), "B": chains.Tip(1, SECOND)} == followed.tips

    @pytest.mark.parametrize(
        ("next_leaf", "what"),
        [
            (leaf("A", 3, FIRST.hex()), "A: number 3 follows number 1"),
            (leaf("A", 1), "A: number 1 follows number 1"),
            (leaf("A", 2, SECOND.hex()), "A: prev is not the hash of the leaf before"),
            (leaf("B", 2, FIRST.hex()), "B: number 2 follows number 0"),
        ],
    )
    def test_name_a_leaf_that_does_not_continue_them(
        self, next_leaf: leaves.Leaf, what: str
    ) -> None:
        """A gap, a number that comes twice, another leaf before it, a chain without its first."""
        followed = chains.Chains()
        followed.follow(leaf("A", 1), FIRST)
        assert what == followed.follow(next_leaf, SECOND)
