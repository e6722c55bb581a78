"""The demo as `make demo` runs it: real servers, six months of returns, then a visitor."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import rich.console

from deploy.local.demo import forgotten, main, sample
from deploy.local.servers import process

pytestmark = pytest.mark.timeout(600)  # the first run on a machine fetches the jars

CHECKOUT = Path(__file__).resolve().parents[2]
MAKEGOOD = [sys.executable, "-c", "from deploy.cli import app; app()"]
SPOILT = str(sample.FOLDER / "spoilt-return.json")
PACKAGE = str(sample.FOLDER / "ocds-package.json")
SENT = str(sample.FOLDER / "returns" / "0101-2026-10.json")


@contextlib.asynccontextmanager
async def played(state: Path) -> AsyncIterator[tuple[main.Job, str]]:
    """The demo after its summary, and its output, while the system stays up."""
    printed = io.StringIO()
    job = main.Job(state, rich.console.Console(file=printed, width=200))
    running = asyncio.create_task(job.run(stays=True))
    try:
        while not job.found and not running.done():
            await asyncio.sleep(process.POLL_S)
        if running.done():
            await running
        yield job, printed.getvalue()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def makegood(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `makegood …` as a visitor in another terminal does."""
    return await asyncio.to_thread(
        subprocess.run,
        [*MAKEGOOD, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"MAKEGOOD_STATE": str(state), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def listed(stack: Any, service: str, what: str) -> list[Any]:
    """All items of a list, as the manager sees them."""
    headers = {"authorization": f"Bearer {stack['tokens']['manager']}"}
    address = f"{stack['services'][service]['url']}/api/v1/{what}"
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:
        page = (await client.get(address, params={"limit": 1000})).json()
    assert page["next"] is None
    return list(page["items"])


class TestTheDemo:
    async def test_sees_every_expected_fact_and_stays_for_visitors(
        self, new_state: Callable[[], Path]
    ) -> None:
        """The figures were worked out by hand; they are in interfaces, topics and the log. What
        intake says is fifteen working days overdue has a case at verification, and nothing else."""
        state = new_state()
        async with played(state) as (job, printed):
            assert [] == [fact for fact in job.found if not fact.is_seen]
            assert job.is_complete
            for words in (
                "£34,000",
                "Thistlewick Grounds (fictional): the return for 2026-07",
                "INV-1042: This invoice was claimed before",
                "This looks like a name",
                "✓ proved offline",
                "IM1 1AD is outside the local area",
                f"{len(job.found)} of {len(job.found)} expected facts were seen",
            ):
                assert words in printed

            stack = json.loads((state / "stack.json").read_text())
            due = await listed(stack, "intake", "due")
            cases = await listed(stack, "verification", "cases")
            missing = {
                (each["contract_id"], each["party_id"], each["period"])
                for each in due
                if (each["overdue_working_days"] or 0) >= 15
            }
            assert {each["state"] for each in due} >= {"received", "not_yet", "overdue"}
            assert missing
            assert missing == {
                (each["contract_id"], each["party_id"], each["period"])
                for each in cases
                if each["kind"] == "no_data" and each["is_open"]
            }

            spoilt = await makegood(state, "submit", SPOILT)
            assert 1 == spoilt.returncode
            assert "/lines/1/person/ref" in spoilt.stdout
            assert "Jane" not in spoilt.stdout

            again = await makegood(state, "submit", SENT)
            assert (0, "") == (again.returncode, again.stderr)
            assert "The same as before: receipt 24" in again.stdout

            for command, first in (
                ("behind", "£34,000 behind"),
                ("alerts", "fallen further behind"),
            ):
                asked = await makegood(state, command)
                assert (0, "") == (asked.returncode, asked.stderr)
                assert first in asked.stdout.splitlines()[2]

            for options in ((), ("--commit",), ("--commit",)):
                imported = await makegood(state, "import-contracts", PACKAGE, *options)
                assert (0, "") == (imported.returncode, imported.stderr)
                assert "a tender: nothing is awarded yet" in imported.stdout
                assert ("Nothing was stored" in imported.stdout) == (not options)
            assert "0 new, 0 changed, 1 unchanged" in imported.stdout

        assert not (state / "stack.json").exists()
        assert "5 contracts and 26 receipts since" in forgotten.words(state / "demo")

    async def test_says_where_to_look_when_nothing_runs(self, tmp_path: Path) -> None:
        """The message says what to do, and the exit code is 1."""
        done = await makegood(tmp_path, "submit", SPOILT)
        assert 1 == done.returncode
        assert "make demo" in done.stderr
