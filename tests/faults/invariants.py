"""What must hold after every fault: the services' tables are compared with the clients' own notes.

The guarantees are those of docs/architecture.md, "What is guaranteed, and by what"; completeness is
defined in docs/ledger.md.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from itertools import pairwise

import asyncpg
from aiokafka import TopicPartition

from services.ledger.domain.entries.offsets import FOR_DISPLAY
from shared.delivery import kafka
from tests.faults.running_system import SERVICES, RunningSystem
from tests.faults.suppliers import Suppliers

POLL_SECONDS = 0.2


class Books:
    """Reads what the system has recorded, and checks it."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system

    async def until_recorded(self, return_ids: list[str], seconds_max: float) -> None:
        """Waits until the ledger has each return, the decision on it, and everything else in its
        topics: alerts, cases, repeats. Fails after `seconds_max`."""
        wanted = len(set(return_ids))
        conn = await self.system.database()
        try:
            async with asyncio.timeout(seconds_max):
                while True:
                    counts = await conn.fetch(
                        "SELECT type, count(*) AS n FROM ledger.entry_index "
                        "WHERE type IN ('ReturnReceived', 'ReturnChecked') GROUP BY type"
                    )
                    unsent = [
                        await conn.fetchval(f"SELECT count(*) FROM {service}.outbox_unsent")
                        for service in SERVICES
                    ]
                    if [wanted, wanted] == [row["n"] for row in counts] and not any(unsent):
                        break
                    await asyncio.sleep(POLL_SECONDS)
                await self._until_read(conn)
        except TimeoutError:
            raise AssertionError(
                f"{wanted} were acknowledged, the ledger has {[tuple(r) for r in counts]}, "
                f"unsent {unsent}"
            ) from None
        finally:
            await conn.close()

    async def _until_read(self, conn: asyncpg.Connection[asyncpg.Record]) -> None:
        """Waits until the ledger has read each of its partitions to the end."""
        reader = await kafka.start_reader(self.system.settings)
        try:
            while True:
                rows = await conn.fetch(
                    "SELECT topic, partition, next_offset FROM ledger.consumer_offset"
                )
                reached = {TopicPartition(topic, n): next_offset for topic, n, next_offset in rows}
                if reached == await reader.end_offsets(list(reached)):
                    return
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await reader.stop()

    async def until_at_least(self, checked: int, seconds_max: float) -> None:
        """Waits until the ledger has decisions on `checked` returns."""
        conn = await self.system.database()
        try:
            async with asyncio.timeout(seconds_max):
                while checked > await conn.fetchval(
                    "SELECT count(*) FROM ledger.entry_index WHERE type = 'ReturnChecked'"
                ):
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            await conn.close()

    async def assert_invariants(self, clients: Suppliers) -> None:
        """Checks all of them; `fsck` and `replay` check the services' own books."""
        await self._assert_each_return_is_one_leaf(clients)
        await self._assert_order_per_contract(clients)
        await self._assert_totals(clients)
        await self._assert_offsets_are_accounted_for()
        await self.system.command("ledger", "fsck")
        await self.system.command("verification", "replay")
        await self.system.command("intake", "fsck")

    async def _assert_each_return_is_one_leaf(self, clients: Suppliers) -> None:
        """Nothing is lost and nothing is there twice."""
        conn = await self.system.database()
        leaves = await conn.fetch("SELECT idx, leaf FROM ledger.entry ORDER BY idx")
        await conn.close()
        assert list(range(len(leaves))) == [row["idx"] for row in leaves]
        received = [
            leaf
            for leaf in (json.loads(row["leaf"]) for row in leaves)
            if leaf["type"] == "ReturnReceived"
        ]
        expected = sorted(each.receipt_no for each in clients.acknowledged)
        assert expected == sorted(int(leaf["facts"]["receipt_no"]) for leaf in received)

    async def _assert_order_per_contract(self, clients: Suppliers) -> None:
        """Each contract's order is kept from acceptance to the ledger."""
        conn = await self.system.database()
        leaves = await conn.fetch("SELECT leaf FROM ledger.entry ORDER BY idx")
        await conn.close()
        recorded: dict[str, list[int]] = {contract: [] for contract in clients.contracts}
        for leaf in (json.loads(row["leaf"]) for row in leaves):
            if leaf["type"] == "ReturnReceived":
                recorded[leaf["contract_id"]].append(int(leaf["facts"]["receipt_no"]))
        for contract, receipts in recorded.items():
            assert clients.receipts(contract) == receipts
            assert all(one < next_one for one, next_one in pairwise(receipts))

    async def _assert_totals(self, clients: Suppliers) -> None:
        """The public figures equal those of the clients' model."""
        async with self.system.client("verification", self.system.tokens["manager"]) as client:
            for contract, hours in clients.totals().items():
                answer = await client.get(f"/api/v1/contracts/{contract}/performance")
                (commitment,) = answer.json()["commitments"]
                assert Decimal(hours) == Decimal(commitment["counted"]), contract

    async def _assert_offsets_are_accounted_for(self) -> None:
        """Consumed offsets = entries + repeats + days + parked records (docs/ledger.md,
        Completeness)."""
        conn = await self.system.database()
        await conn.execute("SET search_path = ledger")
        consumed, *listed = await conn.fetchrow(  # one statement: of one moment
            """
            SELECT (SELECT sum(next_offset) FROM consumer_offset WHERE topic <> ALL($1::text[])),
                (SELECT count(*) FROM entry),
                (SELECT count(*) FROM repeat), (SELECT count(*) FROM passed_day),
                (SELECT count(*) FROM parked)
            """,
            sorted(FOR_DISPLAY),
        ) or (0,)
        await conn.close()
        assert consumed == sum(listed)
