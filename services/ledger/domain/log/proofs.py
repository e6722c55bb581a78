"""The prover: which tiles a proof needs, and the proof made of them (RFC 6962 §2.1.1, §2.1.2).

Two steps, so that this stays pure: `inclusion` and `consistency` give a `Plan`; its `needs` are
gathered by the caller from wherever tiles lie; `prove` makes the proof.

Promises: the hashes in the order of the RFC, from the leaf's side to the root's. A proof reads two
tiles a level at most. Refuses (by assertion) what has no proof: an index outside of the tree, sizes
out of order, and consistency from the empty tree, which every tree is consistent with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.ledger.domain.log import tiles, tree


@dataclass(frozen=True, slots=True)
class Plan:
    """A proof in a tree of `size`: one hash for each span of leaves `[start, end)`."""

    size: int
    spans: tuple[tuple[int, int], ...]

    @property
    def needs(self) -> frozenset[tiles.Address]:
        """The tiles to gather, each at the width that it has in the tree of `size`."""
        return frozenset(
            _tile_of(level, index, self.size)
            for start, end in self.spans
            for level, index in _perfect_subtrees(start, end)
        )

    def prove(self, gathered: Mapping[tiles.Address, bytes]) -> list[bytes]:
        """The proof, from the bytes of the tiles that it needs."""
        return [self._span_hash(start, end, gathered) for start, end in self.spans]

    def _span_hash(self, start: int, end: int, gathered: Mapping[tiles.Address, bytes]) -> bytes:
        folded = b""
        for level, index in reversed(list(_perfect_subtrees(start, end))):
            address = _tile_of(level, index, self.size)
            hashes = gathered[address]
            assert len(hashes) == address.width * tree.HASH_BYTES
            count = 1 << level % tree.TILE_HEIGHT  # tile hashes under this subtree
            at = (index * count - address.first) * tree.HASH_BYTES
            subtree = tree.fold(hashes[at : at + count * tree.HASH_BYTES])
            folded = tree.node_hash(subtree, folded) if folded else subtree
        return folded


def inclusion(index: int, size: int) -> Plan:
    """PATH(index, D[size]): that leaf `index` is in the tree of `size`."""
    assert 0 <= index < size
    spans = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return Plan(size, tuple(reversed(spans)))


def consistency(old: int, new: int) -> Plan:
    """PROOF(old, D[new]): that the tree of `new` leaves begins with the tree of `old`."""
    assert 0 < old <= new
    spans = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:  # the old tree's own root is known to who asks, so it is not sent
        spans.append((start, end))
    return Plan(new, tuple(reversed(spans)))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _perfect_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` as perfect subtrees (tree level, index in it), left to right, large first."""
    while start < end:
        level = (end - start).bit_length() - 1
        assert start % (1 << level) == 0
        yield level, start >> level
        start += 1 << level


def _tile_of(level: int, index: int, size: int) -> tiles.Address:
    """The tile whose hashes lie under subtree `index` of tree level `level`."""
    tile_level, above = divmod(level, tree.TILE_HEIGHT)
    n = index << above >> tree.TILE_HEIGHT
    hashes = size >> tree.TILE_HEIGHT * tile_level
    return tiles.Address(tile_level, n, min(tree.TILE_HASHES, hashes - n * tree.TILE_HASHES))
