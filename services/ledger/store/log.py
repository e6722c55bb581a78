"""The log's tables. Connection first; what is written is written in bulk.

Promises: nothing here decides anything. A batch is COPYed table by table in the transaction that
the caller holds, behind the lock on `head`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from services.ledger.domain.entries import index_row, payloads, recording
from services.ledger.domain.log import notes, proofs, tiles, tree
from shared import sql
from shared.delivery.messages import Message

queries = sql.queries(Path(__file__).with_name("queries.sql"))


ROWS_PER_STEP: Final = 1000
"""Of a stream over the whole log."""
BYTES_PER_STEP: Final = 8_000_000
"""Leaves and events in memory together, since one event alone may have 2 MB."""


class NoLogError(Exception):
    """There is no log in this database. None is ever created by the way."""

    def __init__(self) -> None:
        super().__init__(
            "There is no log in this database. Create one with `python -m services.ledger "
            "create-log --origin NAME`, or restore the one that was here."
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The log as it stands."""

    origin: str
    verifier_key: str
    edge: tree.Edge

    @property
    def size(self) -> int:
        return self.edge.size


async def get_head(conn: sql.Connection) -> Head:
    """Raises NoLogError."""
    return _head(await queries.get_head(conn))


async def lock_head(conn: sql.Connection) -> Head:
    """The head, and the right to append until the transaction ends. Raises NoLogError."""
    return _head(await queries.lock_head(conn))


def _head(row: sql.Record | None) -> Head:
    if row is None:
        raise NoLogError
    edge = tree.decode(row["size"], row["edge"])
    return Head(row["origin"], row["verifier_key"], edge)


async def create_head(conn: sql.Connection, origin: str, verifier_key: str) -> None:
    await queries.create_head(conn, origin=origin, verifier_key=verifier_key)


async def get_step(
    conn: sql.Connection, after: int, size: int = 2**63 - 1, count: int = ROWS_PER_STEP
) -> int | None:
    """The last of the entries behind `after` and under `size` that are read together; None where
    there are none."""
    last: int | None = await queries.get_step(
        conn, after=after, size=size, count=count, length=BYTES_PER_STEP
    )
    return last


# --- a batch -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that is an entry already: what tells the same bytes from others."""

    commitment: bytes
    salt: bytes | None
    """None: forgotten."""

    def is_of(self, body: bytes) -> bool:
        """Whether `body` is what was recorded; where that is forgotten only the id can tell."""
        if self.salt is None:
            return True
        return payloads.commit(self.salt, body) == self.commitment.hex()


async def get_seen(conn: sql.Connection, event_ids: Collection[UUID]) -> dict[UUID, Taken]:
    """The events among `event_ids` that are entries."""
    return {
        row["event_id"]: Taken(row["commitment"], row["salt"])
        async for row in queries.get_seen(conn, event_ids=event_ids)
    }


async def get_tips(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, recording.Tip]:
    """Where the chains of these contracts end; none for a contract without entries."""
    return {
        row["contract_id"]: recording.Tip(row["seq"], row["leaf_hash"])
        async for row in queries.get_tips(conn, contract_ids=list(contract_ids))
    }


async def append(
    conn: sql.Connection,
    size: int,
    made: Sequence[recording.Entry],
    listings: Iterable[index_row.Listing],
) -> None:
    """Entries from index `size` on, with what lies beside each."""
    numbered = list(enumerate(made, size))
    await conn.copy_records_to_table(
        "entry",
        records=[
            (
                n,
                each.event_id,
                each.encoded,
                each.leaf_hash,
                bytes.fromhex(each.sealed.commitment),
                each.sealed.ciphertext,
            )
            for n, each in numbered
        ],
        columns=("idx", "event_id", "leaf", "leaf_hash", "commitment", "ciphertext"),
    )
    await conn.copy_records_to_table(
        "payload_key",
        records=[
            (n, each.secrets.salt, each.secrets.key, each.secrets.nonce) for n, each in numbered
        ],
        columns=("idx", "salt", "key", "nonce"),
    )
    await conn.copy_records_to_table(
        "entry_index",
        records=[(n, *each) for n, each in enumerate(listings, size)],
        columns=index_row.COLUMNS,
    )


async def move_head(
    conn: sql.Connection, edge: tree.Edge, completed: Sequence[tree.FullTile]
) -> None:
    """The tiles that a batch completed, and the tree's new size and edge."""
    if completed:
        await conn.copy_records_to_table(
            "tile", records=completed, columns=("level", "n", "hashes")
        )
    await queries.move_head(conn, size=edge.size, edge=edge.encode())


async def move_tips(conn: sql.Connection, moved: Mapping[str, recording.Tip]) -> None:
    await queries.move_tips(
        conn,
        contract_ids=list(moved),
        seqs=[tip.seq for tip in moved.values()],
        leaf_hashes=[tip.leaf_hash for tip in moved.values()],
    )


async def add_repeats(conn: sql.Connection, messages: Sequence[Message]) -> None:
    """Where entries stood again, those of this transaction among them."""
    await queries.add_repeats(
        conn,
        topics=[message.topic for message in messages],
        incarnations=[message.incarnation for message in messages],
        partitions=[message.partition for message in messages],
        offsets=[message.offset for message in messages],
        event_ids=[message.event_id for message in messages],
    )


async def add_days(conn: sql.Connection, messages: Iterable[Message]) -> None:
    """Where days ended."""
    await conn.copy_records_to_table(
        "passed_day",
        records=[(*_place(message), message.event.day) for message in messages],
        columns=("topic", "incarnation", "partition", "offset", "day"),
    )


def _place(message: Message) -> tuple[str, int, int, int]:
    return message.topic, message.incarnation, message.partition, message.offset


# --- the tree ----------------------------------------------------------------------------------


async def get_tiles(
    conn: sql.Connection, wanted: Collection[tiles.Address]
) -> dict[tiles.Address, bytes]:
    """The hashes of these tiles, partial ones also of tiles that are full by now. KeyError for one
    beyond the tree."""
    head = await get_head(conn)  # first: a tile that is full later is still in this edge
    found = {address: tiles.in_edge(address, head.edge) for address in wanted}
    missing = [address for address, hashes in found.items() if hashes is None]
    full = {
        (row["level"], row["n"]): row["hashes"]
        async for row in queries.get_tiles(
            conn, levels=[a.level for a in missing], ns=[a.n for a in missing]
        )
    }
    return {
        address: full[address.level, address.n][: address.width * tree.HASH_BYTES]
        if hashes is None
        else hashes
        for address, hashes in found.items()
    }


async def get_edge(conn: sql.Connection, size: int) -> tree.Edge:
    """The edge that the tree had at `size`. KeyError where it never had that size."""
    partial = [
        tiles.Address(level, size >> tree.TILE_HEIGHT * (level + 1), length // tree.HASH_BYTES)
        for level, length in enumerate(tree.row_lengths(size))
    ]
    found = await get_tiles(conn, [address for address in partial if address.width])
    return tree.Edge(size, tuple(found.get(address, b"") for address in partial))


async def get_proof(conn: sql.Connection, plan: proofs.Plan) -> list[bytes]:
    """The proof of `plan`, from the tiles that it needs."""
    return plan.prove(await get_tiles(conn, plan.needs))


# --- what is published -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed, and where reading stood then: topic, incarnation, partition, next offset."""

    size: int
    root: bytes
    note: str
    positions: list[tuple[str, int, int, int]]
    signed_at: datetime


async def get_frontier(conn: sql.Connection) -> tuple[int, str]:
    """Size and positions (JSON) of one moment. Raises NoLogError."""
    row = await queries.get_frontier(conn)
    if row is None:
        raise NoLogError
    return row["size"], row["positions"]


async def get_checkpoint(conn: sql.Connection, over: int | None = None) -> Checkpoint | None:
    """The newest checkpoint; of those that entry `over` is under, where one is named."""
    if over is None:
        row = await queries.get_newest_checkpoint(conn)
    else:
        row = await queries.get_checkpoint_over(conn, idx=over)
    return None if row is None else checkpoint(row)


def checkpoint(row: sql.Record) -> Checkpoint:
    """A row of the table."""
    positions = [(t, i, p, o) for t, i, p, o in json.loads(row["positions"])]
    return Checkpoint(row["size"], row["root"], row["note"], positions, row["signed_at"])


async def lock_publisher(conn: sql.Connection) -> bool:
    """Whether this transaction may sign."""
    return bool(await queries.lock_publisher(conn))


async def add_checkpoint(
    conn: sql.Connection, signed: notes.Checkpoint, note: str, positions: str
) -> None:
    await queries.add_checkpoint(
        conn, size=signed.size, root=signed.root, note=note, positions=positions
    )


async def get_bundle(conn: sql.Connection, address: tiles.Address) -> bytes:
    """The entries of one bundle, which are under the tree."""
    last = address.first + address.width - 1
    rows = queries.get_leaves(conn, first=address.first, last=last)
    return tiles.write_bundle([leaf async for (leaf,) in rows])


async def get_bundles(
    conn: sql.Connection, first: int, last: int
) -> tuple[dict[tiles.Address, bytes], dict[tiles.Address, bytes]]:
    """Entries `first` to `last` in bundles, and their encrypted events in bundles of the same
    addresses."""
    leaves: dict[int, list[bytes]] = {}
    ciphertexts: dict[int, list[bytes]] = {}
    async for index, leaf, ciphertext in queries.get_contents(conn, first=first, last=last):
        n = index // tree.TILE_HASHES
        leaves.setdefault(n, []).append(leaf)
        ciphertexts.setdefault(n, []).append(ciphertext)
    return (
        _bundles(leaves, tiles.ENTRY_LENGTH_BYTES),
        _bundles(ciphertexts, payloads.LENGTH_BYTES),
    )


def _bundles(contents: Mapping[int, list[bytes]], length_bytes: int) -> dict[tiles.Address, bytes]:
    """Bundles by their number, each of what stands in it in order."""
    return {
        tiles.Address(tiles.ENTRIES, n, len(each)): tiles.write_bundle(each, length_bytes)
        for n, each in contents.items()
    }
