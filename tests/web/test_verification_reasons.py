"""Why a line waits, in words, over HTTP: who is told which claim goes first (rule V6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import (
    Caller,
    VerificationService,
    a_commitment,
    a_contract,
)

ANOTHER = "GB-COH-00000009"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


async def claim_twice(service: VerificationService, manager: Caller, second: str) -> None:
    """INV-7 of £9,000 is claimed by receipt 1 on C1 and, by the supplier `second`, by receipt 2 on
    C2."""
    await service.promise("C1")
    approver = await service.caller("approver")
    await manager.post("/contracts", a_contract("C2", supplier_ids=[second], supplier_names={}))
    await manager.post("/contracts/C2/commitments", a_commitment())
    await approver.post("/contracts/C2/commitments/spend/activate")
    line = build.line("1", "9000.00", invoice=build.invoice("INV-7", "9000.00"))
    await service.deliver(
        build.returned(1, "2026-10", line),
        build.returned(2, "2026-11", line, contract_id="C2", party_id=second),
    )


async def reason(caller: Caller) -> dict[str, Any]:
    (queried,) = (await caller.get("/lines", state="queried")).json()["items"]
    (found,) = queried["findings"]
    assert ("V6", "invoice_full", "9000", "0", "9000") == tuple(
        found[name] for name in ("rule", "code", "found", "wanted", "of")
    )
    return dict(found)


LEFT = "£0 of the invoice's £9,000 is left, and this line claims £9,000."
WAITS = "It waits for the council, or for the other claim's withdrawal."


class TestAnInvoiceThatIsFull:
    async def test_names_the_claim_that_goes_first_to_the_council(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Invoice, receipt, supplier, month and contract; and what to do."""
        await claim_twice(service, manager, ANOTHER)
        found = await reason(manager)
        assert (
            "INV-7: This invoice was claimed before; receipt 1 of Example Builders (fictional) for "
            f"October 2026 on C1 goes first. {LEFT}" == found["words"]
        )
        assert "Decide which of the claims counts." == found["what_to_do"]
        assert {
            "receipt_no": 1,
            "contract_id": "C1",
            "period": "2026-10",
            "line_id": "1",
            "party_id": build.SUPPLIER,
            "party_name": "Example Builders (fictional)",
        } == found["goes_first"]

    async def test_names_it_to_the_supplier_whose_own_it_is(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Both contracts are its own."""
        await claim_twice(service, manager, build.SUPPLIER)
        found = await reason(await service.caller("supplier", build.SUPPLIER))
        assert (
            "INV-7: This invoice was claimed before; your receipt 1 for October 2026 on C1 goes "
            f"first. {LEFT} {WAITS}" == found["words"]
        )
        assert "If the invoice is another one, correct its number." == found["what_to_do"]

    async def test_tells_another_supplier_only_that_there_is_one(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Neither whose claim it is, nor on which contract."""
        await claim_twice(service, manager, ANOTHER)
        found = await reason(await service.caller("supplier", ANOTHER))
        assert (
            "INV-7: This invoice was claimed before; another claim goes first. "
            f"{LEFT} {WAITS}" == found["words"]
        )
        assert "goes_first" not in found


class TestAThingThatCountsOnce:
    async def test_is_named_with_the_month_in_which_it_counted(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """A school that was reported again a month later."""
        school = {"place": {"school": "GB-EDU-143878"}, "unit": "schools"}
        await service.promise("C1", measure="schools-engaged", target="5")
        await service.deliver(
            build.returned(1, "2026-10", build.line("1", "1", **school)),
            build.returned(2, "2026-11", build.line("1", "1", **school)),
        )
        (line,) = (await manager.get("/lines", state="not_counted")).json()["items"]
        (found,) = line["findings"]
        assert (
            "GB-EDU-143878: This counted before, in October 2026; it counts once." == found["words"]
        )
