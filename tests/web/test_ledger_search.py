"""Search over HTTP: what a text names, to whom; and proofs that the log only grew."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.ledger.domain.log import consistencyfile, tree, verifier
from tests.support import ledger_service as build
from tests.support.ledger_client import (
    OTHER_PARTY,
    OURS,
    SENT,
    Client,
    connect,
)
from tests.support.visitors import Visitor, counted
from tests.web import test_pages

AUDITOR = "auditor"


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, under a checkpoint."""
    return await connect(service)


async def hits(client: Client, text: str, who: str = AUDITOR) -> list[tuple[str, Any]]:
    answer = await client.get("/api/v1/search", who, q=text)
    assert 200 == answer.status_code, answer.text
    found = answer.json()["items"]
    return [
        (
            each["kind"],
            next(
                each[name]
                for name in ("contract_id", "party_id", "size", "entry")
                if each[name] is not None
            ),
        )
        for each in found
    ]


class TestSearch:
    async def test_finds_what_a_number_may_be(self, client: Client) -> None:
        """Entry 2 records receipt 3, entry 1 receipt 2. Receipt 9 is another authority's."""
        assert [("entry", 2), ("receipt", 1)] == await hits(client, "2")
        assert [("receipt", 1)] == await hits(client, "receipt 2")
        assert [("entry", 2)] == await hits(client, "entry 2")
        assert [] == await hits(client, "receipt 9")
        assert [] == await hits(client, "99")

    async def test_finds_ids(self, client: Client) -> None:
        first = OURS[0]
        assert [("return", 0)] == await hits(client, str(first.return_id))
        assert [("event", 0)] == await hits(client, str(first.event_id))

    async def test_finds_hashes(self, client: Client, service: build.LedgerService) -> None:
        """Of an entry, of what its leaf says of the event, and of the tree that was signed."""
        entry = (await client.get("/api/v1/entries/0")).json()
        assert [("hash", 0)] == await hits(client, entry["leaf_hash"])
        assert [("commitment", 0)] == await hits(client, entry["leaf"]["payload"].upper())
        root = (await client.get("/api/v1/log")).json()["root"]
        assert [("root", len(SENT))] == await hits(client, root)
        leaf = (await service.leaves())[0]
        assert [] == await hits(client, hashlib.sha256(leaf).hexdigest())

    async def test_finds_references(self, client: Client) -> None:
        assert [("contract", "C2")] == await hits(client, "C2")
        assert [("supplier", OTHER_PARTY)] == await hits(client, OTHER_PARTY.lower())
        assert [] == await hits(client, "C")

    @pytest.mark.parametrize("text", ["5", "receipt 8", "C2", OTHER_PARTY])
    async def test_finds_only_what_the_caller_may_see(self, client: Client, text: str) -> None:
        """Entry 5 is another supplier's of the same authority."""
        assert await hits(client, text)
        assert [] == await hits(client, text, "supplier")
        assert [] == await hits(client, text, "stranger")

    async def test_of_a_hash_keeps_to_the_scope(self, client: Client) -> None:
        """A leaf is public, but whose it is, is not told by a search."""
        entry = (await client.get("/api/v1/entries/5")).json()
        assert [("hash", 5)] == await hits(client, entry["leaf_hash"])
        assert [] == await hits(client, entry["leaf_hash"], "supplier")
        assert [] == await hits(client, entry["leaf"]["payload"], "stranger")

    async def test_of_nothing_is_refused(self, client: Client) -> None:
        for asked in ({}, {"q": ""}, {"q": "x" * 201}, {"q": "2", "kind": "entry"}):
            answer = await client.get("/api/v1/search", **asked)
            assert 422 == answer.status_code, asked


class TestConsistency:
    async def test_is_proved_at_every_size(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Also at sizes that were not signed. The roots are those over the leaves."""
        hashes = [tree.leaf_hash(leaf) for leaf in await service.leaves()]
        for new in range(1, len(hashes) + 1):
            for old in range(1, new + 1):
                answer = await client.get(
                    "/api/v1/log/consistency", None, **{"from": old, "to": new}
                )
                found = answer.json()
                roots = [bytes.fromhex(found[name]["root"]) for name in ("from", "to")]
                assert [verifier.compute_root(hashes[:n]) for n in (old, new)] == roots
                proof = list(map(bytes.fromhex, found["proof"]))
                verifier.check_consistency(old, new, proof, *roots)
                is_signed = new == len(SENT)
                assert is_signed == (found["checkpoint"] is not None)
                assert is_signed == (found["to"]["signed_at"] is not None)

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            ({"from": 1, "to": 9}, "Only 8 entries are signed for."),
            ({"from": 5, "to": 4}, "`from` is more than `to`: 5, 4."),
            ({"from": 0, "to": 4}, "Input should be greater than or equal to 1"),
            ({"from": 1}, "Field required"),
            ({"from": 1, "to": 2**63 - 1}, "Only 8 entries are signed for."),
            ({"from": 1, "to": 2**63}, "Input should be less than 9223372036854776000"),
        ],
    )
    async def test_refuses_other_sizes(
        self, client: Client, asked: dict[str, int], fault: str
    ) -> None:
        answer = await client.get("/api/v1/log/consistency", None, **asked)
        assert 422 == answer.status_code
        assert [fault] == [each["message"] for each in answer.json()["errors"]]

    async def test_goes_on_while_the_log_grows(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Across full tiles: of 8 and of 256 entries, in one of 300."""
        await service.append(*(build.received(n) for n in range(100, 392)))
        await service.publisher.publish()
        for old in (8, 256, 299):
            answer = await client.get("/api/v1/log/consistency", None, **{"from": old, "to": 300})
            found = answer.json()
            proof = list(map(bytes.fromhex, found["proof"]))
            roots = [bytes.fromhex(found[name]["root"]) for name in ("from", "to")]
            verifier.check_consistency(old, 300, proof, *roots)


class TestLogPage:
    async def test_is_public_and_gives_a_file_that_holds(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Checked with the log's key and the root of the earlier checkpoint, and nothing else."""
        earlier = (await client.get("/api/v1/log", None)).json()
        await service.append(build.received(20))
        await service.publisher.publish()
        visitor = Visitor(client.app, None)
        page = await visitor.get("/log?from=8&to=9")
        assert 200 == page.status_code
        assert "Yes: tree 8 is the beginning of tree 9." in page.text
        assert service.verifier_key.encode() in page.text
        file = await visitor.get("/log/consistency?from=8&to=9")
        assert 'attachment; filename="log-8-9.txt"' == file.headers["content-disposition"]
        root, key = bytes.fromhex(earlier["root"]), service.verifier_key
        assert 9 == consistencyfile.verify(file.text, root, key, origin=build.ORIGIN).size
        with pytest.raises(verifier.ProofRefusedError):
            consistencyfile.verify(file.text, bytes(32), key, origin=build.ORIGIN)

    async def test_says_what_is_wrong(self, client: Client) -> None:
        """Beside the field; what has no file is not found."""
        visitor = Visitor(client.app, None)
        page = await visitor.get("/log?from=9&to=4")
        assert 422 == page.status_code
        assert "Only 8 entries are signed." in page.text
        for asked in ("from=9&to=4", "from=1&to=4", "from=x&to=8", ""):
            assert 404 == (await visitor.get(f"/log/consistency?{asked}")).status_code, asked

    async def test_is_bounded(self, client: Client, service: build.LedgerService) -> None:
        async with counted(service.pool) as queries:
            answer = await Visitor(client.app, None).get("/log?from=3&to=8")
        assert 200 == answer.status_code
        assert test_pages.QUERIES_MAX >= len(queries), queries
        assert test_pages.HTML_BYTES_MAX >= len(answer.content)
