"""The whole local stack: described, kept alive, taken down, and never kept from starting."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import CannotStart, stack
from deploy.local.servers import both, process

NewState = Callable[[], Path]
CHECKOUT = Path(__file__).resolve().parents[2]
MAKEGOOD = [sys.executable, "-c", "from deploy.cli import app; app()"]
WAIT_S_MAX = 120  # other tests run beside


def described(state: Path) -> dict[str, Any]:
    """What stack.json says."""
    found: dict[str, Any] = json.loads((state / "stack.json").read_text())
    return found


def ids(found: dict[str, Any]) -> dict[str, int]:
    """The process ids in it, by name."""
    parts = {"kafka": found["kafka"], "postgres": found["postgres"], **found["services"]}
    return {name: part["pid"] for name, part in parts.items()}


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(WAIT_S_MAX):
        while not is_so():
            await asyncio.sleep(process.POLL_S)


async def another(state: Path, name: str, pid: int) -> None:
    """Wait until stack.json names another process for this part."""
    await until(lambda: ids(described(state))[name] != pid)


async def statuses(found: dict[str, Any], path: str) -> dict[str, int]:
    """What each service answers there."""
    async with httpx.AsyncClient(timeout=10) as client:
        return {
            name: (await client.get(service["url"] + path)).status_code
            for name, service in found["services"].items()
        }


@contextlib.asynccontextmanager
async def makegood_up(state: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`makegood up` as its user runs it, until stack.json is there."""
    (state / "stack.json").unlink(missing_ok=True)  # what a killed one left tells nothing
    keeper = subprocess.Popen(  # noqa: ASYNC220 - it is signalled, not awaited
        [*MAKEGOOD, "up"], cwd=CHECKOUT, env=os.environ | {"MAKEGOOD_STATE": str(state)}
    )
    try:
        await until((state / "stack.json").exists)
        yield keeper
    finally:
        keeper.terminate()
        await asyncio.to_thread(keeper.wait, WAIT_S_MAX)


class TestStack:
    """Kafka, PostgreSQL and three services on one machine."""

    async def test_is_described_and_kept_alive(self, new_state: NewState) -> None:
        """Every process that is killed comes back, and stack.json says where."""
        state = new_state()
        async with stack.Stack(state):
            first = described(state)
            assert {"kafka", "postgres", "services", "tokens"} == set(first)
            assert {"intake": 200, "verification": 200, "ledger": 200} == await statuses(
                first, "/health/ready"
            )
            for name, pid in ids(first).items():
                os.kill(pid, signal.SIGKILL)
                await another(state, name, pid)

            async def answers() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    found = await statuses(described(state), "/health/ready")
                    return set(found.values()) == {200}
                return False

            async with asyncio.timeout(WAIT_S_MAX):
                while not await answers():
                    await asyncio.sleep(process.POLL_S)
            last = described(state)

        assert first["kafka"]["bootstrap"] == last["kafka"]["bootstrap"]
        assert first["postgres"]["dsn"] == last["postgres"]["dsn"]
        assert not (state / "stack.json").exists()
        assert {None} == {process.Identity.of(pid) for pid in ids(last).values()}

    async def test_comes_up_twice_and_after_its_keeper_was_killed(
        self, new_state: NewState
    ) -> None:
        """SIGKILL of `makegood up`, one child frozen so that it can't follow, blocks nothing."""
        state = new_state()
        async with makegood_up(state) as keeper:
            first = described(state)
            os.kill(first["kafka"]["pid"], signal.SIGSTOP)
            keeper.kill()
            keeper.wait()

        async with makegood_up(state) as keeper:
            again = described(state)
            assert {200} == set((await statuses(again, "/health/ready")).values())
            assert first["postgres"]["dsn"] == again["postgres"]["dsn"]

        assert 0 == keeper.returncode
        assert {None} == {process.Identity.of(pid) for pid in ids(again).values()}

    async def test_uses_servers_that_exist(
        self,
        own_servers: both.Servers,
        new_state: NewState,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Where the environment names a broker and a database, none of our own is started."""
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", own_servers.bootstrap)
        monkeypatch.setenv("DATABASE_URL", own_servers.dsn)
        state = new_state()

        async with stack.Stack(state):
            found = described(state)

        assert {"bootstrap": own_servers.bootstrap, "pid": None} == found["kafka"]
        assert {"dsn": own_servers.dsn, "pid": None} == found["postgres"]
        assert own_servers.kafka.process.is_running()

    async def test_says_why_a_service_cannot_start(
        self,
        own_servers: both.Servers,
        new_state: NewState,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The service's last words are in the message, and nothing is left running."""
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", own_servers.bootstrap)
        monkeypatch.setenv("DATABASE_URL", own_servers.dsn)
        state = new_state()

        with pytest.raises(CannotStart, match=r"(?s)(intake|verification|ledger).*NOISY"):
            async with stack.Stack(state, settings={"MAKEGOOD_LOG_LEVEL": "NOISY"}):
                pass

        assert {} == process.leftovers(state)
        assert both.lock_owner(state) is None
