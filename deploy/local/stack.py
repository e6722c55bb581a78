"""The whole system on one machine: Kafka, PostgreSQL and the three services, kept alive.

Promises: `.makegood/stack.json` always tells where everything is; leaving takes everything down; no
earlier run, however it ended, keeps the next one from starting.
"""

import asyncio
import json
import os
import signal
import sys
import types
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Final, Self

import httpx
import rich.console
import rich.text

from deploy import topics as system_topics
from deploy.local import CHECKOUT, STATE, CannotStart, steps
from deploy.local.servers import both, process, supervisor
from shared.delivery import tasks, topics

PORTS: Final = {"intake": 8001, "verification": 8002, "ledger": 8003}
READY_S_MAX: Final = 60.0
COMMAND_S_MAX: Final = 120.0
ORIGIN: Final = "makegood.local/log"  # the name of this machine's log


class Service:
    """One of the three services as a process."""

    def __init__(self, name: str, state: Path, port: int, environment: Mapping[str, str]) -> None:
        self.name = name
        self.process = process.Process(name, state)
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            **environment,
            f"{name.upper()}_DATABASE_URL": environment["DATABASE_URL"],
            f"{name.upper()}_PORT": str(port),
            "KAFKA_GROUP_INSTANCE_ID": f"{name}-local",  # back in its group at once after a crash
        }

    async def do(self, *command: str) -> None:
        """Run one of its commands to the end. Raises CannotStart with what it said."""
        task = process.Process(f"{self.name}-{command[0]}", self.process.state)
        task.spawn(self._python(*command), self._environment, CHECKOUT)
        try:
            async with asyncio.timeout(COMMAND_S_MAX):
                code = await task.exited()
        except TimeoutError:
            code = None
        finally:
            await task.stop()
        if code != 0:
            words = f"{self.name} {command[0]} failed (exit code {code})"
            raise CannotStart(f"{words}:\n{task.tail()}")

    async def launch(self) -> None:
        """Run it."""
        self.process.spawn(self._python("serve"), self._environment, CHECKOUT)

    async def start(self) -> None:
        """Run it until it says that it is ready."""
        await self.launch()
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:

            async def is_ready() -> bool:
                try:
                    return (await client.get("/health/ready")).is_success
                except httpx.HTTPError:
                    return False

            await self.process.until(is_ready, READY_S_MAX)

    def _python(self, *command: str) -> list[str]:
        return [sys.executable, "-m", f"services.{self.name}", *command]


class Stack:
    """Everything, started: `async with Stack() as stack:`, then `await stack.wait()`.

    KAFKA_BOOTSTRAP_SERVERS and DATABASE_URL in the environment name servers to use instead of our
    own; `settings` are given to the services on top of the environment.
    """

    def __init__(
        self,
        state: Path = STATE,
        *,
        settings: Mapping[str, str] | None = None,
        shown: steps.Steps | None = None,
    ) -> None:
        self.state = state
        self._steps = shown or steps.silent()
        self.servers = both.Servers(
            state,
            bootstrap=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"),
            dsn=os.environ.get("DATABASE_URL"),
            shown=self._steps,
        )
        self.services: dict[str, Service] = {}
        self.tokens: dict[str, str] = {}
        self._settings = settings or {}
        self._described = state / "stack.json"
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            with self._steps.live():
                await self.servers.hold()
                self._described.unlink(missing_ok=True)  # a killed run could not
                ports = self._take_ports()
                await self.servers.start()
                await self._open_services(ports)
        except BaseException as error:
            await self._close()
            if isinstance(error, OSError):  # a folder that can't be written, a full disk
                raise CannotStart(f"{error}\n`makegood doctor` may know more.") from error
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        await self._close()

    async def wait(self) -> None:
        """Wait as long as everything can be kept alive. Raises KeepsDying when something can't."""
        await asyncio.gather(*self._watches)

    def announce(self) -> None:
        """Write stack.json: who is where, now."""
        ours = {server.process.name: server.pid for server in self.servers.own}
        found = {
            "kafka": {"bootstrap": self.servers.bootstrap, "pid": ours.get("kafka")},
            "postgres": {"dsn": self.servers.dsn, "pid": ours.get("postgres")},
            "services": {
                name: {"url": service.url, "pid": service.process.pid}
                for name, service in self.services.items()
            },
            "tokens": self.tokens,
        }
        process.write(self._described, json.dumps(found, indent=2))

    def _take_ports(self) -> dict[str, int]:
        return {name: self.servers.ports.take(name, preferred=port) for name, port in PORTS.items()}

    async def _open_services(self, ports: Mapping[str, int]) -> None:
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.bootstrap,
            "DATABASE_URL": self.servers.dsn,
            "MAKEGOOD_STATE": str(self.state),
            **self._settings,
        }
        for name, port in ports.items():
            self.services[name] = Service(name, self.state, port, environment)
        services = self.services.values()
        with self._steps.step("Migrations and topics"):
            await both.together(self._make_topics(), *(_furnish(service) for service in services))
        with self._steps.step("Services"):
            await both.together(*(service.start() for service in services))
        self.announce()
        for part in (*self.servers.own, *services):
            part.process.spawned = self.announce
            self._watches.append(asyncio.create_task(supervisor.keep_alive(part)))

    async def _make_topics(self) -> None:
        broker = system_topics.Broker(kafka_bootstrap_servers=self.servers.bootstrap)
        try:
            await system_topics.create(broker)
        except (TimeoutError, topics.WrongTopicError) as error:
            words = str(error) or "the broker does not answer"
            raise CannotStart(f"topics on {self.servers.bootstrap}: {words}") from error

    async def _close(self) -> None:
        await tasks.end(*self._watches)
        await asyncio.gather(*(service.process.stop() for service in self.services.values()))
        if self.services:
            self._described.unlink(missing_ok=True)
        await self.servers.stop()


async def _furnish(service: Service) -> None:
    await service.do("migrate")
    if service.name == "ledger":
        await service.do("create-log", "--if-absent", "--origin", ORIGIN)


def run(main: Coroutine[object, object, None], console: rich.console.Console) -> int:
    """Run it until it ends or is told to: Ctrl-C and SIGTERM let it take everything down.

    The exit code; what keeps the stack from running is told without a trace.
    """

    async def guarded() -> None:
        task = asyncio.ensure_future(main)

        def stop() -> None:
            console.print("Taking everything down …")
            task.cancel()

        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(each, stop)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    try:
        asyncio.run(guarded())
    except CannotStart as error:
        console.print("[red]✗[/]", rich.text.Text(str(error)), soft_wrap=True)
        return 1
    return 0
