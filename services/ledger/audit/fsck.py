"""Whether the stored log is whole: every hash derived again from the stored entries.

Promises: reads every entry once, in one snapshot, and changes nothing. It checks that

- entries are numbered without a gap, and their hashes and ids are those of their bytes;
- each event opens to what its leaf committed to, and its index row is that of the event;
- full tiles, the head's edge and the ends of the contracts' chains are those of the entries;
- every checkpoint ever signed, the newest published head, and the signed checkpoint that is kept a
  second time belong to this tree, and so are consistent with each other;
- every offset that was read is accounted for (docs/ledger.md, Completeness 2), and what has no leaf
  of its own was listed or parked by the ledger itself.

A superuser can change tables. Without the keys nobody can make checkpoints and marks agree with
changed tables; with them nobody can change the checkpoints that others have seen.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from services.ledger import store
from services.ledger.audit import audit
from services.ledger.domain.entries import index_row, leaves, payloads
from services.ledger.domain.entries.chains import Chains
from services.ledger.domain.entries.offsets import Stream
from services.ledger.domain.log import notes, tree, verifier
from services.ledger.publishing import paths
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import keys, sql
from shared.delivery import parking
from shared.wire import events

FAILURES_MAX: Final = 1000
"""More would not help: such a log is restored, not repaired."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept outside of the database, and says what must be in it."""

    objects: Objects
    signed: Objects
    """Keeps the last signed checkpoint a second time."""
    parking_key: bytes | None
    """The key of the marks; None if it is not at hand, which is a failure."""
    log_key: bytes | None = None
    """The seed of the key that signs; None if it is not at hand."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Where the settings say that it is kept."""
        return cls(
            Objects(settings.objects_folder),
            Objects(settings.signed_folder),
            keys.load(settings.state / "ledger" / "parking.key"),
            keys.load(settings.key_path),
        )


@dataclass(slots=True)
class Report:
    """How much was seen, by kind, and what is wrong."""

    origin: str
    seen: collections.Counter[str] = field(default_factory=collections.Counter)
    failures: list[audit.Failure] = field(default_factory=list)

    def fail(self, place: str, what: str) -> None:
        """Adds a failure."""
        if len(self.failures) < FAILURES_MAX:
            self.failures.append(audit.Failure(place, what))

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures


class OtherLogError(Exception):
    """The folder that was named is that of another log than the database's."""


async def refuse_other_log(conn: sql.Connection, evidence: Evidence) -> None:
    """Raises OtherLogError if what is kept in the folders was signed as another log, and
    store.log.NoLogError. To compare two logs would find everything wrong."""
    head = await store.log.get_stored_head(conn)
    key = notes.parse_verifier_key(head.verifier_key)
    remedy = (
        f"The database holds {key.name}, key {key.key_id.hex()}. Set MAKEGOOD_STATE, or "
        "LEDGER_OBJECTS and LEDGER_SIGNED, to the folders of that log. If these are its folders, "
        "somebody has replaced what was in them: change nothing, and tell the auditor."
    )
    folders = (evidence.objects, evidence.signed)
    if evidence.log_key is None and not any(kept.folder.exists() for kept in folders):
        raise OtherLogError(f"There is no log at {evidence.objects.folder}. {remedy}")
    for kept in folders:
        other = _find_signer(kept.read(paths.CHECKPOINT), key)
        if other is not None:
            raise OtherLogError(f"{kept.folder} holds another log, {other}. {remedy}")
    if evidence.log_key is not None:
        own = notes.SignerKey(key.name, evidence.log_key).verifier_key
        if own != key:
            raise OtherLogError(
                f"The key beside {evidence.signed.folder} is that of another log, "
                f"{own.key_id.hex()}. {remedy}"
            )


def _find_signer(note: bytes | None, key: notes.VerifierKey) -> str | None:
    """Whose log a checkpoint names and who signed it, if that is not `key`'s. None also if it
    cannot be read: that is for `check` to say."""
    try:
        signers = notes.list_signers((note or b"").decode())
    except ValueError:
        return None
    if any((each.name, each.key_id) == (key.name, key.key_id) for each in signers):
        return None
    return ", ".join(f"{each.name}, key {each.key_id.hex()}" for each in signers) or None


async def check(
    conn: sql.Connection, evidence: Evidence, advance: Callable[[int], object] = lambda _: None
) -> Report:
    """Checks everything above in one snapshot. `advance` is told the number of entries of each
    step. Raises store.log.NoLogError."""
    # before the snapshot: the log goes on being published while it is read
    published = paths.newest_head(evidence.objects)
    kept = evidence.signed.read(paths.CHECKPOINT)
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        head = await store.log.get_stored_head(conn)
        reading = _Reading(conn, evidence, published, head)
        reading.expect_kept(kept)
        await reading.begin()
        async for rows in store.checking.stream_everything(conn):
            await reading.check_rows(rows)
            advance(len(rows))
        await reading.end()
    return reading.report


class _Reading:
    """One pass over the log."""

    def __init__(
        self,
        conn: sql.Connection,
        evidence: Evidence,
        published: tree.TreeHead,
        head: store.rows.StoredHead,
    ) -> None:
        self.report = Report(head.origin)
        self._conn, self._evidence, self._head = conn, evidence, head
        self._published = published
        self._heads = [(f"published head {published.size}", published)]
        """Trees that this one must continue, each with its place."""
        self._edge = tree.EMPTY_EDGE
        self._next_index = 0
        self._chains = Chains()
        self._leaves: collections.Counter[Stream] = collections.Counter()
        """How many offsets of each stream are leaves."""
        self._signed = store.checking.stream_checkpoints(conn)
        self._next_signed: store.rows.StoredCheckpoint | None = None

    def expect_kept(self, note: bytes | None) -> None:
        """Adds the checkpoint that is kept a second time to what this tree must continue."""
        place = "kept checkpoint"
        if note is None:
            if self._published.size:
                self.report.fail(place, f"there is none in {self._evidence.signed.folder}")
            return
        try:
            opened = self._open(note.decode())
            head = tree.TreeHead(opened.size, opened.root)
            self._heads.append((f"{place} {opened.size}", head))
        except ValueError as error:  # refused, or not text
            self.report.fail(place, str(error))

    def _open(self, note: str) -> notes.Checkpoint:
        """A checkpoint of this log. Raises ValueError."""
        key = notes.parse_verifier_key(self._head.verifier_key)
        return notes.open_checkpoint(note, key, origin=self._head.origin)

    async def begin(self) -> None:
        """Checks what was signed and published at size 0."""
        self._next_signed = await anext(self._signed, None)
        await self._compare_root()

    async def check_rows(self, rows: list[sql.Record]) -> None:
        """Checks the next entries, in order."""
        hashes: list[bytes] = []
        for row in rows:
            if row["idx"] != self._next_index:
                what = f"it is missing; the next entry is {row['idx']}"
                self.report.fail(f"entry {self._next_index}", what)
            self._next_index = row["idx"] + 1
            hashes.append(self._check_entry(row))
            if self._has_root(self._edge.size + len(hashes)):
                await self._grow(hashes)
                hashes = []
                await self._compare_root()
        await self._grow(hashes)

    def _has_root(self, size: int) -> bool:
        """Whether the root of this size was signed or published."""
        signed = self._next_signed is not None and self._next_signed.size == size
        return signed or any(head.size == size for _, head in self._heads)

    async def _grow(self, hashes: list[bytes]) -> None:
        self._edge, completed = tree.append(self._edge, hashes)
        if not completed:
            return
        self.report.seen["full tiles"] += len(completed)
        stored = await store.log.load_full_tiles(self._conn, completed)
        for tile in completed:
            if tile.hashes != stored.get((tile.level, tile.n)):
                what = "its hashes are not those of the entries under it"
                self.report.fail(f"tile {tile.n} of level {tile.level}", what)

    # --- an entry --------------------------------------------------------------------------

    def _check_entry(self, row: sql.Record) -> bytes:
        """Checks all that belongs to one entry. Returns its hash, derived from its bytes."""
        place, fail = f"entry {row['idx']}", self.report.fail
        self.report.seen["entries"] += 1
        leaf_hash = verifier.hash_leaf(row["leaf"])
        if leaf_hash != row["leaf_hash"]:
            fail(place, "its hash is not that of its bytes")
        try:
            leaf = leaves.parse(row["leaf"])
        except leaves.LeafRefusedError as error:
            fail(place, str(error))
            return leaf_hash
        if leaf.event_id != row["event_id"]:
            fail(place, f"its row names event {row['event_id']}, its leaf {leaf.event_id}")
        broken = self._chains.follow(leaf, leaf_hash)
        if broken is not None:
            fail(place, broken)
        source = leaf.source
        self._leaves[Stream(source.topic, source.incarnation, source.partition)] += 1
        self._check_payload(place, leaf, row)
        return leaf_hash

    def _check_payload(self, place: str, leaf: leaves.Leaf, row: sql.Record) -> None:
        if row["commitment"].hex() != leaf.payload:
            self.report.fail(place, "the commitment in its row is not that of its leaf")
            return
        if row["key"] is None:
            self.report.fail(place, "the key of its event is missing, and nothing tells why")
            return
        sealed = payloads.Sealed(leaf.payload, row["ciphertext"])
        secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
        try:
            event = events.read(payloads.unseal(sealed, leaf.event_id, secrets))
        except ValueError as error:  # refused by the seal, or not one of our events
            self.report.fail(place, f"its event cannot be opened: {error}")
            return
        self.report.seen["events opened"] += 1
        if index_row.of(event) != store.rows.read_index_row(row):  # type: ignore[arg-type]  # any event has a row to compare
            self.report.fail(place, "its index row is not that of its event")

    # --- a signed size ---------------------------------------------------------------------

    async def _compare_root(self) -> None:
        """Checks what was signed and published at the present size."""
        head = tree.head(self._edge)
        for place, expected in self._heads:
            if expected.size == head.size and expected != head:
                self.report.fail(place, "it is of a different tree")
        while self._next_signed is not None and self._next_signed.size == head.size:
            self._check_signed(self._next_signed, head)
            self._next_signed = await anext(self._signed, None)

    def _check_signed(self, signed: store.rows.StoredCheckpoint, head: tree.TreeHead) -> None:
        place = f"checkpoint {signed.size}"
        self.report.seen["checkpoints"] += 1
        if signed.head != head:
            self.report.fail(place, "it was signed over a different tree")
        try:
            opened = self._open(signed.note)
            if (opened.size, opened.root) != (signed.size, signed.root):
                self.report.fail(place, "its row is not what was signed")
        except ValueError as error:
            self.report.fail(place, str(error))
        if self._evidence.objects.read(paths.head_path(signed.size)) != signed.root:
            self.report.fail(place, "its root was not published, or a different one was")

    # --- the end ---------------------------------------------------------------------------

    async def end(self) -> None:
        """Checks what is known only after the last entry."""
        size, report = self._edge.size, self.report
        if (self._head.size, self._head.edge) != (size, self._edge.encode()):
            what = f"its tree of {self._head.size} entries is not that of the {size} stored ones"
            report.fail("head", what)
        beyond = f"it covers more than the {size} stored entries"
        while self._next_signed is not None:
            report.fail(f"checkpoint {self._next_signed.size}", beyond)
            self._next_signed = await anext(self._signed, None)
        for place, expected in self._heads:
            if expected.size > size:
                report.fail(place, beyond)
        await self._count_rows()
        await self._compare_chains()
        await self._count_offsets()
        await self._check_marks()

    async def _count_rows(self) -> None:
        """Checks that no row belongs to no entry."""
        stored = await store.checking.count_rows(self._conn)
        for name, count, wanted in (
            ("tiles", stored.tiles, self.report.seen["full tiles"]),
            ("index rows", stored.index_rows, self.report.seen["entries"]),
        ):
            if count != wanted:
                self.report.fail(name, f"there are {count} instead of {wanted}")

    async def _compare_chains(self) -> None:
        stored, derived = await store.checking.load_tips(self._conn), self._chains.tips
        self.report.seen["contracts"] = len(derived)
        for contract_id in sorted(stored.keys() | derived.keys()):
            if stored.get(contract_id) != derived.get(contract_id):
                what = "the stored end of its chain is not that of its entries"
                self.report.fail(f"contract {contract_id}", what)

    async def _count_offsets(self) -> None:
        """Checks by numbers that every offset is accounted for (docs/ledger.md, Completeness 2).
        The audit of an export does it offset by offset."""
        for stream, next_offset, listed in await store.checking.count_offsets(self._conn):
            self.report.seen["partitions"] += 1
            found = self._leaves[stream] + listed
            if found != next_offset:
                what = f"{next_offset} offsets were read, but {found} are accounted for"
                self.report.fail(str(stream), what)

    async def _check_marks(self) -> None:
        """Checks that the ledger itself has listed and parked what is no leaf."""
        key = self._evidence.parking_key
        if key is None:
            what = "the parking key is missing: who listed the offsets without a leaf is not known"
            self.report.fail("marks", what)
            return
        async for row in store.checking.stream_marked(self._conn):
            self.report.seen["offsets listed"] += row.next - row.place.offset
            if row.why == "repeat" and row.event_id is None:
                self.report.fail(str(row.place), "it is listed as a repeat of no entry")
            elif not row.is_own(key):
                what = f"the ledger did not list it as a {row.why}: its mark does not hold"
                self.report.fail(str(row.place), what)
        async for parked in store.checking.stream_parked(self._conn):
            self.report.seen["records parked"] += 1
            if parking.unseal(key, parked.place, parked.salt, parked.sealed) is None:
                what = "the ledger did not park it: its bytes do not open"
                self.report.fail(str(parked.place), what)
