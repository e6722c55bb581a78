"""The database as a file, by PostgreSQL's own programs, which the local stack has."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deploy.backup import RefusedError
from deploy.local.servers import ports, postgres


async def write(state: Path, dsn: str, file: Path) -> None:
    """Writes all of the database, as of one moment. Raises RefusedError."""
    file.touch(mode=0o600)
    await _run(state, "pg_dump", dsn, "--format=custom", f"--file={file}")


async def load(state: Path, dsn: str, file: Path) -> None:
    """Loads it into an empty database, all or nothing. Raises RefusedError."""
    await _run(
        state,
        "pg_restore",
        dsn,
        f"--dbname={urlsplit(dsn).path[1:]}",
        "--exit-on-error",
        "--single-transaction",
        str(file),
    )


async def _run(state: Path, program: str, dsn: str, *arguments: str) -> None:
    """The password goes by the environment, which other users cannot read."""
    place = urlsplit(dsn)
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PGHOST": place.hostname or "",
        "PGPORT": str(place.port or 5432),
        "PGUSER": unquote(place.username or ""),
        "PGPASSWORD": unquote(place.password or ""),
        "PGDATABASE": place.path[1:],
    }
    binary = postgres.Postgres(state, ports.Ports(state)).binary(program)
    child = await asyncio.create_subprocess_exec(
        binary,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await child.communicate()
    except asyncio.CancelledError:
        child.kill()
        await child.wait()
        raise
    if child.returncode:
        raise RefusedError(f"{program} failed:\n{said.decode(errors='replace').strip()}")
