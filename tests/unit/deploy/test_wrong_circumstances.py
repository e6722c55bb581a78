"""Every command in wrong circumstances: a sentence that says what to do, and never a traceback."""

from __future__ import annotations

import http.server
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import typer
from typer.testing import CliRunner

from tests.support.terminal import CHECKOUT, MAKEGOOD, SETTINGS, environment, run

NOBODY = "127.0.0.1:9"
"""Where nothing listens."""
REMOTE = {"MAKEGOOD_URL": f"http://{NOBODY}", "MAKEGOOD_TOKEN": "mg_t"}
DATABASE = {"DATABASE_URL": f"postgresql://a:secret@{NOBODY}/x"}
SERVERS = DATABASE | {"KAFKA_BOOTSTRAP_SERVERS": NOBODY}
WITH_TOKEN = ("submit", "import-contracts", "approve", "export")
SERVICES = ("intake", "verification", "ledger")
FILE = "deploy/local/sample/spoilt-return.json"
POSTCODES = "postcode,district,ward,introduced,terminated,edition\n"

Wrong: TypeAlias = tuple[str, dict[str, str], int, str]
"""A command, its settings, its exit code, and words of what it says."""

WRONG: list[Wrong] = [
    ("nope", {}, 2, "No such command 'nope'"),
    ("submit", {}, 2, "Missing argument 'FILE'"),
    ("submit {folder}/absent.json", {}, 2, "does not exist"),
    ("submit {folder}", {}, 2, "is a directory"),
    (f"submit {FILE}", {}, 1, "Nothing runs here. Start `makegood up`"),
    (f"submit {FILE}", {"MAKEGOOD_URL": "http://x"}, 1, "set MAKEGOOD_TOKEN to a supplier's"),
    (f"submit {FILE}", REMOTE, 1, f"http://{NOBODY} does not answer"),
    (f"submit {FILE}", REMOTE | {"MAKEGOOD_URL": "nonsense"}, 1, "nonsense does not answer"),
    (f"submit {FILE}", REMOTE | {"MAKEGOOD_URL": "http://[x"}, 1, "does not answer"),
    (f"submit {FILE}", REMOTE | {"MAKEGOOD_TOKEN": "a\nb"}, 1, "is not a token"),
    (f"submit {FILE}", REMOTE | {"MAKEGOOD_TOKEN": "tökén"}, 1, "is not a token"),
    (f"submit {FILE}", REMOTE | {"MAKEGOOD_URL": "{other}"}, 1, "does not answer as Makegood"),
    ("import-contracts {folder}/absent", {}, 2, "does not exist"),
    (f"import-contracts {FILE}", {}, 1, "Nothing runs here"),
    (f"import-contracts {FILE}", REMOTE, 1, "does not answer"),
    (f"import-contracts {FILE}", REMOTE | {"MAKEGOOD_URL": "{other}"}, 1, "as Makegood does"),
    ("approve C-1", {}, 1, "Nothing runs here"),
    ("approve C-1", REMOTE, 1, "does not answer"),
    ("export {folder}/x.jsonl", {}, 1, "Nothing runs here"),
    ("export {folder}/x.jsonl", REMOTE, 1, "does not answer"),
    ("export {folder}/no/x.jsonl", REMOTE, 1, "No such file or directory. Check the path"),
    ("verify {folder}/absent", {}, 2, "does not exist"),
    (f"verify {FILE}", {}, 1, f"{FILE}, line 1: this is not a line of an export."),
    ("load-postcodes {folder}/absent", {}, 2, "does not exist"),
    ("load-postcodes {folder}/wrong.csv", {}, 1, "Nothing runs here"),
    ("load-postcodes {folder}/wrong.csv", DATABASE, 1, f"PostgreSQL at {NOBODY}/x does not answer"),
    ("load-postcodes {folder}/wrong.csv", {"DATABASE_URL": "x"}, 1, "write it as postgresql://"),
    ("tail makegood.returns.v1", {}, 1, "Nothing runs here"),
    ("tail makegood.returns.v1", SERVERS, 1, f"Kafka at {NOBODY} cannot be used"),
    ("tail x --count 0", {}, 2, "--count"),
    ("token", {}, 1, "Give --role, one of supplier, manager, approver, auditor, operator"),
    ("token --role king", {}, 2, "'king' is not one of"),
    ("token --role manager --authority x", {}, 1, "'x' is not an org-id"),
    ("token --role supplier --authority GB-LAE-KWL", {}, 1, "Give --party"),
    ("token --role auditor --party x --authority GB-LAE-KWL", {}, 1, "an auditor acts for the"),
    ("token --role auditor --authority GB-LAE-KWL --days 0", {}, 2, "--days"),
    ("token --role auditor --authority GB-LAE-KWL", {}, 1, "Nothing runs here"),
    ("token --role auditor --authority GB-LAE-KWL", DATABASE, 1, "does not answer"),
    ("token --revoke jo --role manager", {}, 1, "Give --revoke alone"),
    ("token --revoke jo", {}, 1, "Nothing runs here"),
    ("up --authority Knowsley", {}, 1, "'Knowsley' is not an org-id"),
    ("down", {"MAKEGOOD_STATE": "{folder}/wrong.csv"}, 1, "Not a directory"),
    ("up", {"MAKEGOOD_STATE": "{folder}/wrong.csv"}, 1, "{folder}/wrong.csv"),
    ("demo --once", {"MAKEGOOD_STATE": "{folder}/wrong.csv"}, 1, "{folder}/wrong.csv"),
]

OF_SERVICES: list[Wrong] = [
    ("nope", {}, 2, "No such command 'nope'"),
    ("serve", {}, 1, "KAFKA_BOOTSTRAP_SERVERS is not set"),
    ("serve", SERVERS | {"{SERVICE}_PORT": "99999"}, 1, "{SERVICE}_PORT is '99999'"),
    ("serve", SERVERS | {"{SERVICE}_PORT": "{port}"}, 1, "Nothing can be served at 127.0.0.1"),
    ("serve", SERVERS | {"MAKEGOOD_LOG_LEVEL": "LOUD"}, 1, "MAKEGOOD_LOG_LEVEL is 'LOUD'"),
    ("migrate", {}, 1, "{SERVICE}_DATABASE_URL or DATABASE_URL is not set"),
    ("migrate", SERVERS, 1, f"PostgreSQL at {NOBODY}/x does not answer"),
    ("migrate", SERVERS | {"DATABASE_URL": "mysql://x"}, 1, "write it as postgresql://"),
    ("token", {}, 1, "Give --role"),
    ("token --revoke jo", SERVERS, 1, "does not answer"),
    ("accept-loss", {}, 2, "Missing argument 'TOPIC'"),
    ("accept-loss makegood.returns.v1", SERVERS, 1, "does not answer"),
    ("republish makegood.nothing.v1", {}, 1, "writes no topic makegood.nothing.v1. It writes"),
    ("republish makegood.parked.v1", SERVERS, 1, "does not answer"),
    ("retry-parked", SERVERS, 1, "There is no parking key at"),
]


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """The address of a server that is not ours."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def assert_told(done: subprocess.CompletedProcess[str], code: int, words: str) -> None:
    said = " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in said
    assert "fault in Makegood" not in said
    assert "secret" not in said
    assert (code, True) == (done.returncode, words in said), said


class TestMakegood:
    @pytest.mark.parametrize("wrong", WRONG)
    def test_says_what_is_wrong(self, wrong: Wrong, tmp_path: Path, other: str) -> None:
        """In words, with an exit code that is not 0."""
        command, settings, code, words = wrong
        (tmp_path / "wrong.csv").write_text(POSTCODES)
        known = {"folder": str(tmp_path), "other": other}
        given = {name: value.format(**known) for name, value in settings.items()}
        env = environment(MAKEGOOD_STATE=str(tmp_path / "state")) | given
        done = run(*MAKEGOOD, *command.format(**known).split(), env=env)
        assert_told(done, code, words.format(**known))

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"services": {}}', '"\udcff"'])
    def test_says_that_stack_json_is_broken(self, tmp_path: Path, text: str) -> None:
        """And how it is written anew."""
        (tmp_path / "stack.json").write_bytes(text.encode(errors="surrogateescape"))
        env = environment(MAKEGOOD_STATE=str(tmp_path))
        assert_told(run(*MAKEGOOD, "submit", FILE, env=env), 1, "is broken")

    def test_says_that_the_disk_is_full(self) -> None:
        """Where its output goes."""
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [*MAKEGOOD, "--help"],
                cwd=CHECKOUT,
                env=environment(),
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode != 0
        assert "No space left on device. Free some space there" in done.stderr
        assert "Traceback" not in done.stderr


class TestAService:
    @pytest.mark.parametrize("number", range(len(OF_SERVICES)))
    def test_says_what_is_wrong(self, number: int, tmp_path: Path) -> None:
        """In words, with an exit code that is not 0. The services take turns: they are alike."""
        service = SERVICES[number % len(SERVICES)]
        command, settings, code, words = OF_SERVICES[number]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            known = {"SERVICE": service.upper(), "port": str(taken.getsockname()[1])}
            given = {k.format(**known): v.format(**known) for k, v in settings.items()}
            env = environment(MAKEGOOD_STATE=str(tmp_path)) | given
            done = run(sys.executable, "-m", f"services.{service}", *command.split(), env=env)
        assert_told(done, code, words.format(**known))

    @pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
    def test_ends_while_it_waits_for_its_database(
        self, tmp_path: Path, sent: signal.Signals
    ) -> None:
        """It would wait for ever."""
        env = environment(MAKEGOOD_STATE=str(tmp_path), INTAKE_PORT=str(_free_port())) | SERVERS
        process = subprocess.Popen(
            [sys.executable, "-m", "services.intake", "serve"],
            cwd=CHECKOUT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        waits = next(line for line in process.stdout if "not up yet" in line)
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
        assert 128 + sent == process.returncode
        assert "Traceback" not in waits + out + err
        assert ("Stopped by Ctrl-C" in err) == (sent == signal.SIGINT)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class TestHelp:
    """One style for all programs, without any setting."""

    @pytest.mark.parametrize("program", ["makegood", *SERVICES])
    def test_shows_flags_as_flags_and_cuts_nothing(
        self, program: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Within 80 columns: every command, every option, and what a command needs."""
        for name in [name for name in os.environ if name.startswith(SETTINGS)]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("COLUMNS", "80")
        is_ours = program == "makegood"
        name = "deploy.cli" if is_ours else f"services.{program}.__main__"
        module = importlib.import_module(name)
        app = module.app if is_ours else module.command
        listed = _help(app).split("Commands:")[1]
        assert "..." not in listed
        names = [line.split()[0] for line in listed.splitlines() if line]
        assert len(names) >= 8
        for name in names:
            shown = _help(app, name)
            assert "<bool>" not in shown, name
            assert all(len(line) <= 80 for line in shown.splitlines()), name
            if is_ours and name in WITH_TOKEN:
                assert "MAKEGOOD_TOKEN" in shown, name
                assert "MAKEGOOD_URL" in shown, name

    def test_of_tokens_needs_no_stack_either(self) -> None:
        """In the container image there is no other program."""
        shown = run(sys.executable, "-m", "deploy.tokens", "--help", env=environment())
        assert (0, "") == (shown.returncode, shown.stderr)
        done = run(sys.executable, "-m", "deploy.tokens", "--revoke", "jo", env=environment())
        assert_told(done, 1, "set DATABASE_URL, or INTAKE_DATABASE_URL")


def _help(app: typer.Typer, *command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--help"])
    assert 0 == done.exit_code, command
    return done.output
