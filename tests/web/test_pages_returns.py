"""The pages of a supplier's returns over HTTP, on a real database: receipts, withdrawals, lists."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from services.intake.domain import receipts
from shared.web import auth, lists, spreadsheets
from tests.support import intake_builders as build
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_intake_api import RunningSystem, open_system
from tests.web.test_pages import HTML_BYTES_MAX, MANAGER, QUERIES_MAX, SUPPLIER

STRANGER: Final = auth.Caller("t", "supplier", build.AUTHORITY, "GB-COH-00000077")


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    """On 5 November 2026; October's return is due on 13 November."""
    async with open_system(database, tmp_path) as opened:
        yield opened


async def send(system: RunningSystem, **changes: Any) -> dict[str, Any]:
    own = await system.caller("supplier", build.PARTY)
    answer = await own.send(build.a_return(**changes))
    assert 201 == answer.status_code, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read(system: RunningSystem, who: auth.Caller, path: str) -> str:
    answer = await Visitor(system.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return drawing.text(re.split("</?main", answer.text)[1])


class TestReceipt:
    async def test_stays_and_says_what_happens_next(self, system: RunningSystem) -> None:
        """To the supplier; others see the return."""
        sent = await send(system)
        at = f"/returns/{sent['return_id']}/receipt"
        page = await read(system, SUPPLIER, at)
        assert "Return received Receipt number 1" in page
        assert "Rated When all returns are in, at latest on 13 November 2026" in page
        assert "In the record By 6 November 2026, 09:00" in page
        assert 403 == (await Visitor(system.app, MANAGER).get(at)).status_code
        assert 404 == (await Visitor(system.app, STRANGER).get(at)).status_code

    async def test_is_saved_with_the_very_bytes(self, system: RunningSystem) -> None:
        """Whoever has the file and the key can check all of it alone. The byte-order mark is part
        of what was sent."""
        own = await system.caller("supplier", build.PARTY)
        body = b"\xef\xbb\xbf" + build.written(build.a_return(reason="Größe\r\n\u2028"))
        return_id = (await own.send(body)).json()["return_id"]
        file = await Visitor(system.app, SUPPLIER).get(f"/returns/{return_id}/receipt.json")
        assert 'attachment; filename="receipt-1.json"' == file.headers["content-disposition"]
        saved = file.json()
        issued = receipts.verify(saved, base64.b64decode(saved["public_key"]))
        assert body == saved["sent"].encode()
        assert hashlib.sha256(body).digest() == issued.receipt.sha256


class TestWithdrawing:
    async def test_is_one_withdrawal_however_often_it_is_pressed(
        self, system: RunningSystem
    ) -> None:
        """At once, and later again: one receipt, which stays."""
        return_id = (await send(system))["return_id"]
        at = f"/returns/{return_id}/withdraw"
        visitor = Visitor(system.app, SUPPLIER)
        assert "A new one is in time until 19 November 2026." in await read(system, SUPPLIER, at)
        pressed = [visitor.send(at, reason="A wrong <month>") for _ in range(3)]
        answers = [*await asyncio.gather(*pressed), await visitor.send(at, reason="Again")]
        where = f"/returns/{return_id}/withdrawal"
        assert {(303, where)} == {(each.status_code, each.headers["location"]) for each in answers}
        page = await read(system, SUPPLIER, f"/returns/{return_id}/withdrawal")
        assert "Withdrawal received Receipt number 2" in page
        assert "Reason A wrong &lt;month&gt;" in page
        assert "Send a new return for October 2026 By 19 November 2026 it is in time" in page
        assert 1 == await system.pool.fetchval("SELECT count(*) FROM withdrawal")
        file = await visitor.get(f"/returns/{return_id}/withdrawal.json")
        issued = receipts.verify(file.json(), base64.b64decode(file.json()["public_key"]))
        assert ("withdrawal", 2) == (issued.receipt.kind, issued.receipt.receipt_no)
        again = await visitor.get(at)
        assert (303, where) == (again.status_code, again.headers["location"])

    async def test_asks_for_a_reason_and_keeps_what_was_typed(self, system: RunningSystem) -> None:
        """422, and nothing is withdrawn."""
        return_id = (await send(system))["return_id"]
        visitor = Visitor(system.app, SUPPLIER)
        answer = await visitor.send(f"/returns/{return_id}/withdraw", reason="x" * 2_001)
        assert 422 == answer.status_code
        assert "<title>Error: Withdraw the return for October 2026" in answer.text
        assert "x" * 2_001 in answer.text
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM withdrawal")

    async def test_is_of_the_latest_revision(self, system: RunningSystem) -> None:
        """The one before it cannot be withdrawn, and this is not offered (rule I3)."""
        first = (await send(system))["return_id"]
        second = (await send(system, revision=2, reason="A line was wrong"))["return_id"]
        for answer in (
            await Visitor(system.app, SUPPLIER).get(f"/returns/{first}/withdraw"),
            await Visitor(system.app, SUPPLIER).send(f"/returns/{first}/withdraw", reason="No"),
        ):
            assert 409 == answer.status_code
            assert "This has changed" in answer.text
        assert "Withdraw" not in await read(system, SUPPLIER, f"/returns/{first}")
        page = await read(system, SUPPLIER, f"/returns/{second}")
        assert "Correct Withdraw" in page
        assert "Revision 2, on this page" in page
        assert "Why it was sent again A line was wrong" in page
        assert "Withdraw" not in await read(system, MANAGER, f"/returns/{second}")

    async def test_is_not_for_others(self, system: RunningSystem) -> None:
        """403 to who may see it, 404 to who may not."""
        at = f"/returns/{(await send(system))['return_id']}/withdraw"
        for who, status in ((MANAGER, 403), (STRANGER, 404)):
            assert status == (await Visitor(system.app, who).get(at)).status_code
            answer = await Visitor(system.app, who).send(at, reason="mischief")
            assert status == answer.status_code


class TestAllReturns:
    async def test_are_narrowed_down_by_the_address(self, system: RunningSystem) -> None:
        """By contract, year and status."""
        return_id = (await send(system))["return_id"]
        for query, is_there in (
            ("", True),
            ("?year=2026", True),
            ("?year=2025", False),
            (f"?contract={build.CONTRACT}&status=received", True),
            ("?status=checked", False),
        ):
            page = await Visitor(system.app, SUPPLIER).get(f"/returns{query}")
            assert 200 == page.status_code
            assert is_there == (f"/returns/{return_id}" in page.text), query

    async def test_say_what_the_form_does_not_understand(self, system: RunningSystem) -> None:
        answer = await Visitor(system.app, SUPPLIER).get("/returns?contract=X&year=26&status=lost")
        assert 422 == answer.status_code
        assert 3 == len(re.findall('href="#(contract|year|status)"', answer.text))

    async def test_show_what_was_refused_and_why(self, system: RunningSystem) -> None:
        """The first faults in words; nobody else sees them."""
        own = await system.caller("supplier", build.PARTY)
        spend = build.a_line(build.SPEND, unit="visits")
        assert 422 == (await own.send(build.a_return(spend))).status_code
        page = await read(system, SUPPLIER, "/returns?status=refused")
        assert "5 November 2026, 09:00" in page
        assert "KMBC-2026-0117 October 2026 1 problem" in page
        assert "Nothing was refused." in await read(system, STRANGER, "/returns?status=refused")

    async def test_are_saved_as_a_file(self, system: RunningSystem) -> None:
        """The same rows as on the pages, narrowed down alike."""
        return_id = (await send(system))["return_id"]
        visitor = Visitor(system.app, SUPPLIER)
        file = await visitor.get("/returns.csv?year=2026")
        assert "text/csv; charset=utf-8" == file.headers["content-type"]
        heads, row = file.content.decode("utf-8-sig").splitlines()
        assert heads.startswith("Month,Contract,Supplier,Revision,Receipt,Received,Due,Late,Status")
        expected = (
            f'2026-10,{build.CONTRACT},{build.PARTY},1,1,"5 November 2026, 09:00",2026-11-13,no,'
            f"Received,{return_id}"
        )
        assert expected == row
        assert 1 == len((await visitor.get("/returns.csv?year=2025")).text.splitlines())
        assert 404 == (await visitor.get("/returns.csv?year=26")).status_code

    async def test_say_in_the_name_of_the_file_that_it_is_cut(
        self, system: RunningSystem, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of two refused returns, in a file of one row: never a file that looks whole."""
        own = await system.caller("supplier", build.PARTY)
        for unit in ("visits", "hours"):
            refused = build.a_return(build.a_line(build.SPEND, unit=unit))
            assert 422 == (await own.send(refused)).status_code
        visitor, path = Visitor(system.app, SUPPLIER), "/returns.csv?status=refused"
        whole = await visitor.get(path)
        monkeypatch.setattr(lists, "ITEMS_MAX", 1)
        monkeypatch.setattr(spreadsheets, "ROWS_MAX", 1)
        cut = await visitor.get(path)
        assert (3, 2) == tuple(len(each.text.splitlines()) for each in (whole, cut))
        assert 'filename="returns.csv"' in whole.headers["content-disposition"]
        assert 'filename="returns-newest-1.csv"' in cut.headers["content-disposition"]

    async def test_that_were_refused_are_saved_without_formulas(
        self, system: RunningSystem
    ) -> None:
        own = await system.caller("supplier", build.PARTY)
        await own.send(build.a_return(contract_id="=1+1"))
        file = await Visitor(system.app, SUPPLIER).get("/returns.csv?status=refused")
        heads, row = file.content.decode("utf-8-sig").splitlines()
        assert "Sent,Contract,Supplier,Month,Problems,The first" == heads
        assert row.startswith(f'"5 November 2026, 09:00",,{build.PARTY},2026-10,')
        assert "Contract: this must be" in row


class TestContract:
    async def test_shows_its_months_and_promises(self, system: RunningSystem) -> None:
        """October can be sent; November has not ended. The council sees whose it is."""
        page = await read(system, SUPPLIER, f"/contracts/{build.CONTRACT}")
        assert "1 return can be sent now." in page
        assert "October 2026 1 and 13 November 2026 Open Start" in page
        assert "November 2026 1 and 14 December 2026 Not yet" in page
        assert "School visits schools visits 5 October 2028 In force Figures" in page
        sent = await send(system)
        theirs = (await Visitor(system.app, MANAGER).get(f"/contracts/{build.CONTRACT}")).text
        assert f"/returns/{sent['return_id']}" in theirs
        assert "Every return that is due has come." in theirs
        assert build.PARTY in theirs
        assert "/drafts/" not in theirs
        listed = (await Visitor(system.app, SUPPLIER).get("/contracts")).text
        assert f"/contracts/{build.CONTRACT}" in listed

    async def test_is_not_shown_to_others(self, system: RunningSystem) -> None:
        visitor = Visitor(system.app, STRANGER)
        assert 404 == (await visitor.get(f"/contracts/{build.CONTRACT}")).status_code
        assert "No contract names you" in (await visitor.get("/contracts")).text

    async def test_begins_at_the_month_asked_for(self, system: RunningSystem) -> None:
        page = await read(system, SUPPLIER, f"/contracts/{build.CONTRACT}?until=2026-10")
        assert "October 2026 1 and 13 November" in page
        assert "14 December" not in page


class TestCost:
    async def test_of_each_page_is_bounded(self, system: RunningSystem) -> None:
        """Six queries, 60 kB, with 120 lines and a revision."""
        lines = [build.a_line(build.VISIT, line_id=str(n)) for n in range(120)]
        await send(system)
        sent = await send(system, revision=2, reason="Many visits", lines=lines)
        at = f"/returns/{sent['return_id']}"
        paths = [at, f"{at}/receipt", f"{at}/withdraw", "/returns", f"/contracts/{build.CONTRACT}"]
        for path in [*paths, "/contracts", "/returns?status=refused"]:
            async with counted(system.pool) as queries:
                answer = await Visitor(system.app, SUPPLIER).get(path)
            assert 200 == answer.status_code, path
            assert 1 <= len(queries) <= QUERIES_MAX, queries
            assert len(answer.content) <= HTML_BYTES_MAX, path
