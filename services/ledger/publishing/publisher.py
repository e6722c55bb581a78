"""The publisher: signs the log at its new size, after it has shown that the log only grew.

Promises: a checkpoint is signed only after the independent verifier found the tree consistent with
the last signed one, and after every tile, bundle and encrypted event of it is in the object store.
The root of each size is kept there as `head/…` and never replaced: a size may be signed again with
the same root, but never with another. The last signed checkpoint is kept a second time, elsewhere:
whoever takes the log back in the database and in the object store is found. Two publishers do not
disturb each other.

Refuses to sign, with an alarm that says why: a log that is shorter than what was published or
signed, or does not continue it (a database restored from an old backup, a fork), and a key that is
not the log's.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Final

from services.ledger import metrics, store
from services.ledger.domain.log import notes, proofs, tiles, tree, verifier
from services.ledger.publishing import paths
from services.ledger.publishing.brake import Brake
from services.ledger.publishing.objects import Objects
from shared import log, sql
from shared.delivery import failpoints

ENTRIES_PER_STEP: Final = 16 * tree.TILE_HASHES
"""Entries in memory together, as rows and as bundles. Fewer if their events are long, but at least
those of one bundle, which is one file."""

_log = log.get(__name__)


class RefusedError(Exception):
    """The log is not the one that was published. The message says how it differs."""


class Publisher:
    """Signs with `signer`, writes to `objects`, and keeps what it signed last in `signed`."""

    def __init__(
        self,
        pool: sql.Pool,
        objects: Objects,
        signed: Objects,
        signer: notes.SignerKey,
        brake: Brake,
    ) -> None:
        self._pool, self._objects, self._signed = pool, objects, signed
        self._signer, self._brake = signer, brake
        self._published = tree.EMPTY_HEAD
        """The newest head that is known to be published."""

    async def run(self, pause_seconds: float) -> None:
        """Publishes for ever. Once the brake is on, it publishes nothing more."""
        covered = time.monotonic()
        metrics.CHECKPOINT_AGE.set_function(lambda: time.monotonic() - covered)
        while self._brake.words is None:
            began = time.monotonic()
            try:
                await self.publish()
                covered = began
            except RefusedError as error:
                self._brake.stop("publisher_refuses", str(error))
            except sql.BROKEN as error:
                _log.warning("Publishing failed; it is tried again.", error=repr(error))
            await asyncio.sleep(max(0.0, pause_seconds - (time.monotonic() - began)))
        await asyncio.Event().wait()

    async def examine(self) -> None:
        """Checks that the log continues all that was published, and that the key is the log's.
        Raises RefusedError, NoLogError."""
        async with self._pool.acquire() as conn:
            published = await asyncio.to_thread(paths.newest_head, self._objects)
            newest, kept = await self._find_signed(conn)
            head = await store.log.get_head(conn)  # last: meanwhile another publisher may sign
            own_key = self._signer.verifier_key.encode()
            if head.verifier_key != own_key:
                raise RefusedError(
                    f"the key here is {own_key}, but the log's is {head.verifier_key}: restore the "
                    "log's key"
                )
            self._published = published
            await self._check_grown(conn, tree.head(head.edge), newest, kept)

    async def publish(self) -> int | None:
        """Signs the tree as it is now. Returns its size, or None if it has not grown. Raises
        RefusedError."""
        async with self._pool.acquire() as conn:
            await self._put(conn)  # a kill may have come between database and object store
            # before the frontier: meanwhile another publisher may sign
            newest, kept = await self._find_signed(conn)
            size, next_offsets = await store.checkpoints.get_frontier(conn)
            if newest is not None and newest.size == size >= self._published.size:
                return None
            with metrics.PUBLISH_SECONDS.time():
                head = tree.head(await store.log.get_edge(conn, size))
                await self._check_grown(conn, head, newest, kept)
                since = 0 if newest is None else newest.size
                await self._write_objects(conn, size, since)
                checkpoint = notes.Checkpoint(self._signer.name, head.size, head.root)
                await self._sign(conn, checkpoint, next_offsets)
        return size

    async def _find_signed(
        self, conn: sql.Connection
    ) -> tuple[store.rows.StoredCheckpoint | None, notes.Checkpoint | None]:
        """What was signed last: as the database has it, and as it is kept a second time."""
        newest = await store.checkpoints.find_checkpoint(conn)
        return newest, await asyncio.to_thread(self._open_checkpoint, self._signed)

    async def _check_grown(
        self,
        conn: sql.Connection,
        new: tree.TreeHead,
        newest: store.rows.StoredCheckpoint | None,
        kept: notes.Checkpoint | None,
    ) -> None:
        """That `new` continues what was published and what was signed. Raises RefusedError."""
        before = {self._published}  # mostly the three are the same
        before |= {newest.head} if newest else set()
        before |= {tree.TreeHead(kept.size, kept.root)} if kept else set()
        for old in before:
            if new.size < old.size:
                raise RefusedError(
                    f"the log has {new.size} entries, but {old.size} were published: it was "
                    "restored from an older backup, was taken back, or is a different log"
                )
            if old.size == 0:
                continue  # every tree continues the empty one
            proof = await store.log.get_proof(conn, proofs.consistency(old.size, new.size))
            try:
                verifier.check_consistency(old.size, new.size, proof, old.root, new.root)
            except verifier.ProofRefusedError as error:
                raise RefusedError(
                    f"the log of {new.size} entries does not continue the {old.size} that were "
                    f"published ({error}): it was forked or changed"
                ) from error

    async def _write_objects(self, conn: sql.Connection, size: int, since: int) -> None:
        """Tiles, bundles and encrypted events that the tree of `size` adds to that of `since`."""
        addresses = list(tiles.of_tree(size, since=since))
        hashes = [address for address in addresses if address.level != tiles.ENTRIES]
        for at in range(0, len(hashes), tree.TILE_HASHES):
            found = await store.log.load_tiles(conn, hashes[at : at + tree.TILE_HASHES])
            files = {address.path: content for address, content in found.items()}
            await asyncio.to_thread(self._objects.create, files)
        start = since // tree.TILE_HASHES * tree.TILE_HASHES
        while start < size:
            last = await store.log.find_step(conn, start - 1, size, ENTRIES_PER_STEP)
            assert last is not None, "an index is missing from the log"
            whole = (last + 1) // tree.TILE_HASHES * tree.TILE_HASHES
            end = min(size, max(whole, start + tree.TILE_HASHES))
            bundles = await store.checkpoints.load_bundles(conn, start, end - 1)
            files = {address.path: content for address, content in bundles.leaves.items()}
            files |= {
                paths.payload_path(address): content for address, content in bundles.events.items()
            }
            await asyncio.to_thread(self._objects.create, files)
            start = end
        full = [address for address in addresses if address.is_full]
        if full:
            await asyncio.to_thread(self._remove_partial, full)

    def _remove_partial(self, full: list[tiles.Address]) -> None:
        """Removes the partial tiles that these full ones replace."""
        for folder in itertools.chain.from_iterable(map(paths.partial_folders, full)):
            self._objects.remove(folder)

    async def _sign(
        self, conn: sql.Connection, checkpoint: notes.Checkpoint, next_offsets: str
    ) -> None:
        """Claims the size, signs, publishes. Does nothing if another publisher was faster."""
        async with conn.transaction():
            if not await store.checkpoints.lock_publisher(conn):
                return
            newest = await store.checkpoints.find_checkpoint(conn)
            if newest is not None and newest.size >= checkpoint.size:
                return
            await asyncio.to_thread(self._claim, checkpoint)
            note = notes.sign(checkpoint.body(), self._signer)
            await asyncio.to_thread(self._signed.put, paths.CHECKPOINT, note.encode())
            failpoints.hit("between_sign_and_publish")
            await store.checkpoints.add_checkpoint(conn, checkpoint, note, next_offsets)
        await self._put(conn)
        self._published = tree.TreeHead(checkpoint.size, checkpoint.root)
        metrics.CHECKPOINT_SIZE.set(checkpoint.size)

    def _claim(self, checkpoint: notes.Checkpoint) -> None:
        """Fixes the root of this size for ever. Raises RefusedError if it has another one."""
        path = paths.head_path(checkpoint.size)
        if not self._objects.create({path: checkpoint.root}):
            claimed = self._objects.read(path)
            if claimed != checkpoint.root:
                raise RefusedError(f"size {checkpoint.size} was published with a different root")

    async def _put(self, conn: sql.Connection) -> None:
        """Puts the newest checkpoint into the object store. Publishers take turns. One that does
        not get its turn leaves it to the next round, so that an older checkpoint never replaces a
        newer one."""
        async with conn.transaction():
            if await store.checkpoints.lock_publisher(conn):
                newest = await store.checkpoints.find_checkpoint(conn)
                if newest is not None:
                    await asyncio.to_thread(self._replace, newest)

    def _replace(self, newest: store.rows.StoredCheckpoint) -> None:
        """Replaces an older checkpoint, then removes the partial tiles that only that one needs."""
        published = self._open_checkpoint(self._objects)
        if published is None or published.size < newest.size:
            self._objects.put(paths.CHECKPOINT, newest.note.encode())
            self._remove_narrower(newest.size, since=0 if published is None else published.size)

    def _open_checkpoint(self, kept_in: Objects) -> notes.Checkpoint | None:
        """The checkpoint that is kept there, if it is one of this log."""
        note = kept_in.read(paths.CHECKPOINT)
        if note is None:
            return None
        try:
            key = self._signer.verifier_key
            return notes.open_checkpoint(note.decode(), key, origin=self._signer.name)
        except ValueError:  # refused, or not text
            return None

    def _remove_narrower(self, size: int, since: int) -> None:
        """Keeps one width of each partial tile, that of the published tree of `size`. Otherwise
        the entries of a bundle would be stored once for each checkpoint."""
        for address in tiles.of_tree(size, since=since):
            if not address.is_full:
                for folder in paths.partial_folders(address):
                    widths = map(int, self._objects.names(folder))
                    narrower = [width for width in widths if width < address.width]
                    self._objects.remove_files(f"{folder}/{width}" for width in narrower)
