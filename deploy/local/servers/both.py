"""Kafka and PostgreSQL together, for one state folder: what the services, and tests, stand on."""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import threading
import types
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Final, Self

from deploy.local import CannotStart, steps
from deploy.local.servers import jars, kafka, ports, postgres, process

DISK_BYTES_MIN: Final = 2_000_000_000
BUILT: Final = {"venv", "cache"}  # in the state folder, but not of the stack's making


class Busy(CannotStart):
    """Another program runs the stack of this state folder."""


class Servers:
    """One broker and one database server, started together; data is kept between starts.

    `async with Servers(folder) as servers:` starts both and stops both. Either can be killed and
    started again alone: `servers.kafka.kill()`, `await servers.kafka.start()`. Where the address of
    one that exists is given, it is used and none is started in its place.
    """

    def __init__(
        self,
        state: Path,
        *,
        bootstrap: str | None = None,
        dsn: str | None = None,
        shown: steps.Steps | None = None,
    ) -> None:
        self.state = state
        self.ports = ports.Ports(state)
        self.kafka = kafka.Kafka(state, self.ports)
        self.postgres = postgres.Postgres(state, self.ports)
        self._bootstrap = bootstrap
        self._dsn = dsn
        self._steps = shown or steps.silent()
        self._lock = contextlib.ExitStack()

    @property
    def bootstrap(self) -> str:
        """Where Kafka is."""
        return self._bootstrap or self.kafka.bootstrap

    @property
    def dsn(self) -> str:
        """Where the database is, with the password."""
        return self._dsn or self.postgres.dsn

    @property
    def own(self) -> list[kafka.Kafka | postgres.Postgres]:
        """Those that are ours to keep alive."""
        brokers = [] if self._bootstrap else [self.kafka]
        return [*brokers, *([] if self._dsn else [self.postgres])]

    async def __aenter__(self) -> Self:
        try:
            await self.hold()
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        await self.stop()

    async def hold(self) -> None:
        """Have the folder to ourselves, and end what an earlier run left. Raises CannotStart."""
        self._lock.enter_context(alone(self.state))
        for name in await process.end_leftovers(self.state):
            self._steps.console.print(f"[yellow]![/] ended {name}, left by an earlier run")
        require_disk(self.state, postgres.home(self.state).parent)

    async def start(self) -> None:
        """Start both; the folder must be held. Raises CannotStart."""
        await together(*(self._start(server) for server in self.own))

    async def stop(self) -> None:
        """Shut both down, and leave the folder to whoever comes next."""
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())
        self.ports.release()
        self._lock.close()

    def remove(self) -> None:
        """Delete all that the stack kept; it must have been stopped."""
        self.postgres.remove()
        for path in self.state.iterdir() if self.state.exists() else ():
            if path.name not in BUILT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        with contextlib.suppress(OSError):  # not empty, or not there
            self.state.rmdir()

    async def _start(self, server: kafka.Kafka | postgres.Postgres) -> None:
        if server is self.kafka:
            await self._fetch_jars()
        with self._steps.step("Kafka" if server is self.kafka else "PostgreSQL"):
            await asyncio.to_thread(server.prepare)
            await server.start()

    async def _fetch_jars(self) -> None:
        wanted = jars.locked()
        is_cancelled = threading.Event()
        with self._steps.step("Kafka's jars", len(wanted)) as advance:

            def seen() -> None:
                if is_cancelled.is_set():
                    raise CannotStart("cancelled")
                advance()

            try:
                await asyncio.to_thread(jars.fetch, wanted, jars.cache(), seen)
            finally:
                is_cancelled.set()


async def together(*work: Coroutine[object, object, None]) -> None:
    """Do all at once; the first failure cancels the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state folder. The lock goes with its holder, so that a stale one can't be."""
    state.mkdir(parents=True, exist_ok=True)
    ours = process.Identity.of(os.getpid())
    assert ours is not None, "we run"
    with (state / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"the stack of this checkout already runs (process {_keeper(state).pid}). "
                "Stop it there with Ctrl-C, or with `makegood down`."
            ) from None
        lock.truncate(0)
        lock.write(json.dumps(dataclasses.asdict(ours)))
        lock.flush()
        yield


def is_held(state: Path) -> bool:
    """Whether a process holds the state folder, here or in another container."""
    try:
        with (state / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def holder(state: Path) -> process.Identity | None:
    """The process that holds the state folder, if one does. Raises Busy where it can't be told."""
    return _keeper(state) if is_held(state) else None


def _keeper(state: Path) -> process.Identity:
    with contextlib.suppress(OSError, ValueError, TypeError):  # gone, empty, a mere id
        keeper = process.Identity(**json.loads((state / "lock").read_text()))
        if keeper.is_alive():
            return keeper
    raise Busy(
        f"the stack of this checkout already runs, but {state / 'lock'} names no process that "
        "lives here: another container or version started it. Stop it there with Ctrl-C."
    )


def require_disk(*folders: Path) -> None:
    """Refuse to start where a disk would soon be full."""
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < DISK_BYTES_MIN:
            raise CannotStart(
                f"only {free / 1e9:.1f} GB free where {folder} lies; "
                f"the stack needs {DISK_BYTES_MIN / 1e9:.0f} GB. Make room and start again."
            )
