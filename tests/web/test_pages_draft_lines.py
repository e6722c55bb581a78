"""The lines of a month's return in pages, on a real database: typed, kept, mended, removed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.pages import access
from tests.support import intake_builders as build
from tests.web.drafting import OCTOBER, SCHOOLS, SPEND, VISIT, Desk, said, went_to
from tests.web.test_intake_api import RunningSystem, open_system


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(system: RunningSystem) -> Desk:
    return Desk(system)


class TestALine:
    async def test_is_asked_by_its_measure(self, desk: Desk) -> None:
        """Of a visit the school, and of spend the firm; the party's own number is filled in."""
        visit = (await desk.get(f"{SCHOOLS}/lines/new")).text
        assert "Add a line: School visits" in visit
        assert 'name="place-school"' in visit
        assert 'name="invoice-number"' not in visit
        spend = (await desk.get(f"{SPEND}/lines/new")).text
        assert 'name="invoice-payer_id" type="text" spellcheck="false" value="00000001"' in spend

    async def test_is_saved_and_comes_back(self, desk: Desk) -> None:
        """As it was typed, in the form that JSON has."""
        form = {
            "quantity": "£18,250.00",
            "from": "20/10/2026",
            "invoice-number": "INV-2231",
            "invoice-net_total": "18,250.00",
            "invoice-payer_id": "00000001",
            "invoice-payee": "Example Plant Hire",
            "invoice-payee_id": "00000002",
            "place-postcode": "l369yg",
            "evidence-0-reference": "Our file 2026/117",
            "evidence-0-sha256": "3f" * 32,
            "note": "Two weeks' hire",
        }
        answer = await desk.send(f"{SPEND}/lines/new", **form, then="another")
        assert f"{SPEND}/lines/new" == went_to(answer)
        (line,) = (await desk.draft()).content.lines
        assert {
            "line_id": "1",
            "commitment_id": "local-spend",
            "unit": "GBP",
            "quantity": "18250.00",
            "from": "2026-10-20",
            "invoice": {
                "number": "INV-2231",
                "net_total": "18250.00",
                "payer_id": build.PARTY,
                "payee": "Example Plant Hire",
                "payee_id": "GB-COH-00000002",
            },
            "place": {"postcode": "l369yg"},
            "evidence": [{"reference": "Our file 2026/117", "sha256": "3f" * 32}],
            "note": "Two weeks' hire",
        } == line
        again = (await desk.get(f"{SPEND}/lines/1")).text
        assert 'value="20 October 2026"' in again
        assert "Change the line: Spend in the local area" in again

    async def test_with_faults_comes_back_filled(self, desk: Desk) -> None:
        """422, "Error: " before the title, each fault linked to its field; it can be kept."""
        form = VISIT | {"from": "30 September 2026", "quantity": "1.5"}
        answer = await desk.send(f"{SCHOOLS}/lines/new", **form, then="save")
        assert 422 == answer.status_code
        assert "<title>Error: Add a line: School visits" in answer.text
        assert '<a href="#from">Date: this is before October 2026' in answer.text
        assert '<a href="#quantity">How many visits: the quantity must be a whole' in answer.text
        assert 'value="30 September 2026"' in answer.text
        assert "Why is it late?" in answer.text
        assert "Save it as it is" in answer.text
        kept = await desk.send(f"{SCHOOLS}/lines/new", **form, then="as_it_is")
        assert SCHOOLS == went_to(kept)
        late = form | {"quantity": "1", "late": "The invoice came late", "then": "save"}
        seen = await desk.seen(f"{SCHOOLS}/lines/1")
        assert SCHOOLS == went_to(await desk.send(f"{SCHOOLS}/lines/1", **late, seen=seen))
        assert "In progress" in await desk.reads(OCTOBER)

    async def test_that_cannot_be_read_is_not_kept(self, desk: Desk) -> None:
        """It stays in the form, whatever button is pressed."""
        form = VISIT | {"quantity": "one and a half", "then": "as_it_is"}
        answer = await desk.send(f"{SCHOOLS}/lines/new", **form)
        assert 422 == answer.status_code
        assert 'value="one and a half"' in answer.text
        assert "Save it as it is" not in answer.text

    async def test_that_somebody_else_changed_is_shown_beside_theirs(
        self, desk: Desk, system: RunningSystem
    ) -> None:
        """Both, and either can be kept: nothing that was typed is lost."""
        tom, path = Desk(system, "Tom Feller"), f"{SCHOOLS}/lines/1"
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        seen = await desk.seen(path)
        assert SCHOOLS == went_to(await tom.send(path, **VISIT | {"quantity": "2"}, seen=seen))
        answer = await desk.send(path, **VISIT | {"quantity": "3"}, seen=seen)
        assert 409 == answer.status_code
        assert "Tom Feller saved this meanwhile" in said(answer)
        assert "Field Yours Theirs How many visits 3 2" in said(answer)
        hidden = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', answer.text))
        del hidden[access.TOKEN]
        assert SCHOOLS == went_to(await desk.send(path, **hidden))
        assert ["3"] == [line["quantity"] for line in (await desk.draft()).content.lines]

    async def test_that_was_removed_meanwhile_can_be_added_again(
        self, desk: Desk, system: RunningSystem
    ) -> None:
        tom, path = Desk(system, "Tom Feller"), f"{SCHOOLS}/lines/1"
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        seen = await desk.seen(path)
        assert SCHOOLS == went_to(await tom.send(f"{path}/remove", seen=seen))
        answer = await desk.send(path, **VISIT, seen=seen)
        assert 409 == answer.status_code
        assert f'action="http://127.0.0.1:8001{SCHOOLS}/lines/new"' in answer.text or (
            f'action="{SCHOOLS}/lines/new"' in answer.text
        )

    async def test_is_removed_as_it_was_seen(self, desk: Desk) -> None:
        """Asked first; another line in its place stays."""
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        path = f"{SCHOOLS}/lines/1/remove"
        assert "Remove line 1? 14 October 2026; GB-EDU-143878; 1 visit." in await desk.reads(path)
        await desk.send(path, seen="0" * 16)
        assert 1 == len((await desk.draft()).content.lines)
        assert SCHOOLS == went_to(await desk.send(path, seen=await desk.seen(path)))
        assert [] == (await desk.draft()).content.lines

    async def test_that_is_not_there_is_not_found(self, desk: Desk) -> None:
        """Another promise's, one too many, a promise that the contract has not."""
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        for path in (
            f"{SPEND}/lines/1",
            f"{SCHOOLS}/lines/2",
            f"{SCHOOLS}/lines/0",
            f"{SCHOOLS}/lines/2/remove",
            f"{OCTOBER}/promises/other",
            "/drafts/KMBC-2026-9999/2026-10",
            f"/drafts/{build.CONTRACT}/2026-13",
        ):
            assert 404 == (await desk.get(path)).status_code, path
