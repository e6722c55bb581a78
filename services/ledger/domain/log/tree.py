"""The Merkle tree of RFC 6962 §2.1 (RFC 9162 §2.1), with SHA-256, grown at its right edge.

Promises: the cost of appending depends on the batch, not on the size of the tree. To go on, only
the partial tiles must be kept, at most 255 hashes a level (`Edge`). A full tile is returned once,
by the batch that completes it; neither appending nor the root ever needs it again.

Refuses: leaf hashes that are not 32 bytes, and an edge that does not fit its size.
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
"""How many levels of the tree a tile spans: 256 = 2 ** 8."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


class TreeHead(NamedTuple):
    """The size of a tree, and its root."""

    size: int
    root: bytes


EMPTY_HEAD: Final = TreeHead(0, EMPTY_ROOT)


class FullTile(NamedTuple):
    """Tile `n` of `level`: 256 hashes, 8,192 bytes. It never changes."""

    level: int
    n: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree of `size` leaves, as its partial tiles.

    `rows[level]` has the hashes of that level's partial tile one after the other, which are
    `(size >> 8 * level) % 256`. The last row is never empty.
    """

    size: int
    rows: tuple[bytes, ...]

    def __post_init__(self) -> None:
        assert tuple(map(len, self.rows)) == row_lengths(self.size), "not an edge of this size"

    def encode(self) -> bytes:
        """The rows one after the other, level 0 first. Inverse of `decode`."""
        return b"".join(self.rows)


def row_lengths(size: int) -> tuple[int, ...]:
    """The length in bytes of each row of the edge at `size` leaves, level 0 first."""
    lengths = []
    while size:
        lengths.append(size % TILE_HASHES * HASH_BYTES)
        size >>= TILE_HEIGHT
    return tuple(lengths)


def decode(size: int, encoded: bytes) -> Edge:
    """The edge of a tree of `size` leaves. Inverse of `Edge.encode`. ValueError if the length does
    not fit the size."""
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
    """The tree with `leaf_hashes` appended, and the tiles that they complete, level by level."""
    assert all(len(leaf_hash) == HASH_BYTES for leaf_hash in leaf_hashes)
    tiles: list[FullTile] = []
    rows: list[bytes] = []
    arriving = b"".join(
        leaf_hashes
    )  # at this level; the hashes of completed tiles arrive at the next
    size = edge.size
    while arriving or len(rows) < len(edge.rows):
        level = len(rows)
        row = edge.rows[level] + arriving if level < len(edge.rows) else arriving
        size >>= TILE_HEIGHT  # now the number of tiles of this level that were full before
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
    """MTH(D[size]): level by level, the row and what was folded below it become one hash."""
    below = b""
    for row in edge.rows:
        below = fold(row + below)
    return below or EMPTY_ROOT


def fold(hashes: bytes) -> bytes:
    """The root over the concatenated `hashes`, of which only the last may cover fewer leaves.

    Pairs are hashed level by level, and an odd last hash moves up as it is. This is the tree of
    RFC 6962 §2.1: its left side is always the largest power of two. No hashes fold to no hash.
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
