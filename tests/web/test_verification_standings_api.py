"""Who is behind, over all contracts, over HTTP (rules A3, A8, L1)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification.consumer import replay
from shared import sql
from shared.web import lists, spreadsheets
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    Caller,
    VerificationService,
    a_commitment,
    a_contract,
    day_ended,
)

OTHER = "GB-LAE-SHN"
ANOTHER = "GB-COH-00000009"
REPORTED = {"C1": "18250.00", "C2": "20000.00", "C3": "23000.00", "C4": "25500.00"}
"""Of £25,444.60 due by 31 October: 71.7%, 78.6%, 90.3% and all."""
WORST_FIRST = ["C1", "C2", "C3", "C5", "C4", "C6"]


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


@pytest.fixture
async def six(service: VerificationService) -> None:
    """Four contracts that reported October, one that did not, one whose first month is December;
    it is 14 November."""
    await service.promise("C1", "C2", "C3", "C4", "C5")
    manager, approver = await service.caller("manager"), await service.caller("approver")
    later = {"starts_on": "2026-12-01", "supplier_ids": [ANOTHER]}
    await manager.post("/contracts", a_contract("C6", **later, supplier_names={}))
    await manager.post("/contracts/C6/commitments", a_commitment())
    await approver.post("/contracts/C6/commitments/spend/activate")
    for number, (contract_id, amount) in enumerate(REPORTED.items(), 1):
        spent = build.line("1", amount, invoice=build.invoice(f"INV-{number}", "30000.00"))
        await service.deliver(
            day_ended("2026-10-31", contract_id),
            build.returned(number, "2026-10", spent, contract_id=contract_id, day="2026-11-03"),
        )
    for day in ("2026-10-31", "2026-11-13"):
        await service.deliver(day_ended(day, "C5"))


async def listed(caller: Caller, **filters: Any) -> list[Any]:
    answer = await caller.get("/performance", **filters)
    assert 200 == answer.status_code, answer.text
    return list(answer.json()["items"])


def count_queries(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every query for rows."""
    asked: list[int] = []
    rows = sql.rows

    async def counted(found: Any) -> list[sql.Record]:
        asked.append(1)
        return await rows(found)

    monkeypatch.setattr(sql, "rows", counted)
    return asked


def ids(items: list[Any]) -> list[str]:
    return [each["contract_id"] for each in items]


class TestWhoIsBehind:
    async def test_is_listed_the_worst_first(self, six: None, manager: Caller) -> None:
        """By the rating; what cannot be rated before Good, what is not rated yet last."""
        found = await listed(manager)
        assert WORST_FIRST == ids(found)
        assert [
            "Inadequate",
            "Requires improvement",
            "Approaching target",
            "Other",
            "Good",
            None,
        ] == [each["rating"] for each in found]

    async def test_says_by_how_much_and_why(self, six: None, manager: Caller) -> None:
        """In its unit, due by when, what counts, the share, and the case that follows it up."""
        worst = (await listed(manager))[0]
        assert "Spend in the borough is £7,194.60 behind" == worst["headline"]
        assert (
            "By 31 October 2026, £25,444.60 of £600,000 was due. £18,250 was reported and £18,250 "
            "counts. That is £7,194.60 behind: 1.1% of the whole target. Rated: Inadequate. Why: "
            "less was delivered than was due." == worst["words"]
        )
        assert {
            "contract_title": "Community hub",
            "suppliers": [{"id": build.SUPPLIER, "name": "Example Builders (fictional)"}],
            "ends_on": "2028-09-30",
            "commitment_id": "spend",
            "commitment_title": "Spend in the borough",
            "unit": "GBP",
            "target": "600000",
            "period": "2026-10",
            "due_by": "2026-10-31",
            "expected": "25444.60",
            "reported": "18250.00",
            "counted": "18250.00",
            "gap": "7194.60",
            "gap_share": "1.1",
            "why": ["not_delivered"],
            "returns_missing": [],
        }.items() <= worst.items()
        (case,) = (await manager.get("/cases", contract="C1")).json()["items"]
        expected = {name: case[name] for name in ("case_id", "state", "period", "opened_at")}
        assert expected == worst["case"]

    async def test_says_which_return_is_missing(self, six: None, manager: Caller) -> None:
        """Rule A5: it is not taken for zero, and not rated either."""
        (silent,) = await listed(manager, contract="C5")
        assert [
            {
                "period": "2026-10",
                "supplier_id": build.SUPPLIER,
                "supplier_name": "Example Builders (fictional)",
                "due_on": "2026-11-13",
            }
        ] == silent["returns_missing"]
        assert (
            "Spend in the borough cannot be rated: a return is missing; it is £25,444.60 behind so "
            "far" == silent["headline"]
        )

    async def test_says_that_nothing_was_rated_yet(self, six: None, manager: Caller) -> None:
        """A promise that has just begun has no figures."""
        (new,) = await listed(manager, contract="C6")
        assert ("Spend in the borough is not rated yet", None, None, None) == (
            *(new[name] for name in ("headline", "period", "gap", "gap_share")),
        )

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({"rating": "Inadequate"}, ["C1"]),
            ({"rating": "Other"}, ["C5"]),
            ({"supplier": ANOTHER}, ["C6"]),
            ({"contract": "C3"}, ["C3"]),
            ({"missing": True}, ["C5"]),
            ({"missing": False}, ["C1", "C2", "C3", "C4", "C6"]),
            ({"case": "open"}, ["C1", "C2"]),
            ({"case": "none"}, ["C3", "C5", "C4", "C6"]),
            ({"case": "open", "rating": "Good"}, []),
        ],
    )
    async def test_is_filtered(
        self, six: None, manager: Caller, filters: dict[str, Any], found: list[str]
    ) -> None:
        """By rating, supplier, contract, missing return and open case."""
        assert found == ids(await listed(manager, **filters))

    async def test_comes_page_by_page_each_once(self, six: None, manager: Caller) -> None:
        """In the same order as all at once."""
        seen: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await manager.get("/performance", limit=1, **cursor)).json()
            seen += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert WORST_FIRST == ids(seen)

    @pytest.mark.parametrize(
        "key",
        [
            (1, "x", "C1", "spend"),
            (1, "NaN", "C1", "spend"),
            (1, "1E+999", "C1", "spend"),
            (2**40, "0", "C1", "spend"),
            ("C1", "spend"),
        ],
    )
    async def test_refuses_a_cursor_of_another_list(self, manager: Caller, key: Any) -> None:
        """400, never 500."""
        answer = await manager.get("/performance", cursor=lists.encode_cursor(*key))
        assert 400 == answer.status_code

    async def test_follows_a_correction_at_once(
        self, six: None, service: VerificationService, manager: Caller
    ) -> None:
        """The row is written with the fold: a revision before the due day replaces the rating."""
        paid = build.line("1", "26000.00", invoice=build.invoice("INV-1", "30000.00"))
        await service.deliver(build.returned(9, "2026-10", paid, revision=2, day="2026-11-10"))
        (mended,) = await listed(manager, contract="C1")
        assert ("Spend in the borough is on course", "0", None) == (
            *(mended[name] for name in ("headline", "gap", "case")),
        )

    async def test_is_what_replay_makes_of_the_journals(
        self, six: None, service: VerificationService
    ) -> None:
        """To the byte; and a row that was changed by hand is named."""
        assert [] == (await replay.run(service.pool)).differences
        await service.pool.execute("UPDATE standing SET missing = '[]' WHERE contract_id = 'C5'")
        assert ["C5: the standings differ"] == (await replay.run(service.pool)).differences

    async def test_costs_two_queries_a_page(
        self, six: None, manager: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many commitments it lists."""
        asked = count_queries(monkeypatch)
        assert 6 == len(await listed(manager))
        assert 2 == sum(asked)


class TestWhoMaySee:
    async def test_a_supplier_sees_its_own(self, six: None, service: VerificationService) -> None:
        """Its contracts, with what is behind."""
        supplier = await service.caller("supplier", ANOTHER)
        assert ["C6"] == ids(await listed(supplier))

    async def test_of_several_suppliers_each_sees_its_own_missing_returns(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The other's is none of its business."""
        approver = await service.caller("approver")
        both = [build.SUPPLIER, ANOTHER]
        await manager.post("/contracts", a_contract(supplier_ids=both, supplier_names={}))
        await manager.post("/contracts/C1/commitments", a_commitment())
        await approver.post("/contracts/C1/commitments/spend/activate")
        await service.deliver(
            build.returned(1, "2026-10", build.line("1", "5.00")),
            day_ended("2026-10-31"),
            day_ended("2026-11-13"),
        )
        seen = {}
        for party_id in both:
            supplier = await service.caller("supplier", party_id)
            (row,) = await listed(supplier)
            is_listed = bool(await listed(supplier, missing=True))
            seen[party_id] = ([m["supplier_id"] for m in row["returns_missing"]], is_listed)
        assert {build.SUPPLIER: ([], False), ANOTHER: ([ANOTHER], True)} == seen

    async def test_another_authority_sees_nothing(
        self, six: None, service: VerificationService
    ) -> None:
        """As if nothing existed."""
        for role in ("manager", "approver", "auditor"):
            assert [] == await listed(await service.caller(role, authority=OTHER))

    async def test_an_operator_is_refused(self, service: VerificationService) -> None:
        """403: settings, and nothing else."""
        operator = await service.caller("operator")
        assert 403 == (await operator.get("/performance")).status_code


class TestCsv:
    async def read(self, caller: Caller, **filters: Any) -> list[dict[str, str]]:
        answer = await caller.get("/performance", format="csv", **filters)
        assert (200, "text/csv; charset=utf-8") == (
            answer.status_code,
            answer.headers["content-type"],
        )
        assert 'attachment; filename="behind.csv"' == answer.headers["content-disposition"]
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    async def test_has_every_row_at_once(self, six: None, manager: Caller) -> None:
        """Figures as plain numbers, the missing return by month and name."""
        rows = await self.read(manager, limit=1)
        assert WORST_FIRST == [row["contract"] for row in rows]
        assert {
            "contract title": "Community hub",
            "headline": "Spend in the borough is £7,194.60 behind",
            "due": "25444.60",
            "counts": "18250.00",
            "behind": "7194.60",
            "behind, % of target": "1.1",
        }.items() <= rows[0].items()
        assert "2026-10 Example Builders (fictional)" == rows[3]["returns missing"]

    async def test_comes_where_it_is_asked_for_first(self, six: None, manager: Caller) -> None:
        """By `Accept`; the address goes before it."""
        client, headers = manager._client, manager._headers
        kinds = {}
        for accept, address in (
            ("text/csv", ""),
            ("text/csv;q=0.9, application/json", ""),
            ("application/json, text/csv", ""),
            ("text/csv", "?format=json"),
        ):
            answer = await client.get(
                f"/api/v1/performance{address}", headers=headers | {"accept": accept}
            )
            kinds[accept + address] = answer.headers["content-type"].split(";")[0]
        assert {
            "text/csv": "text/csv",
            "text/csv;q=0.9, application/json": "text/csv",
            "application/json, text/csv": "application/json",
            "text/csv?format=json": "application/json",
        } == kinds

    @pytest.mark.parametrize("first", ["=", "+", "-", "@"])
    async def test_holds_no_formula(
        self, service: VerificationService, manager: Caller, first: str
    ) -> None:
        """A title that a spreadsheet would run begins with an apostrophe."""
        title = f"{first}HYPERLINK(1)"
        await manager.post("/contracts", a_contract(title=title))
        await manager.post("/contracts/C1/commitments", a_commitment(title=title))
        approver = await service.caller("approver")
        await approver.post("/contracts/C1/commitments/spend/activate")
        (row,) = await self.read(manager)
        assert [f"'{title}"] * 2 == [row["contract title"], row["commitment title"]]
        assert row["headline"].startswith(f"'{first}")

    async def test_is_refused_where_it_is_too_long(
        self, six: None, manager: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """422, and what to do; never a file that looks whole."""
        monkeypatch.setattr(spreadsheets, "ROWS_MAX", 5)
        answer = await manager.get("/performance", format="csv")
        assert 422 == answer.status_code
        assert "Filter by rating" in answer.json()["errors"][0]["fix"]
