"""The logins of the local stack: each service gets at its own tables and at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from deploy.local import stack
from shared import sql

TABLES = {"intake": "accepted_return", "verification": "journal", "ledger": "payload_key"}


async def connected(dsn: str, service: str | None = None) -> asyncpg.Connection[asyncpg.Record]:
    """A connection as a service makes it; without `service`, as a plain login."""
    settings = {} if service is None else {"role": sql.role(service)}
    return await asyncpg.connect(dsn, timeout=10, server_settings=settings)


class TestServiceOfTheLocalStack:
    async def test_gets_at_its_own_tables_alone(self, new_state: Callable[[], Path]) -> None:
        """Neither as itself nor in its role it reads another's table, or becomes another. It is no
        superuser and owns nothing, so triggers hold for it."""
        async with stack.Stack(new_state()) as system:
            for name, service in system.services.items():
                for role in (None, name):
                    conn = await connected(service.dsn, role)
                    try:
                        assert name == await conn.fetchval("SELECT session_user")
                        assert "off" == await conn.fetchval("SHOW is_superuser")
                        for other, table in TABLES.items():
                            query = f"SELECT count(*) FROM {other}.{table}"
                            if role == other:
                                assert 0 == await conn.fetchval(query)
                                continue
                            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                                await conn.fetchval(query)
                            if name != other:
                                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                                    await conn.execute(f"SET ROLE {sql.role(other)}")
                        owned = (
                            "SELECT count(*) FROM pg_class WHERE relowner = session_user::regrole"
                        )
                        assert 0 == await conn.fetchval(owned)
                    finally:
                        await conn.close()

    async def test_has_a_new_password_after_each_start(self, new_state: Callable[[], Path]) -> None:
        """None is kept anywhere, and the old one is of no use."""
        state = new_state()
        async with stack.Stack(state) as system:
            before = system.services["intake"].dsn
        async with stack.Stack(state) as system:
            assert before != system.services["intake"].dsn
            with pytest.raises(asyncpg.InvalidPasswordError):
                await connected(before)
            kept = "".join(each.read_text() for each in state.glob("*.json"))
        assert before not in kept
