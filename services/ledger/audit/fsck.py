"""Whether the stored log is whole: every hash derived again from the stored entries.

Promises: reads every entry once, of one moment, and changes nothing. What it checks, in the order
of `_NAMES`: entries are gapless, their hashes and ids are those of their bytes; contracts' chains;
events open to what their leaves committed to, and are looked up by what they say; full tiles and
the head's edge; every checkpoint ever signed, and what was published, is a beginning of this tree,
and so consistent with every other; all offsets that were read are accounted for.

A superuser can change tables; whoever changes all of them alike still cannot make the checkpoints
agree without the key, nor with the key those that others have seen.
"""

from __future__ import annotations

import collections
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from services.ledger import store
from services.ledger.audit import audit
from services.ledger.domain.entries import index_row, leaves, payloads
from services.ledger.domain.entries.recording import Tip
from services.ledger.domain.log import notes, tree, verifier
from services.ledger.publishing import publisher
from services.ledger.publishing.objects import Objects
from shared import sql
from shared.wire import events

FINDINGS_MAX: Final = 1000
"""A log with more to say is broken enough."""

_queries = store.log.queries


@dataclass(slots=True)
class Report:
    """How much was seen, by kind, and what is wrong."""

    origin: str
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    findings: list[audit.Failure] = field(default_factory=list)

    def refuse(self, place: str, what: str) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(audit.Failure(place, what))

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


async def check(
    conn: sql.Connection, objects: Objects, advance: Callable[[int], object] = lambda _: None
) -> Report:
    """Everything above, in one snapshot; `advance` hears of the entries of each step. Raises
    store.log.NoLogError."""
    published = publisher.newest_head(objects)  # first: the log is published while it is read
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        head = await _queries.get_head(conn)
        if head is None:
            raise store.log.NoLogError
        checking = _Checking(conn, objects, published, head, Report(head["origin"]))
        await checking.begin()
        async for rows in _steps(conn):
            await checking.take(rows)
            advance(len(rows))
        await checking.end()
    return checking.report


async def _steps(conn: sql.Connection) -> AsyncIterator[list[sql.Record]]:
    after = -1
    while (last := await store.log.get_step(conn, after)) is not None:
        yield [row async for row in _queries.everything(conn, after=after, last=last)]
        after = last


class _Checking:
    """One pass over the log."""

    def __init__(
        self,
        conn: sql.Connection,
        objects: Objects,
        published: tuple[int, bytes],
        head: sql.Record,
        report: Report,
    ) -> None:
        self.report = report
        self._conn, self._objects, self._head = conn, objects, head
        self._edge = tree.EMPTY_EDGE
        self._next_index = 0
        self._tips: dict[str, Tip] = {}
        self._taken: collections.Counter[tuple[str, int, int]] = collections.Counter()
        self._signed = _checkpoints(conn)
        self._next_signed: store.log.Checkpoint | None = None
        self._published = published

    async def begin(self) -> None:
        """What was signed of the empty tree."""
        self._next_signed = await anext(self._signed, None)
        await self._compare_root()

    async def take(self, rows: list[sql.Record]) -> None:
        """The next entries, in order."""
        hashes: list[bytes] = []
        for row in rows:
            if row["idx"] != self._next_index:
                what = f"the next entry is {row['idx']}"
                self.report.refuse(f"entry {self._next_index}", what)
            self._next_index = row["idx"] + 1
            hashes.append(self._take_entry(row))
            if self._stops_at(self._edge.size + len(hashes)):
                await self._grow(hashes)
                hashes = []
                await self._compare_root()
        await self._grow(hashes)

    def _stops_at(self, size: int) -> bool:
        """Whether the root of this size was signed or published."""
        signed = self._next_signed is not None and self._next_signed.size == size
        return signed or self._published[0] == size

    async def _grow(self, hashes: list[bytes]) -> None:
        self._edge, completed = tree.append(self._edge, hashes)
        if not completed:
            return
        self.report.seen["full tiles"] += len(completed)
        rows = _queries.get_tiles(
            self._conn, levels=[t.level for t in completed], ns=[t.n for t in completed]
        )
        stored = {(row["level"], row["n"]): row["hashes"] async for row in rows}
        for tile in completed:
            if tile.hashes != stored.get((tile.level, tile.n)):
                what = "is not the one of the entries under it"
                self.report.refuse(f"tile {tile.n} of level {tile.level}", what)

    # --- an entry --------------------------------------------------------------------------

    def _take_entry(self, row: sql.Record) -> bytes:
        """Its hash, derived from its bytes, after all else about it was compared."""
        place, refuse = f"entry {row['idx']}", self.report.refuse
        self.report.seen["entries"] += 1
        leaf_hash = verifier.hash_leaf(row["leaf"])
        if leaf_hash != row["leaf_hash"]:
            refuse(place, "its bytes are not those that were hashed")
        try:
            leaf = leaves.parse(row["leaf"])
        except leaves.LeafRefusedError as error:
            refuse(place, str(error))
            return leaf_hash
        if leaf.event_id != row["event_id"]:
            refuse(place, f"it is filed as event {row['event_id']}, but records {leaf.event_id}")
        self._chain(place, leaf, leaf_hash)
        source = leaf.source
        self._taken[source.topic, source.incarnation, source.partition] += 1
        self._check_payload(place, leaf, row)
        return leaf_hash

    def _chain(self, place: str, leaf: leaves.Leaf, leaf_hash: bytes) -> None:
        if leaf.contract_id is None or leaf.contract_seq is None:
            return
        tip = self._tips.get(leaf.contract_id, Tip(0, b""))
        if leaf.contract_seq != tip.seq + 1:
            what = f"{leaf.contract_id} goes on with {leaf.contract_seq} after {tip.seq}"
            self.report.refuse(place, what)
        elif (leaf.prev or "") != tip.leaf_hash.hex():
            self.report.refuse(place, f"{leaf.contract_id}: its leaf before was another one")
        self._tips[leaf.contract_id] = Tip(leaf.contract_seq, leaf_hash)

    def _check_payload(self, place: str, leaf: leaves.Leaf, row: sql.Record) -> None:
        if row["commitment"].hex() != leaf.payload:
            self.report.refuse(place, "what lies beside it is not what it committed to")
            return
        if row["key"] is None:
            return  # forgotten: nobody can open it, and nobody needs to
        sealed = payloads.Sealed(leaf.payload, row["ciphertext"])
        secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
        try:
            event = events.read(payloads.unseal(sealed, leaf.event_id, secrets))
        except ValueError as error:  # refused by the seal, or no event of ours
            self.report.refuse(place, f"its event does not open: {error}")
            return
        self.report.seen["events opened"] += 1
        if row["listed"] is None or index_row.of(event) != _listing(row):  # type: ignore[arg-type]  # compared whatever it is
            self.report.refuse(place, "it is looked up by something else than its event says")

    # --- a signed size ---------------------------------------------------------------------

    async def _compare_root(self) -> None:
        """What was signed and published of the tree as it stands."""
        size, root = self._edge.size, tree.root(self._edge)
        if self._published[0] == size and self._published[1] != root:
            self.report.refuse(f"published head {size}", "it is of another tree than this one")
        while self._next_signed is not None and self._next_signed.size == size:
            self._check_signed(self._next_signed, root)
            self._next_signed = await anext(self._signed, None)

    def _check_signed(self, signed: store.log.Checkpoint, root: bytes) -> None:
        place = f"checkpoint {signed.size}"
        self.report.seen["checkpoints"] += 1
        if signed.root != root:
            self.report.refuse(place, "it was signed over another tree than this one")
        try:
            key = notes.parse_verifier_key(self._head["verifier_key"])
            said = notes.open_checkpoint(signed.note, key, origin=self._head["origin"])
            if (said.size, said.root) != (signed.size, signed.root):
                self.report.refuse(place, "it is filed as another than the one that was signed")
        except ValueError as error:
            self.report.refuse(place, str(error))
        if self._objects.read(publisher.head_path(signed.size)) != signed.root:
            self.report.refuse(place, "its root was not published, or another one was")

    # --- the end ---------------------------------------------------------------------------

    async def end(self) -> None:
        """What can only be said when all entries are read."""
        size, report = self._edge.size, self.report
        if (self._head["size"], self._head["edge"]) != (size, self._edge.encode()):
            what = (
                f"its {self._head['size']} entries are another tree than the {size} that are there"
            )
            report.refuse("head", what)
        while self._next_signed is not None:
            what = f"more was signed than the {size} entries that are there"
            report.refuse(f"checkpoint {self._next_signed.size}", what)
            self._next_signed = await anext(self._signed, None)
        if self._published[0] > size:
            what = f"more was published than the {size} entries that are there"
            report.refuse(f"published head {self._published[0]}", what)
        await self._count()
        await self._compare_chains()
        await self._account()

    async def _count(self) -> None:
        """That nothing lies beside the log that belongs to no entry."""
        beside = await _queries.count_beside(self._conn)
        for name, wanted in (
            ("tiles", self.report.seen["full tiles"]),
            ("listings", self.report.seen["entries"]),
        ):
            if beside[name] != wanted:
                self.report.refuse(name, f"there are {beside[name]} instead of {wanted}")

    async def _compare_chains(self) -> None:
        stored = {
            row["contract_id"]: Tip(row["seq"], row["leaf_hash"])
            async for row in _queries.chains(self._conn)
        }
        self.report.seen["contracts"] = len(self._tips)
        for contract_id in sorted(stored.keys() | self._tips.keys()):
            if stored.get(contract_id) != self._tips.get(contract_id):
                self.report.refuse(f"contract {contract_id}", "its chain ends elsewhere")

    async def _account(self) -> None:
        """Ledger.md, Completeness 2, by numbers; the audit of an export does it by offsets."""
        async for row in _queries.count_listed(self._conn):
            stream = audit.Stream(row["topic"], row["incarnation"], row["partition"])
            self.report.seen["partitions"] += 1
            found = self._taken[stream] + row["listed"]
            if found != row["next_offset"]:
                what = f"{row['next_offset']} offsets were read, {found} are accounted for"
                self.report.refuse(str(stream), what)


async def _checkpoints(conn: sql.Connection) -> AsyncIterator[store.log.Checkpoint]:
    over = -1
    while True:
        rows = [
            r async for r in _queries.checkpoints(conn, over=over, count=store.log.ROWS_PER_STEP)
        ]
        for row in rows:
            yield store.log.checkpoint(row)
        if not rows:
            return
        over = rows[-1]["size"]


def _listing(row: sql.Record) -> index_row.Listing:
    names = index_row.Listing._fields
    return index_row.Listing(row["listed_event_id"], *(row[name] for name in names[1:]))
