"""C2SP tlog-tiles: the paths of tiles and entry bundles, and their bytes.

Promises: `Address.path` and `parse` are inverse, as are `write_bundle` and `read_bundle`. `of_tree`
names exactly the tiles that a tree has.

Refuses: any spelling of a path but that of the specification (no leading zeros, no width of 256),
and a bundle that does not end with its last entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from services.ledger.domain.log import tree

ENTRIES: Final = -1
"""Our level of entry bundles. They have the numbers of the tiles of level 0."""
LEVEL_MAX: Final = 63
ENTRY_LENGTH_BYTES: Final = 2
ENTRY_BYTES_MAX: Final = 65_535
"""The largest length that fits a uint16."""

_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9]\d?)/(?P<n>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?",
    re.ASCII,
)


class PathRefusedError(ValueError):
    """This is not the path of a tile."""


class BundleRefusedError(ValueError):
    """The bytes are not a sequence of whole entries."""


class Address(NamedTuple):
    """The first `width` hashes (or entries) of tile `n` at `level`. A full tile has 256."""

    level: int
    n: int
    width: int = tree.TILE_HASHES

    @property
    def is_full(self) -> bool:
        return self.width == tree.TILE_HASHES

    @property
    def first(self) -> int:
        """The index of the tile's first hash in its level; in a bundle, of its first entry."""
        return self.n * tree.TILE_HASHES

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`, with N in groups of three digits: 1234067 is `x001/x234/067`."""
        rest, last = divmod(self.n, 1000)
        number = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, 1000)
            number = f"x{group:03d}/{number}"
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{number}" + ("" if self.is_full else f".p/{self.width}")


def parse(path: str) -> Address:
    """Inverse of `Address.path`. Raises PathRefusedError."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise PathRefusedError(path)
    address = Address(
        level=ENTRIES if found["level"] == "entries" else int(found["level"]),
        n=int(found["n"].replace("x", "").replace("/", "")),
        width=int(found["width"] or tree.TILE_HASHES),
    )
    if address.level > LEVEL_MAX or address.path != path:  # a leading x000, a width of 256
        raise PathRefusedError(path)
    return address


def of_tree(size: int, *, since: int = 0) -> Iterator[Address]:
    """The tiles and bundles that a tree of `size` has and one of size `since` has not, level by
    level. Partial tiles have their width in the tree of `size`."""
    assert 0 <= since <= size
    for level in (ENTRIES, *range(len(tree.row_lengths(size)))):
        shift = tree.TILE_HEIGHT * max(level, 0)
        before, hashes = since >> shift, size >> shift
        if before == hashes:
            continue
        full, width = divmod(hashes, tree.TILE_HASHES)
        for n in range(before // tree.TILE_HASHES, full):
            yield Address(level, n)
        if width:
            yield Address(level, full, width)


def in_edge(address: Address, edge: tree.Edge) -> bytes | None:
    """The hashes of a tile that is still partial in the tree of `edge`. None if it is full there
    (its first `width` hashes are then those of the full tile), or beyond the tree."""
    if not 0 <= address.level < len(edge.rows):
        return None
    if address.n != edge.size >> tree.TILE_HEIGHT * (address.level + 1):
        return None
    hashes = edge.rows[address.level][: address.width * tree.HASH_BYTES]
    return hashes if len(hashes) == address.width * tree.HASH_BYTES else None


def write_bundle(entries: Iterable[bytes], length_bytes: int = ENTRY_LENGTH_BYTES) -> bytes:
    """Each entry after its length, big-endian. With the two bytes of the specification the inverse
    of `read_bundle`. OverflowError for an entry whose length does not fit."""
    parts: list[bytes] = []
    for entry in entries:
        parts += (len(entry).to_bytes(length_bytes, "big"), entry)
    return b"".join(parts)


def read_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises BundleRefusedError if one is cut short."""
    entries, at = [], 0
    while at < len(bundle):
        start = at + 2
        if start > len(bundle):
            raise BundleRefusedError(f"a length is cut short at byte {at}")
        end = start + int.from_bytes(bundle[at:start], "big")
        if end > len(bundle):
            raise BundleRefusedError(f"an entry is cut short at byte {start}")
        entries.append(bundle[start:end])
        at = end
    return entries
