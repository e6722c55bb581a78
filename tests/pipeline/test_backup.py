"""A backup on the real stack: all is lost, restored, and the services go on from there."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local import stack
from deploy.local.servers import both
from shared.delivery import kafka
from shared.web.auth import Caller
from tests.faults import contracts, suppliers
from tests.faults.running_system import AUTHORITY, CALLERS, RunningSystem
from tests.support.waiting import eventually, until_true

pytestmark = pytest.mark.timeout(900)

CHECKOUT = Path(__file__).resolve().parents[2]
MAKEGOOD = [sys.executable, "-c", "from deploy.cli import app; app()"]
PARTY = "GB-COH-00000001"
WAIT_S_MAX = 240  # other tests run at the same time


class Outside(RunningSystem):
    """Those who use a stack that runs already."""

    def __init__(self, running: stack.Stack) -> None:
        super().__init__(running.servers)
        self.urls = {name: service.url for name, service in running.services.items()}

    async def send(self, token: str, month: str, hours: int) -> None:
        """Sends a return of a month and gets its receipt."""
        async with self.client("intake", token) as supplier:
            body = suppliers.a_return("C1", month, 1, hours)
            assert 201 == (await supplier.post("/api/v1/returns", json=body)).status_code

    async def write(self, topic: str, month: str, hours: int) -> None:
        """Writes a return of a month to the party's inbound topic."""
        producer = await kafka.start_producer(self.settings)
        try:
            record = json.dumps(suppliers.a_return("C1", month, 1, hours)).encode()
            headers = [("idempotency-key", month.encode())]
            await producer.send_and_wait(topic, record, headers=headers)
        finally:
            await producer.stop()

    async def shown(self, path: str) -> Any:
        """What the manager is shown by verification."""
        async with self.client("verification", self.tokens["manager"]) as manager:
            return (await manager.get(path)).json()

    async def value(self, query: str) -> Any:
        conn = await self.database()
        try:
            return await conn.fetchval(query)
        finally:
            await conn.close()

    async def until_recorded(self, months: list[str]) -> None:
        """Waits until the check of each month is an entry under a signed checkpoint, and nothing
        waits for the broker."""
        query = """
            SELECT array_agg(DISTINCT period ORDER BY period) FROM ledger.entry_index
            WHERE type = 'ReturnChecked' AND idx < (SELECT max(size) FROM ledger.checkpoint)
        """
        await until_true(lambda: self._is(query, months), WAIT_S_MAX)
        unsent = " + ".join(f"(SELECT count(*) FROM {s}.outbox_unsent)" for s in self.urls)
        await until_true(lambda: self._is(f"SELECT {unsent}", 0), WAIT_S_MAX)
        signed = "SELECT (SELECT size FROM ledger.head) - (SELECT max(size) FROM ledger.checkpoint)"
        await until_true(lambda: self._is(signed, 0), WAIT_S_MAX)

    async def _is(self, query: str, wanted: Any) -> bool:
        return bool(wanted == await self.value(query))


async def makegood(state: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        [*MAKEGOOD, *map(str, arguments)],
        cwd=CHECKOUT,
        env=os.environ | {"MAKEGOOD_STATE": str(state), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S_MAX,
    )


async def healths(system: Outside) -> set[str]:
    """What each service says of itself."""
    found = set()
    for service in system.urls:
        async with system.client(service, system.tokens["operator"]) as client:
            found.add((await client.get("/health")).json()["status"])
    return found


class TestBackup:
    async def test_is_all_that_is_needed_to_go_on(
        self, new_state: Callable[[], Path], tmp_path: Path
    ) -> None:
        """Months are sent, backed up, lost and restored; the next months follow, by HTTP and on the
        supplier's own topic, which exists again. The log of before
        is the beginning of the log of after, every service finds its books whole, and the figures
        are the same."""
        state, saved = new_state(), tmp_path / "saved"
        before, after = tmp_path / "before.jsonl", tmp_path / "after.jsonl"
        async with stack.Stack(state) as running:
            system = Outside(running)
            for name, holder in CALLERS.items():
                system.tokens[name] = await system.admit(holder)
            token = await system.admit(Caller(PARTY, "supplier", AUTHORITY, PARTY))
            await contracts.register(system, "C1", PARTY)
            await system.send(token, "2024-01", 10)
            await system.send(token, "2024-02", 20)
            async with system.client("intake", system.tokens["operator"]) as operator:
                admitted = await operator.post(f"/api/v1/parties/{PARTY}/credentials")
                assert 201 == admitted.status_code
            await system.until_recorded(["2024-01", "2024-02"])
            running.tokens.update(system.tokens)
            running.announce()
            tokens = dict(system.tokens)
            figures = await system.shown("/api/v1/contracts/C1/performance")
            lines = await system.shown("/api/v1/lines")
            assert 0 == (await makegood(state, "export", before)).returncode

            made = await makegood(state, "backup", saved)
            assert 0 == made.returncode, made.stdout + made.stderr
            again = await makegood(state, "backup", saved)
            assert (1, True) == (again.returncode, "not an empty folder" in again.stdout)
            while_it_runs = await makegood(state, "restore", saved)
            assert (1, True) == (while_it_runs.returncode, "running" in while_it_runs.stdout)
        both.Servers(state).remove()

        done = await makegood(state, "restore", saved)
        assert 0 == done.returncode, done.stdout + done.stderr
        twice = await makegood(state, "restore", saved)
        assert (1, True) == (twice.returncode, "nothing is overwritten" in twice.stdout)

        async with stack.Stack(state) as running:
            system = Outside(running)
            system.tokens = tokens
            running.tokens.update(tokens)
            running.announce()
            assert figures == await system.shown("/api/v1/contracts/C1/performance")
            assert lines == await system.shown("/api/v1/lines")
            await system.send(token, "2024-03", 30)
            await system.write(admitted.json()["inbound_topic"], "2024-04", 40)
            await system.until_recorded(["2024-01", "2024-02", "2024-03", "2024-04"])
            await eventually(lambda: healths(system), {"ok"})
            assert 0 == (await makegood(state, "export", after)).returncode
            proved = await makegood(state, "verify", after, "--since", before)
            assert 0 == proved.returncode, proved.stdout + proved.stderr
            for service, check in {
                "intake": "fsck",
                "verification": "replay",
                "ledger": "fsck",
            }.items():
                await running.services[service].run_command(check)
            assert 4 == await system.value("SELECT max(receipt_no) FROM intake.accepted_return")
