"""`python -m services.verification serve | migrate | replay | publish-contracts | …`."""

from __future__ import annotations

import gc

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import typer

from services.verification import app, store
from services.verification.consumer import replay
from services.verification.reference import postcodes
from services.verification.register import publication
from services.verification.settings import Settings
from shared import books, commands, log, sql
from shared.web import server


def _settings() -> Settings:
    return Settings()


command = commands.common("verification", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("verification", settings.log_level)
    server.serve(app.build(settings), settings, settings.port)


@command.command("load-postcodes")
def load_postcodes(file: Path) -> None:
    """Load an edition of the postcode directory from a CSV file. Its columns: postcode, district,
    ward, introduced, terminated (YYYY-MM), edition."""
    try:
        rows = postcodes.read(file)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    asyncio.run(_with_pool(lambda pool: _load(pool, rows)))
    editions = ", ".join(sorted({row.edition for row in rows}))
    typer.echo(f"{len(rows):,} postcodes loaded, edition {editions or 'none'}")


@command.command("replay")
def replay_journals() -> None:
    """Fold every journal from zero and compare the result with the tables. Exits with 1 if anything
    differs."""
    report = asyncio.run(_with_pool(_replay))
    typer.echo(str(report))
    if report.differences:
        raise typer.Exit(1)


@command.command("publish-contracts")
def publish_contracts(contract: str | None = None) -> None:
    """Publish every contract again, or one, as it is now. Mends what intake holds of it, whatever
    version that has."""
    count = asyncio.run(_with_pool(lambda pool: _publish_contracts(pool, contract)))
    if contract is not None and not count:
        raise typer.BadParameter(f"there is no contract {contract}")
    typer.echo(f"{count:,} contracts are published again")


async def _publish_contracts(pool: sql.Pool, contract_id: str | None) -> int:
    return await publication.again(pool, contract_id, datetime.now(UTC))


Answer = TypeVar("Answer")


async def _with_pool(work: Callable[[sql.Pool], Awaitable[Answer]]) -> Answer:
    pool = await sql.connect(_settings(), "verification")
    try:
        return await work(pool)
    finally:
        await pool.close()


async def _replay(pool: sql.Pool) -> replay.Report:
    report = await replay.run(pool)
    await books.keep(pool, report.differences)
    return report


async def _load(pool: sql.Pool, rows: list[postcodes.Row]) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await postcodes.load(conn, rows)


if __name__ == "__main__":
    command()
