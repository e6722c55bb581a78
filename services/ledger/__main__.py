"""`python -m services.ledger serve | migrate | create-log | fsck | token | …`."""

from __future__ import annotations

import gc

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

import asyncio

import asyncpg
import typer

from services.ledger import app, store
from services.ledger.audit import fsck
from services.ledger.domain.log import notes
from services.ledger.publishing import create_log
from services.ledger.settings import Settings
from shared import books, commands, log, sql
from shared.web import server


def _settings() -> Settings:
    return Settings()


command = commands.common("ledger", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("ledger", settings.log_level)
    server.serve(app.build(settings), settings, settings.port)


@command.command("create-log")
def create(
    origin: str = typer.Option(help="The log's name for ever: an address without https://"),
    if_absent: bool = typer.Option(False, help="Accept a log that already has this name."),
) -> None:
    """Create the one log of this installation and its key. Run it once, after migrate."""
    try:
        verifier_key = asyncio.run(create_log.create(_settings(), origin, if_absent=if_absent))
    except (create_log.LogExistsError, notes.KeyRefusedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(verifier_key)


@command.command("fsck")
def check() -> None:
    """Derive every hash again from the stored entries. Says what is wrong and then exits 1."""
    try:
        report = asyncio.run(_check(_settings()))
    except store.log.NoLogError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    seen = ", ".join(f"{count:,} {what}" for what, count in report.seen.items())
    typer.echo(f"{report.origin}: {seen or 'empty'}")
    for place, what in report.failures:
        typer.echo(f"WRONG  {place}: {what}")
    if not report.holds:
        typer.echo("The log is damaged. Change nothing, keep all backups, and tell the auditor.")
        raise typer.Exit(1)
    typer.echo("Every hash, chain, event, checkpoint and mark agrees with the stored entries.")


async def _check(settings: Settings) -> fsck.Report:
    from rich import console, progress  # late: serving does not need them

    conn: sql.Connection = await asyncpg.connect(
        settings.database_url.get_secret_value(),
        timeout=sql.CONNECT_SECONDS_MAX,
        server_settings={"search_path": "ledger", "role": sql.role("ledger"), "jit": "off"},
    )
    evidence = fsck.Evidence.of(settings)
    shown = progress.Progress(console=console.Console(stderr=True), transient=True)
    try:
        with shown as bar:
            task = bar.add_task("entries", total=(await store.checkpoints.get_frontier(conn)).size)
            report = await fsck.check(conn, evidence, lambda count: bar.advance(task, count))
        await books.keep(conn, [f"{place}: {what}" for place, what in report.failures])
        return report
    finally:
        await conn.close()


if __name__ == "__main__":
    command()
