"""The first hour of somebody with data of their own: `makegood up`, and what it says to do next."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.terminal import CHECKOUT, MAKEGOOD, environment, started
from tests.support.waiting import until, until_true

pytestmark = pytest.mark.timeout(600)
WAIT_S_MAX = 180
CONTRACT = "ocds-own-0301-1"
SUPPLIER = "GB-COH-99000001"


class Up:
    """`makegood up` in a process of its own, and a second terminal beside it."""

    def __init__(self, state: Path) -> None:
        self.state, self.env = state, environment(MAKEGOOD_STATE=str(state))
        self._log = state.with_suffix(".log")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with self._log.open("w") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - it is signalled, not awaited
                [*MAKEGOOD, "up"], cwd=CHECKOUT, env=self.env, stdout=log, stderr=log
            )
        try:
            await until(
                lambda: "Stop with" in self.printed or process.poll() is not None, WAIT_S_MAX
            )
            assert process.poll() is None, self.printed
            yield
        finally:
            process.send_signal(signal.SIGINT)
            await asyncio.to_thread(process.wait, WAIT_S_MAX)

    @property
    def printed(self) -> str:
        return self._log.read_text()

    @property
    def stack(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.state / "stack.json").read_text())
        return found

    def next_commands(self) -> list[str]:
        """The commands that it says to run next."""
        joined = self.printed.replace("\\\n", " ")
        return re.findall(
            r"^  (\S.* (?:load-postcodes|import-contracts|approve|submit) .*)$", joined, re.M
        )

    async def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a line in a shell."""
        return await started("bash", "-c", command, env=self.env)

    async def makegood(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        return await started(*MAKEGOOD, *arguments, env=self.env | env)

    async def get(self, token: str, service: str, path: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=30) as client:
            url = self.stack["services"][service]["url"]
            return await client.get(url + path, headers={"authorization": f"Bearer {token}"})

    async def counted(self) -> dict[str, str]:
        """What counts of each commitment, as the auditor reads it."""
        at = f"/api/v1/contracts/{CONTRACT}/performance"
        answer = await self.get(self.stack["tokens"]["auditor"], "verification", at)
        found = {}
        for commitment in answer.json()["commitments"]:
            for last in commitment["assessments"]:
                found[commitment["commitment_id"], last["period"]] = last["counted"]
        return {name: value for (name, period), value in found.items() if period == "2025-04"}


@pytest.fixture
def up(new_state: Callable[[], Path]) -> Up:
    state = new_state()
    state.mkdir()
    return Up(state)


class TestTheFirstHour:
    async def test_leads_from_an_empty_system_to_what_counts(self, up: Up) -> None:
        """What `up` prints can be run as it stands: postcodes, contracts, approval, a return."""
        async with up.running():
            load, bring_in, approve, submit = up.next_commands()
            loaded = await up.shell(load)
            assert (0, "") == (loaded.returncode, loaded.stderr)
            assert "8 new, 0 changed, 0 as they were" in loaded.stdout

            imported = await up.shell(bring_in)
            assert (0, "") == (imported.returncode, imported.stderr)
            assert CONTRACT in imported.stdout
            assert "Nothing was stored" not in imported.stdout

            approved = await up.shell(approve)
            assert (0, "") == (approved.returncode, approved.stderr)
            assert {"✓ local-spend binds", "✓ school-visits binds"} <= set(
                approved.stdout.splitlines()
            )

            sent: list[subprocess.CompletedProcess[str]] = []

            async def is_accepted() -> bool:  # intake may not know the contract yet
                sent.append(await up.shell(submit))
                return sent[-1].returncode == 0

            await until_true(is_accepted, WAIT_S_MAX)
            assert "✓ Accepted: receipt 1" in sent[-1].stdout
            assert "supplier of GB-LAE-KWL" in sent[-1].stderr

            async def is_counted() -> bool:
                return {"school-visits": "2", "local-spend": "4200.00"} == await up.counted()

            await until_true(is_counted, WAIT_S_MAX)

            told = await up.makegood(
                "tail", "makegood.returns.v1", "--from-beginning", "--count", "1"
            )
            assert (0, "") == (told.returncode, told.stderr)
            assert f"ReturnReceived  {CONTRACT}  key {CONTRACT}" in told.stdout

    async def test_has_tokens_for_all_three_services(self, up: Up) -> None:
        """One token each, until it is revoked; those of `up` end with the next `up`."""
        async with up.running():
            tokens = up.stack["tokens"]
            assert {"manager", "approver", "auditor", "operator"} == set(tokens)
            made = await up.makegood("token", "--role", "auditor", "--actor", "jo", "--days", "1")
            assert 0 == made.returncode, made.stderr
            token = made.stdout.strip()
            assert "accepted   by intake, verification and ledger" in made.stderr
            assert token not in made.stderr
            for service, path in (
                ("intake", "/api/v1/returns"),
                ("verification", "/api/v1/contracts"),
                ("ledger", "/api/v1/entries"),
            ):
                assert 200 == (await up.get(token, service, path)).status_code, service

            revoked = await up.makegood("token", "--revoke", "jo")
            assert 0 == revoked.returncode, revoked.stderr

            async def is_refused() -> bool:
                return 401 == (await up.get(token, "ledger", "/api/v1/entries")).status_code

            await until_true(is_refused, WAIT_S_MAX)
            again = await up.makegood("token", "--revoke", "jo")
            assert 1 == again.returncode
            assert "jo has no token here. Tokens are held by approver@makegood-up" in again.stderr

            refused = await up.makegood("export", "x.jsonl", MAKEGOOD_TOKEN=token)
            assert (1, "") == (refused.returncode, refused.stderr)
            assert "This token is unknown, expired or revoked (401)" in refused.stdout
        async with up.running():
            assert 401 == (await up.get(tokens["auditor"], "ledger", "/api/v1/entries")).status_code
            new = up.stack["tokens"]["auditor"]
            assert 200 == (await up.get(new, "ledger", "/api/v1/entries")).status_code
