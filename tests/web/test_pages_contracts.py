"""All contracts, the worst first: as a page, as a file and for programs; what they cost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.pages import listing
from shared.web import auth, lists
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX
from tests.web.test_pages_behind import MANAGER, listed, opened, service

__all__ = ["service"]

OWN = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)


class TestContracts:
    async def test_are_listed_the_worst_first(self, service: VerificationService) -> None:
        """Also the one in which nothing is promised."""
        page = await opened(service, "/contracts")
        assert ["C1", "C3", "C2", "C4"] == listed(page)
        said = drawing.text(page)
        assert (
            "1 of 4 contracts is behind, with 1 promise. 1 contract cannot be rated till a return "
            "comes or the council decides. 1 return is overdue." in said
        )
        assert "Requires improvement 1 of 1 promise Spend in the borough: £5,444.60, 0.9%" in said
        assert "A return is missing. – 1 October 2026 None 30 September 2028" in said
        assert "Nothing promised yet – None None 30 September 2028" in said

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("?rating=&missing=&case=&supplier=&search=&ends=", ["C1", "C3", "C2", "C4"]),
            ("?rating=Requires+improvement", ["C1"]),
            ("?rating=Good", ["C2"]),
            ("?missing=true", ["C3"]),
            ("?missing=false", ["C1", "C2", "C4"]),
            ("?case=open", ["C1"]),
            ("?case=none", ["C3", "C2", "C4"]),
            (f"?supplier={build.SUPPLIER}", ["C1", "C3", "C2", "C4"]),
            ("?supplier=+example+BUILD", ["C1", "C3", "C2", "C4"]),
            ("?supplier=GB-COH-00000009", []),
            ("?search=c2", ["C2"]),
            ("?search=community+h", ["C1", "C3", "C2", "C4"]),
            ("?search=%25", []),
            ("?ends=12", []),
            ("?owner=none", ["C4"]),
            ("?owner=me", []),
        ],
    )
    async def test_are_narrowed_down(
        self, service: VerificationService, asked: str, expected: list[str]
    ) -> None:
        """By what the form sends; what is empty asks for nothing, and no sign is special."""
        page = await opened(service, f"/contracts{asked}")
        assert expected == listed(page)
        if not expected:
            assert "No contract matches these filters." in page

    async def test_are_narrowed_down_to_ones_own(self, service: VerificationService) -> None:
        """Whose owner or deputy one is; a supplier finds nothing by owners."""
        priya = auth.Caller(verification_service.OWNER, "manager", build.AUTHORITY)
        ellen = auth.Caller(f"ellen-ford@{build.AUTHORITY}", "manager", build.AUTHORITY)
        manager = await service.caller("manager")
        both = {"owner": priya.actor_id, "deputy": ellen.actor_id}
        for name, who in (("C2", both), ("C4", {"deputy": ellen.actor_id})):
            assert 200 == (await manager.put(f"/contracts/{name}/people", who)).status_code
        mine = "/contracts?owner=me"
        assert ["C1", "C3", "C2"] == listed(await opened(service, mine, priya))
        assert ["C2", "C4"] == listed(await opened(service, mine, ellen))
        assert ["C4"] == listed(await opened(service, "/contracts?owner=none", ellen))
        for owner in ("me", "none"):
            assert [] == listed(await opened(service, f"/contracts?owner={owner}", OWN))

    async def test_end_within_months(self, service: VerificationService) -> None:
        """It is 14 November 2026: by 14 November 2027, and not those that have ended."""
        manager = await service.caller("manager")
        days = {"C5": "2027-11-14", "C6": "2027-11-15", "C7": "2026-11-13"}
        for contract_id, ends_on in days.items():
            made = verification_service.a_contract(
                contract_id, starts_on="2026-01-01", ends_on=ends_on
            )
            assert 201 == (await manager.post("/contracts", made)).status_code
        assert ["C5"] == listed(await opened(service, "/contracts?ends=12"))

    async def test_go_on_with_the_same_filters(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sentence is that of all pages."""
        monkeypatch.setattr(listing, "ROWS", 2)
        first = await opened(service, "/contracts?case=none&rating=")
        (address,) = re.findall(r'href="[^"]*(/contracts\?case=none&amp;cursor=[^"]+)"', first)
        second = await opened(service, address.replace("&amp;", "&"))
        assert (["C3", "C2"], ["C4"]) == (listed(first), listed(second))
        for page in (first, second):
            assert "None of 3 contracts that match is behind." in page

    @pytest.mark.parametrize(
        ("asked", "status", "words"),
        [
            ("?rating=Bad", 422, "Worst rating cannot be &#39;Bad&#39;. Choose one of the list."),
            ("?ends=99", 422, "Ends within cannot be &#39;99&#39;. Choose one of the list."),
            ("?search=%00", 404, "Page not found"),
            ("?raiting=Good", 404, "Page not found"),
            (f"?supplier={'x' * 201}", 404, "Page not found"),
            ("?cursor=x", 404, "Page not found"),
            (f"?cursor={lists.encode_cursor(1, 'NaN', 'C1')}", 404, "Page not found"),
        ],
    )
    async def test_refuse_in_words_what_cannot_be(
        self, service: VerificationService, asked: str, status: int, words: str
    ) -> None:
        """A page in any case."""
        answer = await Visitor(service.app, MANAGER).get(f"/contracts{asked}")
        assert (status, True) == (answer.status_code, words in answer.text), answer.text

    async def test_are_for_a_supplier_its_own(self, service: VerificationService) -> None:
        """Of a contract that it shares, its own missing returns and no case of the other."""
        manager = await service.caller("manager")
        other = "GB-COH-00000009"
        shared = verification_service.a_contract("C5", supplier_ids=[build.SUPPLIER, other])
        assert 201 == (await manager.post("/contracts", shared)).status_code
        assert ["C1", "C3", "C2", "C4", "C5"] == listed(await opened(service, "/contracts", OWN))
        theirs = auth.Caller("o", "supplier", build.AUTHORITY, other)
        assert ["C5"] == listed(await opened(service, "/contracts", theirs))
        elsewhere = auth.Caller("e", "supplier", "GB-LAE-SHN", build.SUPPLIER)
        assert "There is no contract yet." in await opened(service, "/contracts", elsewhere)

    async def test_cost_one_query(self, service: VerificationService) -> None:
        """Whatever is asked for."""
        for path in (
            "/contracts",
            "/contracts?search=hub&supplier=example&case=open&missing=false",
        ):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert 1 == len(queries), queries
            assert len(page) <= HTML_BYTES_MAX


class TestFile:
    async def test_has_the_whole_list(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the same filters, and no cell that a spreadsheet would run."""
        monkeypatch.setattr(listing, "ROWS", 1)
        manager = await service.caller("manager")
        odd = verification_service.a_contract("C5", title="=cmd()")
        assert 201 == (await manager.post("/contracts", odd)).status_code
        answer = await Visitor(service.app, MANAGER).get("/contracts.csv?case=none")
        assert 'attachment; filename="contracts.csv"' == answer.headers["content-disposition"]
        rows = [line.split(",") for line in answer.text.splitlines()]
        assert ["C3", "C2", "C4", "C5"] == [row[0] for row in rows[1:]]
        assert "'=cmd()" == rows[4][1]
        refused = await Visitor(service.app, MANAGER).get("/contracts.csv?rating=Bad")
        assert 404 == refused.status_code


class TestForPrograms:
    async def test_are_what_the_page_shows(self, service: VerificationService) -> None:
        """Of what was due by 31 October, 5,444.60 does not count: 0.9% of 600,000."""
        manager = await service.caller("manager")
        found = (await manager.get("/performance/contracts", limit=1)).json()
        (first,) = found["items"]
        assert ("C1", 1, 1, 0, None, 1) == (
            *(first["contract_id"], first["commitments"], first["commitments_behind"]),
            *(first["returns_missing"], first["missing_since"], first["cases_open"]),
        )
        assert ("spend", "5444.60", "0.9") == (
            *(first["worst"]["commitment_id"], first["worst"]["gap"], first["worst"]["gap_share"]),
        )
        rest = (await manager.get("/performance/contracts", cursor=found["next"])).json()
        assert ["C3", "C2", "C4"] == [each["contract_id"] for each in rest["items"]]
        ends: dict[str, Any] = {"ends_by": "2028-09-30"}
        assert 4 == len((await manager.get("/performance/contracts", **ends)).json()["items"])
        csv = await manager.get("/performance/contracts", format="csv", search="C1")
        assert "C1,Community hub," in csv.text
