"""The ledger's API: proofs, exports, checkpoints and tiles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.ledger.audit import audit, export
from services.ledger.domain.log import notes, prooffile, tiles, tree, verifier
from tests.support import ledger_service as build
from tests.support.ledger_client import (
    OURS,
    SENT,
    Client,
    connect,
)


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, under a checkpoint."""
    return await connect(service)


class TestProof:
    async def test_shows_the_entry_in_the_signed_tree(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """The file is verified with only the log's key and the leaf's bytes."""
        for index, leaf in enumerate((await service.leaves())[:6]):
            text = (await client.get(f"/api/v1/entries/{index}/proof")).text
            shown = prooffile.verify(text, leaf, service.verifier_key, origin=build.ORIGIN)
            assert len(SENT) == shown.size

    async def test_waits_for_a_checkpoint(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """For an entry that no checkpoint covers yet, the answer says when to try again."""
        await service.append(build.received(10))
        answer = await client.get(f"/api/v1/entries/{len(SENT)}/proof")
        assert (404, "2") == (answer.status_code, answer.headers["retry-after"])
        await service.publisher.publish()
        answer = await client.get(f"/api/v1/entries/{len(SENT)}/proof")
        assert 200 == answer.status_code


class TestExport:
    @pytest.mark.parametrize(
        ("who", "opened"), [("auditor", 7), ("supplier", 5), ("manager", 0), ("stranger", 2)]
    )
    async def test_is_checked_offline(
        self, client: Client, service: build.LedgerService, tmp_path: Path, who: str, opened: int
    ) -> None:
        """Everyone gets every leaf, and events as far as they may see them; the audit holds."""
        await service.append(OURS[0], build.day(1))
        await service.append(build.received(10))
        await service.publisher.publish()
        await service.append(build.received(11), OURS[0])  # under no checkpoint yet: not in it
        pack = tmp_path / "pack.jsonl"
        pack.write_bytes((await client.get("/api/v1/export.jsonl", who)).content)
        read = export.read(pack)
        report = audit.check(read.export, service.verifier_key, origin=build.ORIGIN)
        assert () == tuple(f for check in report.checks for f in check.failures)
        checked = {check.name: check.checked for check in report.checks}
        more = 1 if who in ("auditor", "supplier") else 0
        assert (9, opened + more) == (checked["leaves"], checked["payloads"])
        assert (build.ORIGIN, service.verifier_key.encode()) == (read.origin, read.verifier_key)


class TestLog:
    async def test_says_what_it_is(self, client: Client, service: build.LedgerService) -> None:
        """Everyone may read it."""
        said = (await client.get("/api/v1/log", None)).json()
        root = verifier.compute_root(map(verifier.hash_leaf, await service.leaves()))
        assert (build.ORIGIN, 8, root.hex()) == (said["origin"], said["size"], said["root"])
        assert service.verifier_key.encode() == said["verifier_key"]

    async def test_can_be_read_as_tiles(self, client: Client, service: build.LedgerService) -> None:
        """Anyone can get every entry, starting from the checkpoint, and compute the signed root."""
        await service.append(*(build.received(n) for n in range(20, 600)))
        await service.publisher.publish()
        note = (await client.get("/checkpoint", None)).text
        signed = notes.open_checkpoint(note, service.verifier_key, origin=build.ORIGIN)
        entries: list[bytes] = []
        for address in tiles.of_tree(signed.size):
            answer = await client.get("/" + address.path, None)
            assert address.is_full == ("immutable" in answer.headers["cache-control"])
            if address.level == tiles.ENTRIES:
                entries += tiles.read_bundle(answer.content)
            elif address.level == 0:
                first = address.first
                hashes = [tree.leaf_hash(e) for e in entries[first : first + address.width]]
                assert b"".join(hashes) == answer.content
        assert signed.root == verifier.compute_root(map(verifier.hash_leaf, entries))

    async def test_still_has_partial_tiles_of_full_ones(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """A client with an older checkpoint can continue from it."""
        await service.append(*(build.received(n) for n in range(20, 300)))
        hashes = [verifier.hash_leaf(leaf) for leaf in await service.leaves()]
        answer = await client.get("/tile/0/000.p/8", None)
        assert b"".join(hashes[:8]) == answer.content
        answer = await client.get("/tile/entries/000.p/8", None)
        assert (await service.leaves())[:8] == tiles.read_bundle(answer.content)

    @pytest.mark.parametrize(
        "path",
        ["0/000", "0/000.p/9", "entries/001.p/1", "1/000.p/1", "0/x000/000.p/1", "0/0", "a", "0/"],
    )
    async def test_has_no_other_tile(self, client: Client, path: str) -> None:
        """Beyond the tree, or in another spelling."""
        assert 404 == (await client.get(f"/tile/{path}", None)).status_code

    async def test_has_no_checkpoint_before_the_first(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """The answer says so, and when to try again."""
        await service.superuser("DELETE FROM checkpoint")
        for path in ("/checkpoint", "/api/v1/export.jsonl"):
            answer = await client.get(path)
            assert (404, "2") == (answer.status_code, answer.headers["retry-after"])
        assert 0 == (await client.get("/api/v1/log")).json()["size"]
