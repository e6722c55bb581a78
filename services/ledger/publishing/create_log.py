"""How a log begins: its name, its key, its first head. By command only, never by the way.

Promises: one log for an installation. Refuses to begin a second one, also where the database is
empty but the object store holds what was published: that log is to be restored, not replaced.
"""

from __future__ import annotations

import asyncpg

from services.ledger import store
from services.ledger.domain.log import notes
from services.ledger.publishing.objects import Objects
from services.ledger.settings import Settings
from shared import keys, sql


class ExistsError(Exception):
    """There is a log here, or the remains of one. The message says what to do."""


class NoKeyError(Exception):
    """The log's key is not where it should be."""


async def create(settings: Settings, origin: str, *, if_absent: bool = False) -> str:
    """Creates log `origin`; its verifier key. `if_absent`: the log of that name may be there
    already. Raises ExistsError, notes.KeyRefusedError (a name that no key can have)."""
    dsn = settings.database_url.get_secret_value()
    conn: sql.Connection = await asyncpg.connect(
        dsn, timeout=sql.CONNECT_SECONDS_MAX, server_settings={"search_path": "ledger"}
    )
    try:
        async with conn.transaction():
            try:
                head = await store.log.get_head(conn)
            except store.log.NoLogError:
                return await _begin(conn, settings, origin)
    finally:
        await conn.close()
    if not if_absent or head.origin != origin:
        raise ExistsError(f"This database holds the log {head.origin} of {head.size} entries.")
    return head.verifier_key


async def _begin(conn: sql.Connection, settings: Settings, origin: str) -> str:
    if Objects(settings.objects_folder).names("head"):
        raise ExistsError(
            f"{settings.objects_folder} holds a log that was published, but this database holds "
            "none: restore the database, or name another folder for another log."
        )
    notes.SignerKey(origin, bytes(notes.KEY_BYTES)).verifier_key  # noqa: B018  refuses odd names
    signer = notes.SignerKey(origin, keys.load_or_create(settings.key_path))
    verifier_key = signer.verifier_key.encode()
    await store.log.create_head(conn, origin, verifier_key)
    return verifier_key


async def load_signer(settings: Settings, pool: sql.Pool) -> notes.SignerKey:
    """The log's own key. Raises NoKeyError, store.log.NoLogError."""
    async with pool.acquire() as conn:
        head = await store.log.get_head(conn)
    if not settings.key_path.exists():
        raise NoKeyError(
            f"The key of the log {head.origin} is not at {settings.key_path}: restore it. "
            "A new one would sign what nobody trusts."
        )
    return notes.SignerKey(head.origin, keys.load_or_create(settings.key_path))
