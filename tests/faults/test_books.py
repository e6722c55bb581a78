"""The books of a running system check themselves: what was changed by hand is found and shown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from deploy.local.servers.both import Servers
from tests.faults import suppliers
from tests.faults.invariants import Books
from tests.faults.running_system import RunningSystem
from tests.faults.test_faults import open_system
from tests.support.waiting import until


@pytest.fixture
async def system(own_servers: Servers) -> AsyncIterator[RunningSystem]:
    """At rest: more than 100 returns are recorded, and every check passes."""
    async with open_system(own_servers) as (running, clients):
        await until(lambda: len(clients.acknowledged) > 100)
        await at_rest(running, clients)
        yield running


async def at_rest(system: RunningSystem, clients: suppliers.Suppliers) -> None:
    clients.stop()
    await until(lambda: clients.in_flight == 0)
    await Books(system).until_recorded([each.return_id for each in clients.acknowledged], 90)


async def change(system: RunningSystem, *statements: str) -> None:
    """By a superuser, without triggers."""
    conn = await system.database()
    try:
        await conn.execute("SET session_replication_role = replica")
        for statement in statements:
            assert not (await conn.execute(statement)).endswith(" 0"), statement
    finally:
        await conn.close()


async def health(system: RunningSystem, service: str) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=system.urls[service]) as client:
        found: dict[str, str] = (await client.get("/health")).json()
        return found


@pytest.mark.timeout(300)
async def test_the_log_tells_what_intake_has_lost(system: RunningSystem) -> None:
    """The last receipt is deleted with all that intake knows of it. Only the log has it still."""
    said = await system.command("intake", "fsck")
    assert "receipts in the log" in said
    assert "ok" == (await health(system, "intake"))["status"]
    last = "(SELECT return_id FROM intake.accepted_return ORDER BY receipt_no DESC LIMIT 1)"
    await change(
        system,
        f"DELETE FROM intake.outbox WHERE event_id = {last}",
        f"DELETE FROM intake.accepted_return WHERE return_id = {last}",
        "UPDATE intake.desk SET receipt_no = receipt_no - 1",
    )
    said = await system.command("intake", "fsck", code=1)
    assert 1 == said.count("WRONG")
    assert "intake has no such receipt: ReturnReceived" in said
    found = await health(system, "intake")
    assert "differs" == found["status"]
    assert "books_differ: 1 found at" in found["alarm"]


@pytest.mark.timeout(300)
async def test_each_service_says_what_differs(system: RunningSystem) -> None:
    """A supplier of a contract, and the key of an event."""
    await change(
        system,
        "UPDATE verification.contract SET supplier_ids = '{GB-COH-09999999}' "
        "WHERE contract_id = (SELECT min(contract_id) FROM verification.contract)",
        "DELETE FROM ledger.payload_key WHERE idx = 3",
    )
    said = await system.command("verification", "replay", code=1)
    assert "the contract's supplier_ids differs" in said
    assert "WRONG  entry 3: the key of its event is missing" in await system.command(
        "ledger", "fsck", code=1
    )
    for service in ("verification", "ledger"):
        assert "differs" == (await health(system, service))["status"]
