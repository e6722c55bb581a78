"""The log itself: its head, what a batch appends, and its tiles. The connection comes first.

Promises: decides nothing. A batch is written in bulk, table by table, in the transaction in which
the caller has locked the head.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.domain.entries import payloads, recording
from services.ledger.domain.entries.chains import Tip
from services.ledger.domain.entries.index_row import IndexRow
from services.ledger.domain.log import proofs, tiles, tree
from services.ledger.store import rows
from shared import sql
from shared.delivery.messages import Message

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))
ROWS_PER_STEP: Final = 1000
"""How many entries are read at once when the whole log is read."""
BYTES_PER_STEP: Final = 8_000_000
"""How many bytes of leaves and events are in memory together: one event alone may have 2 MB."""


class NoLogError(Exception):
    """There is no log in this database. Only `create-log` creates one."""

    def __init__(self) -> None:
        super().__init__(
            "There is no log in this database. Create one with `python -m services.ledger "
            "create-log --origin NAME`, or restore the one that was here."
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The log's name and key, and its tree."""

    origin: str
    verifier_key: str
    edge: tree.Edge

    @property
    def size(self) -> int:
        return self.edge.size


async def get_head(conn: sql.Connection) -> Head:
    """The log as it is now. Raises NoLogError."""
    return _open(await get_stored_head(conn))


async def get_stored_head(conn: sql.Connection) -> rows.StoredHead:
    """The head as it is stored, even if its edge does not fit its size. Raises NoLogError."""
    return _read(await QUERIES.find_head(conn))


async def lock_head(conn: sql.Connection) -> Head:
    """The head, and the right to append until the transaction ends. Raises NoLogError."""
    return _open(_read(await QUERIES.lock_head(conn)))


def _read(row: sql.Record | None) -> rows.StoredHead:
    if row is None:
        raise NoLogError
    return rows.read_head(row)


def _open(stored: rows.StoredHead) -> Head:
    return Head(stored.origin, stored.verifier_key, tree.decode(stored.size, stored.edge))


async def add_head(conn: sql.Connection, origin: str, verifier_key: str) -> None:
    """The head of a new log, which is empty."""
    await QUERIES.add_head(conn, origin=origin, verifier_key=verifier_key)


async def find_step(
    conn: sql.Connection, after: int, size: int = 2**63 - 1, count: int = ROWS_PER_STEP
) -> int | None:
    """The last entry of the next step: of those after index `after` and below `size`, as many as
    are read together. None if there are none."""
    last: int | None = await QUERIES.find_step(
        conn, after=after, size=size, count=count, length=BYTES_PER_STEP
    )
    return last


# --- a batch -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that is an entry already, and how to recognise its bytes."""

    commitment: bytes
    salt: bytes | None
    """None if its key is missing, which fsck reports."""

    def is_of(self, body: bytes) -> bool:
        """Whether `body` is what was recorded. Without the salt nobody can say: then it is not."""
        if self.salt is None:
            return False
        return payloads.commit(self.salt, body) == self.commitment.hex()


async def load_seen(conn: sql.Connection, event_ids: Collection[UUID]) -> dict[UUID, Seen]:
    """The events among `event_ids` that are entries."""
    return {
        row["event_id"]: Seen(row["commitment"], row["salt"])
        async for row in QUERIES.load_seen(conn, event_ids=event_ids)
    }


async def load_tips(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, Tip]:
    """The ends of these contracts' chains; a contract without entries has none."""
    return {
        row["contract_id"]: rows.read_tip(row)
        async for row in QUERIES.load_tips(conn, contract_ids=list(contract_ids))
    }


async def append(
    conn: sql.Connection,
    size: int,
    made: Sequence[recording.Entry],
    index_rows: Iterable[IndexRow],
) -> None:
    """Adds entries from index `size` on, with what belongs to each."""
    numbered = list(enumerate(made, size))
    await conn.copy_records_to_table(
        "entry",
        records=[rows.entry_row(index, entry) for index, entry in numbered],
        columns=rows.EntryRow._fields,
    )
    await conn.copy_records_to_table(
        "payload_key",
        records=[rows.key_row(index, entry) for index, entry in numbered],
        columns=rows.KeyRow._fields,
    )
    await conn.copy_records_to_table(
        "entry_index",
        records=[(index, *row) for index, row in enumerate(index_rows, size)],
        columns=rows.INDEX_COLUMNS,
    )


async def move_head(
    conn: sql.Connection, edge: tree.Edge, completed: Sequence[tree.FullTile]
) -> None:
    """Adds the tiles that a batch completed, and sets the tree's new size and edge."""
    if completed:
        await conn.copy_records_to_table(
            "tile", records=completed, columns=("level", "n", "hashes")
        )
    await QUERIES.move_head(conn, size=edge.size, edge=edge.encode())


async def move_tips(conn: sql.Connection, moved: Mapping[str, Tip]) -> None:
    """Sets the new ends of these contracts' chains."""
    await QUERIES.move_tips(
        conn,
        contract_ids=list(moved),
        seqs=[tip.seq for tip in moved.values()],
        leaf_hashes=[tip.leaf_hash for tip in moved.values()],
        authority_ids=[tip.authority_id for tip in moved.values()],
    )


async def add_repeats(conn: sql.Connection, messages: Sequence[Message], key: bytes) -> None:
    """Lists offsets at which entries came again, also entries of this transaction. `key` marks
    each."""
    asked = {message.event_id for message in messages}
    entries = {row["event_id"]: row async for row in QUERIES.load_repeated(conn, event_ids=asked)}
    await conn.copy_records_to_table(
        "repeat",
        records=[rows.repeat_row(message, entries[message.event_id], key) for message in messages],
        columns=rows.RepeatRow._fields,
    )


async def add_days(conn: sql.Connection, messages: Iterable[Message], key: bytes) -> None:
    """Lists offsets at which days ended. `key` marks each."""
    await conn.copy_records_to_table(
        "passed_day",
        records=[rows.day_row(message, key) for message in messages],
        columns=rows.DayRow._fields,
    )


# --- the tree ----------------------------------------------------------------------------------


async def load_tiles(
    conn: sql.Connection, wanted: Collection[tiles.Address]
) -> dict[tiles.Address, bytes]:
    """The hashes of these tiles, also of partial tiles that are full by now. KeyError for a tile
    beyond the tree."""
    head = await get_head(conn)  # first: a tile that is filled meanwhile is still in this edge
    found = {address: tiles.in_edge(address, head.edge) for address in wanted}
    missing = [address for address, hashes in found.items() if hashes is None]
    full = await load_full_tiles(conn, missing)
    return {
        address: full[address.level, address.n][: address.width * tree.HASH_BYTES]
        if hashes is None
        else hashes
        for address, hashes in found.items()
    }


async def load_full_tiles(
    conn: sql.Connection, wanted: Collection[tiles.Address | tree.FullTile]
) -> dict[tuple[int, int], bytes]:
    """The stored hashes of those of these tiles that are full, by level and number."""
    levels, numbers = [tile.level for tile in wanted], [tile.n for tile in wanted]
    found = QUERIES.load_full_tiles(conn, levels=levels, ns=numbers)
    return {(row["level"], row["n"]): row["hashes"] async for row in found}


async def get_edge(conn: sql.Connection, size: int) -> tree.Edge:
    """The edge that the tree had at `size`. KeyError if it never had that size."""
    return _edge(size, await load_tiles(conn, _partial(size)))


async def get_proof(conn: sql.Connection, plan: proofs.Plan) -> list[bytes]:
    """The proof of `plan`, from the tiles that it needs."""
    return plan.prove(await load_tiles(conn, plan.needs))


class Growth(NamedTuple):
    """Two trees of the log, and the proof that the newer one begins with the older one."""

    old_root: bytes
    new_root: bytes
    proof: list[bytes]


async def get_growth(conn: sql.Connection, old: int, new: int) -> Growth:
    """How the tree grew from `old` to `new` entries, of which both must have been there. Needs
    `0 < old <= new`."""
    plan = proofs.consistency(old, new)
    wanted = {*_partial(old), *_partial(new), *plan.needs}
    found = await load_tiles(conn, wanted)
    old_root, new_root = (tree.root(_edge(size, found)) for size in (old, new))
    return Growth(old_root, new_root, plan.prove(found))


def _partial(size: int) -> list[tiles.Address]:
    """The tiles that are partial in the tree of `size`."""
    rows_of = enumerate(tree.row_lengths(size))
    each = ((level, length // tree.HASH_BYTES) for level, length in rows_of)
    return [
        tiles.Address(level, size >> tree.TILE_HEIGHT * (level + 1), width)
        for level, width in each
        if width
    ]


def _edge(size: int, found: Mapping[tiles.Address, bytes]) -> tree.Edge:
    """The edge at `size`, of its partial tiles."""
    own = {address.level: found[address] for address in _partial(size)}
    return tree.Edge(
        size, tuple(own.get(level, b"") for level in range(len(tree.row_lengths(size))))
    )
