"""What waits for a second person, as a page over HTTP (rule P3)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from services.verification.pages import approvals
from shared.web import auth
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

RUTH = auth.Caller("ruth", "approver", build.AUTHORITY)
SAM = auth.Caller("sam", "approver", build.AUTHORITY)
PRIYA = auth.Caller("priya", "manager", build.AUTHORITY)
NOOR = auth.Caller("noor", "auditor", build.AUTHORITY)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """C1 has £600,000 in force, of which £700,000 is proposed, and visits that are new. Ruth, who
    managed contracts before she approved them, proposed the visits."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1")
        manager = await made.caller("manager", actor="priya")
        change = {"target": "700000", "reason": "the hub was extended", "from": "2026-11-01"}
        await manager.patch("/contracts/C1/commitments/spend", change)
        ruth = await made.caller("manager", actor="ruth")
        visits = {
            "commitment_id": "visits",
            "title": "Visits to schools",
            "measure": "school-visits",
            "target": "24",
            "profile": {"kind": "milestone", "by": "2027-03-31"},
        }
        await ruth.post("/contracts/C1/commitments", visits)
        yield made


async def opened(service: VerificationService, who: auth.Caller, path: str = "/approvals") -> str:
    """The page, as HTML."""
    answer = await Visitor(service.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return answer.text


async def approve(service: VerificationService, who: auth.Caller, *ticked: str) -> httpx.Response:
    """What comes of ticking these."""
    return await Visitor(service.app, who).ask("POST", "/approvals", {"approve": list(ticked)})


async def states(service: VerificationService) -> dict[tuple[str, int], str]:
    rows = await service.pool.fetch("SELECT commitment_id, version, state FROM commitment")
    return {(row[0], row[1]): row[2] for row in rows}


class TestApprovals:
    async def test_show_what_is_proposed_beside_what_is_in_force(
        self, service: VerificationService
    ) -> None:
        """By whom, when and why."""
        page = drawing.text(await opened(service, SAM))
        assert "2 proposals wait for a second person." in page
        assert "Target £600,000 £700,000" in page
        assert "In force from 1 October 2026 1 November 2026" in page
        assert "Why: the hub was extended" in page
        assert "Target 24 visits Falls due All by 31 March 2027" in page

    async def test_become_binding(self, service: VerificationService) -> None:
        """All that is ticked."""
        answer = await approve(service, SAM, "C1/spend/2", "C1/visits/1")
        assert (303, "/approvals") == (
            answer.status_code,
            re.sub(r"^https?://[^/]+", "", answer.headers["location"]),
        )
        assert {("spend", 1): "active", ("spend", 2): "active", ("visits", 1): "active"} == (
            await states(service)
        )
        assert "Nothing waits for a second person." in await opened(service, SAM)

    async def test_are_refused_to_whoever_proposed_them(self, service: VerificationService) -> None:
        """It is not offered; who tries all the same is refused, and nothing of it is approved."""
        page = await opened(service, RUTH)
        assert approvals.OWN in page
        assert ["C1/spend/2"] == re.findall(r'name="approve" [^>]*value="([^"]+)"', page)
        answer = await approve(service, RUTH, "C1/spend/2", "C1/visits/1")
        assert (403, True) == (answer.status_code, approvals.OWN in answer.text)
        assert "<title>Error: Approvals" in answer.text
        before = {("spend", 1): "active", ("spend", 2): "draft", ("visits", 1): "draft"}
        assert before == await states(service)

    async def test_say_if_another_version_is_proposed_by_now(
        self, service: VerificationService
    ) -> None:
        """What was ticked stays ticked."""
        manager = await service.caller("manager", actor="priya")
        change = {"target": "710000", "reason": "once more", "from": "2026-11-01"}
        await manager.patch("/contracts/C1/commitments/spend", change)
        answer = await approve(service, SAM, "C1/spend/2", "C1/visits/1")
        assert 422 == answer.status_code
        assert "Nothing was approved. Version 3 is proposed now: read it first." in answer.text
        assert ["C1/visits/1"] == re.findall(r'value="([^"]+)" checked', answer.text)
        assert "draft" == (await states(service))["visits", 1]

    async def test_ask_for_a_tick(self, service: VerificationService) -> None:
        """The fault leads to the first tick-box."""
        answer = await approve(service, SAM)
        assert (422, True) == (answer.status_code, 'href="#approve"' in answer.text)
        assert "Tick what you approve." in answer.text

    @pytest.mark.parametrize("odd", ["C1", "C1/spend/x", "C9/spend/1", "C1/none/1", "//", "C1//1"])
    async def test_that_there_are_none_of_are_not_found(
        self, service: VerificationService, odd: str
    ) -> None:
        """No tick-box sends such a thing."""
        assert 404 == (await approve(service, SAM, odd)).status_code

    @pytest.mark.parametrize("who", [PRIYA, NOOR])
    async def test_are_decided_by_approvers(
        self, service: VerificationService, who: auth.Caller
    ) -> None:
        """Others see them, without a button."""
        page = await opened(service, who)
        assert (True, False) == ("An approver decides." in page, "Approve what is ticked" in page)
        assert 403 == (await approve(service, who, "C1/spend/2")).status_code

    async def test_go_on_from_page_to_page(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One a page."""
        monkeypatch.setattr(approvals, "ROWS", 1)
        first = await opened(service, SAM)
        (address,) = re.findall(r'href="[^"]*(/approvals\?cursor=[^"]+)"', first)
        second = await opened(service, SAM, address)
        found = [re.findall(r'value="(C1/[^"]+)"', page) for page in (first, second)]
        assert [["C1/spend/2"], ["C1/visits/1"]] == found

    async def test_cost_little(self, service: VerificationService) -> None:
        """Two queries, however many."""
        async with counted(service.pool) as queries:
            page = await opened(service, SAM)
        assert 1 <= len(queries) <= QUERIES_MAX, queries
        assert len(page) <= HTML_BYTES_MAX

    async def test_are_listed_for_programs(self, service: VerificationService) -> None:
        """With what is in force now."""
        sam = await service.caller("approver", actor="sam")
        spend, visits = (await sam.get("/proposals")).json()["items"]
        assert ("600000", "700000") == (spend["active"]["target"], spend["proposed"]["target"])
        assert (None, False) == (visits["active"], visits["is_own"])
        assert [] == (await sam.get("/proposals", contract="C1", cursor="")).json().get("items", [])
