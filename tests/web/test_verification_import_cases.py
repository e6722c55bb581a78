"""Importing small files from the field: each stands for a kind of fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from tests.support import reference, verification_service
from tests.support import verification_builders as build
from tests.support.published import PATH, imported, outcomes
from tests.support.verification_service import Caller, VerificationService


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


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
