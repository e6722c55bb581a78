"""Makes a backup of a stack that runs, while it goes on.

Promises: while the object store is copied, nothing is signed, and the database is dumped after it.
So the database is never behind what was published, and a restored log goes on. Everything that is
written is for its owner alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg

from deploy.backup import RefusedError, dump, manifest, places
from deploy.local import steps
from shared import sql

LOCK_SECONDS_MAX: Final = 60
"""A checkpoint is signed within a second or two."""


async def save(state: Path, dsn: str, target: Path, progress: steps.Steps) -> manifest.Manifest:
    """Backs up the stack with this state folder into `target`, which must be new or empty. Raises
    RefusedError."""
    _require_room(state, target)
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(0o700)
    files: dict[str, manifest.File] = {}
    async with _unsigned(dsn) as conn:
        for name, folder in places.folders(state).items():
            await asyncio.to_thread(_copy_folder, folder, target, name, files, progress)
        with progress.step("Database"):
            await dump.write(state, dsn, target / places.DATABASE)
        log_size = int(await conn.fetchval("SELECT coalesce(max(size), 0) FROM ledger.checkpoint"))
    with progress.step("Keys"):
        _copy_keys(state, target, files)
    size = (target / places.DATABASE).stat().st_size
    with progress.step("Sums", size) as advance:
        files[places.DATABASE] = manifest.digest(target / places.DATABASE, advance)
    return manifest.write(target, files, log_size)


def _require_room(state: Path, target: Path) -> None:
    if target.resolve().is_relative_to(state.resolve()):
        raise RefusedError(
            f"{target} is inside {state}, which `makegood down --forget` deletes: choose a folder "
            "elsewhere, best on another disk"
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RefusedError(f"{target} is not an empty folder, and nothing is overwritten")


@contextlib.asynccontextmanager
async def _unsigned(dsn: str) -> AsyncIterator[sql.Connection]:
    """A connection of the database's owner. While the block runs, nothing is signed or published:
    the publisher leaves its turn to whoever holds this lock."""
    try:
        conn = await asyncpg.connect(dsn, timeout=sql.CONNECT_SECONDS_MAX)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise RefusedError(f"the database does not answer: {error}") from None
    try:
        lock = "SELECT pg_advisory_lock(hashtext('ledger-publisher'))"
        await conn.execute(lock, timeout=LOCK_SECONDS_MAX)
        yield conn
    finally:
        await conn.close()


def _copy_folder(
    folder: Path,
    target: Path,
    name: str,
    files: dict[str, manifest.File],
    progress: steps.Steps,
) -> None:
    """A partial tile may vanish meanwhile, after the whole one has come: then look again."""
    is_whole = False
    while not is_whole:
        is_whole = True
        found = [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        ]
        with progress.step(name, len(found)) as advance:
            for path in found:
                inside = f"{name}/{path.relative_to(folder)}"
                if inside not in files:
                    try:
                        files[inside] = manifest.copy(path, target / inside, lambda _: None)
                    except FileNotFoundError:
                        is_whole = False
                advance()


def _copy_keys(state: Path, target: Path, files: dict[str, manifest.File]) -> None:
    (target / places.KEYS).mkdir(mode=0o700)
    warning = target / places.WARNING
    warning.touch(mode=0o600)
    warning.write_text(places.WARNING_TEXT)
    files[places.WARNING] = manifest.digest(warning, lambda _: None)
    for name, path in places.keys(state).items():
        if path.exists():
            files[name] = manifest.copy(path, target / name, lambda _: None)
