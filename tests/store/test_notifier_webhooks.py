"""The notifier over a real database and a real receiver of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from shared import sql
from shared.notifier import recipients, sealing
from shared.notifier.channels import guard, webhook
from shared.notifier.notifier import Notifier, Outlet
from tests.support import notifying, receiver
from tests.support.notifying import NOW, due, states, tell

VERIFICATION: Final = Path(__file__).parents[2] / "services/verification/store/migrations"
KEY: Final = b"k" * 32
HOOK: Final = "webhook:1"


@pytest.fixture
async def pool(database: str) -> AsyncIterator[sql.Pool]:
    await sql.migrate(database, "verification", VERIFICATION)
    made = await asyncpg.create_pool(
        database, server_settings={"search_path": "verification", "timezone": "UTC"}
    )
    yield made
    made.terminate()


class Hook:
    """A receiver that answers with one status after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[receiver.Request] = []

    async def behave(self, request: receiver.Request) -> receiver.Answer:
        self.got.append(request)
        return receiver.Answer(self.statuses.pop(0))


async def notifier(pool: sql.Pool, port: int) -> Notifier:
    """A notifier with one webhook, at a receiver on this machine."""
    url = f"http://127.0.0.1:{port}/"
    hook = recipients.Recipient(
        recipient_id=HOOK,
        authority_id=notifying.AUTHORITY,
        channel="webhook",
        address=url,
        secret=sealing.seal(KEY, b"s" * 32, url),
    )
    async with pool.acquire() as conn:
        await recipients.set_recipient(conn, hook, set_by="manager", at=NOW)
    made = notifying.made(pool, port)
    calls = webhook.Webhooks(guard.read_allowed("127.0.0.0/8"), KEY)
    made.outlets = [Outlet("webhook", [calls])]
    return made


async def work(made: Notifier) -> None:
    await made.plan_once()
    await made.send_once(made.outlets[0])


class TestAWebhook:
    async def test_is_called_for_each_change(self, pool: sql.Pool) -> None:
        """Two alerts are two calls, each with an id of its own."""
        hook = Hook(204, 204)
        async with receiver.running(hook.behave) as port:
            made = await notifier(pool, port)
            await tell(pool, due(HOOK), due(HOOK))
            await work(made)
        assert {"sent": 2} == await states(pool)
        assert 2 == len({each.headers["webhook-id"] for each in hook.got})

    async def test_is_called_again_with_the_same_id(self, pool: sql.Pool) -> None:
        """After an answer that took nothing; so its receiver can tell."""
        hook = Hook(500, 204)
        async with receiver.running(hook.behave) as port:
            made = await notifier(pool, port)
            await tell(pool, due(HOOK))
            await work(made)
            assert {"waiting": 1} == await states(pool)
            await pool.execute("UPDATE dispatch SET next_at = now()")
            await work(made)
        assert {"sent": 1} == await states(pool)
        assert 1 == len({each.headers["webhook-id"] for each in hook.got})

    async def test_that_is_gone_is_called_no_more(self, pool: sql.Pool) -> None:
        """410 is refused, and the next alert is passed over."""
        hook = Hook(410)
        async with receiver.running(hook.behave) as port:
            made = await notifier(pool, port)
            await tell(pool, due(HOOK))
            await work(made)
            found = await recipients.find_recipient(pool, HOOK)
            assert found is not None
            assert not found.is_on
            await tell(pool, due(HOOK))
            await work(made)
        assert {"refused": 1, "passed": 1} == await states(pool)
        assert 1 == len(hook.got)
