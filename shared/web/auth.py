"""Who is calling: bearer tokens of machines, random, stored hashed, with role, authority and party.

Promises: the token itself is shown once and kept nowhere; a call costs a query at most once in
`CACHE_SECONDS` for each token, so that a revoked one is refused that much later at the latest.
Refuses: no token or an unknown or revoked one (`401`), a role that may not do this (`403`).
Whether the caller may see *this* contract or party is asked where the thing is looked up: what it
may not see is `404` to it, as if there were none.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, get_args

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared import sql
from shared.settings import Settings
from shared.web import problems

Role: TypeAlias = Literal["supplier", "manager", "approver", "auditor", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

PREFIX: Final = "mg_"
"""Lets a scanner for leaked secrets know ours."""
RANDOM_BYTES: Final = 32
CACHE_SECONDS: Final = 15.0
CACHE_TOKENS_MAX: Final = 10_000

_bearer = HTTPBearer(auto_error=False, description="A token that this service issued")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token stands for. Only suppliers have a party."""

    actor_id: str
    role: Role
    authority_id: str
    party_id: str | None = None


class Tokens:
    """The service's tokens, looked up by hash. One of these lives in `app.state.tokens`."""

    def __init__(self, pool: sql.Pool, now: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._now = now
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def find(self, token: str) -> Caller | None:
        """The caller, or None for a token that is unknown or revoked."""
        if not token.startswith(PREFIX):
            return None
        digest = _digest(token)
        until, caller = self._known.get(digest, (0.0, None))
        if caller is not None and self._now() < until:
            return caller
        row = await self._pool.fetchrow(
            """
            SELECT actor_id, role, authority_id, party_id
            FROM token WHERE token_hash = $1 AND revoked_at IS NULL
            """,
            digest,
        )
        self._known.pop(digest, None)  # only tokens that are good are kept: strangers fill nothing
        if row is None:
            return None
        if len(self._known) >= CACHE_TOKENS_MAX:
            self._known.clear()
        found = Caller(*row)
        self._known[digest] = self._now() + CACHE_SECONDS, found
        return found


def caller(*roles: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, who holds one of `roles`; any role where none is named.

    `who: Annotated[auth.Caller, Depends(auth.caller("supplier"))]`
    """

    async def find(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        return await _let_in(request, credentials, roles)

    return find


async def let_in(request: Request, *roles: Role) -> Caller:
    """The same for an endpoint that asks by itself, on a fast_path past the framework."""
    return await _let_in(request, await _bearer(request), roles)


async def _let_in(
    request: Request, credentials: HTTPAuthorizationCredentials | None, roles: Sequence[Role]
) -> Caller:
    if credentials is None:
        raise _refuse(401, "A bearer token is needed", "Bearer")
    tokens: Tokens = request.app.state.tokens
    found = await tokens.find(credentials.credentials)
    if found is None:
        raise _refuse(401, "This token is not known here", 'Bearer error="invalid_token"')
    if roles and found.role not in roles:
        words = f"A {found.role} may not do this"
        raise _refuse(403, words, 'Bearer error="insufficient_scope"')
    return found


def _refuse(status: int, words: str, challenge: str) -> problems.Problem:
    return problems.Problem(status, words, headers={"www-authenticate": challenge})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


# --- giving and taking tokens ------------------------------------------------------------------


def new() -> str:
    """A token nobody can guess: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


async def keep(conn: sql.Connection, token: str, holder: Caller) -> None:
    """Makes `token` good for `holder`, in the service that `conn` belongs to."""
    await conn.execute(
        """
        INSERT INTO token (token_hash, actor_id, role, authority_id, party_id)
        VALUES ($1, $2, $3, $4, $5)
        """,
        _digest(token),
        holder.actor_id,
        holder.role,
        holder.authority_id,
        holder.party_id,
    )


async def issue(
    conn: sql.Connection, role: Role, authority_id: str, actor_id: str, party_id: str | None = None
) -> str:
    """A new token for a caller; the only time that it is told."""
    token = new()
    await keep(conn, token, Caller(actor_id, role, authority_id, party_id))
    return token


async def revoke(conn: sql.Connection, actor_id: str) -> int:
    """Ends all tokens of an actor; how many there were. Felt after `CACHE_SECONDS` at most."""
    rows = await conn.fetch(
        """
        UPDATE token SET revoked_at = now()
        WHERE actor_id = $1 AND revoked_at IS NULL RETURNING 1
        """,
        actor_id,
    )
    return len(rows)


def command(service: str, settings: Settings, arguments: Sequence[str]) -> None:
    """`python -m services.<service> token …`: issues a token and prints it, once, or revokes."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{service} token")
    parser.add_argument("--role", choices=ROLES)
    parser.add_argument("--authority", help="org-id of the authority, such as GB-LAE-KWL")
    parser.add_argument("--party", help="org-id of the supplier; suppliers only")
    parser.add_argument("--actor", help="who holds it (default: the party, or role@authority)")
    parser.add_argument("--revoke", metavar="ACTOR", help="end all tokens of this actor instead")
    given = parser.parse_args(arguments)
    if given.revoke is None:
        if given.role is None or given.authority is None:
            parser.error("--role and --authority are needed")
        if (given.role == "supplier") != (given.party is not None):
            parser.error("a supplier needs --party, and nobody else has one")
    print(asyncio.run(_run(service, settings, given)))


async def _run(service: str, settings: Settings, given: argparse.Namespace) -> str:
    pool = await sql.connect(settings, service)
    try:
        async with pool.acquire() as conn, conn.transaction():
            if given.revoke is not None:
                return f"{await revoke(conn, given.revoke)} revoked"
            actor_id = given.actor or given.party or f"{given.role}@{given.authority}"
            return await issue(conn, given.role, given.authority, actor_id, given.party)
    finally:
        await pool.close()
