"""Tokens of whoever things belong to, and of whoever they do not."""

from __future__ import annotations

from typing import Any, Final

from shared.web import auth
from shared.wire import events
from tests.support import intake_builders

ELSEWHERE: Final = "GB-LAE-SHN"
RIVAL: Final = "GB-COH-00000077"
INSTALLER: Final = "operator of the installation"


async def issue(pool: Any, authority_id: str, party_id: str, *roles: auth.Role) -> dict[str, str]:
    """A token of each role in an authority; its supplier is the party."""
    async with pool.acquire() as conn:
        return {
            role: await auth.issue(
                conn,
                role,
                authority_id,
                f"{role}@{authority_id}",
                party_id if role == "supplier" else None,
            )
            for role in roles
        }


async def owners(pool: Any) -> dict[str, str]:
    """Whose the things are."""
    return await issue(pool, intake_builders.AUTHORITY, intake_builders.PARTY, *auth.ROLES)


async def strangers(pool: Any) -> dict[str, str]:
    """Every role of another authority; its supplier is the very party."""
    return await issue(pool, ELSEWHERE, intake_builders.PARTY, *auth.ROLES)


async def rivals(pool: Any) -> dict[str, str]:
    """Another supplier of the same authority."""
    return await issue(pool, intake_builders.AUTHORITY, RIVAL, "supplier")


async def installers(pool: Any) -> dict[str, str]:
    """An operator of the installation: it issues credentials, and sees and changes nothing else."""
    async with pool.acquire() as conn:
        return {INSTALLER: await auth.issue(conn, "operator", events.INSTALLATION, "installer")}
