"""Kafka and PostgreSQL together, for one state folder: what the services, and tests, stand on."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from deploy.local import CannotStart, kafka, ports, postgres, process

DISK_BYTES_MIN = 2_000_000_000


class Busy(CannotStart):
    """Another program runs the stack of this state folder."""


class Servers:
    """One broker and one database server, started together; data is kept between starts.

    `async with Servers(folder) as servers:` starts both and stops both. Either can be killed and
    started again alone: `servers.kafka.kill()`, `await servers.kafka.start()`.
    """

    def __init__(self, state: Path) -> None:
        self.state = state
        self.ports = ports.Ports(state)
        self.kafka = kafka.Kafka(state, self.ports)
        self.postgres = postgres.Postgres(state, self.ports)
        self._lock = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self.prepare()
            await asyncio.gather(self.kafka.start(), self.postgres.start())
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

    async def prepare(self) -> None:
        """Have the folder to ourselves, end what an earlier run left, make both ready to start."""
        self._lock.enter_context(alone(self.state))
        await process.end_leftovers(self.state)
        require_disk(self.state)
        await asyncio.gather(
            asyncio.to_thread(self.kafka.prepare), asyncio.to_thread(self.postgres.prepare)
        )

    async def stop(self) -> None:
        """Shut both down, and leave the folder to whoever comes next."""
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())
        self.ports.release()
        self._lock.close()

    def remove(self) -> None:
        """Delete all that they kept; they must have been stopped."""
        self.postgres.remove()
        shutil.rmtree(self.state, ignore_errors=True)


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state folder. The lock goes with its holder, so that a stale one can't be."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"the stack of this checkout already runs (process {holder(state)}). "
                "Stop it there with Ctrl-C, or with `makegood down`."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def holder(state: Path) -> int | None:
    """The process that holds the state folder, if one does."""
    try:
        with (state / "lock").open("r+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0) or None
    except FileNotFoundError:
        pass
    return None


def require_disk(state: Path) -> None:
    """Refuse to start where the disk would soon be full."""
    free = shutil.disk_usage(state).free
    if free < DISK_BYTES_MIN:
        raise CannotStart(
            f"only {free / 1e9:.1f} GB free where {state} lies; "
            f"the stack needs {DISK_BYTES_MIN / 1e9:.0f} GB. Make room and start again."
        )
