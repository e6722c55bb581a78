"""`makegood doctor`: its findings, and what to do about each problem."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from deploy.local import doctor
from deploy.local.servers import both, jars, process


def found(state: Path) -> dict[str, doctor.Finding]:
    """The findings by subject."""
    return {finding.subject: finding for finding in doctor.examine(state)}


class TestDoctor:
    """What `makegood doctor` checks."""

    def test_finds_this_machine_well(self, tmp_path: Path) -> None:
        """Where the suite runs, the stack can run; the programs tell their versions."""
        findings = found(tmp_path)

        assert "openjdk version" in findings["Java"].seen
        assert "PostgreSQL) 18" in findings["PostgreSQL"].seen
        assert "not running" == findings["stack"].seen
        for subject in ("system", "user", "disk", "loopback", "state", "cache", "jars"):
            assert findings[subject].is_ok, findings[subject]

    def test_finds_a_jar_with_a_wrong_hash(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It names the jar and does not remove it."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        jar = jars.locked()[0]
        (jars.cache() / jar.file).write_bytes(b"something else")

        finding = found(tmp_path / "state")["jars"]

        assert not finding.is_ok
        assert jar.file in str(finding.remedy)
        assert (jars.cache() / jar.file).exists()

    @pytest.mark.parametrize("place", [".", "demo"])
    def test_finds_what_an_earlier_run_left(self, place: str, tmp_path: Path) -> None:
        """A recorded process runs but its stack does not, whether the demo's or another."""
        identity = process.Identity.of(os.getpid())
        assert identity is not None
        record = dataclasses.asdict(identity) | {"stop_signal": 15}
        process.write(tmp_path / place / "run" / "kafka.json", json.dumps(record))

        finding = found(tmp_path)["stack"]

        assert "left by an earlier run: kafka" == finding.seen
        assert "run `makegood down`" == finding.remedy

    def test_finds_a_stack_of_an_unknown_process(self, tmp_path: Path) -> None:
        """The folder is locked, but the lock names no process of this machine."""
        with both.locked(tmp_path):
            (tmp_path / "lock").write_text(str(os.getpid()))
            finding = found(tmp_path)["stack"]

        assert "running, but the process that started it is unknown" == finding.seen
        assert "Ctrl-C" in str(finding.remedy)

    def test_finds_a_forced_port_that_cannot_be_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only a port that a setting asks for can be a problem; the others are free."""
        monkeypatch.setenv("MAKEGOOD_LEDGER_PORT", "1000000")

        assert not found(tmp_path)["MAKEGOOD_LEDGER_PORT"].is_ok
