"""What intake refuses over HTTP since it could be read in two ways, and what it reads as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import intake_builders as build
from tests.web.test_intake_api import Caller, RunningSystem, open_system


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path, posts_per_second_max=50) as made:
        yield made


@pytest.fixture
async def supplier(system: RunningSystem) -> Caller:
    return await system.caller("supplier", build.PARTY)


class TestAKey:
    async def test_that_cannot_be_kept_is_refused(
        self, system: RunningSystem, supplier: Caller
    ) -> None:
        """Rule I13: 422 that names the header, each time; the key is never cut to another one."""
        long = "K-" + "x" * 209
        revised = build.a_return(build.VISIT, revision=2, reason="more")
        for document in (build.a_return(), revised, build.a_return()):
            answer = await supplier.send(document, long)
            assert 422 == answer.status_code
            assert ("I13", "idempotency-key") in {
                (fault["rule"], fault.get("parameter")) for fault in answer.json()["errors"]
            }
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM accepted_return")
        assert 201 == (await supplier.send(build.a_return(), "k" * 200)).status_code
        assert 422 == (await supplier.send(build.a_return(), long)).status_code


class TestANumber:
    async def test_is_shown_in_one_form(self, supplier: Caller) -> None:
        """-0 is 0, and zeros in front are gone. A byte-order mark before it all is passed over."""
        line = build.a_line(build.SPEND, quantity="-0.00", invoice__net_total="0005.50")
        sent = await supplier.send(b"\xef\xbb\xbf" + build.written(build.a_return(line)))
        assert 201 == sent.status_code
        shown = (await supplier.get(sent.json()["links"]["self"])).json()
        assert ["0.00"] == [each["quantity"] for each in shown["lines"]]


class TestAPerson:
    async def test_has_one_id_however_spelt(self, system: RunningSystem, supplier: Caller) -> None:
        """Rules I7 and V6: so that a post can count once."""
        spellings = ["APP-014", "app-014", "APP\u2011014", "APP 014"]
        lines = [
            build.a_line(line_id=str(n), person__ref=ref) for n, ref in enumerate(spellings, 1)
        ]
        lines[0]["person"]["employer_id"] = "gb-coh-00000001"
        assert 201 == (await supplier.send(build.a_return(*lines))).status_code
        assert ["app014"] == [row["ref"] for row in await system.pool.fetch("SELECT * FROM person")]


class TestAReason:
    async def test_that_cannot_be_kept_is_refused(self, supplier: Caller) -> None:
        """422 that names it; the return stays."""
        path = (await supplier.send(build.a_return())).json()["links"]["withdraw"]
        for reason in ("a\x00b", "a\ud800b", "a\x01b", "x" * 2_001):
            answer = await supplier.post(path, {"reason": reason})
            assert (422, ["/reason"]) == (
                answer.status_code,
                [fault["pointer"] for fault in answer.json()["errors"]],
            )
