"""The council's work over HTTP: what needs you, lines that wait, and alerts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification.consumer import replay
from services.verification.pages import filters
from shared.pages import access
from shared.web import auth
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, day_ended
from tests.support.visitors import SEALER, Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

MANAGER = auth.Caller("m", "manager", build.AUTHORITY)
APPROVER = auth.Caller("a", "approver", build.AUTHORITY)
AUDITOR = auth.Caller("i", "auditor", build.AUTHORITY)
SUPPLIER = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)
RIVAL = auth.Caller("r", "supplier", build.AUTHORITY, "GB-COH-00000009")
ELSEWHERE = auth.Caller("e", "manager", "GB-LAE-SHN")
HERE = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """£25,444.60 is due by 31 October 2026. C1: 15,000 counts and 11,000 waits. C2: 20,000 counts.
    C3 has sent nothing. It is 16 November. C4 has a draft."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1", "C2", "C3", area=build.KNOWSLEY)
        await made.pool.execute(
            "INSERT INTO postcode VALUES ('L36 9YU', 'sample-1', 'E08000011', NULL, '1980-01')"
        )
        manager = await made.caller("manager")
        await manager.post("/contracts", verification_service.a_contract("C4", title="Library"))
        await manager.post("/contracts/C4/commitments", verification_service.a_commitment())
        sent = {
            "C1": [("1", "15000", "L36 9YU"), ("2", "11000", "L99 9ZZ")],
            "C2": [("1", "20000", "L36 9YU")],
        }
        for number, (contract_id, lines) in enumerate(sent.items(), 1):
            said = [
                build.line(n, amount, place={"postcode": postcode}) for n, amount, postcode in lines
            ]
            await made.deliver(
                build.returned(number, "2026-10", *said, contract_id=contract_id, day="2026-11-03")
            )
        for contract_id in ("C1", "C2", "C3"):
            await made.deliver(
                *(day_ended(f"2026-{day}", contract_id) for day in ("10-31", "11-13", "11-15"))
            )
        yield made


async def opened(service: VerificationService, path: str, who: auth.Caller = MANAGER) -> str:
    """What a page says."""
    answer = await Visitor(service.app, who).get(path)
    assert 200 == answer.status_code, answer.text
    return drawing.text(re.split("</?main", answer.text)[1])


class TestNeedsYou:
    async def test_begins_with_what_lapses_first(self, service: VerificationService) -> None:
        """The ratings of C1 and the return of C3 were due on 13 November; the case of C2 opened
        when October ended, and its notice was due five working days later."""
        said = await opened(service, "/")
        assert "Needs you " in said
        first = "1 line waits Return for October 2026 October 2026 cannot be rated till you decide."
        assert first in said
        assert "13 November 2026 The rating was due. See what it changes" in said
        assert "Return for October 2026 is overdue A case opens on 4 December 2026." in said
        assert "Spend in the borough: behind since October 2026" in said
        assert said.index("Today What") < said.index("1 line waits")
        assert "not acknowledged" in said.split("Later What")[1]
        assert "1 proposal waits for an approver" in said

    async def test_is_of_what_an_approver_may_do(self, service: VerificationService) -> None:
        """The draft of C4, in force from the contract's start."""
        said = await opened(service, "/", APPROVER)
        assert "1 thing needs you today." in said
        assert "Spend in the borough New promise Library C4" in said
        assert "1 October 2026 It was to be in force. Approve" in said
        assert "1 return has queried lines" in said

    async def test_leads_others_to_where_they_begin(self, service: VerificationService) -> None:
        """Suppliers to their promises, auditors to the contracts."""
        for who, path in ((SUPPLIER, "/promises"), (AUDITOR, "/contracts")):
            answer = await Visitor(service.app, who).get("/")
            assert 303 == answer.status_code
            assert answer.headers["location"].endswith(path)

    async def test_says_when_nothing_needs_you(self, service: VerificationService) -> None:
        """Another authority has no contract; the clock there says 15 November."""
        said = await opened(service, "/", ELSEWHERE)
        assert "Nothing needs you. Next: the returns for November 2026, due on 14 December" in said
        assert "C1" not in said

    async def test_costs_five_queries(self, service: VerificationService) -> None:
        async with counted(service.pool) as queries:
            await opened(service, "/")
        assert 5 == len(queries), queries


class TestQueried:
    async def test_say_why_and_what_deciding_changes(self, service: VerificationService) -> None:
        """15,000 and 11,000 are Good; October was rated Other."""
        said = await opened(service, "/queried")
        assert "1 line waits for the council." in said
        assert "Spend in the borough Community hub, Example Builders (fictional) Line 2," in said
        assert "The directory does not have L99 9ZZ." in said
        assert "£11,000 October 2026: Other → Good 3 November 2026 Return for October 2026" in said

    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/queried?contract=C1", 200, "1 line waits for the council."),
            ("/queried?contract=C2", 200, "No line waits for the council."),
            ("/queried?contract=C9", 422, "You have no contract &#39;C9&#39;."),
            ("/queried?contract=a%2Fb", 422, "You have no contract &#39;a/b&#39;."),
            ("/queried?contrakt=C1", 404, "Page not found"),
            ("/queried?cursor=x", 404, "Page not found"),
            ("/alerts?contract=C9", 422, "You have no contract &#39;C9&#39;."),
            ("/alerts?kind=odd", 422, "Kind cannot be &#39;odd&#39;. Choose one of the list."),
            ("/alerts?acknowledged=maybe", 422, "Acknowledged cannot be &#39;maybe&#39;."),
            ("/alerts?cursor=x", 404, "Page not found"),
        ],
    )
    async def test_and_alerts_are_narrowed_down(
        self, service: VerificationService, path: str, status: int, words: str
    ) -> None:
        """A page in any case."""
        answer = await Visitor(service.app, MANAGER).get(path)
        assert (status, True) == (answer.status_code, words in answer.text), answer.text

    async def test_are_for_a_supplier_its_own(self, service: VerificationService) -> None:
        """With its own sentence; another's waits for nobody here."""
        said = await opened(service, "/queried", SUPPLIER)
        assert "We do not know L99 9ZZ. The council will look at the line." in said
        for who in (RIVAL, ELSEWHERE):
            assert "No line waits for the council." in await opened(service, "/queried", who)
            answer = await Visitor(service.app, who).get("/queried?contract=C1")
            assert 422 == answer.status_code

    async def test_go_on_page_by_page(
        self, service: VerificationService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every line once, in the order of contract, month, party and line; all are counted."""
        monkeypatch.setattr(filters, "LINES", 2)
        for number, (contract_id, count) in enumerate((("C1", 3), ("C2", 1), ("C3", 4)), 10):
            lines = [
                build.line(f"{n}", "10", place={"postcode": "L99 9ZZ"}) for n in range(1, count + 1)
            ]
            await service.deliver(
                build.returned(number, "2026-11", *lines, contract_id=contract_id)
            )
        found, path, pages = [], "/queried", 0
        while path:
            answer = await Visitor(service.app, MANAGER).get(path)
            assert "9 lines wait for the council, of 3 contracts." in answer.text
            rows = re.findall(r"<th scope=\"row\".*?</th>", answer.text, re.DOTALL)
            links = [
                re.findall(r"/contracts/(C\d)/.*?Line (\d)", row, re.DOTALL)[0] for row in rows
            ]
            found += links
            more = re.search(r'href="[^"]*(/queried\?cursor=[^"]+)"[^>]*rel="next"', answer.text)
            path, pages = (more[1] if more else ""), pages + 1
        assert [
            ("C1", "2"),
            *(("C1", f"{n}") for n in range(1, 4)),
            ("C2", "1"),
            *(("C3", f"{n}") for n in range(1, 5)),
        ] == found
        assert 5 == pages

    async def test_cost_five_queries(self, service: VerificationService) -> None:
        """One of them only where another claim goes first."""
        async with counted(service.pool) as queries:
            await opened(service, "/queried?contract=C1")
        assert 4 == len(queries), queries
        manager = await service.caller("manager")
        found = (await manager.get("/lines/queried", contract="C1")).json()
        assert (1, 1, [("2026-10", "Other", "Good")]) == (
            *(found["lines"], found["contracts"]),
            [tuple(each.values()) for each in found["items"][0]["changes"]],
        )
        assert 404 == (await manager.get("/lines/queried", contract="C9")).status_code


class TestAlerts:
    def form(self, visitor: Visitor, **fields: Any) -> dict[str, Any]:
        assert visitor.session is not None
        return {access.TOKEN: SEALER.form_token(visitor.session), **fields}

    async def ids(self, service: VerificationService) -> list[str]:
        """The newest first."""
        rows = await service.pool.fetch(
            "SELECT event_id FROM alert ORDER BY raised_at DESC, event_id DESC"
        )
        return [str(row[0]) for row in rows]

    async def test_are_acknowledged_one_by_one(self, service: VerificationService) -> None:
        """By the button of a row; then the same part of the list says who did it. Again changes
        nothing."""
        first, *others = await self.ids(service)
        visitor = Visitor(service.app, MANAGER)
        for _ in range(2):
            answer = await visitor.post(
                "/alerts/acknowledge?contract=&kind=",
                self.form(visitor, one=first, alert=others),
                **HERE,
            )
            assert 303 == answer.status_code
            assert answer.headers["location"].endswith("/alerts")
        said = await opened(service, "/alerts")
        assert 1 == said.count("Acknowledged by A. Person, ")
        assert f"{len(others)} alerts are not acknowledged." in said
        acknowledged = [
            each for each in await service.messages() if isinstance(each, events.AlertAcknowledged)
        ]
        assert [(first, "m")] == [
            (str(each.alert_id), each.acknowledged_by) for each in acknowledged
        ]

    async def test_are_acknowledged_together(self, service: VerificationService) -> None:
        """Those that are ticked, also of one contract, in one transaction of a handful of queries;
        a replay finds the tables as they are."""
        every = await self.ids(service)
        assert len(every) >= 2
        visitor = Visitor(service.app, MANAGER)
        form = self.form(visitor, alert=[*every, every[0]])
        async with counted(service.pool) as queries:
            answer = await visitor.post("/alerts/acknowledge?acknowledged=false", form, **HERE)
        assert (303, True) == (
            answer.status_code,
            answer.headers["location"].endswith("/alerts?acknowledged=false"),
        )
        assert len(queries) <= 9, queries
        assert "All alerts are acknowledged." in await opened(service, "/alerts?acknowledged=true")
        assert "No alert matches these filters." in await opened(
            service, "/alerts?acknowledged=false"
        )
        assert not (await replay.run(service.pool)).differences

    async def test_are_all_acknowledged_or_none(self, service: VerificationService) -> None:
        """One that there is not, or of another authority, leaves the others alone."""
        first, *_ = await self.ids(service)
        visitor = Visitor(service.app, MANAGER)
        odd = "00000000-0000-7000-8000-000000000000"
        for ticked in ([first, odd], ["x"], [odd] * 51):
            form = self.form(visitor, alert=ticked)
            answer = await visitor.post("/alerts/acknowledge", form, **HERE)
            assert 404 == answer.status_code
        stranger = Visitor(service.app, ELSEWHERE)
        form = self.form(stranger, alert=[first])
        assert 404 == (await stranger.post("/alerts/acknowledge", form, **HERE)).status_code
        assert 0 == (await opened(service, "/alerts")).count("Acknowledged by")

    async def test_must_be_ticked(self, service: VerificationService) -> None:
        """Else the page says so, and the fault leads to the first tick."""
        visitor = Visitor(service.app, MANAGER)
        form = self.form(visitor)
        answer = await visitor.post("/alerts/acknowledge", form, **HERE)
        assert 422 == answer.status_code
        assert "<title>Error: Alerts" in answer.text
        assert 'href="#alert">Tick the alerts that you acknowledge.</a>' in answer.text
        assert 'id="alert"' in answer.text

    @pytest.mark.parametrize("who", [SUPPLIER, APPROVER, AUDITOR])
    async def test_are_acknowledged_by_managers_alone(
        self, service: VerificationService, who: auth.Caller
    ) -> None:
        """Others are offered no button, and are told so if they try."""
        visitor = Visitor(service.app, who)
        page = await visitor.get("/alerts")
        assert 'name="one"' not in page.text
        assert "checkbox" not in page.text
        assert "Not yet" in page.text
        first, *_ = await self.ids(service)
        form = self.form(visitor, alert=[first])
        assert 403 == (await visitor.post("/alerts/acknowledge", form, **HERE)).status_code

    async def test_are_taken_from_our_pages_alone(self, service: VerificationService) -> None:
        first, *_ = await self.ids(service)
        visitor = Visitor(service.app, MANAGER)
        sent = {"alert": first}
        assert 403 == (await visitor.post("/alerts/acknowledge", sent, **HERE)).status_code
        form = self.form(visitor, alert=first)
        away = {"sec-fetch-site": "cross-site"}
        assert 403 == (await visitor.post("/alerts/acknowledge", form, **away)).status_code

    async def test_of_others_are_not_shown(self, service: VerificationService) -> None:
        for who in (RIVAL, ELSEWHERE):
            assert "There is no alert yet." in await opened(service, "/alerts", who)

    async def test_cost_six_queries(self, service: VerificationService) -> None:
        """Whatever is asked for."""
        visitor = Visitor(service.app, MANAGER)
        first, *_ = await self.ids(service)
        await visitor.post("/alerts/acknowledge", self.form(visitor, one=first), **HERE)
        for path in ("/alerts", "/alerts?contract=C1", "/alerts?contract=C4"):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert 2 <= len(queries) <= QUERIES_MAX, queries
            assert len(page.encode()) <= HTML_BYTES_MAX
