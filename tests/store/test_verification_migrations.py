"""A verification's database that was made before: what a migration derives of what is stored."""

from __future__ import annotations

import asyncpg

from services.verification import store
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import day_ended


class TestOverviews:
    async def test_of_earlier_contracts_are_made_to_the_byte(self, database: str) -> None:
        """So that a replay finds them as the fold makes them now. Of £25,444.60 due, 15,000 counts
        for C1; of C2 two lines without a postcode wait; C3 owes its return, C4 promises nothing."""
        async with verification_service.at_work(database) as service:
            await service.promise("C1", "C3")
            await service.promise("C2", area={"gss": ["E08000011"], "edition": "1"})
            manager = await service.caller("manager")
            await manager.post("/contracts", verification_service.a_contract("C4"))
            for number, contract_id in enumerate(("C1", "C2"), 1):
                lines = [
                    build.line(line, "15000", invoice=build.invoice(f"{number}-{line}", "15000"))
                    for line in "12"[:number]
                ]
                await service.deliver(
                    build.returned(number, "2026-10", *lines, contract_id=contract_id)
                )
            for contract_id in ("C1", "C2", "C3"):
                await service.deliver(day_ended("2026-11-13", contract_id))
            written = await _stored(service.pool)
            await _go_back(database)
            await _run(database)
            again = await _stored(service.pool)
        assert written == again
        overviews, waiting = written
        assert '"held":{"spend":"2026-10"}' in overviews["C2"]
        assert '"promises_behind":1' in overviews["C1"]
        assert [None, '{"spend":2}'] == waiting


async def _stored(pool: asyncpg.Pool) -> tuple[dict[str, str], list[str | None]]:
    overviews = await pool.fetch("SELECT contract_id, overview FROM standing ORDER BY 1")
    waiting = await pool.fetch("SELECT queried FROM checked_return ORDER BY contract_id")
    return {row[0]: row[1] for row in overviews}, [row[0] for row in waiting]


async def _go_back(dsn: str) -> None:
    """To the tables before."""
    conn = await asyncpg.connect(dsn, server_settings={"search_path": "verification"})
    await conn.execute("ALTER TABLE standing DROP COLUMN overview")
    await conn.execute("ALTER TABLE checked_return DROP COLUMN queried")
    await conn.close()


async def _run(dsn: str) -> None:
    conn = await asyncpg.connect(dsn, server_settings={"search_path": "verification"})
    await conn.execute((store.MIGRATIONS / "0008_overview.sql").read_text())
    await conn.close()
