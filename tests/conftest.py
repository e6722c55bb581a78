"""Servers for tests: one real Kafka and one real PostgreSQL per run, started when first needed."""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from xdist import remote  # type: ignore[import-untyped]  # it ships no types
from xdist.scheduler import loadscope  # type: ignore[import-untyped]

from deploy.local.servers import both as local_servers
from deploy.local.servers import process
from tests.support import reference

FOLDER = "MAKEGOOD_TEST_FOLDER"  # an environment variable, from the first process to its workers
START_S_MAX = 240.0  # the first start on a machine fetches the jars; the demo plays six months

Databases = Callable[[], contextlib.AbstractAsyncContextManager[str]]


@dataclasses.dataclass(frozen=True)
class Addresses:
    """The addresses of the run's servers."""

    bootstrap: str
    dsn: str


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --rounds: the suite runs 30 rounds of the kill loop, `make kill-loop` any number."""
    parser.addoption("--rounds", type=int, default=30, help="rounds of the kill loop")


def pytest_configure(config: pytest.Config) -> None:
    """Makes a folder that PostgreSQL's user can enter, and drops the settings of the user. No
    generated example has a deadline: other tests keep the machine busy."""
    hypothesis.settings.register_profile("makegood", deadline=None)
    hypothesis.settings.load_profile("makegood")
    if hasattr(config, "workerinput"):
        return
    for setting in [name for name in os.environ if name.startswith("MAKEGOOD_")]:
        del os.environ[setting]
    folder = Path(tempfile.mkdtemp(prefix="makegood-tests-"))
    folder.chmod(0o711)
    os.environ[FOLDER] = str(folder)
    (folder / "owner").write_text(str(os.getpid()))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops the run's servers and deletes its folder."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(FOLDER))
    for pid in folder.glob("*.holder"):
        holder = process.Identity.of(int(pid.read_text()))
        if holder is not None:
            asyncio.run(process.end(holder, signal.SIGTERM))
    shutil.rmtree(folder, ignore_errors=True)


class _Schedule(loadscope.LoadScopeScheduling):  # type: ignore[misc]
    """Gives each test to the next free worker, and all journeys through the browser to one, in
    their order: they share a demo, and the later ones change what the earlier ones read."""

    def _split_scope(self, nodeid: str) -> str:
        journeys = "tests/browser/"
        return journeys if nodeid.startswith(journeys) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: remote.Producer) -> _Schedule:
    """Distributes the tests among workers."""
    return _Schedule(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run in CI that skipped tests which CI could have run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return
    skipped = reporter.stats.get("skipped", [])
    if any(reference.ABSENT not in str(each.longrepr) for each in skipped):
        reporter.write_line("\nTests were skipped; CI does not accept that.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def servers() -> Addresses:
    """The Kafka and the PostgreSQL that all tests of this run share. Do not kill them."""
    return Addresses(**_held("servers"))


@pytest.fixture(scope="session")
def demo() -> dict[str, str]:
    """Where each service of the run's one demo is, by name, after its six months of returns. All
    tests share it: what one sends there must not be what another reads."""
    return _held("demo")


@pytest.fixture(scope="session")
def kafka(servers: Addresses) -> str:
    """The shared broker's address. Give your topics names that no other test uses."""
    return servers.bootstrap


@pytest.fixture(scope="session")
def databases(servers: Addresses) -> Databases:
    """`async with databases() as dsn`: a new database while the block runs."""

    @contextlib.asynccontextmanager
    async def fresh() -> AsyncIterator[str]:
        name = f"test_{secrets.token_hex(6)}"
        await _execute(servers.dsn, f"CREATE DATABASE {name}")
        try:
            yield servers.dsn.rpartition("/")[0] + f"/{name}"
        finally:
            await _execute(servers.dsn, f"DROP DATABASE {name} WITH (FORCE)")

    return fresh


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str]:
    """The DSN of an empty database for one test."""
    async with databases() as dsn:
        yield dsn


@pytest.fixture
def new_state() -> Iterator[Callable[[], Path]]:
    """Makes state folders. A test must stop the servers that it starts there."""
    made: list[Path] = []

    def new() -> Path:
        made.append(Path(os.environ[FOLDER]) / secrets.token_hex(4))
        return made[-1]

    yield new
    for state in made:
        local_servers.Servers(state).remove()


@pytest.fixture
async def own_servers(
    new_state: Callable[[], Path],
) -> AsyncIterator[local_servers.Servers]:
    """A Kafka and a PostgreSQL for one test alone, which may kill them."""
    async with local_servers.Servers(new_state()) as both:
        yield both


def _held(name: str) -> dict[str, str]:
    """What `support/<name>.py` says of what it runs for all workers: the first one starts it, the
    others wait."""
    folder = Path(os.environ[FOLDER])
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / f"{name}.holder").exists():
            _start(folder, name)
        return _await(folder, name)


def _start(folder: Path, name: str) -> None:
    script = Path(__file__).with_name("support") / f"{name}.py"
    with (folder / f"{name}.log").open("wb") as log:
        holder = subprocess.Popen(
            [sys.executable, script, folder, (folder / "owner").read_text()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (folder / f"{name}.holder").write_text(str(holder.pid))


def _await(folder: Path, name: str) -> dict[str, str]:
    deadline = time.monotonic() + START_S_MAX
    while not (folder / f"{name}.json").exists():
        holder = process.Identity.of(int((folder / f"{name}.holder").read_text()))
        if holder is None or time.monotonic() > deadline:
            pytest.fail(f"{name} did not start:\n{(folder / f'{name}.log').read_text()}")
        time.sleep(process.POLL_S)
    found: dict[str, str] = json.loads((folder / f"{name}.json").read_text())
    return found


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
