"""PostgreSQL: pools with time-outs on everything, named queries, forward-only migrations.

Promises: a service sees only its own schema (by `search_path` and role). Locks belong to
transactions, and the server ends a transaction that hangs. Migrations are applied once, whole, and
in order. Refuses: a migration whose text was changed after it was applied.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any, Final, TypeAlias

import aiosql
import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.settings import Settings

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record

CONNECT_SECONDS_MAX: Final = 5
COMMAND_SECONDS_MAX: Final = 20
TRANSACTION_MS_MAX: Final = 15_000
"""The longest that a frozen process can hold its locks; then the others go on."""
IDLE_MS_MAX: Final = 10_000
LOCK_MS_MAX: Final = 12_000

_MIGRATION_LOCK: Final = 0x6D616B65
_SHARED_MIGRATIONS: Final = Path(__file__).with_name("migrations")

BROKEN: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.InvalidTransactionStateError,
    asyncpg.exceptions.InternalClientError,
    asyncpg.exceptions.PostgresSystemError,
)
"""Errors of the infrastructure: the batch is tried again. Other errors are in the data, or ours."""


class ChangedMigrationError(ValueError):
    """The text of an applied migration has changed."""


def is_broken(error: BaseException) -> bool:
    """Whether `error` comes from the infrastructure. asyncpg's DataError is an InterfaceError too,
    but comes from the data: it would be tried again for ever."""
    return isinstance(error, BROKEN) and not isinstance(error, ValueError)


def role(service: str) -> str:
    """The database role that the service acts as."""
    return f"makegood_{service}"


async def connect(settings: Settings, service: str) -> Pool:
    """A connection pool for `service`, with its own role and in its own schema."""
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=settings.database_pool_size,
        timeout=CONNECT_SECONDS_MAX,
        command_timeout=COMMAND_SECONDS_MAX,
        max_inactive_connection_lifetime=300,
        reset=_leave_as_it_is,
        server_settings={
            "application_name": f"makegood-{service}",
            "search_path": service,
            "role": role(service),
            "timezone": "UTC",
            "transaction_timeout": str(TRANSACTION_MS_MAX),
            "idle_in_transaction_session_timeout": str(IDLE_MS_MAX),
            "lock_timeout": str(LOCK_MS_MAX),
            "synchronous_commit": "on",
            "plan_cache_mode": "force_custom_plan",  # else plans for empty tables are kept for ever
            "jit": "off",  # statements are short: to compile one costs more than to run it
        },
    )


async def connect_alone(settings: Settings, service: str) -> Connection:
    """One connection without time-outs, for long work: with the service's role, in its schema."""
    connection: Connection = await asyncpg.connect(
        settings.database_url.get_secret_value(),
        timeout=CONNECT_SECONDS_MAX,
        server_settings={"search_path": service, "role": role(service), "jit": "off"},
    )
    return connection


async def _leave_as_it_is(connection: Connection) -> None:
    """Does nothing instead of a reset. Sessions keep nothing that needs one: locks and settings
    belong to transactions, and an open transaction is ended anyway. A reset would be a fifth of the
    cost of a short transaction."""


def queries(path: Path) -> Any:
    """The named queries of one `.sql` file."""
    return aiosql.from_path(path, "asyncpg")


async def rows(found: AsyncIterator[Record]) -> list[Record]:
    """All rows that a named query gives."""
    return [row async for row in found]


def columns(records: Collection[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as columns, for `unnest`; `count` empty ones where there is no row."""
    return [list(column) for column in zip(*records, strict=True)] or [[] for _ in range(count)]


async def migrate(dsn: str, service: str, folder: Path) -> list[str]:
    """Brings the service's schema up to date. Returns the names of the migrations that it applied.

    All of it is one transaction under an advisory lock: a failure leaves the schema as it was.
    Raises ChangedMigrationError.
    """
    files = {
        f"{owner}/{file.name}": file
        for owner, path in (("shared", _SHARED_MIGRATIONS), (service, folder))
        for file in sorted(path.glob("*.sql"))
    }
    connection: Connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS_MAX)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            await _prepare(connection, service)
            return [name for name in files if await _apply(connection, service, name, files[name])]
    finally:
        await connection.close()


async def _prepare(connection: Connection, service: str) -> None:
    """Creates schema and role, and grants the role rights on all later tables. Migrations may
    revoke some of them."""
    await connection.execute(f"""
        DO $$ BEGIN
            CREATE ROLE {role(service)} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$;
        CREATE SCHEMA IF NOT EXISTS {service};
        GRANT USAGE ON SCHEMA {service} TO {role(service)};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service}
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role(service)};
        ALTER DEFAULT PRIVILEGES IN SCHEMA {service}
            GRANT USAGE, SELECT ON SEQUENCES TO {role(service)};
        SET LOCAL search_path = {service};
        CREATE TABLE IF NOT EXISTS migration (
            name text CONSTRAINT migration_pk PRIMARY KEY,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
    """)


async def _apply(connection: Connection, service: str, name: str, file: Path) -> bool:
    text = file.read_text()
    checksum = hashlib.sha256(text.encode()).hexdigest()
    applied = await connection.fetchval("SELECT checksum FROM migration WHERE name = $1", name)
    if applied is None:
        await connection.execute(text)
        await connection.execute(
            "INSERT INTO migration (name, checksum) VALUES ($1, $2)", name, checksum
        )
        return True
    if applied != checksum:
        raise ChangedMigrationError(
            f"{service}: migration {name} was changed after it was applied; add a new one instead"
        )
    return False
