"""Creates the log: its name, its key, its first head. Only a command does this.

Promises: an installation has one log. Refuses to create a second one, also if the database has none
but the object store holds a published one: that log must be restored, not replaced.
"""

from __future__ import annotations

import asyncpg

from services.ledger import store
from services.ledger.domain.log import notes
from services.ledger.publishing import paths
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import keys, sql


class LogExistsError(Exception):
    """There is a log already, or what was published of one. The message says what to do."""


class NoKeyError(Exception):
    """The log's key is missing."""


async def create(settings: Settings, origin: str, *, if_absent: bool = False) -> str:
    """Creates the log `origin` and returns its verifier key. With `if_absent` a log of that name
    may exist already. Raises LogExistsError, and notes.KeyRefusedError for a name that no key can
    have."""
    dsn = settings.database_url.get_secret_value()
    conn: sql.Connection = await asyncpg.connect(
        dsn, timeout=sql.CONNECT_SECONDS_MAX, server_settings={"search_path": "ledger"}
    )
    try:
        async with conn.transaction():
            try:
                head = await store.log.get_head(conn)
            except store.log.NoLogError:
                return await _create(conn, settings, origin)
    finally:
        await conn.close()
    if not if_absent or head.origin != origin:
        raise LogExistsError(
            f"This database already holds the log {head.origin} with {head.size} entries."
        )
    return head.verifier_key


async def _create(conn: sql.Connection, settings: Settings, origin: str) -> str:
    if Objects(settings.objects_folder).names(paths.HEADS):
        raise LogExistsError(
            f"{settings.objects_folder} holds a published log, but this database holds none: "
            "restore the database, or choose another folder for a new log."
        )
    notes.check_name(origin)
    signer = notes.SignerKey(origin, keys.load_or_create(settings.key_path))
    verifier_key = signer.verifier_key.encode()
    await store.log.add_head(conn, origin, verifier_key)
    return verifier_key


async def load_signer(settings: Settings, pool: sql.Pool) -> notes.SignerKey:
    """The log's key. Raises NoKeyError, store.log.NoLogError."""
    async with pool.acquire() as conn:
        head = await store.log.get_head(conn)
    if not settings.key_path.exists():
        raise NoKeyError(
            f"The key of the log {head.origin} is not at {settings.key_path}: restore it. "
            "Nobody would trust what a new key signs."
        )
    return notes.SignerKey(head.origin, keys.load_or_create(settings.key_path))
