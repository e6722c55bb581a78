"""Importing what comes after an award, and small files from the field."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from services.verification.consumer import replay
from tests.support import published, reference, verification_service
from tests.support import verification_builders as build
from tests.support.published import PATH, imported, outcomes, package
from tests.support.verification_service import Caller, VerificationService


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


class TestACancelledAward:
    cancelled = published.release(
        "awardCancellation",
        id="r2",
        date="2027-01-20T10:00:00Z",
        awards=[published.award(status="cancelled")],
    )

    async def test_registers_no_contract(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The file has the award and, later, its end."""
        done = await imported(manager, package(published.release(), self.cancelled))
        assert ("skipped", "it is cancelled") == outcomes(done)[1]
        assert [] == await service.rows("contract")

    async def test_ends_the_contract_that_it_began(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """On the day on which that was published. Importing it again, or the award once more,
        changes nothing."""
        await imported(manager, package(published.release()))
        done = await imported(manager, package(self.cancelled))
        reason = "it is cancelled: its contract ends on 2027-01-20"
        assert [("changed", reason)] == outcomes(done)
        before = await service.messages()
        for body in (package(self.cancelled), package(published.release())):
            again = await imported(manager, body)
            assert {"new": 0, "changed": 0, "unchanged": 1} == again["contracts"]
        assert before == await service.messages()
        contract = (await manager.get("/contracts/ocds-abc123-7-1")).json()
        assert (2, "2027-01-20") == (contract["version"], contract["ends_on"])
        assert [] == (await replay.run(service.pool)).differences


class TestSeveralContractsOfOneAward:
    def _release(self, *contract_ids: str, date: str) -> bytes:
        contracts = [published.signed(each, title=each) for each in contract_ids]
        return package(published.release("contract", id=date, date=date, contracts=contracts))

    async def _titles(self, service: VerificationService) -> dict[str, str]:
        rows = await service.pool.fetch("SELECT contract_id, words FROM contract")
        return {row["contract_id"]: json.loads(row["words"])["title"] for row in rows}

    async def test_keep_the_ids_that_they_have(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The second comes alone, then with the first: it is not taken for the first."""
        await imported(manager, self._release("c2", date="2026-09-02"))
        await imported(manager, self._release("c1", "c2", date="2026-09-03"))
        wanted = {"ocds-abc123-7-1": "c2", "ocds-abc123-7-1-c1": "c1"}
        assert wanted == await self._titles(service)
        done = await imported(manager, self._release("c1", date="2026-09-04"))
        assert {"new": 0, "changed": 0, "unchanged": 1} == done["contracts"]
        assert wanted == await self._titles(service)

    async def test_continue_the_contract_of_the_award(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The award notice came first, and another one comes last."""
        await imported(manager, package(published.release()))
        await imported(manager, self._release("c1", "c2", date="2026-09-03"))
        wanted = {"ocds-abc123-7-1": "c1", "ocds-abc123-7-1-c2": "c2"}
        assert wanted == await self._titles(service)
        notice = published.release("awardUpdate", date="2026-09-05", tender={"title": "Renamed"})
        await imported(manager, package(notice))
        await imported(manager, self._release("c1", "c2", date="2026-09-06"))
        assert wanted == await self._titles(service)

    async def test_all_end_with_their_award(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Also those that the later release does not name."""
        await imported(manager, self._release("c1", "c2", date="2026-09-03"))
        await imported(manager, package(TestACancelledAward.cancelled))
        rows = await service.pool.fetch("SELECT ends_on FROM contract")
        assert ["2027-01-20"] * 2 == [str(row["ends_on"]) for row in rows]


@reference.needed
class TestCasesFromTheField:
    """What went wrong for people who import such files."""

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("two-awards-one-id.json", ["new", "faulty"]),
            ("award-with-two-contracts.json", ["new"]),
            ("cancelled-later.json", ["skipped", "skipped"]),
            ("integer-award-id.json", ["new"]),
            ("line-separator.jsonl", ["new", "new", "new"]),
            ("org-ids.json", ["new"] * 5),
            ("odd-dates-0.json", ["faulty"]),
            ("odd-dates-3.json", ["faulty"]),
            ("utc-at-midnight.json", ["new", "new"]),
        ],
    )
    async def test_come_out_right(
        self, service: VerificationService, manager: Caller, name: str, told: list[str]
    ) -> None:
        """Award by award."""
        done = await imported(manager, reference.case_bytes(f"import-{name}"))
        assert told == [fate for fate, _ in outcomes(done)]
        rows = await service.pool.fetch("SELECT * FROM contract")
        suppliers = [row["supplier_ids"][0] for row in rows]
        if name == "award-with-two-contracts.json":
            assert 2 == len(rows)
        if name == "org-ids.json":
            assert [2, 2, 1] == sorted(Counter(suppliers).values(), reverse=True)
            assert {"GB-COH-01234567", "GB-COH-SC123456"} < set(suppliers)
        if name == "utc-at-midnight.json":
            assert {("2027-10-01", "2028-09-30")} == {
                (str(row["starts_on"]), str(row["ends_on"])) for row in rows
            }

    async def test_stand_in_either_order(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Two releases with one date and one id: the second file changes nothing."""
        first = await imported(manager, reference.case_bytes("import-same-date-1.json"))
        second = await imported(manager, reference.case_bytes("import-same-date-2.json"))
        assert {"new", "faulty"} == {fate for fate, _ in outcomes(first)}
        assert {"unchanged", "faulty"} == {fate for fate, _ in outcomes(second)}

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("import-amount-000.json", "The file is not JSON: line 80, column 18: expecting"),
            ("import-windows-1252.jsonl", "The file is not UTF-8: line 1, byte "),
            ("utf-16.json", "The file is UTF-16: save it as UTF-8"),
            ("duplicate-key.json", 'The file is not JSON: the key "quantity" is given twice'),
        ],
    )
    async def test_are_refused_whole(
        self, service: VerificationService, manager: Caller, name: str, reason: str
    ) -> None:
        """No fragment of them passes for a release."""
        body = reference.case_bytes(name)
        answer = await manager.upload(PATH, body, authority=build.AUTHORITY, commit=True)
        assert 422 == answer.status_code
        assert answer.json()["title"].startswith(reason)
        assert [] == await service.rows("contract")

    async def test_may_begin_with_a_byte_order_mark(self, manager: Caller) -> None:
        """It is passed over; a return is no release."""
        done = await imported(manager, reference.case_bytes("byte-order-mark.json"))
        assert [("faulty", "this is no release: it has no ocid")] == outcomes(done, "release")
