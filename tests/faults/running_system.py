"""The whole system as real processes that a test may kill, freeze and start again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Self

import asyncpg
import httpx

from deploy.local import CannotStart
from deploy.local.servers import process
from deploy.local.servers.both import Servers
from shared.delivery import kafka, topics
from shared.settings import Settings
from shared.web import auth
from shared.web.auth import Caller

SERVICES = ("intake", "verification", "ledger")
AUTHORITY = "GB-LAE-KWL"
ROOT = Path(__file__).parents[2]
READY_SECONDS_MAX = 30.0

CALLERS = {
    "manager": Caller("manager-1", "manager", AUTHORITY),
    "approver": Caller("approver-1", "approver", AUTHORITY),
    "auditor": Caller("auditor-1", "auditor", AUTHORITY),
    "operator": Caller("operator-1", "operator", AUTHORITY),
}


class RunningSystem:
    """The three services on a Kafka and a PostgreSQL of their own: `async with
    RunningSystem(servers) as system:`."""

    def __init__(
        self, servers: Servers, *, admin: Settings | None = None, own: dict[str, str] | None = None
    ) -> None:
        """`admin`: how to sign in at Kafka to create topics. `own`: further variables of each
        service's environment; `{service}` in a value stands for its name."""
        self.servers = servers
        self._own = own or {}
        self.tokens: dict[str, str] = {}
        self.urls = {service: f"http://127.0.0.1:{_free_port()}" for service in SERVICES}
        self.processes = {service: process.Process(service, servers.state) for service in SERVICES}
        self.struck = servers.state / "failpoints.log"
        self.settings = admin or Settings(
            kafka_bootstrap_servers=servers.kafka.bootstrap, database_url=servers.postgres.dsn
        )

    async def __aenter__(self) -> Self:
        try:
            await self.create_topics()
            for service in SERVICES:
                await self.command(service, "migrate")
            await self.command("ledger", "create-log", "--origin", "makegood.test/log")
            for name, holder in CALLERS.items():
                self.tokens[name] = await self.admit(holder)
            await asyncio.gather(*(self.start(service) for service in SERVICES))
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stops the services."""
        await asyncio.gather(*(each.stop() for each in self.processes.values()))

    async def create_topics(self) -> None:
        admin = await kafka.start_admin(self.settings)
        await topics.create(admin)
        await admin.close()

    async def admit(self, holder: Caller) -> str:
        """A token for `holder` that is valid in every service."""
        token = auth.new()
        conn = await self.database()
        try:
            for service in SERVICES:
                await conn.execute(f"SET search_path = {service}")
                await auth.keep(conn, token, holder)
        finally:
            await conn.close()
        return token

    async def database(self) -> asyncpg.Connection[asyncpg.Record]:
        return await asyncpg.connect(self.servers.postgres.dsn, timeout=5)

    def client(self, service: str, token: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(base_url=self.urls[service], headers=headers, timeout=20)

    async def start(self, name: str, failpoints: str = "") -> None:
        """Starts a service (`verification`; a second one is `verification-2`) and waits until it is
        ready or has reached its failpoint."""
        await self.launch(name, failpoints)
        each = self.processes[name]
        try:
            await each.until(lambda: self._is_ready(name, bool(failpoints)), READY_SECONDS_MAX)
        except _StruckError:
            pass
        except CannotStart:
            if not failpoints or each.is_running():  # otherwise it died at its failpoint
                raise

    async def launch(self, name: str, failpoints: str = "") -> None:
        """Starts a service, without waiting until it is ready."""
        each = self.processes.setdefault(name, process.Process(name, self.servers.state))
        self.urls.setdefault(name, f"http://127.0.0.1:{_free_port()}")
        service = name.partition("-")[0]
        each.spawn(
            [sys.executable, "-m", f"services.{service}", "serve"],
            self._environment(name, failpoints),
            ROOT,
        )

    async def has_alarm(self, name: str) -> bool:
        """Whether its metrics show an alarm."""
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=2) as client:
                text = (await client.get(self.urls[name] + "/metrics")).text
                return any(
                    line.startswith("makegood_alarms_total{") and float(line.rpartition(" ")[2])
                    for line in text.splitlines()
                )
        return False

    def kill(self, name: str) -> None:
        self.processes[name].kill()

    def freeze(self, name: str) -> None:
        os.kill(self.processes[name].pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.processes[name].pid, signal.SIGCONT)

    def is_frozen(self, name: str) -> bool:
        stat = Path(f"/proc/{self.processes[name].pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    async def _is_ready(self, name: str, may_strike: bool) -> bool:
        if may_strike and (not self.processes[name].is_running() or self.is_frozen(name)):
            raise _StruckError
        with contextlib.suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=2) as client:
                answer = await client.get(self.urls[name] + "/health/ready")
                return answer.status_code == 200
        return False

    async def command(self, service: str, *command: str, code: int = 0) -> str:
        """Runs one of a service's commands to its end, which must be this exit code. Returns its
        output."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{service}",
            *command,
            env=self._environment(service),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(child.communicate(), 60)
        assert code == child.returncode, f"{service} {' '.join(command)}:\n{output.decode()}"
        return output.decode()

    def _environment(self, name: str, failpoints: str = "") -> dict[str, str]:
        service = name.partition("-")[0]
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.kafka.bootstrap,
            "KAFKA_GROUP_INSTANCE_ID": name if "-" in name else f"{name}-1",
            "DATABASE_URL": self.servers.postgres.dsn,
            "MAKEGOOD_STATE": str(self.servers.state / "services"),
            f"{service.upper()}_PORT": self.urls[name].rpartition(":")[2],
            "INTAKE_LEDGER_URL": self.urls["ledger"],
            "MAKEGOOD_FAILPOINTS": failpoints,
            "MAKEGOOD_FAILPOINTS_LOG": str(self.struck),
            **{name: value.format(service=service) for name, value in self._own.items()},
        }


class _StruckError(Exception):
    """A service reached its failpoint before it was ready."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
