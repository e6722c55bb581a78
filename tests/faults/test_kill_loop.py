"""The kill loop: processes die at random moments and at every failpoint while returns come in.

At the end nothing is lost and nothing is there twice, the order of each contract is kept, totals
equal the model's, every consumed offset is accounted for, and the log verifies
(docs/architecture.md, "What is guaranteed, and by what").
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from deploy.local.servers.both import Servers
from shared.delivery import failpoints
from tests.faults import strikes, suppliers
from tests.faults.invariants import Books
from tests.faults.running_system import RunningSystem

CONTRACTS = [f"KILL-{number:03}" for number in range(12)]
BACK_SECONDS_MAX = {"intake": 10, "verification": 10, "ledger": 10, "kafka": 30, "postgres": 30}
DRAIN_SECONDS_MAX = 120


class TestTheSystemUnderStrikes:
    @pytest.mark.timeout(1500)
    async def test_loses_nothing_and_counts_nothing_twice(
        self, own_servers: Servers, pytestconfig: pytest.Config
    ) -> None:
        """Thirty rounds. In each of them work is in flight when a process dies."""
        rounds = pytestconfig.getoption("--rounds")
        dice = random.Random(20261122)
        async with RunningSystem(own_servers) as system:
            clients = await suppliers.register(system, CONTRACTS)
            posting = asyncio.create_task(clients.run())
            outcomes = [
                await strikes.execute(system, strike, lambda: clients.in_flight, dice)
                for strike in strikes.plan(rounds, dice)
            ]
            clients.stop()
            await posting
            books = Books(system)
            await books.until_recorded(
                [a.return_id for a in clients.acknowledged], DRAIN_SECONDS_MAX
            )
            _print(outcomes, clients)
            assert [] == clients.refused
            assert rounds <= len(outcomes)
            assert all(each.in_flight for each in outcomes)
            _assert_every_failpoint_was_hit(system)
            await books.assert_invariants(clients)
        slow = [
            each for each in outcomes if each.back_seconds > BACK_SECONDS_MAX[each.strike.victim]
        ]
        assert [] == slow


def _assert_every_failpoint_was_hit(system: RunningSystem) -> None:
    struck = {line.split()[0] for line in system.struck.read_text().splitlines()}
    assert set(failpoints.NAMES) == struck


def _print(outcomes: list[strikes.Outcome], clients: suppliers.Suppliers) -> None:
    """Prints the figures, which `pytest -s` shows, as does a failure."""
    by_victim = Counter(each.strike.victim for each in outcomes)
    slowest = max(outcomes, key=lambda each: each.back_seconds)
    print(
        f"\n{len(outcomes)} strikes ({dict(by_victim)}), {len(clients.acknowledged)} acknowledged; "
        f"slowest restart: {slowest.strike} in {slowest.back_seconds:.1f} s"
    )
