"""The publisher on a real database and a folder: what is signed only grows."""

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
from services.ledger.publishing import create_log, publisher
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import sql
from shared.delivery import failpoints
from tests.support import ledger_service as build


@pytest.fixture
async def house(database: str, tmp_path: Path) -> AsyncIterator[build.House]:
    async with build.at_work(database, tmp_path) as made:
        yield made


def objects(house: build.House) -> Objects:
    return Objects(house.settings.objects_folder)


def opened(house: build.House) -> notes.Checkpoint:
    """What lies in the object store as the checkpoint."""
    note = objects(house).read("checkpoint")
    assert note is not None
    return notes.open_checkpoint(note.decode(), house.verifier_key, origin=build.ORIGIN)


async def second(house: build.House) -> publisher.Publisher:
    signer = await create_log.load_signer(house.settings, house.pool)
    return publisher.Publisher(house.pool, objects(house), signer, house.alarm)


class TestPublisher:
    async def test_signs_the_root_of_the_leaves(self, house: build.House) -> None:
        """Size and root are those of what was appended, under the log's key."""
        await house.take(*(build.received(n) for n in range(300)))
        assert 300 == await house.publisher.publish()
        root = verifier.compute_root(map(verifier.hash_leaf, await house.leaves()))
        assert notes.Checkpoint(build.ORIGIN, 300, root) == opened(house)

    async def test_signs_only_what_grew(self, house: build.House) -> None:
        """The empty log once; then nothing until there is more."""
        found = [await house.publisher.publish() for _ in range(2)]
        await house.take(build.received(1))
        found += [await house.publisher.publish() for _ in range(2)]
        assert [0, None, 1, None] == found

    @pytest.mark.parametrize("length", [1, store.log.BYTES_PER_STEP])
    async def test_leaves_a_log_that_others_can_read(
        self, house: build.House, monkeypatch: pytest.MonkeyPatch, length: int
    ) -> None:
        """Tiles and bundles of the last checkpoint, in full, and no partial one beside a full; in
        steps of a bundle, or of all."""
        monkeypatch.setattr(store.log, "BYTES_PER_STEP", length)
        for start, end in ((0, 10), (10, 255), (255, 600)):
            await house.take(*(build.received(n) for n in range(start, end)))
            await house.publisher.publish()
        store_ = objects(house)
        entries: list[bytes] = []
        sealed = b""
        for address in tiles.of_tree(600):
            content = store_.read(address.path)
            assert content is not None, address.path
            if address.level == tiles.ENTRIES:
                entries += tiles.read_bundle(content)
                sealed += store_.read(publisher.payload_path(address)) or b""
        assert await house.leaves() == entries
        rows = await house.pool.fetch("SELECT ciphertext FROM entry ORDER BY idx")
        assert b"".join(struct.pack(">I", len(text)) + text for (text,) in rows) == sealed
        assert ["000", "001", "002.p"] == store_.names("tile/entries")
        assert ["000", "001", "002.p"] == store_.names("payload")

    async def test_keeps_one_width_of_a_partial_tile(self, house: build.House) -> None:
        """That of the checkpoint that is out, which can be proved from what lies there."""
        sizes = (300, 520, 530, 540)
        for start, end in pairwise((0, *sizes)):
            await house.take(*(build.received(n) for n in range(start, end)))
            await house.publisher.publish()
        store_, partial = objects(house), ("tile/0/002", "tile/entries/002", "payload/002")
        assert [["28"]] * 3 == [store_.names(f"{path}.p") for path in partial]
        assert ["2"] == store_.names("tile/1/000.p")
        found = opened(house)
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

    async def test_goes_on_after_a_kill_between_signing_and_publishing(
        self, house: build.House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The size is claimed, nothing is out: the next publisher signs the same root."""
        await house.take(build.received(1))

        def die(name: str) -> None:
            raise KeyboardInterrupt(name)

        with monkeypatch.context() as armed:
            armed.setattr(failpoints, "hit", die)
            with pytest.raises(KeyboardInterrupt, match="between_sign_and_publish"):
                await house.publisher.publish()
        assert None is objects(house).read("checkpoint")
        after = await second(house)
        await after.examine()
        assert 1 == await after.publish()
        assert 1 == opened(house).size

    async def test_puts_what_a_kill_left_undone(self, house: build.House) -> None:
        """A checkpoint that is in the database only comes into the object store."""
        await house.take(build.received(1))
        await house.publisher.publish()
        (house.settings.objects_folder / "checkpoint").unlink()
        assert None is await (await second(house)).publish()
        assert 1 == opened(house).size

    async def test_puts_the_newest_over_an_older_one(self, house: build.House) -> None:
        """Whoever put it there, also beneath a publisher that put the newest itself; and over what
        nobody can read."""
        await house.take(build.received(1))
        await house.publisher.publish()
        old = objects(house).read("checkpoint")
        assert old is not None
        await house.take(build.received(2))
        await house.publisher.publish()
        for lies in (old, b"\xff"):
            objects(house).put("checkpoint", lies)
            assert None is await house.publisher.publish()
            assert 2 == opened(house).size

    async def test_puts_none_over_a_newer_one(self, house: build.House) -> None:
        """What is out stays out, whatever the database says."""
        await house.take(build.received(1))
        await house.publisher.publish()
        signer = await create_log.load_signer(house.settings, house.pool)
        newer = notes.sign(notes.Checkpoint(build.ORIGIN, 3, bytes(32)).body(), signer)
        objects(house).put("checkpoint", newer.encode())
        for one in (house.publisher, await second(house)):
            await one.publish()
            assert 3 == opened(house).size

    @pytest.mark.parametrize(
        ("act", "asked"), [("publish", "get_frontier"), ("examine", "get_head")]
    )
    async def test_may_be_overtaken(
        self, house: build.House, monkeypatch: pytest.MonkeyPatch, act: str, asked: str
    ) -> None:
        """What another one signs while it looks at the log is no loss of entries."""
        other = await second(house)
        await house.take(build.received(1))
        await house.publisher.publish()
        ask = getattr(store.log, asked)

        async def and_publish(conn: sql.Connection) -> Any:
            found = await ask(conn)
            monkeypatch.undo()
            await house.take(build.received(2))
            await other.publish()
            return found

        monkeypatch.setattr(store.log, asked, and_publish)
        await getattr(house.publisher, act)()
        assert 2 == opened(house).size

    async def test_works_beside_another_one(self, house: build.House) -> None:
        """Two publishers at once: each size has one root, checkpoints only grow."""
        other = await second(house)
        signed = [0, 0]
        appended = 0

        def enough() -> bool:
            """Twenty entries, and neither publisher without a checkpoint of its own."""
            return appended >= 20 and all(signed)

        async def work(which: int, one: publisher.Publisher) -> None:
            while not enough():
                signed[which] += await one.publish() is not None

        async def append() -> None:
            nonlocal appended
            while not enough():
                await house.take(build.received(appended))
                appended += 1

        async with asyncio.timeout(30):
            await asyncio.gather(work(0, house.publisher), work(1, other), append())
        await house.publisher.publish()
        rows = await house.pool.fetch("SELECT size, root FROM checkpoint ORDER BY size")
        assert appended == opened(house).size
        hashes = [verifier.hash_leaf(leaf) for leaf in await house.leaves()]
        assert appended == rows[-1]["size"]
        for size, root in rows:
            assert verifier.compute_root(hashes[:size]) == root
            assert root == objects(house).read(publisher.head_path(size))

    async def test_stands_still_on_an_alarm(self, house: build.House) -> None:
        """What was refused once is not signed later: the loop has ended."""
        house.alarm.stop("log_shrunk", "a test says so")
        await house.take(build.received(1))
        running = asyncio.create_task(house.publisher.run(0.001))
        done, _ = await asyncio.wait([running], timeout=0.1)
        running.cancel()
        assert set() == done
        assert [] == await house.pool.fetch("SELECT 1 FROM checkpoint")


class TestRefusal:
    async def test_of_a_log_restored_from_before(self, house: build.House) -> None:
        """A published head beyond the database's: nothing is signed, and it says why."""
        await house.take(*(build.received(n) for n in range(3)))
        await house.publisher.publish()
        root = verifier.hash_leaf((await house.leaves())[0])
        await house.superuser(
            "DELETE FROM entry WHERE idx > 0",
            "DELETE FROM checkpoint",
            f"UPDATE head SET size = 1, edge = '\\x{root.hex()}'",
        )
        for act in ((await second(house)).examine, house.publisher.publish):
            with pytest.raises(publisher.RefusedError, match="has 1 entries, but 3 were published"):
                await act()
        assert [] == await house.pool.fetch("SELECT 1 FROM checkpoint")

    async def test_of_a_fork(self, house: build.House) -> None:
        """As many entries and more, but others: it does not go on from what was published."""
        await house.take(build.received(1), build.received(2))
        await house.publisher.publish()
        forged = verifier.hash_leaf(b"another first entry").hex()
        await house.superuser(
            "DELETE FROM checkpoint",
            f"UPDATE head SET edge = decode('{forged}', 'hex') || substring(edge FROM 33)",
        )
        await house.take(build.received(3))
        for act in ((await second(house)).examine, house.publisher.publish):
            with pytest.raises(publisher.RefusedError, match="forked or changed"):
                await act()

    async def test_of_a_second_root_for_a_size(self, house: build.House) -> None:
        """Two logs that publish to one place: the first root of a size stays."""
        await house.take(build.received(1))
        objects(house).create({publisher.head_path(1): bytes(32)})
        with pytest.raises(publisher.RefusedError, match="published with another root"):
            await house.publisher.publish()

    async def test_of_another_key(self, house: build.House) -> None:
        """A new key in the old one's place signs nothing."""
        signer = notes.SignerKey(build.ORIGIN, bytes(32))
        other = publisher.Publisher(house.pool, objects(house), signer, house.alarm)
        with pytest.raises(publisher.RefusedError, match="restore the log's key"):
            await other.examine()


class TestFounding:
    async def test_happens_once(self, house: build.House) -> None:
        """A second log is refused; `--if-absent` is content with the first."""
        with pytest.raises(create_log.ExistsError, match="holds the log"):
            await create_log.create(house.settings, build.ORIGIN)
        again = await create_log.create(house.settings, build.ORIGIN, if_absent=True)
        assert house.verifier_key.encode() == again
        with pytest.raises(create_log.ExistsError, match="holds the log"):
            await create_log.create(house.settings, "another.test/log", if_absent=True)

    @pytest.mark.parametrize("if_absent", [False, True])
    async def test_is_refused_over_what_was_published(
        self, house: build.House, if_absent: bool
    ) -> None:
        """An empty database beside a published log is a loss, not a beginning."""
        await house.publisher.publish()
        await house.superuser("DELETE FROM head")
        with pytest.raises(create_log.ExistsError, match="restore the database"):
            await create_log.create(house.settings, build.ORIGIN, if_absent=if_absent)
        with pytest.raises(store.log.NoLogError, match="create-log"):
            await create_log.load_signer(house.settings, house.pool)

    async def test_is_refused_for_a_name_no_key_can_have(self, house: build.House) -> None:
        """Nothing is left behind: no key, no head."""
        await house.superuser("DELETE FROM head")
        shutil.rmtree(house.settings.state)
        with pytest.raises(notes.KeyRefusedError):
            await create_log.create(house.settings, "a name with blanks")
        assert not house.settings.key_path.exists()

    async def test_makes_the_only_key(self, house: build.House) -> None:
        """Without it nothing is signed, and none is made by the way."""
        assert 0o600 == house.settings.key_path.stat().st_mode & 0o777
        house.settings.key_path.unlink()
        with pytest.raises(create_log.NoKeyError, match="restore it"):
            await create_log.load_signer(house.settings, house.pool)
        assert not house.settings.key_path.exists()

    async def test_needs_a_database_that_was_migrated(self, database: str, tmp_path: Path) -> None:
        """No table is made by the way."""
        settings = Settings(
            kafka_bootstrap_servers="nowhere:9092", database_url=SecretStr(database), state=tmp_path
        )
        with pytest.raises(Exception, match="does not exist"):
            await create_log.create(settings, build.ORIGIN)


class TestObjects:
    def test_appear_whole_or_not_at_all(self, tmp_path: Path) -> None:
        """Drafts that a kill left behind are no objects, and nothing is replaced by `create`."""
        made = Objects(tmp_path)
        assert {"a/b", "a/c"} == made.create({"a/b": b"1", "a/c": b"2"})
        assert {"a/d"} == made.create({"a/b": b"9", "a/d": b"3"})
        (tmp_path / "a" / ".e.1234").write_bytes(b"half")
        assert ["b", "c", "d"] == made.names("a")
        made.put("a/b", b"4")
        assert (b"4", None) == (made.read("a/b"), made.read("a/e"))
        made.remove("a")
        assert [] == made.names("a")
