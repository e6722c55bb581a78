"""Kafka and PostgreSQL together, in one state folder: the servers of the stack and of the tests."""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Final, Self

from deploy.local import CannotStart, steps
from deploy.local.servers import jars, kafka, ports, postgres, process, server

DISK_BYTES_MIN: Final = 2_000_000_000
BUILT: Final = {"venv", "cache"}  # made by make, not by the stack


class AlreadyRunning(CannotStart):
    """Another process runs the stack in this state folder."""


class Servers:
    """One broker and one database server, started together. Their data is kept between starts.

    `async with Servers(folder) as servers:` starts and stops both. Each can be killed and started
    again alone: `servers.kafka.kill()`, `await servers.kafka.start()`. If the address of an
    existing server is passed, that one is used and none is started.
    """

    def __init__(
        self,
        state: Path,
        *,
        bootstrap: str | None = None,
        dsn: str | None = None,
        progress: steps.Steps | None = None,
    ) -> None:
        self.state = state
        self.ports = ports.Ports(state)
        self.kafka = kafka.Kafka(state, self.ports)
        self.postgres = postgres.Postgres(state, self.ports)
        self._bootstrap = bootstrap
        self._dsn = dsn
        self._steps = progress or steps.silent()
        self._lock = contextlib.ExitStack()

    @property
    def bootstrap(self) -> str:
        """Kafka's address, `host:port`."""
        return self._bootstrap or self.kafka.bootstrap

    @property
    def dsn(self) -> str:
        """The database's address, with user and password."""
        return self._dsn or self.postgres.dsn

    @property
    def own(self) -> list[server.Server]:
        """The servers that this stack starts and keeps alive."""
        servers = {self.kafka: self._bootstrap, self.postgres: self._dsn}
        return [each for each, existing in servers.items() if not existing]

    async def __aenter__(self) -> Self:
        try:
            await self.lock()
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def lock(self) -> None:
        """Locks the state folder and ends what an earlier run left. Raises CannotStart."""
        self._lock.enter_context(locked(self.state))
        for name in await process.end_leftovers(self.state):
            self._steps.console.print(f"[yellow]![/] ended {name}, left by an earlier run")
        require_disk(self.state, postgres.home(self.state).parent)

    async def start(self) -> None:
        """Starts both. The folder must be locked. Raises CannotStart."""
        await together(*(self._start(each) for each in self.own))

    async def stop(self) -> None:
        """Shuts both down and unlocks the folder."""
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())
        self.ports.release()
        self._lock.close()

    @property
    def has_data(self) -> bool:
        """Whether a database was ever started here."""
        return self.postgres.has_data

    def remove(self) -> None:
        """Deletes all that the stack has stored. It must have been stopped."""
        self.postgres.remove()
        for path in self.state.iterdir() if self.state.exists() else ():
            if path.name not in BUILT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        with contextlib.suppress(OSError):  # not empty, or not there
            self.state.rmdir()

    async def _start(self, each: server.Server) -> None:
        if each is self.kafka:
            await self._fetch_jars()
        with self._steps.step("Kafka" if each is self.kafka else "PostgreSQL"):
            await asyncio.to_thread(each.prepare)
            await each.start()

    async def _fetch_jars(self) -> None:
        wanted = jars.locked()
        is_cancelled = threading.Event()
        with self._steps.step("Kafka's jars", len(wanted)) as advance:

            def fetched() -> None:
                if is_cancelled.is_set():
                    raise CannotStart("cancelled")
                advance()

            try:
                await asyncio.to_thread(jars.fetch, wanted, jars.cache(), fetched)
            finally:
                is_cancelled.set()


async def together(*work: Coroutine[object, object, None]) -> None:
    """Runs all at the same time. The first failure cancels the others and is raised unwrapped."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


@contextlib.contextmanager
def locked(state: Path) -> Iterator[None]:
    """Locks the state folder. The lock ends with its process, so there is never a stale one. Raises
    AlreadyRunning."""
    state.mkdir(parents=True, exist_ok=True)
    ours = process.Identity.of(os.getpid())
    assert ours is not None, "this process runs"
    with (state / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _lock_owner(state).pid
            raise AlreadyRunning(
                f"The stack of this checkout is already running (process {pid}). "
                "Stop it there with Ctrl-C, or with `makegood down`."
            ) from None
        lock.truncate(0)
        lock.write(json.dumps(dataclasses.asdict(ours)))
        lock.flush()
        yield


def is_locked(state: Path) -> bool:
    """Whether a process has locked the state folder, here or in another container."""
    try:
        with (state / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def lock_owner(state: Path) -> process.Identity | None:
    """The process that has locked the state folder, or None. Raises AlreadyRunning if the folder is
    locked but the process is unknown."""
    return _lock_owner(state) if is_locked(state) else None


def _lock_owner(state: Path) -> process.Identity:
    with contextlib.suppress(OSError, ValueError, TypeError):  # no file, an empty one, only an id
        owner = process.Identity(**json.loads((state / "lock").read_text()))
        if owner.is_alive():
            return owner
    raise AlreadyRunning(
        f"The stack of this checkout is already running, but {state / 'lock'} names no process of "
        "this machine: another container or version started it. Stop it there with Ctrl-C."
    )


def require_disk(*folders: Path) -> None:
    """Raises CannotStart if a folder's disk has less than `DISK_BYTES_MIN` bytes free."""
    for folder in folders:
        free = shutil.disk_usage(folder).free
        if free < DISK_BYTES_MIN:
            raise CannotStart(
                f"There are only {free / 1e9:.1f} GB free on the disk of {folder}; "
                f"the stack needs {DISK_BYTES_MIN / 1e9:.0f} GB. Free some space and start again."
            )
