"""Who may call: by token and by role."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, cast

import fastapi
import httpx
import pytest
import typer
from typer.testing import CliRunner

from shared import sql
from shared import tokens as issuing
from shared.web import auth, server

SUPPLIER = auth.Caller("jo", "supplier", "GB-LAE-KWL", "GB-COH-00000001")
AUDITOR = auth.Caller("kim", "auditor", "GB-LAE-KWL")


class TestACaller:
    def test_counts_as_its_supplier_or_itself(self) -> None:
        """Under one authority: actors of one supplier are one client, other actors are not."""
        assert ("GB-LAE-KWL", "GB-COH-00000001") == SUPPLIER.client
        assert SUPPLIER.client == dataclasses.replace(SUPPLIER, actor_id="al").client
        assert SUPPLIER.client != dataclasses.replace(SUPPLIER, authority_id="GB-LAE-LIV").client
        assert ("GB-LAE-KWL", "kim") == AUDITOR.client


class FakePool:
    """A pool that knows some tokens and counts its queries."""

    def __init__(self, holders: dict[str, auth.Caller]) -> None:
        self.asked = 0
        self.rows = {
            hashlib.sha256(token.encode()).digest(): (
                h.actor_id,
                h.role,
                h.authority_id,
                h.party_id,
            )
            for token, h in holders.items()
        }

    async def fetchrow(self, query: str, digest: bytes) -> Any:
        self.asked += 1
        return self.rows.get(digest)

    def revoke_all(self) -> None:
        self.rows.clear()


class FakeTime:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def tokens(pool: FakePool, now: FakeTime | None = None) -> auth.Tokens:
    return auth.Tokens(cast(sql.Pool, pool), now or FakeTime())


class TestTokens:
    async def test_know_a_caller_by_the_hash(self) -> None:
        """Role, authority and party come from the table."""
        token = auth.new()
        assert SUPPLIER == await tokens(FakePool({token: SUPPLIER})).find(token)

    @pytest.mark.parametrize("token", ["", "mg_", "mg_unknown", "mg_\x00", "mg_é\udcff"])
    async def test_know_no_stranger(self, token: str) -> None:
        """A token that was never issued belongs to nobody, whatever it looks like."""
        assert None is await tokens(FakePool({auth.new(): SUPPLIER})).find(token)

    async def test_ask_the_database_once(self) -> None:
        """The hot path costs no query per request."""
        token = auth.new()
        pool = FakePool({token: SUPPLIER})
        known = tokens(pool)
        for _ in range(3):
            await known.find(token)
        assert 1 == pool.asked

    async def test_forget_a_revoked_one_in_time(self) -> None:
        """A revoked token is refused once its time in the cache is over."""
        token, now = auth.new(), FakeTime()
        pool = FakePool({token: SUPPLIER})
        known = tokens(pool, now)
        await known.find(token)
        pool.revoke_all()
        now.seconds = auth.CACHE_SECONDS - 0.1
        assert SUPPLIER == await known.find(token)
        now.seconds = auth.CACHE_SECONDS
        assert None is await known.find(token)

    async def test_keep_no_stranger_in_memory(self) -> None:
        """Guessed tokens do not fill the cache: each is looked up again."""
        pool = FakePool({})
        known = tokens(pool)
        for _ in range(2):
            await known.find("mg_unknown")
        assert 2 == pool.asked


class TestTheCommand:
    @pytest.mark.parametrize(
        ("arguments", "fault"),
        [
            ("--role operator", "Give --authority"),
            ("--role operator --installation --authority GB-LAE-KWL", "Leave out --authority"),
            ("--role manager --installation", "Leave out --installation: a manager belongs to one"),
            ("--role auditor --installation", "Leave out --installation: an auditor belongs to"),
        ],
    )
    def test_makes_only_operators_of_the_installation(self, arguments: str, fault: str) -> None:
        """Everybody else belongs to one authority."""
        app = typer.Typer()
        app.command()(issuing.command(dict))
        refused = CliRunner().invoke(app, arguments.split()).exception
        assert fault in str(refused)


@contextlib.asynccontextmanager
async def no_lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
    yield


async def is_well() -> bool:
    return True


class TestCaller:
    @pytest.mark.parametrize(
        ("token", "status", "challenge"),
        [
            ("mg_of_the_supplier", 200, None),
            ("mg_of_the_auditor", 403, 'Bearer error="insufficient_scope"'),
            ("mg_of_nobody", 401, 'Bearer error="invalid_token"'),
            (None, 401, "Bearer"),
        ],
    )
    async def test_is_let_in_by_token_and_role(
        self, token: str | None, status: int, challenge: str | None
    ) -> None:
        """An unknown token is 401, a known one with a wrong role 403, each with its challenge."""
        app = server.build("a service", "1", no_lifespan, server.Health(is_well, is_well))
        app.state.tokens = tokens(
            FakePool({"mg_of_the_supplier": SUPPLIER, "mg_of_the_auditor": AUDITOR})
        )

        @app.get("/me")
        async def me(who: Annotated[auth.Caller, fastapi.Depends(auth.caller("supplier"))]) -> str:
            return who.actor_id

        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = await client.get("/me", headers=headers)
        assert (status, challenge) == (answer.status_code, answer.headers.get("www-authenticate"))


class TestNew:
    def test_is_long_random_and_ours(self) -> None:
        """The prefix and 256 bits in base64, never the same twice."""
        first, second = auth.new(), auth.new()
        assert len(auth.PREFIX) + 43 == len(first)
        assert first.startswith(auth.PREFIX)
        assert first != second
