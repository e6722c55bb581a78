"""The whole system on one machine: Kafka, PostgreSQL and the three services, kept alive.

Promises: while it runs, `.makegood/stack.json` has all addresses and process ids. Leaving the stack
stops everything. However a run ended, the next one can start.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Final, Self

import httpx
import rich.console
import rich.text

from deploy import tokens
from deploy import topics as system_topics
from deploy.local import CHECKOUT, STATE, CannotStart, steps
from deploy.local.servers import both, logins, process, supervisor
from shared.delivery import tasks, topics
from shared.web import auth

PORTS: Final = {"intake": 8001, "verification": 8002, "ledger": 8003}
NOTIFYING: Final = ("intake", "verification")
"""The services that tell people of changes, each by a process of its own."""
READY_S_MAX: Final = 60.0
COMMAND_S_MAX: Final = 120.0
MAILS: Final = "mail"
"""The folder of mails, in the state folder."""
MAIL_FROM: Final = "makegood@localhost.example"
ORIGIN: Final = "makegood.local/log"  # the name of the log on this machine


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
            "KAFKA_GROUP_INSTANCE_ID": f"{name}-local",  # rejoins its group at once after a crash
        }

    @property
    def dsn(self) -> str:
        """The database's address, with the service's own login."""
        return self._environment["DATABASE_URL"]

    async def run_command(self, *command: str, owner: str | None = None) -> None:
        """Runs one of its commands to the end; as the database's owner, if its address is given.
        Raises CannotStart with its output."""
        environment = dict(self._environment)
        if owner is not None:
            environment |= {"DATABASE_URL": owner, f"{self.name.upper()}_DATABASE_URL": owner}
        task = process.Process(f"{self.name}-{command[0]}", self.process.state)
        task.spawn(self._python(*command), environment, CHECKOUT)
        try:
            async with asyncio.timeout(COMMAND_S_MAX):
                code = await task.exited()
        except TimeoutError:
            code = None
        finally:
            await task.stop()
        if code != 0:
            failure = f"{self.name} {command[0]} failed (exit code {code})"
            raise CannotStart(f"{failure}:\n{task.last_lines()}")

    async def launch(self) -> None:
        """Starts it, without waiting until it is ready."""
        self.spawn(self.process, "serve")

    def spawn(self, own: process.Process, command: str) -> None:
        """Starts one of its commands as a process."""
        own.spawn(self._python(command), self._environment, CHECKOUT)

    async def start(self) -> None:
        """Starts it and waits until it says that it is ready. Raises CannotStart."""
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


class Notifier:
    """The process that sends a service's mails and calls its webhooks."""

    def __init__(self, service: Service) -> None:
        self.process = process.Process(f"{service.name}-notifier", service.process.state)
        self._service = service

    async def launch(self) -> None:
        """Starts it; it waits for its database by itself."""
        self._service.spawn(self.process, "notify")


class Stack:
    """All of the system: `async with Stack() as stack:`, then `await stack.wait()`.

    If the environment has KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL, those servers are used and none
    are started. The services get `settings` in addition to the environment.
    """

    def __init__(
        self,
        state: Path = STATE,
        *,
        settings: Mapping[str, str] | None = None,
        progress: steps.Steps | None = None,
    ) -> None:
        self.state = state
        self._steps = progress or steps.silent()
        self.servers = both.Servers(
            state,
            bootstrap=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"),
            dsn=os.environ.get("DATABASE_URL"),
            progress=self._steps,
        )
        self.services: dict[str, Service] = {}
        self.notifiers: dict[str, Notifier] = {}
        self.tokens: dict[str, str] = {}
        self.authority: str | None = None
        """Whose the tokens are."""
        self._settings = settings or {}
        self._description = state / "stack.json"
        self._watches: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        try:
            with self._steps.live():
                await self.servers.lock()
                self._description.unlink(missing_ok=True)  # a run that was killed leaves it behind
                ports = self._reserve_ports()
                await self.servers.start()
                await self._start_services(ports)
        except BaseException as error:
            await self._close()
            if isinstance(error, OSError):  # a read-only folder, a full disk
                raise CannotStart(f"{error}\n`makegood doctor` may know more.") from error
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def wait(self) -> None:
        """Waits for as long as everything can be kept alive, then raises KeepsDying."""
        await asyncio.gather(*self._watches)

    async def sign_in(
        self, authority: str, holders: Mapping[auth.Role, auth.Caller], *, instead: bool = False
    ) -> None:
        """Issues a token to each holder, and puts it into stack.json, by role."""
        dsn = self.servers.dsn
        self.tokens.update(await tokens.sign_in(dsn, holders, instead=instead))
        self.authority = authority
        self.announce()

    def announce(self) -> None:
        """Writes stack.json: the current addresses, process ids and tokens."""
        ours = {server.process.name: server.pid for server in self.servers.own}
        found = {
            "kafka": {"bootstrap": self.servers.bootstrap, "pid": ours.get("kafka")},
            "postgres": {"dsn": self.servers.dsn, "pid": ours.get("postgres")},
            "services": {
                name: {"url": service.url, "pid": service.process.pid}
                for name, service in self.services.items()
            },
            "notifiers": {
                name: {"pid": notifier.process.pid} for name, notifier in self.notifiers.items()
            },
            "authority": self.authority,
            "tokens": self.tokens,
        }
        process.write(self._description, json.dumps(found, indent=2))

    def _reserve_ports(self) -> dict[str, int]:
        ports = self.servers.ports
        return {name: ports.reserve(name, preferred=port) for name, port in PORTS.items()}

    async def _start_services(self, ports: Mapping[str, int]) -> None:
        dsns = await self._log_in()
        environment = {
            **self._mail(),
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.bootstrap,
            "MAKEGOOD_STATE": str(self.state),
            "INTAKE_LEDGER_URL": f"http://127.0.0.1:{ports['ledger']}",
            "MAKEGOOD_SUPPLIER_URL": f"http://127.0.0.1:{ports['intake']}",
            "MAKEGOOD_COUNCIL_URL": f"http://127.0.0.1:{ports['verification']}",
            "MAKEGOOD_RECORD_URL": f"http://127.0.0.1:{ports['ledger']}",
            **self._settings,
        }
        for name, port in ports.items():
            own = environment | {"DATABASE_URL": dsns[name]}
            self.services[name] = Service(name, self.state, port, own)
        services = self.services.values()
        with self._steps.step("Migrations and topics"):
            preparing = (_prepare(service, self.servers.dsn) for service in services)
            await both.together(self._create_topics(), *preparing)
        with self._steps.step("Services"):
            await both.together(*(service.start() for service in services))
            for name in NOTIFYING:
                self.notifiers[name] = Notifier(self.services[name])
                await self.notifiers[name].launch()
        self.announce()
        parts: list[supervisor.Part] = [*self.servers.own, *services, *self.notifiers.values()]
        for part in parts:
            part.process.spawned = self.announce
            self._watches.append(asyncio.create_task(supervisor.keep_alive(part)))

    @property
    def mails(self) -> Path:
        """Where mails land as files, if no mail server is set."""
        return self.state / MAILS

    def _mail(self) -> dict[str, str]:
        """Where mails go: what the environment says, else into files."""
        usual = {"MAIL_URL": f"file://{self.mails.resolve()}", "MAIL_FROM": MAIL_FROM}
        return {name: os.environ.get(name, value) for name, value in usual.items()}

    async def _log_in(self) -> dict[str, str]:
        """Each service's address of the database. In a server of ours it has its own login; who may
        log in to one that exists is its operator's business."""
        if self.servers.postgres in self.servers.own:
            return await logins.create(self.servers.dsn)
        return dict.fromkeys(PORTS, self.servers.dsn)

    async def _create_topics(self) -> None:
        broker = system_topics.Broker(kafka_bootstrap_servers=self.servers.bootstrap)
        try:
            await system_topics.create(broker)
        except (TimeoutError, topics.WrongTopicError) as error:
            reason = str(error) or "the broker does not answer"
            raise CannotStart(f"Topics on {self.servers.bootstrap}: {reason}") from error

    async def _close(self) -> None:
        await tasks.end(*self._watches)
        ours: list[supervisor.Part] = [*self.notifiers.values(), *self.services.values()]
        await asyncio.gather(*(each.process.stop() for each in ours))
        if self.services:
            self._description.unlink(missing_ok=True)
        await self.servers.stop()


async def _prepare(service: Service, owner: str) -> None:
    await service.run_command("migrate", owner=owner)
    if service.name == "ledger":
        await service.run_command("create-log", "--if-absent", "--origin", ORIGIN, owner=owner)


def run(main: Coroutine[object, object, None], console: rich.console.Console) -> int:
    """Runs `main` to its end, or until Ctrl-C or SIGTERM, which stop everything. Returns the exit
    code. CannotStart is printed without a traceback."""

    async def until_told() -> None:
        task = asyncio.ensure_future(main)

        def stop() -> None:
            console.print("Stopping everything …")
            task.cancel()

        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(each, stop)
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    try:
        asyncio.run(until_told())
    except CannotStart as error:
        console.print("[red]✗[/]", rich.text.Text(str(error)), soft_wrap=True)
        return 1
    return 0
