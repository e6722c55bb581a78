"""What is signed and published: checkpoints, and entries in bundles. The connection comes first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from services.ledger.domain.entries import payloads
from services.ledger.domain.entries.offsets import FOR_DISPLAY
from services.ledger.domain.log import notes, tiles, tree
from services.ledger.store import rows
from services.ledger.store.log import NoLogError
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Frontier(NamedTuple):
    """The tree's size, and the next offset of each stream at the same moment, as JSON."""

    size: int
    next_offsets: str


async def get_frontier(conn: sql.Connection) -> Frontier:
    """How far the log has come. Raises NoLogError."""
    row = await QUERIES.find_frontier(conn, beside=sorted(FOR_DISPLAY))
    if row is None:
        raise NoLogError
    return Frontier(row["size"], row["next_offsets"])


async def find_checkpoint(
    conn: sql.Connection, over: int | None = None
) -> rows.StoredCheckpoint | None:
    """The newest checkpoint; with `over`, only if it covers that entry."""
    if over is None:
        row = await QUERIES.find_newest(conn)
    else:
        row = await QUERIES.find_over(conn, idx=over)
    return None if row is None else rows.read_checkpoint(row)


class Cover(NamedTuple):
    """Whether an entry is signed for, and with which key."""

    verifier_key: str
    is_covered: bool


async def get_cover(conn: sql.Connection, idx: int) -> Cover:
    """Of entry `idx`. Raises NoLogError."""
    row = await QUERIES.find_cover(conn, idx=idx)
    if row is None:
        raise NoLogError
    return Cover(*row)


async def list_signed(
    conn: sql.Connection, sizes: Collection[int], count: int
) -> list[rows.StoredCheckpoint]:
    """The newest `count` checkpoints, and those of these sizes; the largest first."""
    found = QUERIES.list_signed(conn, sizes=list(sizes), count=count)
    return [rows.read_checkpoint(row) async for row in found]


async def find_root(conn: sql.Connection, root: bytes) -> int | None:
    """The size of the checkpoint with this root."""
    found: int | None = await QUERIES.find_root(conn, root=root)
    return found


async def lock_publisher(conn: sql.Connection) -> bool:
    """Whether this transaction may sign."""
    return bool(await QUERIES.lock_publisher(conn))


async def add_checkpoint(
    conn: sql.Connection, signed: notes.Checkpoint, note: str, next_offsets: str
) -> None:
    await QUERIES.add_checkpoint(
        conn, size=signed.size, root=signed.root, note=note, next_offsets=next_offsets
    )


async def get_bundle(conn: sql.Connection, address: tiles.Address) -> bytes:
    """A bundle of leaves. All of them must be in the tree."""
    last = address.first + address.width - 1
    found = QUERIES.list_leaves(conn, first=address.first, last=last)
    return tiles.write_bundle([leaf async for (leaf,) in found])


class Bundles(NamedTuple):
    """Bundles of leaves, and of their encrypted events, by the same addresses."""

    leaves: dict[tiles.Address, bytes]
    events: dict[tiles.Address, bytes]


async def load_bundles(conn: sql.Connection, first: int, last: int) -> Bundles:
    """The bundles of entries `first` to `last`."""
    leaves: dict[int, list[bytes]] = {}
    ciphertexts: dict[int, list[bytes]] = {}
    async for index, leaf, ciphertext in QUERIES.list_contents(conn, first=first, last=last):
        n = index // tree.TILE_HASHES
        leaves.setdefault(n, []).append(leaf)
        ciphertexts.setdefault(n, []).append(ciphertext)
    return Bundles(
        _bundles(leaves, tiles.ENTRY_LENGTH_BYTES), _bundles(ciphertexts, payloads.LENGTH_BYTES)
    )


def _bundles(contents: Mapping[int, list[bytes]], length_bytes: int) -> dict[tiles.Address, bytes]:
    """Bundles by their number, each with its contents in order."""
    return {
        tiles.Address(tiles.ENTRIES, n, len(each)): tiles.write_bundle(each, length_bytes)
        for n, each in contents.items()
    }
