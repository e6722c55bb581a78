"""The demo's sign-in: one token for each role, valid in all three services, for loopback only.

Promises: tokens are random, written to `stack.json` (which only its owner can read) and stored as
hashes in the services, like any other. Manager and approver are two people (rule P3).
"""

from __future__ import annotations

from typing import Final

from pydantic import SecretStr

from shared import settings, sql
from shared.web import auth

SERVICES: Final = ("intake", "verification", "ledger")


async def sign_in(bootstrap: str, dsn: str, authority_id: str, supplier_id: str) -> dict[str, str]:
    """A token for each role. The supplier's token belongs to the party `supplier_id`."""
    callers = {
        role: auth.Caller(
            actor_id=supplier_id if role == "supplier" else f"{role}@{authority_id}",
            role=role,
            authority_id=authority_id,
            party_id=supplier_id if role == "supplier" else None,
        )
        for role in auth.ROLES
    }
    tokens = {role: auth.new() for role in callers}
    servers = settings.Settings(kafka_bootstrap_servers=bootstrap, database_url=SecretStr(dsn))
    for service in SERVICES:
        pool = await sql.connect(servers, service)
        try:
            async with pool.acquire() as conn, conn.transaction():
                for role, caller in callers.items():
                    await auth.keep(conn, tokens[role], caller)
        finally:
            await pool.close()
    return {str(role): token for role, token in tokens.items()}
