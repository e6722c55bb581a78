"""The page that checks a file: public, bounded, and with what `makegood verify` finds."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.ledger.audit import handed
from services.ledger.pages import verify
from services.ledger.web import verify as routes
from tests.support import ledger_service as build
from tests.support.ledger_client import CALLERS, Client, connect
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

ANYONE = None


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, under a checkpoint."""
    return await connect(service)


async def said(client: Client, files: dict[str, bytes], **form: str) -> tuple[int, str]:
    answer = await Visitor(client.app, ANYONE).upload("/verify", files, form)
    return answer.status_code, drawing.text(answer.text).replace("&#39;", "'")


async def pack(client: Client, who: str = "auditor") -> bytes:
    """As somebody saves it from the page."""
    answer = await Visitor(client.app, CALLERS[who]).get("/export.jsonl")
    assert 200 == answer.status_code
    assert 'filename="makegood-8.jsonl"' in answer.headers["content-disposition"]
    return answer.content


class TestVerify:
    async def test_finds_that_a_pack_holds(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """With this log's key, and says so; with a given one, that the reader knows."""
        found = await pack(client)
        status, text = await said(client, {"file": found})
        assert 200 == status
        for words in (
            "It holds: every check found all as it should be.",
            "Signature Holds 1 The log makegood.test/log signed 8 entries with this log's key.",
            "Tree Holds 8 8 entries are exactly those that were signed",
            "Events Holds 7 7 events are those that their entries committed to.",
            "Compare the key with the one that you noted",
            "This page is ours too.",
        ):
            assert words in text
        _, text = await said(client, {"file": found}, key=service.verifier_key.encode())
        assert "It holds" in text
        assert "Compare the key" not in text

    async def test_finds_what_was_changed(self, client: Client) -> None:
        """By place, and says what to do."""
        lines = (await pack(client)).splitlines()
        entry = json.loads(lines[3])
        leaf = base64.b64decode(entry["leaf"]).replace(b'"revision":1', b'"revision":2')
        entry["leaf"] = base64.b64encode(leaf).decode()
        lines[3] = json.dumps(entry).encode()
        status, text = await said(client, {"file": b"\n".join(lines) + b"\n"})
        assert 200 == status
        assert "It does not hold: " in text
        assert "tree: the root of the leaves is not the root that was signed." in text
        assert "keep this file, and ask the operator of the log" in text

    async def test_discloses_to_each_reader_its_own(self, client: Client) -> None:
        """The supplier's pack has its five events, the manager's none, and that of another
        authority's auditor its own and the installation's."""
        for who, events in (("supplier", 5), ("manager", 0), ("stranger", 2)):
            _, text = await said(client, {"file": await pack(client, who)})
            assert f"Events Holds {events} " in text
        assert 401 == (await Visitor(client.app, ANYONE).get("/export.jsonl")).status_code

    async def test_checks_proofs(self, client: Client, service: build.LedgerService) -> None:
        """Of an entry with its leaf; that the log grew, with the checkpoint that was kept."""
        visitor = Visitor(client.app, CALLERS["auditor"])
        kept = (await visitor.get("/checkpoint")).content
        proof = (await visitor.get("/entries/3/proof")).content
        leaf = (await visitor.get("/entries/3/leaf")).content
        _, text = await said(client, {"file": proof, "second": leaf})
        assert "It holds: entry 3 is in the tree of 8 entries that was signed." in text
        _, text = await said(client, {"file": proof, "second": b"x"})
        assert "It does not hold. Why The proof leads to a different root." in text
        await service.append(build.received(50))
        await service.publisher.publish()
        grown = (await visitor.get("/log/consistency?from=8&to=9")).content
        _, text = await said(client, {"file": grown, "second": kept})
        assert "It holds: tree 8 is the beginning of tree 9." in text

    async def test_says_what_is_wrong_with_a_form(self, client: Client) -> None:
        """Beside its field, with what was written."""
        found = await pack(client)
        for files, key, words in (
            ({}, "", "Choose a file."),
            ({"file": b""}, "", "Choose a file."),
            ({"file": b"x"}, "", "This is neither a pack nor a proof."),
            ({"file": found}, "nonsense", "A key is written name+id+base64"),
        ):
            status, text = await said(client, files or {"other": b"x"}, key=key)
            assert 422 == status
            assert "There is a problem" in text
            assert 2 == text.count(words), text

    async def test_takes_no_form_of_another_site(self, client: Client) -> None:
        visitor = Visitor(client.app, ANYONE)
        answer = await visitor.upload(
            "/verify", {"file": b"x"}, {}, **{"sec-fetch-site": "cross-site"}
        )
        assert 403 == answer.status_code

    async def test_sends_what_is_too_large_to_the_command(self, client: Client) -> None:
        """The file itself, and a body that is refused before it is read."""
        for size, status in ((verify.FILE_BYTES_MAX + 1, 422), (verify.FILE_BYTES_MAX * 2, 413)):
            found, text = await said(client, {"file": b"x" * size})
            assert status == found
            assert "larger than 10 MB. Check it with makegood verify" in text

    async def test_checks_one_file_at_a_time(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever comes meanwhile is told so, and may come again."""
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(*_: object) -> handed.Outcome:
            begun.set()
            await may_end.wait()
            return handed.NotProved("x")

        monkeypatch.setattr(routes.Turn, "check", slow)
        first = asyncio.create_task(said(client, {"file": b"{}"}))
        await begun.wait()
        status, text = await said(client, {"file": b"{}"})
        assert 503 == status
        assert "Another file is being checked. Send yours again in a few seconds." in text
        may_end.set()
        assert 200 == (await first)[0]

    async def test_that_takes_too_long_is_sent_to_the_command(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes, "SECONDS_MAX", -1.0)
        status, text = await said(client, {"file": await pack(client)})
        assert 422 == status
        assert "This file takes longer than a page may." in text

    async def test_is_bounded(self, client: Client, service: build.LedgerService) -> None:
        """Also where every line of a file is wrong: what is shown is cut."""
        head = (await pack(client)).splitlines()[0]
        name = "t" * 5000
        listed = {"why": "hole", "topic": name, "incarnation": 1, "partition": 0}
        lines = [
            json.dumps(listed | {"first": 2 * n + 1, "next": 2 * n + 2}).encode()
            for n in range(500)
        ]
        async with counted(service.pool) as queries:
            answer = await Visitor(client.app, ANYONE).upload(
                "/verify", {"file": b"\n".join([head, *lines]) + b"\n"}, {}
            )
        assert "It does not hold" in answer.text
        assert "And 4" in answer.text
        assert HTML_BYTES_MAX >= len(answer.content)
        assert QUERIES_MAX >= len(queries)
        page = await Visitor(client.app, CALLERS["auditor"]).get("/verify")
        assert "Save the whole record" in page.text
        assert (
            "Save the whole record" not in (await Visitor(client.app, ANYONE).get("/verify")).text
        )
