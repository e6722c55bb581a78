"""Who is behind, as a page over HTTP: what it lists, how it is narrowed down, what it costs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from services.verification.pages import filters
from shared.web import auth, lists
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, day_ended
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

MANAGER = auth.Caller("m", "manager", build.AUTHORITY)


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """£25,444.60 is due by 31 October: C1 reported 20,000 of it, C2 26,000, C3 nothing. It is 14
    November: the return of C3 is overdue. C4 promises nothing."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1", "C2", "C3")
        manager = await made.caller("manager")
        await manager.post("/contracts", verification_service.a_contract("C4"))
        for number, (contract_id, amount) in enumerate((("C1", "20000"), ("C2", "26000")), 1):
            spent = build.line("1", amount, invoice=build.invoice(f"INV-{number}", "30000.00"))
            await made.deliver(
                day_ended("2026-10-31", contract_id),
                build.returned(number, "2026-10", spent, contract_id=contract_id, day="2026-11-03"),
            )
        for day in ("2026-10-31", "2026-11-13"):
            await made.deliver(day_ended(day, "C3"))
        yield made


async def opened(service: VerificationService, path: str, who: auth.Caller = MANAGER) -> str:
    """The page, as HTML."""
    answer = await Visitor(service.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return answer.text


def listed(page: str) -> list[str]:
    """The contracts of its rows."""
    return re.findall(r'href="[^"]*/contracts/([^"]+)"', page)


class TestWhoIsBehind:
    async def test_is_said_first_and_listed_the_worst_first(
        self, service: VerificationService
    ) -> None:
        """20,000 is 78.6% of what was due: 5,444.60 behind, 0.9% of 600,000."""
        page = await opened(service, "/promises")
        said = drawing.text(page)
        assert (
            "1 promise is behind. 1 promise cannot be rated till a return comes or the council "
            "decides." in said
        )
        assert ["C1", "C3", "C2"] == listed(page)
        assert "Less was delivered than was due. Requires improvement" in said
        assert "£5,444.60 0.9% of the whole target" in said
        assert "1 October 2026" in said
        assert "Open: the supplier is to be notified" in said

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("?rating=&missing=&case=&supplier=&contract=", ["C1", "C3", "C2"]),
            ("?rating=Requires+improvement", ["C1"]),
            ("?missing=true", ["C3"]),
            ("?missing=false", ["C1", "C2"]),
            ("?case=open", ["C1"]),
            ("?case=none", ["C3", "C2"]),
            (f"?supplier={build.SUPPLIER}", ["C1", "C3", "C2"]),
            ("?supplier=GB-COH-00000009", []),
            ("?contract=+C2+", ["C2"]),
            ("?contract=C4", []),
        ],
    )
    async def test_is_narrowed_down(
        self, service: VerificationService, asked: str, expected: list[str]
    ) -> None:
        """By what the form sends; what is empty asks for nothing."""
        page = await opened(service, f"/promises{asked}")
        assert expected == listed(page)
        if not expected:
            assert "No promise matches these filters." in page

    async def test_goes_on_with_the_same_filters(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The sentence is that of all pages."""
        monkeypatch.setattr(filters, "PROMISES", 1)
        first = await opened(service, "/promises?case=none&rating=")
        (address,) = re.findall(r'href="[^"]*(/promises\?case=none&amp;cursor=[^"]+)"', first)
        second = await opened(service, address.replace("&amp;", "&"))
        assert (["C3"], ["C2"]) == (listed(first), listed(second))
        for page in (first, second):
            assert "2 promises match these filters: none is behind." in page
        assert '<option value="none" selected>' in second

    @pytest.mark.parametrize(
        ("asked", "status", "words"),
        [
            ("?rating=Bad", 422, "Rating cannot be &#39;Bad&#39;. Choose one of the list."),
            ("?supplier=Brackenfold", 422, "&#39;Brackenfold&#39; is no org-id."),
            ("?contract=C9", 422, "You have no contract &#39;C9&#39;."),
            ("?contract=%3Cb%3E", 422, "You have no contract &#39;&lt;b&gt;&#39;."),
            ("?rating=Bad&contract=C9", 422, "You have no contract &#39;C9&#39;."),
            ("?contract=%00", 404, "Page not found"),
            (f"?cursor={'x' * 2001}", 404, "Page not found"),
            ("?raiting=Good", 404, "Page not found"),
            (f"?supplier={'x' * 201}", 404, "Page not found"),
            ("?rating=Good&rating=Other", 404, "Page not found"),
            ("?cursor=x", 404, "Page not found"),
            (f"?cursor={lists.encode_cursor(1, 'NaN', 'C1', 'spend')}", 404, "Page not found"),
        ],
    )
    async def test_refuses_in_words_what_cannot_be(
        self, service: VerificationService, asked: str, status: int, words: str
    ) -> None:
        """A page in any case."""
        answer = await Visitor(service.app, MANAGER).get(f"/promises{asked}")
        assert (status, True) == (answer.status_code, words in answer.text), answer.text

    async def test_is_a_page_whatever_is_asked_for(self, service: VerificationService) -> None:
        """A browser that would take a spreadsheet gets none here: only programs do."""
        answer = await Visitor(service.app, MANAGER).get("/promises", accept="text/csv")
        assert "text/html; charset=utf-8" == answer.headers["content-type"]

    async def test_is_for_a_supplier_what_is_its_own(self, service: VerificationService) -> None:
        """Another supplier's contract is none that there is, by address or by filter."""
        own = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)
        other = auth.Caller("s", "supplier", build.AUTHORITY, "GB-COH-00000009")
        assert ["C1", "C3", "C2"] == listed(await opened(service, "/promises", own))
        assert "Nothing is promised yet." in await opened(service, "/promises", other)
        answer = await Visitor(service.app, other).get("/promises?contract=C1")
        assert (422, []) == (answer.status_code, listed(answer.text))

    async def test_costs_little(self, service: VerificationService) -> None:
        """Four queries with all filters: the contract, the list, its titles, the counts."""
        for path in ("/promises", "/promises?contract=C1&case=open&missing=false"):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert 1 <= len(queries) <= QUERIES_MAX, queries
            assert len(page) <= HTML_BYTES_MAX
