"""A contract and a promise as pages over HTTP: what they show, now and as at a day, and to whom."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.verification.pages import contract, months, promise
from shared.web import auth, lists
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import VerificationService, a_commitment, day_ended
from tests.support.visitors import Visitor, counted
from tests.unit.pages import drawing
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX

MANAGER = auth.Caller("m", "manager", build.AUTHORITY)
SUPPLIER = auth.Caller("s", "supplier", build.AUTHORITY, build.SUPPLIER)
RIVAL = "GB-COH-00000009"
PROMISE = "/contracts/C1/commitments/spend"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    """£600,000 over 731 days, £820.79 a day. October: £20,000 and £3,000 outside the area came on 3
    November. November: £40,000, of which £5,000 has no postcode, came late on 20 December. It is 22
    December 2026."""
    async with verification_service.at_work(database) as made:
        await made.promise("C1", area=build.KNOWSLEY)
        await made.pool.execute(
            "INSERT INTO postcode (edition, postcode, district, introduced) VALUES"
            " ('sample-1', 'L36 9YU', 'E08000011', '1980-01'),"
            " ('sample-1', 'L3 1AA', 'E08000012', '1980-01')"
        )
        await made.deliver(
            day_ended("2026-10-31"),
            build.returned(
                1,
                "2026-10",
                spent("1", "20000", "L36 9YU"),
                spent("2", "3000", "L3 1AA"),
                day="2026-11-03",
            ),
            day_ended("2026-11-13"),
            day_ended("2026-11-30"),
            day_ended("2026-12-14"),
            build.returned(
                2,
                "2026-11",
                spent("3", "35000", "L36 9YU"),
                spent("4", "5000", "L36 1AB"),
                day="2026-12-20",
            ),
        )
        made.clock.move_to(datetime(2026, 12, 22, 9, tzinfo=UTC))
        yield made


def spent(number: str, amount: str, postcode: str) -> dict[str, object]:
    invoice = build.invoice(f"INV-{number}", "90000.00")
    return build.line(number, amount, invoice=invoice, place={"postcode": postcode})


async def opened(
    service: VerificationService, path: str, who: auth.Caller = MANAGER, status: int = 200
) -> str:
    """The page, as HTML."""
    answer = await Visitor(service.app, who).get(path)
    assert status == answer.status_code, answer.text
    return answer.text


class TestContract:
    async def test_says_whether_it_is_on_course_and_what_came(
        self, service: VerificationService
    ) -> None:
        """By 30 November £50,068.40 was due, 61 of 731 days, and £55,000 counts: 109.8%; by 31
        October £25,444.60, and £20,000: 78.6%."""
        said = drawing.text(await opened(service, "/contracts/C1"))
        assert "The promise is on course." in said
        assert (
            "£600,000 promised £50,068.40 by 30 November 2026 £55,000 Waiting for the council: "
            "£5,000 – Good 109.8%, up from 78.6%" in said
        )
        assert (
            "Example Builders (fictional) ✓ in time L late D not due yet, due by 15 January 2027"
            in said
        )
        assert "Spend in the borough: behind since October 2026" in said
        assert (
            "The return for November 2026 came, receipt 2 20 December 2026, 12:00 In the record"
            in said
        )
        assert (
            "Spend in the borough: the rating of November 2026 changed from Other to Good" in said
        )

    async def test_leads_to_its_promises_returns_and_cases(
        self, service: VerificationService
    ) -> None:
        page = await opened(service, "/contracts/C1")
        assert f'href="{PROMISE}"' in page
        for period in ("2026-10", "2026-11"):
            assert f'href="http://127.0.0.1:8001/returns/{build.return_id(period)}"' in page
            assert f'href="http://127.0.0.1:8003/returns/{build.return_id(period)}"' in page
        case_id = await service.pool.fetchval("SELECT case_id FROM contract_case")
        assert f'href="/cases/{case_id}"' in page

    async def test_is_shown_as_it_was_known(self, service: VerificationService) -> None:
        """On 15 December November's return was missing, so that nothing could be said of it; the
        promise's address keeps the day."""
        page = await opened(service, "/contracts/C1?as_at=15+December+2026")
        said = drawing.text(page)
        assert "This is what was known at the end of 15 December 2026." in said
        sentence = "1 of 1 promise cannot be rated till a return comes or the council decides."
        assert sentence in said
        assert "M missing, due by 14 December 2026" in said
        assert (
            "£50,068.40 by 30 November 2026 £20,000 £30,068.40 Other A return is missing." in said
        )
        assert "receipt 2" not in said
        assert f'href="{PROMISE}?as_at=2026-12-15"' in page

    async def test_shows_on_its_last_day_what_it_shows_now(
        self, service: VerificationService
    ) -> None:
        """The fold comes to what the tables have."""

        def bare(page: str) -> str:
            main = page[page.index("<main") : page.index("As it was known")]
            main = re.sub(r'<div class="govuk-inset-text.*?</div>', "", main, flags=re.DOTALL)
            return re.sub(r"\?as_at=[0-9-]+", "", main).split("The contract</h2>")[0]

        now = await opened(service, "/contracts/C1")
        then = await opened(service, "/contracts/C1?as_at=2026-12-22")
        assert bare(now).split() == bare(then).split()

    @pytest.mark.parametrize(
        ("day", "words"),
        [
            ("soon", "Give a day, such as 31 August 2026."),
            ("23 December 2026", "This day lies ahead: it is 22 December 2026."),
            (
                "30/9/2026",
                "The contract was registered on 1 October 2026: give that day or a later one.",
            ),
        ],
    )
    async def test_explains_a_day_of_which_nothing_is_known(
        self, service: VerificationService, day: str, words: str
    ) -> None:
        """And shows today, with what was written still in the field."""
        for path in ("/contracts/C1", PROMISE):
            page = await opened(service, f"{path}?as_at={day}", status=422)
            assert "There is a problem" in page
            assert "<title>Error: " in page
            assert 2 == drawing.text(page).count(words)
            assert f'value="{day}"' in page
            assert "109.8%" in page

    async def test_tells_a_supplier_nothing_of_the_others_returns(
        self, service: VerificationService
    ) -> None:
        """Of what they promised together it sees the figures; of returns its own."""
        manager, approver = await service.caller("manager"), await service.caller("approver")
        both = verification_service.a_contract("C2", supplier_ids=[build.SUPPLIER, RIVAL])
        await manager.post("/contracts", both | {"supplier_names": {RIVAL: "Rival Builders"}})
        await manager.post("/contracts/C2/commitments", a_commitment())
        await approver.post("/contracts/C2/commitments/spend/activate")
        await service.deliver(
            *(
                build.returned(n, "2026-10", a_line(n), contract_id="C2", party_id=party, day=day)
                for n, party, day in ((11, build.SUPPLIER, "2026-11-02"), (12, RIVAL, "2026-11-03"))
            )
        )
        path = "/contracts/C2/commitments/spend"
        for day in ("", "?as_at=2026-12-22"):
            said = drawing.text(await opened(service, f"/contracts/C2{day}", SUPPLIER))
            assert "receipt 11" in said
            assert "receipt 12" not in said
            assert 1 == said.count("Rival Builders")  # as a party of the contract
            lines = drawing.text(await opened(service, f"{path}{day}", SUPPLIER))
            assert "You see your own lines; the figures are of all suppliers together." in lines
            assert (True, False) == ("INV-11" in lines, "INV-12" in lines)
            seen = drawing.text(await opened(service, f"{path}{day}"))
            assert (True, True) == ("INV-11" in seen, "INV-12" in seen)

    async def test_costs_little(self, service: VerificationService) -> None:
        """Six queries, and four as at a day."""
        for path, most in (("/contracts/C1", 6), ("/contracts/C1?as_at=2026-12-15", 4)):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert most == len(queries) <= QUERIES_MAX, queries
            assert len(page.encode()) <= HTML_BYTES_MAX

    async def test_is_a_small_page_at_its_fullest(self, service: VerificationService) -> None:
        """Thirty promises that were rated, of twenty suppliers, over a year."""
        manager, approver = await service.caller("manager"), await service.caller("approver")
        parties = [f"GB-COH-{n:08}" for n in range(101, 121)]
        whole = verification_service.a_contract(
            "C3", supplier_ids=parties, supplier_names={}, starts_on="2025-10-01"
        )
        await manager.post("/contracts", whole)
        for n in range(30):
            drafted = a_commitment(f"spend-{n}", title=f"Spend in the borough, lot {n}")
            await manager.post("/contracts/C3/commitments", drafted)
            await approver.post(f"/contracts/C3/commitments/spend-{n}/activate")
        await service.deliver(
            *(
                build.returned(
                    100 + n,
                    f"2026-{month:02}",
                    a_line(1000 + n * 100 + month, commitment_id=f"spend-{n}"),
                    contract_id="C3",
                    party_id=party,
                    day="2026-12-20",
                )
                for n, party in enumerate(parties)
                for month in range(1, 12)
            ),
            day_ended("2026-12-21", "C3"),
        )
        page = await opened(service, "/contracts/C3")
        assert contract.PROMISES_MAX == page.count("/commitments/spend-")
        assert months.SUPPLIERS_MAX * months.MONTHS_MAX == page.count('class="mg-square ')
        assert "12 more suppliers sent returns" in page
        assert len(page.encode()) <= HTML_BYTES_MAX
        assert 10 == (await opened(service, "/contracts/C3?from=20")).count("/commitments/spend-")


def a_line(number: int, **figures: object) -> dict[str, object]:
    return build.line("1", "10.00", invoice=build.invoice(f"INV-{number}", "10.00"), **figures)


class TestPromise:
    async def test_says_how_its_figure_was_made(self, service: VerificationService) -> None:
        """Chart, months, lines with what became of each, and what it was worked out by."""
        page = await opened(service, PROMISE)
        said = drawing.text(page)
        assert "Spend in the borough is on course." in said
        assert "By 30 November 2026, £50,068.40 was due, and £55,000 counts." in said
        assert "November 2026 £50,068.40 £55,000 109.8% of what was due £5,000 – Good" in said
        assert (
            "October 2026 £25,444.60 £20,000 78.6% of what was due – £5,444.60 Requires improvement"
            in said
        )
        assert (
            "INV-4 Line 4, 12 November 2026 £5,000.00 £0.00 Waits for the council The directory "
            "does not have L36 1AB. Receipt 2 Return for November 2026 In the record" in said
        )
        assert "Does not count L3 1AA is outside the local area (E08000011)." in said
        # 600,000 x 61 / 731 and 55,000 of it
        assert "Due, as an exact fraction 36600000/731" in said
        assert "as an exact fraction 8041/7320" in said
        assert "Edition of the postcode directory sample-1" in said
        assert "1 October 2026 Version 1 £600,000" in said
        assert ["3", "4", "1", "2"] == re.findall(r">Line (\d),", page)

    @pytest.mark.parametrize(
        ("asked", "lines"),
        [
            ("?month=2026-10", ["1", "2"]),
            ("?month=&result=queried", ["4"]),
            ("?month=2026-10&result=queried", []),
            ("?result=counted", ["3", "1"]),
            ("?result=not_counted&as_at=2026-11-30", ["2"]),
            ("?as_at=2026-11-30", ["1", "2"]),
        ],
    )
    async def test_lists_its_lines_by_month_and_result(
        self, service: VerificationService, asked: str, lines: list[str]
    ) -> None:
        """In the address, now and as at a day."""
        page = await opened(service, PROMISE + asked)
        assert lines == re.findall(r">Line (\d),", page)
        assert ("No line matches these filters." in page) == (not lines)

    async def test_has_its_lines_on_pages(self, service: VerificationService) -> None:
        """Twenty to a page, in one order, each once; the same as at a day."""
        lines = [
            build.line(f"{n:03}", "1.00", invoice=build.invoice(f"X-{n}", "1.00"))
            for n in range(60)
        ]
        sent = build.returned(3, "2026-12", *lines, day="2026-12-21")
        await service.deliver(sent)
        for day in ("", "&as_at=2026-12-22"):
            path, seen = f"{PROMISE}?month=2026-12{day}", []
            while True:
                page = await opened(service, path)
                assert len(page.encode()) <= HTML_BYTES_MAX
                rows = re.findall(r">Line (\d+),", page)
                assert len(rows) <= promise.LINES_MAX
                seen += rows
                further = re.search(r'href="([^"]+)" rel="next"', page)
                if further is None:
                    break
                path = further[1].replace("&amp;", "&")
            assert [f"{n:03}" for n in range(60)] == seen

    @pytest.mark.parametrize(
        "path",
        [
            "/contracts/C1/commitments/other",
            "/contracts/C9/commitments/spend",
            f"{PROMISE}?month=2026-13",
            f"{PROMISE}?result=good",
            f"{PROMISE}?cursor=x",
            f"{PROMISE}?cursor={lists.encode_cursor('C2', '2026-10', 'x', '1')}",
            f"{PROMISE}?result=counted&result=queried",
            f"{PROMISE}?supplier=x",
        ],
    )
    async def test_is_not_found_at_an_address_that_is_none(
        self, service: VerificationService, path: str
    ) -> None:
        assert "Page not found" in await opened(service, path, status=404)

    async def test_that_waits_for_an_approver_has_a_page(
        self, service: VerificationService
    ) -> None:
        """Without figures; and as at a day before it was proposed none."""
        manager = await service.caller("manager")
        await manager.post("/contracts/C1/commitments", a_commitment("more", title="More"))
        page = await opened(service, "/contracts/C1/commitments/more")
        assert "This promise is not in force: it waits for an approver." in page
        assert "/commitments/more" in await opened(service, "/contracts/C1")
        await opened(service, "/contracts/C1/commitments/more?as_at=2026-12-21", status=404)

    async def test_costs_little(self, service: VerificationService) -> None:
        """Five queries: none of these lines is contested."""
        for path, most in ((PROMISE, 5), (f"{PROMISE}?as_at=2026-12-15", 4)):
            async with counted(service.pool) as queries:
                page = await opened(service, path)
            assert most == len(queries) <= QUERIES_MAX, queries
            assert len(page.encode()) <= HTML_BYTES_MAX


class TestLines:
    async def test_of_a_commitment_are_listed_for_programs(
        self, service: VerificationService
    ) -> None:
        """The latest month first; a commitment without its contract is a fault, an unknown one is
        not found."""
        manager = await service.caller("manager")
        own = {"contract": "C1", "commitment": "spend"}
        listed = (await manager.get("/lines", **own)).json()["items"]
        assert ["3", "4", "1", "2"] == [each["line_id"] for each in listed]
        assert "INV-3" == listed[0]["thing"]
        october = (await manager.get("/lines", period="2026-10")).json()["items"]
        assert ["1", "2"] == [each["line_id"] for each in october]
        alone = await manager.get("/lines", commitment="spend")
        assert (422, "commitment") == (alone.status_code, alone.json()["errors"][0]["parameter"])
        assert 404 == (await manager.get("/lines", contract="C1", commitment="x")).status_code

    async def test_carry_what_a_promise_needs(self, service: VerificationService) -> None:
        """Not before three months were rated."""
        manager = await service.caller("manager")
        (found,) = (await manager.get("/contracts/C1/performance")).json()["commitments"]
        assert "Spend in the borough is on course" == found["headline"]
        assert found["needed"] is None
        await service.deliver(
            day_ended("2026-12-31"), build.returned(5, "2026-12", a_line(9), day="2027-01-05")
        )
        (found,) = (await manager.get("/contracts/C1/performance")).json()["commitments"]
        # 600,000 - 55,000 in the 21 months from January 2027 to September 2028
        expected = {"a_month": "25952", "months": 21, "best": "35000", "is_best_of_all": True}
        assert expected == found["needed"]
