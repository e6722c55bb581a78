"""The prover: which tiles a proof needs, and the proof (RFC 6962, sections 2.1.1 and 2.1.2).

It has two steps, so that it stays pure. `inclusion` and `consistency` return a `Plan`. The caller
gathers the tiles that the plan `needs`, and `prove` makes the proof.

Promises: the hashes are in the order of the RFC, from the leaf to the root. A proof reads at most
two tiles a level. Refuses (by assertion) what has no proof: an index outside the tree, sizes out of
order, and consistency from the empty tree, with which every tree is consistent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from services.ledger.domain.log import tiles, tree


class Span(NamedTuple):
    """Leaves `[start, end)`."""

    start: int
    end: int


class Subtree(NamedTuple):
    """The `n`-th perfect subtree at `level` of the tree. Tiles have levels of their own."""

    level: int
    n: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A proof in a tree of `size`: one hash for each span of leaves."""

    size: int
    spans: tuple[Span, ...]

    @property
    def needs(self) -> frozenset[tiles.Address]:
        """The tiles to gather, each with its width in the tree of `size`."""
        return frozenset(
            _tile_of(subtree, self.size)
            for span in self.spans
            for subtree in _perfect_subtrees(span)
        )

    def prove(self, gathered: Mapping[tiles.Address, bytes]) -> list[bytes]:
        """The proof, made of the bytes of the tiles that it needs."""
        return [self._span_hash(span, gathered) for span in self.spans]

    def _span_hash(self, span: Span, gathered: Mapping[tiles.Address, bytes]) -> bytes:
        folded = b""
        for subtree in reversed(list(_perfect_subtrees(span))):
            address = _tile_of(subtree, self.size)
            hashes = gathered[address]
            assert len(hashes) == address.width * tree.HASH_BYTES
            count = 1 << subtree.level % tree.TILE_HEIGHT  # tile hashes under this subtree
            at = (subtree.n * count - address.first) * tree.HASH_BYTES
            own = tree.fold(hashes[at : at + count * tree.HASH_BYTES])
            folded = tree.node_hash(own, folded) if folded else own
        return folded


def inclusion(index: int, size: int) -> Plan:
    """PATH(index, D[size]): shows that leaf `index` is in the tree of `size`."""
    assert 0 <= index < size
    spans = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return Plan(size, tuple(reversed(spans)))


def consistency(old: int, new: int) -> Plan:
    """PROOF(old, D[new]): shows that the tree of `new` leaves begins with the tree of `old`."""
    assert 0 < old <= new
    spans = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:  # otherwise the span is the old tree, whose root the verifier has
        spans.append(Span(start, end))
    return Plan(new, tuple(reversed(spans)))


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _perfect_subtrees(span: Span) -> Iterator[Subtree]:
    """The perfect subtrees of a span, left to right, the largest first."""
    start = span.start
    while start < span.end:
        level = (span.end - start).bit_length() - 1
        assert start % (1 << level) == 0
        yield Subtree(level, start >> level)
        start += 1 << level


def _tile_of(subtree: Subtree, size: int) -> tiles.Address:
    """The tile whose hashes are those under the subtree."""
    tile_level, above = divmod(subtree.level, tree.TILE_HEIGHT)
    n = subtree.n << above >> tree.TILE_HEIGHT
    hashes = size >> tree.TILE_HEIGHT * tile_level
    return tiles.Address(tile_level, n, min(tree.TILE_HASHES, hashes - n * tree.TILE_HASHES))
