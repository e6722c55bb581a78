"""Our three services as an operator runs them: with migrations, topics, metrics and logs.

Promises: they are started by their own commands, with settings that their READMEs document, and get
their contracts through verification's public API from two people (rule P3). Only `vouch` writes to
their tables.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.servers import process
from shared.delivery import topics
from shared.web import auth

from . import ground, load, workload

SERVICES = ("intake", "verification", "ledger")
READY_S_MAX = 60.0
CALLS_AT_ONCE = 16
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


class WholeSystem:
    """The services of one run. Data and tokens survive when services stop and start."""

    def __init__(self, here: ground.Ground) -> None:
        self.ports = {service: load.free_port() for service in SERVICES}
        self.tokens: dict[str, str] = {}
        self._here = here
        self._running: dict[str, process.Process] = {}

    async def build(self) -> None:
        """Creates topics, tables, and a token for each role."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._here.bootstrap)
        await admin.start()
        try:
            await topics.create(admin)
        finally:
            await admin.close()
        for service in SERVICES:
            await self._command(service, "migrate")
        await self._command("ledger", "create-log", "--origin", "bench.makegood.example/log")
        supplier = ("--role", "supplier", "--party", workload.PARTY_ID)
        self.tokens["supplier"] = await self._command("intake", "token", *supplier)
        for role in ("manager", "approver"):
            self.tokens[role] = await self._command("verification", "token", "--role", role)

    async def _command(self, service: str, *arguments: str) -> str:
        """Runs a command of a service. Returns the token that it printed, if any."""
        if arguments[0] == "token":
            arguments += ("--authority", workload.AUTHORITY_ID)
        command = (f"services.{service}", *arguments)
        child = self._here.start(f"{service}-{arguments[0]}", command, self._settings(service))
        if await child.exited() != 0:
            raise ground.BrokenArmError(f"{' '.join(command)} failed:\n{child.last_lines()}")
        said = child.last_lines().splitlines()
        return next((line for line in said if line.startswith(auth.PREFIX)), "")

    def _settings(self, service: str) -> dict[str, str]:
        return {
            "DATABASE_URL": self._here.dsn,
            "KAFKA_BOOTSTRAP_SERVERS": self._here.bootstrap,
            "KAFKA_GROUP_INSTANCE_ID": f"bench-{service}",
            f"{service.upper()}_PORT": str(self.ports[service]),
            "INTAKE_POSTS_PER_SECOND_MAX": "1000000",  # one client posts for all of them
            "MAKEGOOD_STATE": str(self._here.state / "keys"),
        }

    def launch(self, *services: str, module: str | None = None) -> None:
        """Starts them, without waiting until they are ready."""
        for service in services:
            command = (module or f"services.{service}", "serve")
            self._running[service] = self._here.start(service, command, self._settings(service))

    async def open(self, *services: str, module: str | None = None) -> None:
        """Starts those that are not running, and waits until all are ready."""
        closed = [service for service in services if service not in self._running]
        self.launch(*closed, module=module)
        async with httpx.AsyncClient() as client, asyncio.timeout(READY_S_MAX):
            for service in services:
                while not await self._is_ready(client, service):
                    await asyncio.sleep(0.05)

    async def _is_ready(self, client: httpx.AsyncClient, service: str) -> bool:
        if not self._running[service].is_running():
            raise ground.BrokenArmError(f"{service} ended:\n{self._running[service].last_lines()}")
        try:
            answer = await client.get(f"http://127.0.0.1:{self.ports[service]}/health/ready")
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    async def close(self, *services: str) -> None:
        """Stops them cleanly."""
        for service in services:
            if service in self._running:
                await self._running.pop(service).stop()

    def kill(self, service: str) -> None:
        """Sends SIGKILL."""
        self._running.pop(service).kill()

    def resident_mb(self, service: str) -> float:
        """The service's resident memory in MB."""
        status = Path(f"/proc/{self._running[service].pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def cpu_seconds(self, service: str) -> float:
        """The CPU time that the service has used, in seconds."""
        stat = Path(f"/proc/{self._running[service].pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    async def vouch(self, plan: workload.Plan) -> None:
        """Puts the plan's returns into intake's outbox, as if intake had sent them. Otherwise its
        restore check would find unknown records in its topic and stop it."""
        connection = await asyncpg.connect(self._here.dsn)
        try:
            await connection.copy_records_to_table(
                "outbox",
                schema_name="intake",
                columns=("topic", "key", "event_id", "type", "occurred_at", "body"),
                records=map(_message, workload.returns(plan)),
            )
        finally:
            await connection.close()

    # --- contracts, through the API --------------------------------------------------------

    async def register(self, contract_ids: Iterable[str]) -> None:
        """Registers contracts with their commitments, which the manager drafts and the approver
        activates."""
        bench = asyncio.Semaphore(CALLS_AT_ONCE)
        url = f"http://127.0.0.1:{self.ports['verification']}/api/v1"
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:

            async def one(contract_id: str) -> None:
                async with bench:
                    await self._register(client, contract_id)

            await asyncio.gather(*map(one, contract_ids))

    async def _register(self, client: httpx.AsyncClient, contract_id: str) -> None:
        await self._call(client, "manager", "/contracts", _contract(contract_id))
        for commitment_id in workload.COMMITMENTS:
            place = f"/contracts/{contract_id}/commitments"
            await self._call(client, "manager", place, _commitment(commitment_id))
            await self._call(client, "approver", f"{place}/{commitment_id}/activate", {})

    async def _call(
        self, client: httpx.AsyncClient, role: str, path: str, body: dict[str, Any]
    ) -> None:
        bearer = {"authorization": f"Bearer {self.tokens[role]}"}
        answer = await client.post(path, json=body, headers=bearer)
        if answer.status_code >= 300:
            raise ground.BrokenArmError(f"POST {path}: {answer.status_code} {answer.text}")


def _message(each: workload.Return) -> tuple[object, ...]:
    moment = datetime.fromisoformat(workload.RECEIVED_AT)
    about = (uuid.UUID(each.return_id), "ReturnReceived", moment)
    return (topics.RETURNS.name, each.contract_id, *about, workload.event(each))


def _contract(contract_id: str) -> dict[str, Any]:
    return {
        "contract_id": contract_id,
        "title": "Works",
        "supplier_ids": [workload.PARTY_ID],
        "starts_on": f"{workload.FIRST_YEAR}-01-01",
        "ends_on": f"{workload.LAST_YEAR}-12-31",
    }


def _commitment(commitment_id: str) -> dict[str, Any]:
    measure, unit = workload.COMMITMENTS[commitment_id]
    return {
        "commitment_id": commitment_id,
        "measure": measure,
        "unit": unit,
        "target": "100",
        "profile": {"kind": "linear"},
    }
