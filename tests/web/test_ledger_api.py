"""The ledger's API: who sees what, lists, histories, lives."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ledger.domain.entries import facts, payloads
from services.ledger.domain.log import verifier
from shared.delivery import topics
from shared.web import lists
from shared.wire import events, ids
from tests.support import ledger_service as build
from tests.support.ledger_client import (
    OTHER_PARTY,
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


class TestEntries:
    @pytest.mark.parametrize(
        ("who", "seen"),
        [
            ("supplier", [0, 1, 2, 3, 4]),
            ("manager", [0, 1, 2, 3, 4, 5]),
            ("auditor", [0, 1, 2, 3, 4, 5, 7]),
            ("stranger", [6, 7]),
        ],
    )
    async def test_are_seen_by_those_they_concern(
        self, client: Client, who: str, seen: list[int]
    ) -> None:
        """A supplier sees its own, others their authority's, auditors also the installation's."""
        assert seen == await client.indexes("/api/v1/entries", who)
        for index in range(len(SENT)):
            answer = await client.get(f"/api/v1/entries/{index}", who)
            assert (200 if index in seen else 404) == answer.status_code
            proof = await client.get(f"/api/v1/entries/{index}/proof", who)
            assert answer.status_code == proof.status_code

    async def test_are_refused_to_strangers(self, client: Client) -> None:
        """Without a token, and to a role that may read nothing."""
        for path in ("entries", "entries/0", "entries/0/proof", "export.jsonl"):
            assert 401 == (await client.get(f"/api/v1/{path}", None)).status_code
            assert 403 == (await client.get(f"/api/v1/{path}", "operator")).status_code

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"contract": "C2"}, [5]),
            ({"supplier": OTHER_PARTY}, [5]),
            ({"commitment": "visits"}, [0, 1, 2, 3, 4, 5]),
            ({"commitment": "jobs"}, []),
            ({"type": "ReturnChecked"}, [3]),
            ({"type": "RecordParked"}, [7]),
            ({"period": "2026-02"}, [1]),
            ({"from": "2026-11-02", "to": "2026-11-02"}, [0, 1, 2, 3, 4, 5, 7]),
            ({"from": "2026-11-03"}, []),
            ({"to": "2026-11-01"}, []),
            ({"contract": "C1", "type": "ReturnReceived", "period": "2026-03"}, [2]),
        ],
    )
    async def test_are_narrowed_down(
        self, client: Client, asked: dict[str, str], found: list[int]
    ) -> None:
        """By each filter, and by several together."""
        assert found == await client.indexes("/api/v1/entries", **asked)

    @pytest.mark.parametrize(
        "asked",
        [
            {"contrct": "C1"},
            {"period": "2026-13"},
            {"limit": 0},
            {"from": "soon"},
            {"contract": ""},
            {"type": "ReturnRecieved"},
            {"type": "DayEnded"},
            {"receipt": 0},
            {"receipt": "1e3"},
            {"receipt": 2**63},
            {"digest": "ab"},
            {"digest": "ab" * 32},
            {"from": "2026-11-03", "to": "2026-11-02"},
            {"receipt": 1, "contract": "C1"},
            {"receipt": 1, "from": "2026-11-02"},
        ],
    )
    async def test_refuse_an_unknown_filter(self, client: Client, asked: Any) -> None:
        """A misspelt filter would show too much, and a contradiction too little."""
        answer = await client.get("/api/v1/entries", **asked)
        assert 422 == answer.status_code
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.json()["errors"][0]["parameter"] in {*asked, "from"}

    async def test_name_the_types_that_there_are(self, client: Client) -> None:
        """To whoever asks for another one."""
        answer = await client.get("/api/v1/entries", type="ReturnRecieved")
        (fault,) = answer.json()["errors"]
        assert ("type", "ReturnRecieved") == (fault["parameter"], fault["value"])
        assert {kind.__name__ for kind in facts.RECORDED} <= set(
            fault["message"].replace(",", "").split()
        )

    async def test_hide_another_party_from_a_supplier(self, client: Client) -> None:
        """A supplier that asks for another party's entries learns nothing of them."""
        for asked in ({"supplier": OTHER_PARTY}, {"contract": "C2"}):
            answer = await client.get("/api/v1/entries", "supplier", **asked)
            assert 404 == answer.status_code

    @pytest.mark.parametrize("between", [{}, {"from": "2026-11-02"}])
    async def test_of_an_unknown_contract_are_not_found(
        self, client: Client, between: dict[str, str]
    ) -> None:
        """An empty list would say that nothing happened there. Of a known contract it says so."""
        for asked in ({"contract": "C9"}, {"supplier": "GB-COH-00000009"}):
            answer = await client.get("/api/v1/entries", **asked, **between)
            assert 404 == answer.status_code
        nothing = {"contract": "C1", "type": "RecordTakenUp"} | between
        assert [] == await client.indexes("/api/v1/entries", **nothing)
        for path in ("history", "history?as_at=2026-11-02"):
            answer = await client.get(f"/api/v1/contracts/C9/{path}")
            assert 404 == answer.status_code

    async def test_are_found_by_their_receipt(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """The one entry that keeps it, of a return or a withdrawal; only by those who may see it.
        If intake gave a number twice, both show."""
        await service.append(build.withdrawn(OURS[1], 10))
        asked = "/api/v1/entries"
        assert [1] == await client.indexes(asked, receipt=2)
        assert [1] == await client.indexes(asked, "supplier", receipt=2)
        assert [8] == await client.indexes(asked, receipt=10)
        twice = build.received(30, receipt_no=2)
        await service.append(twice)
        assert [1, 9] == await client.indexes(asked, receipt=2)
        for who, number in (("supplier", 8), ("auditor", 9), ("auditor", 11)):
            answer = await client.get(asked, who, receipt=number)
            assert 404 == answer.status_code

    async def test_are_compared_with_the_digest_of_a_return(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Who has the file and its receipt can work it out: SHA-256(salt || file)."""
        salt, file = bytes(16), b"a return"
        digest = hashlib.sha256(salt + file).hexdigest()
        await service.append(build.received(20, words_digest=digest))
        assert [8] == await client.indexes("/api/v1/entries", receipt=20, digest=digest)
        assert [8] == await client.indexes("/api/v1/entries", receipt=20, digest=digest.upper())
        for number, other in ((20, "ab" * 32), (1, digest)):
            answer = await client.get("/api/v1/entries", receipt=number, digest=other)
            assert 404 == answer.status_code
            assert "The return of this receipt has another digest" == answer.json()["title"]

    async def test_say_in_words_what_happened(self, client: Client) -> None:
        """In a list and singly."""
        said = f"Return for February 2026 received from {build.PARTY}, revision 1, receipt 2."
        page = (await client.get("/api/v1/entries", receipt=2)).json()
        assert [said] == [item["words"] for item in page["items"]]
        assert said == (await client.get("/api/v1/entries/1")).json()["words"]

    async def test_come_in_pages(self, client: Client) -> None:
        """Following `next` finds each entry once. A cursor of another list is refused."""
        found: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get("/api/v1/entries", limit=2, **cursor)).json()
            found += [item["index"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert [0, 1, 2, 3, 4, 5, 7] == found
        assert 400 == (await client.get("/api/v1/entries", cursor="bm8")).status_code

    @pytest.mark.parametrize("between", [{}, {"from": "2026-11-02"}])
    async def test_come_once_to_an_auditor_of_the_installation(
        self, client: Client, service: build.LedgerService, between: dict[str, str]
    ) -> None:
        """Its authority is the installation itself: in either order, page by page."""
        await service.append(*(build.parked(n) for n in range(2, 6)), topic=topics.PARKED)
        found: list[list[int]] = []
        cursor: dict[str, str] = {}
        while True:
            asked: dict[str, Any] = {"limit": 2} | between | cursor
            page = (await client.get("/api/v1/entries", "installation", **asked)).json()
            found.append([item["index"] for item in page["items"]])
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert [[7, 8], [9, 10], [11]] == found

    async def test_between_days_come_in_the_order_of_occurrence(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Each once, also in pages. What occurred earlier but was recorded later comes first."""
        early = build.AT - timedelta(hours=3)
        await service.append(build.received(20, occurred_at=early), build.received(21))
        found: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            asked: dict[str, Any] = {"from": "2026-11-02", "limit": 2} | cursor
            page = (await client.get("/api/v1/entries", **asked)).json()
            found += [item["index"] for item in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert [8, 0, 1, 2, 3, 4, 5, 7, 9] == found
        for wrong in (lists.encode_cursor(3), lists.encode_cursor("soon", 3), "bm8"):
            asked = {"from": "2026-11-02", "cursor": wrong}
            assert 400 == (await client.get("/api/v1/entries", **asked)).status_code

    async def test_say_what_their_bytes_say(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """The leaf as JSON and as bytes, and its hash in the tree."""
        said = (await client.get("/api/v1/entries/3")).json()
        leaf = (await service.leaves())[3]
        assert leaf == base64.b64decode(said["leaf_base64"])
        assert json.loads(leaf) == said["leaf"]
        assert verifier.hash_leaf(leaf).hex() == said["leaf_hash"]

    @pytest.mark.parametrize(
        ("who", "index", "opened"),
        [("auditor", 5, True), ("supplier", 0, True), ("manager", 0, False), ("stranger", 6, True)],
    )
    async def test_show_their_event_to_those_who_may_see_it(
        self, client: Client, who: str, index: int, opened: bool
    ) -> None:
        """With its salt, so that the commitment can be checked."""
        said = (await client.get(f"/api/v1/entries/{index}", who)).json()
        assert opened == (said["payload"] is not None)
        if opened:
            event, salt = (
                base64.b64decode(said["payload"][name]) for name in ("event_base64", "salt")
            )
            assert events.write(SENT[index]) == event
            assert payloads.commit(salt, event) == said["leaf"]["payload"]

    @pytest.mark.parametrize("index", ["8", "9223372036854775807", "-1", "first", str(2**63)])
    async def test_beyond_the_log_are_not_found(self, client: Client, index: str) -> None:
        """An index beyond the log, and what is not an index."""
        answer = await client.get(f"/api/v1/entries/{index}")
        assert answer.status_code in (404, 422)

    async def test_are_found_by_their_event(self, client: Client) -> None:
        """Only by those who may see them."""
        path = f"/api/v1/events/{SENT[5].event_id}"
        assert 5 == (await client.get(path)).json()["index"]
        assert 404 == (await client.get(path, "supplier")).status_code
        assert 404 == (await client.get(f"/api/v1/events/{ids.new()}")).status_code


class TestHistory:
    async def test_is_one_contracts_chain(self, client: Client) -> None:
        """Numbered from 1; each leaf has the hash of the one before."""
        page = (await client.get("/api/v1/contracts/C1/history")).json()
        leaves = [item["leaf"] for item in page["items"]]
        assert list(range(1, 6)) == [leaf["contract_seq"] for leaf in leaves]
        hashes = [item["leaf_hash"] for item in page["items"]]
        assert [None, *hashes[:-1]] == [leaf.get("prev") for leaf in leaves]

    async def test_as_at_a_day_ends_there(self, client: Client) -> None:
        """What occurred later is left out."""
        path = "/api/v1/contracts/C1/history"
        assert [] == await client.indexes(path, as_at="2026-11-01")
        assert 5 == len(await client.indexes(path, as_at="2026-11-02"))


class TestLife:
    async def test_of_a_return_is_all_that_it_caused(self, client: Client) -> None:
        """Its receipt, its check, the case that it opened."""
        path = f"/api/v1/returns/{OURS[0].return_id}/life"
        for who in ("supplier", "manager", "auditor"):
            assert [0, 3, 4] == await client.indexes(path, who)

    async def test_has_what_was_recorded_before_the_return(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """Topics are read concurrently: a check may come first."""
        late = build.received(30)
        await service.append(build.checked(late))
        await service.append(late)
        path = f"/api/v1/returns/{late.return_id}/life"
        assert [8, 9] == await client.indexes(path, "supplier")

    async def test_names_the_revision_that_took_its_place(
        self, client: Client, service: build.LedgerService
    ) -> None:
        """What was counted then no longer counts. What the revision caused is in its own life."""
        later = build.received(30, period="2026-01", revision=2, supersedes=OURS[0].return_id)
        await service.append(later, build.checked(later))
        path = "/api/v1/returns/{}/life"
        first = await client.indexes(path.format(OURS[0].return_id))
        assert [0, 8] == [index for index in first if index not in (3, 4)]
        assert [8, 9] == await client.indexes(path.format(later.return_id))

    async def test_of_another_is_not_shown(self, client: Client) -> None:
        """A return of another party, of another authority, and one that does not exist."""
        life = "/api/v1/returns/{}/life"
        theirs = ids.derived("return", 8)
        assert 404 == (await client.get(life.format(theirs), "supplier")).status_code
        assert 404 == (await client.get(life.format(theirs), "stranger")).status_code
        assert 404 == (await client.get(life.format(ids.new()))).status_code
