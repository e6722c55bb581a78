"""Tokens in a service's table: stored as hashes, known until they are revoked."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from shared import sql, tokens
from shared.settings import Settings
from shared.web import auth


def settings(dsn: str) -> Settings:
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=dsn)


class TestToken:
    async def test_is_known_until_revoked(self, database: str, tmp_path: Path) -> None:
        """An issued token has a holder, a revoked one has none, and the table has its hash only."""
        await sql.migrate(database, "intake", tmp_path)
        async with await sql.connect(settings(database), "intake") as pool, pool.acquire() as conn:
            token = await auth.issue(conn, "supplier", "GB-LAE-KWL", "jo", "GB-COH-00000001")
            holder = auth.Caller("jo", "supplier", "GB-LAE-KWL", "GB-COH-00000001")
            assert holder == await auth.Tokens(pool).find(token)
            kept = await conn.fetchval("SELECT token::text FROM token")
            assert token not in kept
            assert 1 == await auth.revoke(conn, "jo")
            assert None is await auth.Tokens(pool).find(token)

    async def test_is_known_until_it_expires(self, database: str, tmp_path: Path) -> None:
        """By the clock of the database."""
        await sql.migrate(database, "intake", tmp_path)
        async with await sql.connect(settings(database), "intake") as pool, pool.acquire() as conn:
            holder = auth.Caller("jo", "auditor", "GB-LAE-KWL")
            now: datetime = await conn.fetchval("SELECT now()")
            for token, days in (("mg_past", -1), ("mg_future", 1)):
                await auth.keep(conn, token, holder, now + timedelta(days=days))
            assert None is await auth.Tokens(pool).find("mg_past")
            assert holder == await auth.Tokens(pool).find("mg_future")
            assert ["jo"] == await auth.list_holders(conn)
            await conn.execute("UPDATE token SET expires_at = now()")
            assert [] == await auth.list_holders(conn)

    async def test_has_a_party_if_its_holder_is_a_supplier(
        self, database: str, tmp_path: Path
    ) -> None:
        """A constraint refuses a manager with a party, and a supplier without one."""
        await sql.migrate(database, "intake", tmp_path)
        async with await sql.connect(settings(database), "intake") as pool, pool.acquire() as conn:
            with pytest.raises(asyncpg.CheckViolationError, match="token_party"):
                await auth.issue(conn, "manager", "GB-LAE-KWL", "jo", "GB-COH-00000001")
            with pytest.raises(asyncpg.CheckViolationError, match="token_party"):
                await auth.issue(conn, "supplier", "GB-LAE-KWL", "jo")

    async def test_of_the_installation_is_issued_by_command(
        self, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """In every service, for an operator only."""
        await sql.migrate(database, "ledger", tmp_path)
        asked = tokens.Asked(role="operator", is_installations=True)
        await asyncio.to_thread(tokens.run, {"ledger": settings(database)}, asked)
        token = capsys.readouterr().out.strip()
        async with await sql.connect(settings(database), "ledger") as pool:
            holder = await auth.Tokens(pool).find(token)
        assert holder is not None
        assert holder.is_installations
        assert ("operator", "operator@installation") == (holder.role, holder.actor_id)
