"""The record's pages over HTTP: the search opens, lists are narrowed down, each page is bounded."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.pages import names
from shared.wire import ids
from tests.support import ledger_service as build
from tests.support.ledger_client import CALLERS, OTHER_PARTY, OURS, Client, connect
from tests.support.visitors import Visitor, counted
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[build.LedgerService]:
    async with build.at_work(database, tmp_path) as made:
        yield made


@pytest.fixture
async def client(service: build.LedgerService) -> Client:
    """A log of eight entries, under a checkpoint."""
    return await connect(service)


def visitor(client: Client, who: str = "auditor") -> Visitor:
    return Visitor(client.app, CALLERS[who])


async def listed(client: Client, asked: str, who: str = "auditor") -> list[int]:
    """The entries on a page of the list."""
    answer = await visitor(client, who).get(f"/?{asked}")
    assert 200 == answer.status_code, answer.text
    return [int(each) for each in re.findall(r'href="[^"]*/entries/(\d+)"', answer.text)]


class TestSearch:
    @pytest.mark.parametrize(
        ("text", "way"),
        [
            ("entry 3", "/entries/3"),
            ("receipt 1", f"/returns/{OURS[0].return_id}"),
            (str(OURS[1].return_id), f"/returns/{OURS[1].return_id}"),
            ("C2", "/contracts/C2"),
            (OTHER_PARTY, f"/?supplier={OTHER_PARTY}"),
        ],
    )
    async def test_opens_what_it_finds(self, client: Client, text: str, way: str) -> None:
        answer = await visitor(client).get(f"/?q={text}")
        assert 303 == answer.status_code
        assert answer.headers["location"].endswith(way)
        opened = await visitor(client).get(way)
        assert 200 == opened.status_code

    async def test_shows_both_things_that_a_number_is(self, client: Client) -> None:
        answer = await visitor(client).get("/?q=2")
        assert 200 == answer.status_code
        assert "2 things match" in answer.text
        assert "/entries/2" in answer.text
        assert f"/returns/{OURS[1].return_id}" in answer.text

    async def test_opens_nothing_that_somebody_may_not_see(self, client: Client) -> None:
        for text in ("entry 5", "receipt 8", "C2", OTHER_PARTY):
            answer = await visitor(client, "supplier").get(f"/?q={text}")
            assert 200 == answer.status_code
            assert "Nothing that you may see is called" in answer.text


class TestList:
    @pytest.mark.parametrize(
        ("asked", "entries"),
        [
            ("", [7, 5, 4, 3, 2, 1, 0]),
            ("type=ReturnReceived", [5, 2, 1, 0]),
            ("month=2026-02", [1]),
            ("contract=C2", [5]),
            (f"supplier={OTHER_PARTY.lower()}", [5]),
            ("contract=C1&type=CaseMoved", [4]),
            ("from=2026-11-02&to=2026-11-02", [7, 5, 4, 3, 2, 1, 0]),
            ("from=2026-11-03", []),
            ("to=2026-11-01", []),
            ("from=2026-11-02&type=CaseMoved", [4]),
        ],
    )
    async def test_is_narrowed_down(self, client: Client, asked: str, entries: list[int]) -> None:
        assert entries == await listed(client, asked)

    @pytest.mark.parametrize("asked", ["", "from=2026-11-01&to=2026-11-30"])
    async def test_goes_on_page_by_page(
        self, client: Client, service: build.LedgerService, asked: str
    ) -> None:
        """Each entry once, in either order, with the filters kept."""
        await service.append(*(build.received(n) for n in range(100, 150)))
        first = await visitor(client).get(f"/?{asked}")
        way = re.search(r'href="([^"]*cursor=[^"]*)"', first.text)
        assert way is not None
        path = way[1].replace("&amp;", "&").partition("8003")[2] or way[1].replace("&amp;", "&")
        second = await visitor(client).get(path)
        shown = [
            int(each)
            for page in (first, second)
            for each in re.findall(r'href="[^"]*/entries/(\d+)"', page.text)
        ]
        assert [n for n in range(57, -1, -1) if n != 6] == shown

    async def test_says_what_is_wrong_with_a_filter(self, client: Client) -> None:
        answer = await visitor(client).get("/?month=October")
        assert 422 == answer.status_code
        assert "is no month. Write one such as 2026-10." in answer.text


class TestContract:
    async def test_says_who_changed_what(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """16 visits were approved, then 24 proposed and approved: before the third is the first."""
        draft = build.promised(2, "24", state="draft")
        await service.append(build.promised(1, "16"), draft, build.promised(2, "24"))
        answer = await visitor(client).get("/contracts/C1")
        text = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
        first = "visits Version 1: 16 visits, approved"
        manager, approver = names.NONE.person("m"), names.NONE.person("a")
        for row in (
            f"visits – Version 1: 16 visits, approved {manager} {approver} Entry 8",
            f"{first} Version 2: 24 visits, proposed {manager} Nobody yet",
            f"{first} Version 2: 24 visits, approved {manager} {approver} Entry 10",
            "January 2026 GB-COH-00000001 2 November 2026, 09:00, receipt 1 Not told Entry 0",
            "8 entries, numbered without a gap.",
        ):
            assert row in text
        officer = (await visitor(client, "manager").get("/contracts/C1")).text
        assert "Who proposed and approved is in the events, which auditors see." in officer
        assert "Proposed by" not in officer
        supplier = (await visitor(client, "supplier").get("/contracts/C1")).text
        assert "No change of a promise is recorded that you may see." in supplier
        assert "/returns/" in supplier

    async def test_shows_what_had_occurred_by_a_day(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Everything here occurred on 2 November; the last return three days later."""
        later = build.AT.replace(day=5)
        await service.append(build.received(30, period="2026-09", occurred_at=later))
        now = (await visitor(client).get("/contracts/C1")).text
        then = (await visitor(client).get("/contracts/C1?as_at=2026-11-04")).text
        assert "September 2026" in now
        assert "September 2026" not in then
        assert "of what had occurred by the end of 4 November 2026" in then
        assert 404 == (await visitor(client).get("/contracts/C1?as_at=2026-11-01")).status_code
        assert 422 == (await visitor(client).get("/contracts/C1?as_at=x")).status_code

    async def test_has_its_chain_page_by_page(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """From 1 to n; later pages are the chain alone."""
        await service.append(*(build.received(n) for n in range(100, 160)))
        first = (await visitor(client).get("/contracts/C1")).text
        assert "Entries 1 to 50 of its chain, without a gap." in first
        way = re.search(r'href="[^"]*(/contracts/C1\?cursor=[^"]*)"', first)
        assert way is not None
        second = (await visitor(client).get(way[1])).text
        assert "Entries 51 to 65 of its chain, without a gap." in second
        assert "Who changed what" not in second


class TestLife:
    async def test_is_of_one_return(self, client: Client) -> None:
        """Received, checked, a case; each with its proof."""
        answer = await visitor(client).get(f"/returns/{OURS[0].return_id}")
        assert 200 == answer.status_code
        assert "Receipt 1: received on 2 November 2026, 09:00 and checked." in answer.text
        for index in (0, 3, 4):
            assert f"/entries/{index}/proof" in answer.text
        assert 404 == (await visitor(client).get(f"/returns/{ids.derived('x')}")).status_code


class TestPages:
    async def test_are_bounded(self, client: Client, service: build.LedgerService) -> None:
        """In queries and bytes, with full lists: two hundred entries of one contract, with a
        hundred versions, thirty months of returns and figures that change."""
        await service.append(*(build.promised(n, str(n)) for n in range(1, 101)))
        months = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]
        sent = [build.received(200 + n, period=each) for n, each in enumerate(months)]
        await service.append(*sent)
        figures = [build.assessment(f"c{n}", "2025-01", "9") for n in range(20)]
        again = [build.assessment(f"c{n}", "2025-01", "8", replaces=True) for n in range(20)]
        await service.append(build.checked(sent[0], assessments=tuple(figures)))
        revised = build.received(300, period="2023-01", revision=2)
        await service.append(revised, build.checked(revised, assessments=tuple(again), revision=2))
        await service.publisher.publish()
        size = len(await service.leaves())
        for path in (
            "/",
            "/?q=2",
            "/?contract=C1&type=ReturnReceived&from=2026-01-01",
            "/contracts/C1",
            "/contracts/C1?as_at=2026-11-02",
            f"/returns/{sent[0].return_id}",
            f"/entries/{size - 1}",
            "/entries/3",
            "/entries/8",
        ):
            async with counted(service.pool) as queries:
                answer = await visitor(client).get(path)
            assert 200 == answer.status_code, (path, answer.text)
            assert 1 <= len(queries) <= QUERIES_MAX, (path, queries)
            assert HTML_BYTES_MAX >= len(answer.content), (path, len(answer.content))


class TestEntry:
    async def test_shows_before_and_after(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """A correction took three of twelve away."""
        first = build.received(40, period="2025-01")
        figure = build.assessment("visits", "2025-01", "12")
        await service.append(first, build.checked(first, assessments=(figure,)))
        second = build.received(41, period="2025-01", revision=2)
        worse = build.assessment("visits", "2025-01", "9", "Approaching target", replaces=True)
        await service.append(second, build.checked(second, assessments=(worse,), revision=2))
        answer = await visitor(client).get("/entries/11")
        text = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
        assert "visits January 2025 Rating Good Approaching target" in text
        assert "visits January 2025 Counted 12 9" in text
        assert "visits Counted of this return 40, of 1 line 41, of 1 line" in text
        assert "Entry 10 It caused this entry. Before this one on its contract" in text

    async def test_is_verified_by_the_commands_on_its_page(
        self, client: Client, service: build.LedgerService, tmp_path: Path
    ) -> None:
        """Word for word, in the folder with the files that it gives."""
        page = (await visitor(client).get("/entries/3")).text
        for name in ("leaf", "proof", "event"):
            file = await visitor(client).get(f"/entries/3/{name}")
            found = re.search(r'filename="([^"]+)"', file.headers["content-disposition"])
            assert found is not None
            (tmp_path / found[1]).write_bytes(file.content)
        commands = [
            each.replace("&#39;", "'")
            for each in re.findall(r'<pre class="mg-code">([(]printf.*|makegood .*)</pre>', page)
        ]
        hashed, proved, committed = [ran(each, tmp_path) for each in commands]
        [leaf_hash, *_, commitment] = re.findall(r"\b[0-9a-f]{64}\b(?=</code>)", page)
        assert f"{leaf_hash}  -\n" == hashed
        assert "Entry 3 is in the log makegood.test/log" in " ".join(proved.split())
        assert f"{commitment}  -\n" == committed
        leaf = (await service.leaves())[3]
        assert hashlib.sha256(b"\0" + leaf).hexdigest() == leaf_hash

    async def test_gives_its_event_to_those_who_may_see_it(self, client: Client) -> None:
        """Its exact bytes; a manager sees the entry without it."""
        file = await visitor(client).get("/entries/0/event")
        known = (await client.get("/api/v1/entries/0")).json()["payload"]["event_base64"]
        assert base64.b64decode(known) == file.content
        assert 404 == (await visitor(client, "manager").get("/entries/0/event")).status_code


def ran(command: str, folder: Path) -> str:
    """What a command of a page prints."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={"PATH": programs, "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
