"""The services as they run, against clients that send too much: memory stays within its bound."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from services.intake import store as intake_store
from services.verification import store as verification_store
from shared import sql
from shared.delivery.transaction import ServiceName
from shared.web import auth, door
from tests.support import door_client
from tests.support.door_client import Door

PEAK_MB_MAX = 157
"""150 MiB, as operators and containers count it (`faults/test_memory.py`)."""
MB = 1024 * 1024
AUTHORITY, PARTY = "GB-LAE-KWL", "GB-COH-00000001"
IMPORT = f"/api/v1/contracts/import?authority={AUTHORITY}"


@contextlib.asynccontextmanager
async def serving(
    service: ServiceName, dsn: str, folder: Path, migrations: Path, role: auth.Role
) -> AsyncIterator[tuple[Door, str]]:
    """A service as a process of its own, with a token. There is no broker."""
    await sql.migrate(dsn, service, migrations)
    conn = await asyncpg.connect(dsn, server_settings={"search_path": service})
    party = PARTY if role == "supplier" else None
    token = await auth.issue(conn, role, AUTHORITY, "somebody", party)
    await conn.close()
    env = {
        "DATABASE_URL": dsn,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "MAKEGOOD_STATE": str(folder),
    }
    opening = door_client.opened(f"services.{service}", "serve", log=None, **env)
    running = await asyncio.to_thread(opening.__enter__)
    try:
        yield running, token
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


def post(path: str, size: int, token: str | None = None) -> bytes:
    holder = "" if token is None else f"authorization: Bearer {token}\r\n"
    return (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{holder}"
        f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    ).encode()


class TestVerification:
    async def test_keeps_its_memory(self, database: str, tmp_path: Path) -> None:
        """Through silent connections, endless heads, posts of 31 MB without a token, and imports of
        31 MB of empty lines, of which only one is read at a time."""
        made = serving("verification", database, tmp_path, verification_store.MIGRATIONS, "manager")
        async with made as (running, token):
            idle = [await running.open() for _ in range(door.CONNECTIONS_MAX + 100)]
            assert await running.status(door_client.LIVE) in (200, 503)
            for _, writer in idle:
                writer.close()
            endless = [b"GET / HTTP/1.1\r\n", *[b"a: " + b"x" * 500 + b"\r\n"] * 20_000]
            heads = await asyncio.gather(*(running.status(*endless) for _ in range(4)))
            assert {431} == set(heads)
            much = [b"[" * MB] * 31
            strangers = await asyncio.gather(
                *(running.status(post("/api/v1/contracts", 31 * MB), *much) for _ in range(8))
            )
            assert {401} == set(strangers)
            lines = [b"{}" + b"\n" * (MB - 2)] * 31
            imports = await asyncio.gather(
                *(running.status(post(IMPORT, 31 * MB, token), *lines) for _ in range(3))
            )
            assert {422, 503} == set(imports)
            assert running.peak_mb() <= PEAK_MB_MAX


class TestIntake:
    async def test_keeps_its_memory(self, database: str, tmp_path: Path) -> None:
        """Through 20 returns of 9 MB at once of one supplier: one is read, the others are told to
        wait."""
        made = serving("intake", database, tmp_path, intake_store.MIGRATIONS, "supplier")
        async with made as (running, token):
            line = b'{"a":"' + b"x" * (MB // 32 - 9) + b'"},'
            body = b'{"lines":[' + line * 32 * 9
            sent = [body[at : at + MB] for at in range(0, len(body), MB)]
            size = len(body)
            answers = await asyncio.gather(
                *(running.status(post("/api/v1/returns", size, token), *sent) for _ in range(20))
            )
            assert {422, 429} == set(answers)
            assert running.peak_mb() <= PEAK_MB_MAX
