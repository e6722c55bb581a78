"""The whole local stack: it is described, kept alive and stopped, and can always start again."""

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
from tests.support.waiting import until, until_true

NewState = Callable[[], Path]
CHECKOUT = Path(__file__).resolve().parents[2]
MAKEGOOD = [sys.executable, "-c", "from deploy.cli import app; app()"]
WAIT_S_MAX = 120  # other tests run at the same time


def described(state: Path) -> dict[str, Any]:
    """The contents of stack.json."""
    found: dict[str, Any] = json.loads((state / "stack.json").read_text())
    return found


def ids(found: dict[str, Any]) -> dict[str, int]:
    """The process ids in stack.json, by name."""
    parts = {"kafka": found["kafka"], "postgres": found["postgres"], **found["services"]}
    return {name: part["pid"] for name, part in parts.items()}


async def until_replaced(state: Path, name: str, pid: int) -> None:
    """Waits until stack.json has another process id for this part."""
    await until(lambda: ids(described(state))[name] != pid, WAIT_S_MAX)


async def statuses(found: dict[str, Any], path: str) -> dict[str, int]:
    """The status of each service's answer to this path."""
    async with httpx.AsyncClient(timeout=10) as client:
        return {
            name: (await client.get(service["url"] + path)).status_code
            for name, service in found["services"].items()
        }


@contextlib.asynccontextmanager
async def makegood_up(state: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """Runs `makegood up` as a user does. Yields when stack.json is there."""
    (state / "stack.json").unlink(missing_ok=True)  # a run that was killed leaves it behind
    owner = subprocess.Popen(  # noqa: ASYNC220 - it is signalled, not awaited
        [*MAKEGOOD, "up"], cwd=CHECKOUT, env=os.environ | {"MAKEGOOD_STATE": str(state)}
    )
    try:
        await until((state / "stack.json").exists, WAIT_S_MAX)
        yield owner
    finally:
        owner.terminate()
        await asyncio.to_thread(owner.wait, WAIT_S_MAX)


@pytest.fixture
def servers_in_environment(
    own_servers: both.Servers, monkeypatch: pytest.MonkeyPatch
) -> both.Servers:
    """A broker and a database that the environment names."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", own_servers.bootstrap)
    monkeypatch.setenv("DATABASE_URL", own_servers.dsn)
    return own_servers


class TestStack:
    """Kafka, PostgreSQL and three services on one machine."""

    async def test_is_described_and_kept_alive(self, new_state: NewState) -> None:
        """Every process that is killed comes back, and stack.json has its new id."""
        state = new_state()
        async with stack.Stack(state):
            first = described(state)
            parts = {"kafka", "postgres", "services", "notifiers", "authority", "tokens"}
            assert parts == set(first)
            assert {"intake": 200, "verification": 200, "ledger": 200} == await statuses(
                first, "/health/ready"
            )
            for name, pid in ids(first).items():
                os.kill(pid, signal.SIGKILL)
                await until_replaced(state, name, pid)

            async def are_ready() -> bool:
                with contextlib.suppress(httpx.HTTPError):
                    found = await statuses(described(state), "/health/ready")
                    return set(found.values()) == {200}
                return False

            await until_true(are_ready, WAIT_S_MAX)
            last = described(state)

        assert first["kafka"]["bootstrap"] == last["kafka"]["bootstrap"]
        assert first["postgres"]["dsn"] == last["postgres"]["dsn"]
        assert not (state / "stack.json").exists()
        assert {None} == {process.Identity.of(pid) for pid in ids(last).values()}

    async def test_starts_again_after_makegood_up_was_killed(self, new_state: NewState) -> None:
        """Even if one child is frozen and cannot end with it."""
        state = new_state()
        async with makegood_up(state) as owner:
            first = described(state)
            os.kill(first["kafka"]["pid"], signal.SIGSTOP)
            owner.kill()
            owner.wait()

        async with makegood_up(state) as owner:
            again = described(state)
            assert {200} == set((await statuses(again, "/health/ready")).values())
            assert first["postgres"]["dsn"] == again["postgres"]["dsn"]

        assert 0 == owner.returncode
        assert {None} == {process.Identity.of(pid) for pid in ids(again).values()}

    async def test_uses_servers_that_exist(
        self, servers_in_environment: both.Servers, new_state: NewState
    ) -> None:
        """If the environment names a broker and a database, the stack starts none."""
        state = new_state()

        async with stack.Stack(state):
            found = described(state)

        servers = servers_in_environment
        assert {"bootstrap": servers.bootstrap, "pid": None} == found["kafka"]
        assert {"dsn": servers.dsn, "pid": None} == found["postgres"]
        assert servers.kafka.process.is_running()

    @pytest.mark.usefixtures("servers_in_environment")
    async def test_says_why_a_service_cannot_start(self, new_state: NewState) -> None:
        """The end of the service's log is in the message, and nothing is left running."""
        state = new_state()

        with pytest.raises(CannotStart, match=r"(?s)(intake|verification|ledger).*NOISY"):
            async with stack.Stack(state, settings={"MAKEGOOD_LOG_LEVEL": "NOISY"}):
                pass

        assert {} == process.leftovers(state)
        assert both.lock_owner(state) is None
