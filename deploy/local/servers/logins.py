"""A login of PostgreSQL for each service, as deploy/postgres/roles.sh makes them for Compose.

Promises: a login may act as its service's role and as no other; it owns nothing and inherits
nothing. Each start makes new passwords, so none is kept.
"""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from shared import sql

SERVICES: Final = ("intake", "verification", "ledger")


async def create(owner: str) -> dict[str, str]:
    """Creates the logins, or gives them new passwords. `owner`: the address of the database, with
    its owner. Returns each service's own address."""
    passwords = {service: secrets.token_urlsafe(24) for service in SERVICES}
    connection = await asyncpg.connect(owner, timeout=sql.CONNECT_SECONDS_MAX)
    try:
        async with connection.transaction():
            for service, password in passwords.items():
                await _create(connection, service)
                await _create(connection, sql.role(service))
                await connection.execute(
                    f"ALTER ROLE {service} LOGIN NOINHERIT PASSWORD '{password}'"
                )
                await connection.execute(f"GRANT {sql.role(service)} TO {service}")
    finally:
        await connection.close()
    place = urlsplit(owner)
    return {
        service: place._replace(
            netloc=f"{service}:{password}@{place.hostname}:{place.port}"
        ).geturl()
        for service, password in passwords.items()
    }


async def _create(connection: sql.Connection, role: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f"CREATE ROLE {role} NOLOGIN")
