"""The publisher on a real database and a folder: what it signs only grows."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from services.ledger import store
from services.ledger.domain.log import notes, tiles, verifier
from services.ledger.publishing import create_log, paths, publisher
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import sql
from shared.delivery import failpoints
from tests.support import ledger_service as build


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


def objects(service: build.LedgerService) -> Objects:
    return Objects(service.settings.objects_folder)


def signed(service: build.LedgerService) -> Objects:
    return Objects(service.settings.signed_folder)


def opened(service: build.LedgerService) -> notes.Checkpoint:
    """The checkpoint in the object store."""
    note = objects(service).read("checkpoint")
    assert note is not None
    return notes.open_checkpoint(note.decode(), service.verifier_key, origin=build.ORIGIN)


async def second(service: build.LedgerService) -> publisher.Publisher:
    signer = await create_log.load_signer(service.settings, service.pool)
    return publisher.Publisher(
        service.pool, objects(service), signed(service), signer, service.brake
    )


class TestPublisher:
    async def test_signs_the_root_of_the_leaves(self, service: build.LedgerService) -> None:
        """The checkpoint has the size and root of what was appended, signed by the log's key."""
        await service.append(*(build.received(n) for n in range(300)))
        assert 300 == await service.publisher.publish()
        root = verifier.compute_root(map(verifier.hash_leaf, await service.leaves()))
        assert notes.Checkpoint(build.ORIGIN, 300, root) == opened(service)

    async def test_signs_only_what_grew(self, service: build.LedgerService) -> None:
        """The empty log once, then nothing until it has grown."""
        found = [await service.publisher.publish() for _ in range(2)]
        await service.append(build.received(1))
        found += [await service.publisher.publish() for _ in range(2)]
        assert [0, None, 1, None] == found

    @pytest.mark.parametrize("length", [1, store.log.BYTES_PER_STEP])
    async def test_leaves_a_log_that_others_can_read(
        self, service: build.LedgerService, monkeypatch: pytest.MonkeyPatch, length: int
    ) -> None:
        """All tiles and bundles of the last checkpoint, and no partial tile of a full one; in
        steps of one bundle, or in one step."""
        monkeypatch.setattr(store.log, "BYTES_PER_STEP", length)
        for start, end in ((0, 10), (10, 255), (255, 600)):
            await service.append(*(build.received(n) for n in range(start, end)))
            await service.publisher.publish()
        store_ = objects(service)
        entries: list[bytes] = []
        sealed = b""
        for address in tiles.of_tree(600):
            content = store_.read(address.path)
            assert content is not None, address.path
            if address.level == tiles.ENTRIES:
                entries += tiles.read_bundle(content)
                sealed += store_.read(paths.payload_path(address)) or b""
        assert await service.leaves() == entries
        rows = await service.pool.fetch("SELECT ciphertext FROM entry ORDER BY idx")
        assert b"".join(struct.pack(">I", len(text)) + text for (text,) in rows) == sealed
        assert ["000", "001", "002.p"] == store_.names("tile/entries")
        assert ["000", "001", "002.p"] == store_.names("payload")

    async def test_keeps_one_width_of_a_partial_tile(self, service: build.LedgerService) -> None:
        """That of the published checkpoint, which can be proved from the files alone."""
        sizes = (300, 520, 530, 540)
        for start, end in pairwise((0, *sizes)):
            await service.append(*(build.received(n) for n in range(start, end)))
            await service.publisher.publish()
        store_, partial = objects(service), ("tile/0/002", "tile/entries/002", "payload/002")
        assert [["28"]] * 3 == [store_.names(f"{path}.p") for path in partial]
        assert ["2"] == store_.names("tile/1/000.p")
        found = opened(service)
        files = {each: store_.read(each.path) or b"" for each in tiles.of_tree(found.size)}
        entries = [
            leaf
            for each, text in files.items()
            if each.level == tiles.ENTRIES
            for leaf in tiles.read_bundle(text)
        ]
        hashes = [verifier.hash_leaf(leaf) for leaf in entries]
        assert (sizes[-1], verifier.compute_root(hashes)) == (found.size, found.root)
        row = b"".join(text for each, text in files.items() if each.level == 0)
        assert b"".join(hashes) == row

    async def test_continues_after_a_kill_between_signing_and_publishing(
        self, service: build.LedgerService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The size is claimed but not published: the next publisher signs the same root."""
        await service.append(build.received(1))

        def die(name: str) -> None:
            raise KeyboardInterrupt(name)

        with monkeypatch.context() as armed:
            armed.setattr(failpoints, "hit", die)
            with pytest.raises(KeyboardInterrupt, match="between_sign_and_publish"):
                await service.publisher.publish()
        assert None is objects(service).read("checkpoint")
        after = await second(service)
        await after.examine()
        assert 1 == await after.publish()
        assert 1 == opened(service).size

    async def test_publishes_what_a_kill_left_undone(self, service: build.LedgerService) -> None:
        """A checkpoint that is only in the database is put into the object store."""
        await service.append(build.received(1))
        await service.publisher.publish()
        (service.settings.objects_folder / "checkpoint").unlink()
        assert None is await (await second(service)).publish()
        assert 1 == opened(service).size

    async def test_puts_the_newest_over_an_older_one(self, service: build.LedgerService) -> None:
        """Also if this publisher had put the newest there itself, and over what cannot be read."""
        await service.append(build.received(1))
        await service.publisher.publish()
        old = objects(service).read("checkpoint")
        assert old is not None
        await service.append(build.received(2))
        await service.publisher.publish()
        for lies in (old, b"\xff"):
            objects(service).put("checkpoint", lies)
            assert None is await service.publisher.publish()
            assert 2 == opened(service).size

    async def test_puts_none_over_a_newer_one(self, service: build.LedgerService) -> None:
        """What is published stays, whatever the database says."""
        await service.append(build.received(1))
        await service.publisher.publish()
        signer = await create_log.load_signer(service.settings, service.pool)
        newer = notes.sign(notes.Checkpoint(build.ORIGIN, 3, bytes(32)).body(), signer)
        objects(service).put("checkpoint", newer.encode())
        for one in (service.publisher, await second(service)):
            await one.publish()
            assert 3 == opened(service).size

    @pytest.mark.parametrize(
        ("act", "module", "asked"),
        [("publish", store.checkpoints, "get_frontier"), ("examine", store.log, "get_head")],
    )
    async def test_may_be_overtaken(
        self,
        service: build.LedgerService,
        monkeypatch: pytest.MonkeyPatch,
        act: str,
        module: Any,
        asked: str,
    ) -> None:
        """What another publisher signs meanwhile is not mistaken for lost entries."""
        other = await second(service)
        await service.append(build.received(1))
        await service.publisher.publish()
        ask = getattr(module, asked)

        async def and_publish(conn: sql.Connection) -> Any:
            found = await ask(conn)
            monkeypatch.undo()
            await service.append(build.received(2))
            await other.publish()
            return found

        monkeypatch.setattr(module, asked, and_publish)
        await getattr(service.publisher, act)()
        assert 2 == opened(service).size

    async def test_works_at_the_same_time_as_another(self, service: build.LedgerService) -> None:
        """Of two publishers at once, each size has one root and checkpoints only grow."""
        other = await second(service)
        signed = [0, 0]
        appended = 0

        def enough() -> bool:
            """Twenty entries, and both publishers have signed a checkpoint."""
            return appended >= 20 and all(signed)

        async def work(which: int, one: publisher.Publisher) -> None:
            while not enough():
                signed[which] += await one.publish() is not None

        async def append() -> None:
            nonlocal appended
            while not enough():
                await service.append(build.received(appended))
                appended += 1

        async with asyncio.timeout(30):
            await asyncio.gather(work(0, service.publisher), work(1, other), append())
        await service.publisher.publish()
        rows = await service.pool.fetch("SELECT size, root FROM checkpoint ORDER BY size")
        assert appended == opened(service).size
        hashes = [verifier.hash_leaf(leaf) for leaf in await service.leaves()]
        assert appended == rows[-1]["size"]
        for size, root in rows:
            assert verifier.compute_root(hashes[:size]) == root
            assert root == objects(service).read(paths.head_path(size))

    async def test_stops_on_an_alarm(self, service: build.LedgerService) -> None:
        """After a refusal nothing is signed any more."""
        service.brake.stop("log_shrunk", "a test says so")
        await service.append(build.received(1))
        running = asyncio.create_task(service.publisher.run(0.001))
        done, _ = await asyncio.wait([running], timeout=0.1)
        running.cancel()
        assert set() == done
        assert [] == await service.pool.fetch("SELECT 1 FROM checkpoint")


class TestRefusal:
    async def test_of_a_log_restored_from_before(self, service: build.LedgerService) -> None:
        """More was published than the database has: nothing is signed, and the error says why."""
        await service.append(*(build.received(n) for n in range(3)))
        await service.publisher.publish()
        root = verifier.hash_leaf((await service.leaves())[0])
        await service.superuser(
            "DELETE FROM entry WHERE idx > 0",
            "DELETE FROM checkpoint",
            f"UPDATE head SET size = 1, edge = '\\x{root.hex()}'",
        )
        for act in ((await second(service)).examine, service.publisher.publish):
            with pytest.raises(publisher.RefusedError, match="has 1 entries, but 3 were published"):
                await act()
        assert [] == await service.pool.fetch("SELECT 1 FROM checkpoint")

    async def test_of_a_fork(self, service: build.LedgerService) -> None:
        """The log is long enough, but its entries are not those that were published."""
        await service.append(build.received(1), build.received(2))
        await service.publisher.publish()
        forged = verifier.hash_leaf(b"another first entry").hex()
        await service.superuser(
            "DELETE FROM checkpoint",
            f"UPDATE head SET edge = decode('{forged}', 'hex') || substring(edge FROM 33)",
        )
        await service.append(build.received(3))
        for act in ((await second(service)).examine, service.publisher.publish):
            with pytest.raises(publisher.RefusedError, match="forked or changed"):
                await act()

    async def test_of_a_second_root_for_a_size(self, service: build.LedgerService) -> None:
        """Two logs publish to one folder: the first root of a size stays."""
        await service.append(build.received(1))
        objects(service).create({paths.head_path(1): bytes(32)})
        with pytest.raises(publisher.RefusedError, match="published with a different root"):
            await service.publisher.publish()

    async def test_of_another_key(self, service: build.LedgerService) -> None:
        """A new key in place of the log's key signs nothing."""
        signer = notes.SignerKey(build.ORIGIN, bytes(32))
        other = publisher.Publisher(
            service.pool, objects(service), signed(service), signer, service.brake
        )
        with pytest.raises(publisher.RefusedError, match="restore the log's key"):
            await other.examine()


class TestCreateLog:
    async def test_happens_once(self, service: build.LedgerService) -> None:
        """A second log is refused; `--if-absent` accepts the first."""
        with pytest.raises(create_log.LogExistsError, match="holds the log"):
            await create_log.create(service.settings, build.ORIGIN)
        again = await create_log.create(service.settings, build.ORIGIN, if_absent=True)
        assert service.verifier_key.encode() == again
        with pytest.raises(create_log.LogExistsError, match="holds the log"):
            await create_log.create(service.settings, "another.test/log", if_absent=True)

    @pytest.mark.parametrize("if_absent", [False, True])
    async def test_is_refused_over_what_was_published(
        self, service: build.LedgerService, if_absent: bool
    ) -> None:
        """If a log was published and the database is empty, the log was lost."""
        await service.publisher.publish()
        await service.superuser("DELETE FROM head")
        with pytest.raises(create_log.LogExistsError, match="restore the database"):
            await create_log.create(service.settings, build.ORIGIN, if_absent=if_absent)
        with pytest.raises(store.log.NoLogError, match="create-log"):
            await create_log.load_signer(service.settings, service.pool)

    async def test_is_refused_for_a_name_no_key_can_have(
        self, service: build.LedgerService
    ) -> None:
        """Nothing is left behind, neither key nor head."""
        await service.superuser("DELETE FROM head")
        shutil.rmtree(service.settings.state)
        with pytest.raises(notes.KeyRefusedError):
            await create_log.create(service.settings, "a name with blanks")
        assert not service.settings.key_path.exists()

    async def test_creates_the_only_key(self, service: build.LedgerService) -> None:
        """Without the key nothing is signed, and no other key is created."""
        assert 0o600 == service.settings.key_path.stat().st_mode & 0o777
        service.settings.key_path.unlink()
        with pytest.raises(create_log.NoKeyError, match="restore it"):
            await create_log.load_signer(service.settings, service.pool)
        assert not service.settings.key_path.exists()

    async def test_needs_a_database_that_was_migrated(self, database: str, tmp_path: Path) -> None:
        """It creates no table."""
        settings = Settings(
            kafka_bootstrap_servers="nowhere:9092", database_url=SecretStr(database), state=tmp_path
        )
        with pytest.raises(Exception, match="does not exist"):
            await create_log.create(settings, build.ORIGIN)


class TestObjects:
    def test_appear_whole_or_not_at_all(self, tmp_path: Path) -> None:
        """Drafts that a kill left behind do not count, and `create` replaces nothing."""
        made = Objects(tmp_path)
        assert {"a/b", "a/c"} == made.create({"a/b": b"1", "a/c": b"2"})
        assert {"a/d"} == made.create({"a/b": b"9", "a/d": b"3"})
        (tmp_path / "a" / ".e.1234").write_bytes(b"half")
        assert ["b", "c", "d"] == made.names("a")
        made.put("a/b", b"4")
        assert (b"4", None) == (made.read("a/b"), made.read("a/e"))
        made.remove("a")
        assert [] == made.names("a")
