"""Who is calling: bearer tokens for programs, random, stored as hashes, with role and authority.

Promises: a token is shown once and stored nowhere. Each token costs at most one query in
`CACHE_SECONDS`, so one that is revoked or expires is refused after that time at the latest.
Refuses: a missing, unknown, expired or revoked token (`401`); a role that may not do this (`403`).
Whether the caller may see a certain contract or party is decided where it is looked up. What a
caller may not see is `404` for it, as if it did not exist.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias, get_args

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared import sql
from shared.web import problems, refused
from shared.wire import events

Role: TypeAlias = Literal["supplier", "manager", "approver", "auditor", "operator"]
Client: TypeAlias = tuple[str, str]
"""An authority, and a supplier or another actor under it."""
ROLES: tuple[Role, ...] = get_args(Role)

PREFIX: Final = "mg_"
"""Lets secret scanners recognise our tokens."""
RANDOM_BYTES: Final = 32
CACHE_SECONDS: Final = 15.0
CACHE_TOKENS_MAX: Final = 10_000

ROLES_OF: Final[dict[Callable[..., object], tuple[Role, ...]]] = {}
"""The roles that each dependency lets in."""

_bearer = HTTPBearer(auto_error=False, description="A token that this service issued")


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of a token. Only suppliers have a party."""

    actor_id: str
    role: Role
    authority_id: str
    party_id: str | None = None

    @property
    def is_installations(self) -> bool:
        """Whether the caller acts for the installation, and for no authority."""
        return self.authority_id == events.INSTALLATION

    @property
    def client(self) -> Client:
        """For whom the bounds hold, however many tokens there are."""
        return self.authority_id, self.party_id or self.actor_id


class Tokens:
    """The service's tokens, looked up by hash. One of these lives in `app.state.tokens`."""

    def __init__(self, pool: sql.Pool, now: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._now = now
        self._known: dict[bytes, tuple[float, Caller]] = {}

    async def find(self, token: str) -> Caller | None:
        """The caller, or None for a token that is unknown, expired or revoked."""
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
                AND (expires_at IS NULL OR expires_at > now())
            """,
            digest,
        )
        self._known.pop(digest, None)  # only valid tokens are kept: guesses cannot fill the cache
        if row is None:
            return None
        if len(self._known) >= CACHE_TOKENS_MAX:
            self._known.clear()
        found = Caller(*row)
        self._known[digest] = self._now() + CACHE_SECONDS, found
        return found


def caller(*roles: Role) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who must have one of `roles`, or any role if none is named.

    `who: Annotated[auth.Caller, Depends(auth.caller("supplier"))]`
    """

    async def find(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        return await _let_in(request, credentials, roles)

    ROLES_OF[find] = roles or ROLES
    return find


async def let_in(request: Request, *roles: Role) -> Caller:
    """The same for an endpoint on a fast path, which has no dependencies."""
    return await _let_in(request, await _bearer(request), roles)


async def _let_in(
    request: Request, credentials: HTTPAuthorizationCredentials | None, roles: Sequence[Role]
) -> Caller:
    if credentials is None:
        refused.keep_code(request.scope, "no_token")
        raise _refuse(401, "A bearer token is required", "Bearer")
    tokens: Tokens = request.app.state.tokens
    found = await tokens.find(credentials.credentials)
    if found is None:
        refused.keep_code(request.scope, "token_unknown")
        raise _refuse(
            401, "This token is unknown, expired or revoked", 'Bearer error="invalid_token"'
        )
    refused.keep_actor(request.scope, found.actor_id)
    if roles and found.role not in roles:
        refused.keep_code(request.scope, "role")
        title = f"The role {found.role} may not do this"
        raise _refuse(403, title, 'Bearer error="insufficient_scope"')
    request.state.client = found.client
    return found


def _refuse(status: int, title: str, challenge: str) -> problems.Problem:
    return problems.Problem(status, title, headers={"www-authenticate": challenge})


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


# --- issuing and revoking tokens ---------------------------------------------------------------


def new() -> str:
    """A token that nobody can guess: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


async def keep(
    conn: sql.Connection, token: str, holder: Caller, expires_at: datetime | None = None
) -> None:
    """Stores `token` for `holder`, as a hash, in the service that `conn` belongs to. Without
    `expires_at` it is valid until it is revoked."""
    await conn.execute(
        """
        INSERT INTO token (token_hash, actor_id, role, authority_id, party_id, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        _digest(token),
        holder.actor_id,
        holder.role,
        holder.authority_id,
        holder.party_id,
        expires_at,
    )


async def issue(
    conn: sql.Connection, role: Role, authority_id: str, actor_id: str, party_id: str | None = None
) -> str:
    """A new token for a caller. It cannot be read again later."""
    token = new()
    await keep(conn, token, Caller(actor_id, role, authority_id, party_id))
    return token


async def revoke(conn: sql.Connection, actor_id: str) -> int:
    """Revokes all tokens of an actor. Returns how many. Takes effect within `CACHE_SECONDS`."""
    rows = await conn.fetch(
        """
        UPDATE token SET revoked_at = now()
        WHERE actor_id = $1 AND revoked_at IS NULL RETURNING 1
        """,
        actor_id,
    )
    return len(rows)


async def list_holders(conn: sql.Connection) -> list[str]:
    """The actors that have a token which is still valid."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT actor_id FROM token
        WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY actor_id
        """
    )
    return [row["actor_id"] for row in rows]
