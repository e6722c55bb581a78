"""The kill loop: processes die at random moments and at every named failpoint while returns flow.

At the end: nothing lost, nothing twice, order per contract kept, totals equal the model's, every
consumed offset accounted for, and the log verifies (faults.md, fault 1 and invariants 1 to 7).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from deploy.local.servers.both import Servers
from shared.delivery import failpoints
from shared.web.auth import Caller
from tests.faults import strikes, suppliers
from tests.faults.contracts import register
from tests.faults.invariants import Books
from tests.faults.running_system import AUTHORITY, RunningSystem

CONTRACTS = [f"KILL-{number:03}" for number in range(12)]
BACK_SECONDS_MAX = {"intake": 10, "verification": 10, "ledger": 10, "kafka": 30, "postgres": 30}
DRAIN_SECONDS_MAX = 120


class TestTheStreetUnderBlows:
    @pytest.mark.timeout(1500)
    async def test_loses_nothing_and_counts_nothing_twice(
        self, own_servers: Servers, pytestconfig: pytest.Config
    ) -> None:
        """Thirty rounds; a round counts only because work was in flight when it struck."""
        rounds = pytestconfig.getoption("--rounds")
        dice = random.Random(20261122)
        async with RunningSystem(own_servers) as system:
            clients = await _open_for_business(system)
            posting = asyncio.create_task(clients.run())
            blows = [
                await strikes.fall(system, strike, lambda: clients.in_flight, dice)
                for strike in strikes.plan(rounds, dice)
            ]
            clients.stop()
            await posting
            books = Books(system)
            await books.until_recorded(
                [a.return_id for a in clients.acknowledged], DRAIN_SECONDS_MAX
            )
            _tell(blows, clients)
            assert [] == clients.refused
            assert rounds <= len(blows)
            assert all(blow.in_flight for blow in blows)
            _assert_every_failpoint_was_hit(system)
            await books.assert_invariants(clients)
        assert [] == [b for b in blows if b.back_seconds > BACK_SECONDS_MAX[b.strike.victim]]


async def _open_for_business(system: RunningSystem) -> suppliers.Suppliers:
    tokens = {}
    for number, contract in enumerate(CONTRACTS, start=1):
        supplier = suppliers.supplier_of(number)
        holder = Caller(supplier, "supplier", AUTHORITY, supplier)
        tokens[contract] = await system.admit(holder)
        await register(system, contract, supplier)
    return suppliers.Suppliers(system, CONTRACTS, tokens)


def _assert_every_failpoint_was_hit(system: RunningSystem) -> None:
    struck = {line.split()[0] for line in system.struck.read_text().splitlines()}
    assert set(failpoints.NAMES) == struck


def _tell(blows: list[strikes.Blow], clients: suppliers.Suppliers) -> None:
    """The figures, for the log: shown with `pytest -s`, and when it fails."""
    by_victim = Counter(blow.strike.victim for blow in blows)
    slowest = max(blows, key=lambda blow: blow.back_seconds)
    print(
        f"\n{len(blows)} strikes ({dict(by_victim)}), {len(clients.acknowledged)} acknowledged; "
        f"slowest back: {slowest.strike} in {slowest.back_seconds:.1f} s"
    )
