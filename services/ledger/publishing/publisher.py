"""The publisher: signs what the log has become, where it can be seen that it only grew.

Promises: a checkpoint is signed only after the independent verifier found the tree consistent with
the one signed before, and after every tile, bundle and encrypted payload of it lies in the object
store. The root of each size is kept there as `head/…` and never replaced: the same size may be
signed again with the same root, with another never. Two publishers do not disturb each other.

Refuses to sign, with an alarm that says why: a log that is shorter than what was published, or
another (a database restored from an old backup, a fork), and a key that is not the log's.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Final

from prometheus_client import Gauge, Histogram

from services.ledger import store
from services.ledger.domain.log import notes, proofs, tiles, tree, verifier
from services.ledger.publishing.brake import Alarm
from services.ledger.publishing.objects import Objects
from shared import log, sql
from shared.delivery import failpoints

ENTRIES_PER_STEP: Final = 16 * tree.TILE_HASHES
"""Entries in memory together, as rows and as bundles; fewer where events are long, and never less
than a bundle, which is one file."""
HEADS_PER_FOLDER: Final = 1_000_000

CHECKPOINT_SIZE: Final = Gauge("makegood_checkpoint_size", "Entries under the newest checkpoint.")
CHECKPOINT_AGE: Final = Gauge(
    "makegood_checkpoint_age_seconds",
    "Since a checkpoint covered the whole log; stays near the pause while publishing works.",
)
PUBLISH_SECONDS: Final = Histogram(
    "makegood_publish_seconds",
    "From reading the head to the published checkpoint.",
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)

_log = log.get(__name__)


class RefusedError(Exception):
    """The log is not the one that was published. The message says how it differs."""


class Publisher:
    """Signs with `signer` and writes to `objects`."""

    def __init__(
        self, pool: sql.Pool, objects: Objects, signer: notes.SignerKey, alarm: Alarm
    ) -> None:
        self._pool, self._objects, self._signer, self._alarm = pool, objects, signer, alarm
        self._published = (0, tree.EMPTY_ROOT)
        """Size and root of the newest head that is known to be out."""

    async def run(self, pause_seconds: float) -> None:
        """Publishes for ever; after an alarm it stands still."""
        covered = time.monotonic()
        CHECKPOINT_AGE.set_function(lambda: time.monotonic() - covered)
        while self._alarm.words is None:
            began = time.monotonic()
            try:
                await self.publish()
                covered = began
            except RefusedError as error:
                self._alarm.stop("publisher_refuses", str(error))
            except sql.BROKEN as error:
                _log.warning("Publishing is tried again.", error=repr(error))
            await asyncio.sleep(max(0.0, pause_seconds - (time.monotonic() - began)))
        await asyncio.Event().wait()

    async def examine(self) -> None:
        """That the log goes on from all that was published. Raises RefusedError, NoLogError."""
        async with self._pool.acquire() as conn:
            published = await asyncio.to_thread(newest_head, self._objects)
            newest = await store.log.get_checkpoint(conn)
            head = await store.log.get_head(conn)  # last: another publisher goes on meanwhile
            if head.verifier_key != self._signer.verifier_key.encode():
                raise RefusedError(
                    f"the key at hand is {self._signer.verifier_key.encode()}, but the log's is "
                    f"{head.verifier_key}: restore the log's key"
                )
            self._published = published
            await self._check_grown(conn, notes.Checkpoint(head.origin, *_now(head.edge)), newest)

    async def publish(self) -> int | None:
        """Signs the tree as it is now, if it grew; the size, or None where there is nothing to
        sign. Raises RefusedError."""
        async with self._pool.acquire() as conn:
            await self._put(conn)  # a kill may have come between database and object store
            newest = await store.log.get_checkpoint(
                conn
            )  # first: another publisher goes on meanwhile
            size, positions = await store.log.get_frontier(conn)
            if newest is not None and newest.size == size >= self._published[0]:
                return None
            with PUBLISH_SECONDS.time():
                size, root = _now(await store.log.get_edge(conn, size))
                checkpoint = notes.Checkpoint(self._signer.name, size, root)
                await self._check_grown(conn, checkpoint, newest)
                since = 0 if newest is None else newest.size
                await self._write_objects(conn, size, since)
                await self._sign(conn, checkpoint, positions)
        return size

    async def _check_grown(
        self, conn: sql.Connection, new: notes.Checkpoint, newest: store.log.Checkpoint | None
    ) -> None:
        """That `new` goes on from what was published and what was signed. Raises RefusedError."""
        before = {self._published}  # mostly the same as what was signed last
        if newest is not None:
            before.add((newest.size, newest.root))
        for old_size, old_root in before:
            if new.size < old_size:
                raise RefusedError(
                    f"the log has {new.size} entries, but {old_size} were published: it was "
                    "restored from an older backup, or is another log"
                )
            if old_size == 0:
                continue  # every tree begins with the empty one
            proof = await store.log.get_proof(conn, proofs.consistency(old_size, new.size))
            try:
                verifier.check_consistency(old_size, new.size, proof, old_root, new.root)
            except verifier.ProofRefusedError as error:
                raise RefusedError(
                    f"the log of {new.size} entries does not go on from the {old_size} that were "
                    f"published ({error}): it was forked or changed"
                ) from error

    async def _write_objects(self, conn: sql.Connection, size: int, since: int) -> None:
        """Tiles, bundles and encrypted payloads of the tree of `size` that `since` had not."""
        addresses = list(tiles.of_tree(size, since=since))
        hashes = [address for address in addresses if address.level != tiles.ENTRIES]
        for at in range(0, len(hashes), tree.TILE_HASHES):
            found = await store.log.get_tiles(conn, hashes[at : at + tree.TILE_HASHES])
            files = {address.path: content for address, content in found.items()}
            await asyncio.to_thread(self._objects.create, files)
        start = since // tree.TILE_HASHES * tree.TILE_HASHES
        while start < size:
            last = await store.log.get_step(conn, start - 1, size, ENTRIES_PER_STEP)
            assert last is not None, "an index is missing from the log"
            whole = (last + 1) // tree.TILE_HASHES * tree.TILE_HASHES
            end = min(size, max(whole, start + tree.TILE_HASHES))
            bundles, sealed = await store.log.get_bundles(conn, start, end - 1)
            files = {address.path: content for address, content in bundles.items()}
            files |= {payload_path(address): content for address, content in sealed.items()}
            await asyncio.to_thread(self._objects.create, files)
            start = end
        full = [address for address in addresses if address.is_full]
        if full:
            await asyncio.to_thread(self._remove_partial, full)

    def _remove_partial(self, full: list[tiles.Address]) -> None:
        """A full tile takes the place of the partial ones before it."""
        for folder in itertools.chain.from_iterable(map(_partial_folders, full)):
            self._objects.remove(folder)

    async def _sign(
        self, conn: sql.Connection, checkpoint: notes.Checkpoint, positions: str
    ) -> None:
        """Claims the size, signs, publishes; nothing where another publisher was faster."""
        async with conn.transaction():
            if not await store.log.lock_publisher(conn):
                return
            newest = await store.log.get_checkpoint(conn)
            if newest is not None and newest.size >= checkpoint.size:
                return
            await asyncio.to_thread(self._claim, checkpoint)
            note = notes.sign(checkpoint.body(), self._signer)
            failpoints.hit("between_sign_and_publish")
            await store.log.add_checkpoint(conn, checkpoint, note, positions)
        await self._put(conn)
        self._published = checkpoint.size, checkpoint.root
        CHECKPOINT_SIZE.set(checkpoint.size)

    def _claim(self, checkpoint: notes.Checkpoint) -> None:
        """The root of this size, for ever. Raises RefusedError where another one is."""
        path = head_path(checkpoint.size)
        if not self._objects.create({path: checkpoint.root}):
            claimed = self._objects.read(path)
            if claimed != checkpoint.root:
                raise RefusedError(f"size {checkpoint.size} was published with another root")

    async def _put(self, conn: sql.Connection) -> None:
        """Puts what was signed last into the object store. Publishers take turns, and who has none
        leaves it to the next time: an older checkpoint never comes after a newer one."""
        async with conn.transaction():
            if await store.log.lock_publisher(conn):
                newest = await store.log.get_checkpoint(conn)
                if newest is not None:
                    await asyncio.to_thread(self._replace, newest)

    def _replace(self, newest: store.log.Checkpoint) -> None:
        """The checkpoint that lies there, and then the partial tiles that only it needs."""
        lies = self._open_checkpoint()
        if lies is None or lies.size < newest.size:
            self._objects.put("checkpoint", newest.note.encode())
            self._remove_narrower(newest.size, since=0 if lies is None else lies.size)

    def _open_checkpoint(self) -> notes.Checkpoint | None:
        """What lies there, if it is one of this log."""
        note = self._objects.read("checkpoint")
        if note is None:
            return None
        try:
            key = self._signer.verifier_key
            return notes.open_checkpoint(note.decode(), key, origin=self._signer.name)
        except ValueError:  # refused, or no text
            return None

    def _remove_narrower(self, size: int, since: int) -> None:
        """The partial tiles of a tree of `size`, which is out, take the place of those of smaller
        trees: else a bundle's entries would lie there once for each checkpoint."""
        for address in tiles.of_tree(size, since=since):
            if not address.is_full:
                for folder in _partial_folders(address):
                    widths = map(int, self._objects.names(folder))
                    narrower = [width for width in widths if width < address.width]
                    self._objects.remove_files(f"{folder}/{width}" for width in narrower)


def _now(edge: tree.Edge) -> tuple[int, bytes]:
    return edge.size, tree.root(edge)


def head_path(size: int) -> str:
    """Where the root of a published size lies: in folders that can be listed."""
    return f"head/{size // HEADS_PER_FOLDER:07d}/{size:013d}"


def newest_head(objects: Objects) -> tuple[int, bytes]:
    """Size and root of the largest tree that was published; the empty one where none was."""
    for folder in reversed(objects.names("head")):
        for name in reversed(objects.names(f"head/{folder}")):
            root = objects.read(f"head/{folder}/{name}")
            assert root is not None
            return int(name), root
    return 0, tree.EMPTY_ROOT


def payload_path(address: tiles.Address) -> str:
    """Where the encrypted events of an entry bundle lie."""
    return address.path.replace("tile/entries/", "payload/")


def _partial_folders(address: tiles.Address) -> set[str]:
    """Where the partial widths of a tile lie, and those of its encrypted events."""
    whole = address._replace(width=tree.TILE_HASHES)
    return {f"{path}.p" for path in (whole.path, payload_path(whole))}
