"""Lines with their results, as they are listed over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.verification import store
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, VerificationService


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


class TestLines:
    async def test_can_be_listed_by_state(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Queried lines come with the rule and code of each finding."""
        await service.promise("C1", area=build.KNOWSLEY)
        await service.deliver(
            build.returned(
                1,
                "2026-10",
                build.line("1", "100.00", place={"postcode": "L36 9ZZ"}),
                build.line("2", "100.00", place={"postcode": "L36 9YU"}),
            )
        )
        await service.pool.execute(
            "INSERT INTO postcode VALUES ('L36 9YU', 'sample-1', 'E08000011', NULL, '1980-01')"
        )
        await service.deliver(
            build.returned(2, "2026-11", build.line("1", "100.00", place={"postcode": "l369yu"}))
        )
        items = (await manager.get("/lines", state="queried")).json()["items"]
        assert [("2026-10", "1"), ("2026-10", "2")] == [(e["period"], e["line_id"]) for e in items]
        assert ("V3", "postcode_unknown") == (
            items[0]["findings"][0]["rule"],
            items[0]["findings"][0]["code"],
        )
        (counted,) = (await manager.get("/lines", state="counted")).json()["items"]
        assert ("2026-11", "100.00") == (counted["period"], counted["counted"])

    async def test_are_listed_page_by_page_each_once(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """With more returns than are read at a time, and pages that end within a return."""
        contract_ids = [f"C{n:02}" for n in range(store.reading.RETURNS_AT_ONCE + 3)]
        await service.promise(*contract_ids)
        for n, contract_id in enumerate(contract_ids, 1):
            claimed = build.invoice(contract_id, "10000.00")
            lines = [build.line(line_id, "6000.00", invoice=claimed) for line_id in "213"]
            await service.deliver(build.returned(n, "2026-10", *lines, contract_id=contract_id))
        for state, line_ids in ((None, "123"), ("queried", "13"), ("counted", "2")):
            expected = [(contract_id, each) for contract_id in contract_ids for each in line_ids]
            assert expected == [line async for line in self._listed(manager, state)]

    async def _listed(self, manager: Caller, state: str | None) -> AsyncIterator[tuple[str, str]]:
        """Contract and line id of each, by pages of 7."""
        query: dict[str, Any] = {"limit": 7} if state is None else {"limit": 7, "state": state}
        while True:
            page = (await manager.get("/lines", **query)).json()
            for each in page["items"]:
                yield each["contract_id"], each["line_id"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]
