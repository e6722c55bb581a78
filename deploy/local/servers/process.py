"""One operating-system process of the local stack.

It ends with the program that started it. If even that fails, the next start finds it by its record
and ends it. A process is ours only if its id, start time and command line agree with /proc: ids are
reused, and no other process may be harmed.
"""

import asyncio
import contextlib
import ctypes
import dataclasses
import json
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from deploy.local import CannotStart

STOP_S_MAX: Final = 15.0  # a clean stop needs less than 2 s; a process that needs more hangs
PRIVATE_UMASK: Final = 0o077
"""What these processes write is for their owner, like the keys."""
LOG_BYTES_MAX: Final = 10_000_000  # per process; the previous log is kept too
POLL_S: Final = 0.05
_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None)


@dataclasses.dataclass(frozen=True)
class Identity:
    """Identifies a process: a later one with the same id has another start time."""

    pid: int
    started: str  # clock ticks since boot
    command: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Reads it from /proc. None if there is no such process, or it has ended already."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the name before it may contain anything
        return None if fields[0] in "ZX" else cls(pid, fields[19], command)

    def is_alive(self) -> bool:
        """Whether this very process is still running."""
        return Identity.of(self.pid) == self


@dataclasses.dataclass
class Process:
    """A named child process in its own session, with a log and a record."""

    name: str
    state: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    spawned: Callable[[], None] = lambda: None  # called after each spawn, as the id has changed
    _log_began: int = dataclasses.field(default=0, init=False)
    _child: subprocess.Popen[bytes] | None = dataclasses.field(default=None, init=False)

    @property
    def log(self) -> Path:
        """The file with its standard output and error."""
        return self.state / "logs" / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The id of the running child, or of the last one."""
        assert self._child is not None, f"{self.name} was never started"
        return self._child.pid

    def is_running(self) -> bool:
        """Whether the child is running."""
        return self._child is not None and self._child.poll() is None

    def spawn(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        """Starts it. Call this from the main thread only: the child ends with its thread."""
        assert not self.is_running(), f"{self.name} is already running"
        make_private(self.log.parent)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.touch(mode=0o600)
        self.log.chmod(0o600)  # from a run before
        with self.log.open("ab") as log:
            self._log_began = log.tell()
            self._child = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                user=self.user,
                group=None if self.user is None else _group(self.user),
                extra_groups=None if self.user is None else (),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                umask=PRIVATE_UMASK,
                start_new_session=True,
                preexec_fn=_dying_with(  # noqa: PLW1509 - two system calls, no lock
                    os.getpid(), self.stop_signal
                ),
            )
        identity = Identity.of(self._child.pid)
        if identity is not None:
            write(_record(self.state, self.name), _as_json(identity, self.stop_signal))
        self.spawned()

    async def exited(self) -> int:
        """Waits until it ends. Returns the exit code, negative for a signal."""
        assert self._child is not None, f"{self.name} was never started"
        while (code := self._child.poll()) is None:
            await asyncio.sleep(POLL_S)
        return code

    async def stop(self) -> None:
        """Ends it cleanly, or by force after `STOP_S_MAX` seconds."""
        if self._child is None:
            return
        if self.is_running():
            self._child.send_signal(self.stop_signal)
            self._child.send_signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await self.exited()
        except TimeoutError:
            self.kill()
        _record(self.state, self.name).unlink(missing_ok=True)

    def kill(self) -> None:
        """Kills it as a crash would: at once, with nothing flushed and the record left behind."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def last_lines(self, lines: int = 25) -> str:
        """The last lines of its log since it was last started."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(self._log_began, self.log.stat().st_size - 20_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    async def until(self, is_ready: Callable[[], Awaitable[bool]], seconds_max: float) -> None:
        """Waits until it is ready. Raises CannotStart with the last lines of its log if it ends
        first, or is not ready after `seconds_max`."""
        deadline = time.monotonic() + seconds_max
        while not await is_ready():
            if not self.is_running():
                raise CannotStart(f"{self.name} ended while starting:\n{self.last_lines()}")
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"{self.name} was not ready after {seconds_max:.0f} s:\n{self.last_lines()}"
                )
            await asyncio.sleep(POLL_S)


class Leftover(NamedTuple):
    """A process of an earlier run, and the signal that ends it."""

    identity: Identity
    stop_signal: signal.Signals


def leftovers(state: Path) -> dict[str, Leftover]:
    """The processes of an earlier run that are still running in this state folder, by name."""
    left = {}
    for record in (state / "run").glob("*.json"):
        with contextlib.suppress(ValueError, KeyError, TypeError):  # an incomplete record
            found = json.loads(record.read_text())
            stop_signal = signal.Signals(found.pop("stop_signal"))
            identity = Identity(**found)
            if identity.is_alive():
                left[record.stem] = Leftover(identity, stop_signal)
    return left


async def end_leftovers(state: Path) -> list[str]:
    """Ends the processes of an earlier run in this state folder. Returns their names. Raises
    CannotStart if one does not end."""
    left = leftovers(state)
    await asyncio.gather(*(end(identity, signal_) for identity, signal_ in left.values()))
    for record in (state / "run").glob("*.json"):
        record.unlink()
    return sorted(left)


async def end(identity: Identity, stop_signal: signal.Signals) -> None:
    """Ends a process, which need not be our child: cleanly, then by force. Raises CannotStart."""
    for each, seconds_max in ((stop_signal, STOP_S_MAX), (signal.SIGKILL, STOP_S_MAX)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, each)
            os.kill(identity.pid, signal.SIGCONT)
        deadline = time.monotonic() + seconds_max
        while identity.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(POLL_S)
        if not identity.is_alive():
            return
    raise CannotStart(f"Process {identity.pid} cannot be ended: {identity.command}")


def make_private(folder: Path) -> None:
    """Makes a folder that only its owner can enter, or makes one that exists so."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def write(path: Path, text: str) -> None:
    """Writes a small file that only its owner can read, and replaces the old one atomically: a
    reader sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _record(state: Path, name: str) -> Path:
    return state / "run" / f"{name}.json"


def _as_json(identity: Identity, stop_signal: signal.Signals) -> str:
    return json.dumps(dataclasses.asdict(identity) | {"stop_signal": int(stop_signal)})


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def _dying_with(parent: int, stop_signal: signal.Signals) -> Callable[[], None]:
    def ask() -> None:  # runs in the child before the program starts
        _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:  # the parent has died in the meantime
            os._exit(1)

    return ask
