"""Memory of the services, as real processes, while the largest input goes through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from deploy.local.servers.both import Servers
from shared import calendar, clock
from shared.delivery import topics
from shared.web.auth import Caller
from tests.faults import contracts
from tests.faults.running_system import AUTHORITY, SERVICES, RunningSystem
from tests.support import intake_builders as build
from tests.support import largest
from tests.support.waiting import eventually

RESIDENT_BYTES_MAX: Final = 150 * 1024 * 1024
"""As operators and containers count: `top` and a limit of `150m` mean MiB."""
LINES: Final = 5_000
CONTRACT: Final = "OUTGROWN"
SPEND: Final = {"commitment_id": "spend", "measure": "local-spend", "target": "5000000"}
MONTHS: Final = [f"2026-{month:02}" for month in range(5, 11)]


class TestOutgrown:
    @pytest.mark.timeout(400)
    async def test_takes_less_memory_than_promised(self, own_servers: Servers) -> None:
        """The first of six returns of 5,000 lines uses up the invoices that all claim, so 25,000
        lines are duplicates. When it is withdrawn, the other five count, a fifth each."""
        async with RunningSystem(own_servers) as system:
            conn = await system.database()
            supplier = await system.admit(Caller("sup-1", "supplier", AUTHORITY, build.PARTY))
            await contracts.register(system, CONTRACT, build.PARTY, SPEND)
            await _know_since(conn, MONTHS[0])
            async with system.client("intake", supplier) as client:
                return_ids = []
                for month in MONTHS:
                    each = "100.00" if month == MONTHS[0] else "20.00"
                    answer = await client.post("/api/v1/returns", json=_return(month, each))
                    assert answer.is_success, answer.text
                    return_ids.append(answer.json()["return_id"])
                    await _until_read(conn, len(return_ids))
                wanted = ["counted", *["queried"] * 5]
                assert wanted == await _outcomes(conn)
                withdrawal = {"reason": "sent twice"}
                url = f"/api/v1/returns/{return_ids[0]}/withdraw"
                assert (await client.post(url, json=withdrawal)).is_success
                await _until_read(conn, len(MONTHS) + 1)
            assert ["counted"] * 5 == await _outcomes(conn)
            duplicates = "SELECT count(*) FROM verification.alert WHERE kind = 'duplicate_claim'"
            assert LINES * 5 == await conn.fetchval(duplicates)
            await conn.close()
            peaks = {name: _peak_bytes(system.processes[name].pid) for name in SERVICES}
        assert {} == {name: peak for name, peak in peaks.items() if peak >= RESIDENT_BYTES_MAX}


def _return(month: str, each: str) -> dict[str, Any]:
    """Spend of so much on each of the invoices of 100.00."""
    changes = {"commitment_id": "spend", "from": f"{month}-06"}
    lines = [largest.spend_line(number, 5, each) | changes for number in range(LINES)]
    return build.a_return(*lines, contract_id=CONTRACT, period=month, invoiced_to_date=None)


async def _know_since(conn: asyncpg.Connection[asyncpg.Record], month: str) -> None:
    """As if the contract had been registered in `month`: nothing is told of months before that."""
    this = calendar.period_of(calendar.london_day(clock.WallClock().now()))
    await conn.execute(
        """
        UPDATE verification.contract SET state = convert_to(
            replace(replace(convert_from(state, 'UTF8'), $1, $2), $3, $4), 'UTF8')
        """,
        f'"{calendar.previous_period(this)}"',
        f'"{calendar.previous_period(month)}"',
        f'"{this}"',
        f'"{month}"',
    )


async def _until_read(conn: asyncpg.Connection[asyncpg.Record], count: int) -> None:
    """Waits until this many returns and withdrawals were checked, and the others know."""

    async def left() -> int:
        query = """
            SELECT $1 - count(*) FROM verification.journal
            WHERE type IN ('ReturnReceived', 'ReturnWithdrawn')
        """
        return int(await conn.fetchval(query, count))

    async def unread() -> int:
        query = """
            SELECT 2 * (SELECT count(*) FROM verification.outbox WHERE topic = $1)
                - (SELECT sum(next_offset) FROM intake.consumer_offset WHERE topic = $1)
                - (SELECT sum(next_offset) FROM ledger.consumer_offset WHERE topic = $1)
        """
        return int(await conn.fetchval(query, topics.OUTCOMES.name))

    await eventually(left, 0)
    await eventually(unread, 0)


async def _outcomes(conn: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    query = "SELECT outcomes FROM verification.checked_return ORDER BY period"
    return [row["outcomes"] for row in await conn.fetch(query)]


def _peak_bytes(pid: int) -> int:
    """The most memory that a process ever had resident (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak) * 1024
