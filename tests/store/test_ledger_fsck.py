"""fsck: it passes a log that is whole, and finds every kind of tampering."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.ledger import store
from services.ledger.audit import audit, fsck
from services.ledger.publishing import paths
from services.ledger.publishing.objects import Objects
from shared import sql
from shared.delivery import offsets, topics, transaction
from shared.wire import ids
from tests.support import ledger_service as build

COUNT = 300


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    """A log of 300 entries over two contracts, published three times; two repeats, one day."""
    async with build.at_work(database, tmp_path) as made:
        await made.publisher.publish()
        sent = [build.received(n, f"C{n % 2}") for n in range(COUNT)]
        await made.append(*sent[:100])
        await made.publisher.publish()
        await made.append(*sent[100:], build.day(1), *sent[:2])
        await made.publisher.publish()
        yield made


async def check(service: build.LedgerService) -> fsck.Report:
    conn = await asyncpg.connect(service.dsn, server_settings={"search_path": "ledger"})
    try:
        return await fsck.check(conn, build.evidence(service.settings))
    finally:
        await conn.close()


async def failures(service: build.LedgerService) -> dict[str, str]:
    """What is wrong, by place; the last failure of each place."""
    return dict((await check(service)).failures)


class TestWholeLog:
    @pytest.mark.parametrize("length", [100_000, store.log.BYTES_PER_STEP])
    async def test_holds(
        self, service: build.LedgerService, monkeypatch: pytest.MonkeyPatch, length: int
    ) -> None:
        """Nothing is wrong, and the report says how much was seen; in several steps, or in one."""
        monkeypatch.setattr(store.log, "BYTES_PER_STEP", length)
        report = await check(service)
        assert [] == report.failures
        seen = {"entries": 300, "full tiles": 1, "checkpoints": 3, "contracts": 2}
        assert seen | {"events opened": 300, "partitions": 8, "offsets listed": 3} == report.seen

    async def test_may_grow_meanwhile(
        self, service: build.LedgerService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is published after the snapshot is not checked."""
        get_head = store.log.get_stored_head

        async def and_publish(conn: sql.Connection) -> store.rows.StoredHead:
            head = await get_head(conn)
            monkeypatch.undo()
            await service.append(build.received(COUNT))
            await service.publisher.publish()
            return head

        monkeypatch.setattr(store.log, "get_stored_head", and_publish)
        assert {} == await failures(service)

    async def test_may_be_empty(self, database: str, tmp_path: Path) -> None:
        """A new log is whole, before and after its first checkpoint."""
        async with build.at_work(database, tmp_path) as service:
            assert {} == await failures(service)
            await service.publisher.publish()
            assert {} == await failures(service)

    async def test_is_needed(self, database: str, tmp_path: Path) -> None:
        """Without a log there is nothing to check."""
        async with build.at_work(database, tmp_path) as service:
            await service.superuser("DELETE FROM head")
            with pytest.raises(store.log.NoLogError):
                await check(service)


class TestListedOffsets:
    """What has no leaf was listed by the ledger itself, or it is found."""

    async def test_by_the_ledger(self, service: build.LedgerService) -> None:
        """Repeats, a day, a hole and a parked record that it listed itself."""
        hole = transaction.Hole(topics.ALERTS.name, 0, 0, 2)
        await offsets.skip_hole(service.pool, hole, build.PARKING_KEY, has_expired=False)
        await transaction.park(
            service.delivery, build.record(build.received(1), topics.ALERTS, 0, 2), "wrong_key"
        )
        report = await check(service)
        assert [] == report.failures
        assert (5, 1) == (report.seen["offsets listed"], report.seen["records parked"])

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ('UPDATE repeat SET idx = 8 WHERE "offset" = 301', "repeat"),
            ('UPDATE repeat SET mark = NULL WHERE "offset" = 301', "repeat"),
            ("UPDATE passed_day SET day = day + 1", "day"),
        ],
    )
    async def test_by_another_hand(
        self, service: build.LedgerService, change: str, why: str
    ) -> None:
        """Its mark does not hold."""
        await service.superuser(change)
        (found,) = (await check(service)).failures
        assert f"the ledger did not list it as a {why}: its mark does not hold" == found.what

    async def test_as_a_hole(self, service: build.LedgerService) -> None:
        """A day that is said to have been a hole."""
        await service.superuser(
            'INSERT INTO consumer_hole SELECT topic, incarnation, partition, "offset", '
            '"offset" + 1, false, now(), mark FROM passed_day',
            "DELETE FROM passed_day",
        )
        (found,) = (await check(service)).failures
        assert "the ledger did not list it as a hole: its mark does not hold" == found.what

    async def test_as_parked(self, service: build.LedgerService) -> None:
        """A repeat that is said to have been parked."""
        await service.superuser(
            "INSERT INTO parked SELECT topic, incarnation, partition, \"offset\", 'wrong_key', "
            "'0123456789abcdef', '0123456789abcdef' FROM repeat WHERE \"offset\" = 301",
            'DELETE FROM repeat WHERE "offset" = 301',
        )
        (found,) = (await check(service)).failures
        assert "the ledger did not park it: its bytes do not open" == found.what

    async def test_without_the_key(self, service: build.LedgerService) -> None:
        """Then nobody can say, which is a failure."""
        conn = await asyncpg.connect(service.dsn, server_settings={"search_path": "ledger"})
        evidence = dataclasses.replace(build.evidence(service.settings), parking_key=None)
        try:
            report = await fsck.check(conn, evidence)
        finally:
            await conn.close()
        assert ["marks"] == [failure.place for failure in report.failures]


class TestTampering:
    """By a superuser, who has turned the triggers off."""

    async def test_with_a_leaf(self, service: build.LedgerService) -> None:
        """One figure of one entry."""
        await service.superuser(
            """UPDATE entry SET leaf = replace(encode(leaf, 'escape'), '"reported":"7"',
               '"reported":"9"')::bytea WHERE idx = 7"""
        )
        found = await failures(service)
        assert "its hash is not that of its bytes" == found["entry 7"]
        what = "its hashes are not those of the entries under it"
        assert what == found["tile 0 of level 0"]
        assert {"checkpoint 100", "checkpoint 300", "published head 300"} <= found.keys()

    async def test_with_a_leaf_and_its_hash(self, service: build.LedgerService) -> None:
        """The tile, and everything that was signed over it, still give it away."""
        await service.superuser(
            """UPDATE entry SET leaf = replace(encode(leaf, 'escape'), '"reported":"7"',
               '"reported":"9"')::bytea WHERE idx = 7""",
            "UPDATE entry SET leaf_hash = sha256('\\x00'::bytea || leaf) WHERE idx = 7",
        )
        found = await failures(service)
        assert {"tile 0 of level 0", "entry 9", "checkpoint 100", "head"} <= found.keys()
        assert "entry 7" not in found

    async def test_with_the_end(self, service: build.LedgerService) -> None:
        """Without its last entries, the log is shorter than what was signed."""
        tables = ("entry", "payload_key", "entry_index")
        await service.superuser(*(f"DELETE FROM {table} WHERE idx >= 290" for table in tables))
        found = await failures(service)
        assert "it covers more than the 290 stored entries" == found["checkpoint 300"]
        assert {"head", "published head 300", f"{topics.RETURNS.name}[0] (incarnation 1)"} <= set(
            found
        )

    async def test_with_the_order(self, service: build.LedgerService) -> None:
        """Two entries that changed places."""
        await service.superuser(
            "ALTER TABLE entry DROP CONSTRAINT entry_from_zero",
            "UPDATE entry SET idx = -1 WHERE idx = 20",
            "UPDATE entry SET idx = 20 WHERE idx = 21",
            "UPDATE entry SET idx = 21 WHERE idx = -1",
        )
        found = await failures(service)
        assert {"entry 20", "entry 21", "tile 0 of level 0", "checkpoint 100"} <= found.keys()

    async def test_with_an_entry_in_the_middle(self, service: build.LedgerService) -> None:
        """A missing index is named once."""
        await service.superuser("DELETE FROM entry WHERE idx = 50")
        found = await check(service)
        gaps = [f for f in found.failures if f.what.startswith("it is missing")]
        assert [audit.Failure("entry 50", "it is missing; the next entry is 51")] == gaps

    async def test_with_a_tile(self, service: build.LedgerService) -> None:
        """One hash of a tile that proofs are made of."""
        await service.superuser(
            "UPDATE tile SET hashes = set_byte(hashes, 40, 255 - get_byte(hashes, 40))"
        )
        what = "its hashes are not those of the entries under it"
        assert {"tile 0 of level 0": what} == await failures(service)

    async def test_with_the_head(self, service: build.LedgerService) -> None:
        """The edge to which the next leaf would be appended."""
        await service.superuser(
            "UPDATE head SET edge = set_byte(edge, 40, 255 - get_byte(edge, 40))"
        )
        assert {"head"} == (await failures(service)).keys()

    async def test_with_an_event(self, service: build.LedgerService) -> None:
        """The encrypted event, its salt, its commitment."""
        await service.superuser(
            "UPDATE entry SET ciphertext = set_byte(ciphertext, 8, 255 - get_byte(ciphertext, 8))"
            " WHERE idx = 3",
            "UPDATE payload_key SET salt = sha256(salt) WHERE idx = 4",
            "UPDATE entry SET commitment = sha256(commitment) WHERE idx = 5",
        )
        assert {"entry 3", "entry 4", "entry 5"} == (await failures(service)).keys()

    async def test_with_the_index(self, service: build.LedgerService) -> None:
        """An entry hidden from its party, one hidden from all, one with the id of another event."""
        await service.superuser(
            "UPDATE entry_index SET party_id = 'GB-COH-99999999' WHERE idx = 3",
            "DELETE FROM entry_index WHERE idx = 4",
            f"UPDATE entry SET event_id = '{ids.new()}' WHERE idx = 5",
        )
        assert {"entry 3", "entry 4", "entry 5", "index rows"} == (await failures(service)).keys()

    async def test_with_a_chain(self, service: build.LedgerService) -> None:
        """The stored end of a contract's chain."""
        await service.superuser("UPDATE contract_chain SET seq = 7 WHERE contract_id = 'C1'")
        what = "the stored end of its chain is not that of its entries"
        assert {"contract C1": what} == await failures(service)

    async def test_with_the_offsets(self, service: build.LedgerService) -> None:
        """Without a listed repeat nothing accounts for its offset."""
        await service.superuser('DELETE FROM repeat WHERE "offset" = 301')
        what = "303 offsets were read, but 302 are accounted for"
        assert {f"{topics.RETURNS.name}[0] (incarnation 1)": what} == await failures(service)

    async def test_with_a_checkpoint(self, service: build.LedgerService) -> None:
        """A different root, the note of another size, and a signature under another name."""
        forged = "replace(note, 'makegood.test/log ', 'makegood.test/log  ')"
        await service.superuser(
            "UPDATE checkpoint SET root = sha256(root) WHERE size = 0",
            "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 300) "
            "WHERE size = 100",
            f"UPDATE checkpoint SET note = {forged} WHERE size = 300",
        )
        expected = {f"checkpoint {size}" for size in (0, 100, 300)}
        assert expected == (await failures(service)).keys()

    async def test_with_a_key(self, service: build.LedgerService) -> None:
        """An event that nobody can open any more."""
        await service.superuser("DELETE FROM payload_key WHERE idx = 7")
        what = "the key of its event is missing, and nothing tells why"
        assert {"entry 7": what} == await failures(service)

    async def test_with_what_was_kept(self, service: build.LedgerService) -> None:
        """The second copy of the last signed checkpoint: gone, or not one of this log."""
        signed = Objects(service.settings.signed_folder)
        signed.put(paths.CHECKPOINT, b"\xff")
        assert {"kept checkpoint"} == (await failures(service)).keys()
        signed.remove_files([paths.CHECKPOINT])
        what = f"there is none in {service.settings.signed_folder}"
        assert {"kept checkpoint": what} == await failures(service)

    async def test_with_what_was_published(self, service: build.LedgerService) -> None:
        """A published head that was changed, and one beyond the log."""
        objects = Objects(service.settings.objects_folder)
        objects.put(paths.head_path(100), bytes(32))
        objects.put(paths.head_path(400), bytes(32))
        assert {"checkpoint 100", "published head 400"} == (await failures(service)).keys()
