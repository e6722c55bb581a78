"""The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1), SHA-256, grown at its right edge.

Promises: appending a batch costs what the batch costs, never what the history costs. All that must
be kept to go on are the partial tiles of the tree, at most 255 hashes a level (`Edge`); full tiles
are handed out once, when the batch that completes them is appended, and are never needed again to
append or to compute the root.

Refuses: leaf hashes that are not 32 bytes, and a kept edge that cannot be one of its size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
TILE_HASHES: Final = 256
"""Hashes in a full tile (C2SP tlog-tiles)."""
TILE_BYTES: Final = TILE_HASHES * HASH_BYTES
TILE_HEIGHT: Final = 8
"""Tree levels that one tile spans: 256 = 2 ** 8."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


class TreeHead(NamedTuple):
    """The size of a tree, and its root."""

    size: int
    root: bytes


EMPTY_HEAD: Final = TreeHead(0, EMPTY_ROOT)


class FullTile(NamedTuple):
    """Tile `n` of `level`: 256 hashes, 8,192 bytes, immutable from now on."""

    level: int
    n: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree of `size` leaves, as its partial tiles.

    `rows[level]` holds the hashes of that level's partial tile, `(size >> 8 * level) % 256` of
    them, one after the other. The last row is never empty.
    """

    size: int
    rows: tuple[bytes, ...]

    def __post_init__(self) -> None:
        assert tuple(map(len, self.rows)) == row_lengths(self.size), "not an edge of this size"

    def encode(self) -> bytes:
        """The rows one after the other, level 0 first. Inverse of `decode`."""
        return b"".join(self.rows)


def row_lengths(size: int) -> tuple[int, ...]:
    """Bytes of each row of the edge of a tree of `size` leaves, level 0 first."""
    lengths = []
    while size:
        lengths.append(size % TILE_HASHES * HASH_BYTES)
        size >>= TILE_HEIGHT
    return tuple(lengths)


def decode(size: int, encoded: bytes) -> Edge:
    """The edge of a tree of `size` leaves from what `Edge.encode` gave. ValueError when it cannot
    be one."""
    lengths = row_lengths(size)
    if sum(lengths) != len(encoded):
        raise ValueError(f"{len(encoded)} bytes cannot be the edge of a tree of {size} leaves")
    rows, at = [], 0
    for length in lengths:
        rows.append(encoded[at : at + length])
        at += length
    return Edge(size, tuple(rows))


EMPTY_EDGE: Final = Edge(0, ())


def append(edge: Edge, leaf_hashes: Sequence[bytes]) -> tuple[Edge, list[FullTile]]:
    """The tree after `leaf_hashes`, and the tiles that they completed, level by level."""
    assert all(len(leaf_hash) == HASH_BYTES for leaf_hash in leaf_hashes)
    tiles: list[FullTile] = []
    rows: list[bytes] = []
    arriving = b"".join(leaf_hashes)  # at this level; what it completes arrives at the next
    size = edge.size
    while arriving or len(rows) < len(edge.rows):
        level = len(rows)
        row = edge.rows[level] + arriving if level < len(edge.rows) else arriving
        size >>= TILE_HEIGHT  # now the number of this level's tiles that were full already
        full = len(row) // TILE_BYTES
        completed = [row[i * TILE_BYTES : (i + 1) * TILE_BYTES] for i in range(full)]
        tiles += [FullTile(level, size + i, hashes) for i, hashes in enumerate(completed)]
        rows.append(row[full * TILE_BYTES :])
        arriving = b"".join(map(fold, completed))
    return Edge(edge.size + len(leaf_hashes), tuple(rows)), tiles


def head(edge: Edge) -> TreeHead:
    """Size and root of the tree of `edge`."""
    return TreeHead(edge.size, root(edge))


def root(edge: Edge) -> bytes:
    """MTH(D[size]): each row, with what lies to the right of it below, folded into one hash."""
    below = b""
    for row in edge.rows:
        below = fold(row + below)
    return below or EMPTY_ROOT


def fold(hashes: bytes) -> bytes:
    """The hash over the concatenated `hashes`, of which only the last may stand for fewer leaves.

    Pairs are hashed level by level and an odd last one goes up as it is, which is the tree of
    RFC 6962 §2.1: its left side is always the largest power of two. Nothing folds to nothing.
    """
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes) - HASH_BYTES, 2 * HASH_BYTES)
        odd = hashes[-HASH_BYTES:] if len(hashes) // HASH_BYTES % 2 else b""
        hashes = b"".join([_sha256(b"\x01" + hashes[i : i + 64]).digest() for i in pairs]) + odd
    return hashes


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf)."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()
