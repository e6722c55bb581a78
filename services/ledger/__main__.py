"""`python -m services.ledger serve | migrate | create-log | fsck | token | …`."""

from __future__ import annotations

import gc

from shared import interrupts

interrupts.tell()

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

from typing import Annotated

import typer

from services.ledger import app, store
from services.ledger.audit import fsck
from services.ledger.domain.log import notes
from services.ledger.publishing import create_log
from services.ledger.settings import Settings
from shared import books, command_line, commands, log, settings, sql
from shared.web import server


def _settings() -> Settings:
    return settings.read(Settings)


command = commands.common("ledger", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    found = _settings()
    log.configure("ledger", found.log_level)
    server.serve(app.build(found), found, found.port)


@command.command("create-log")
def create(
    origin: Annotated[
        str,
        typer.Option(metavar="NAME", help="The log's name for ever: an address without https://"),
    ],
    if_absent: Annotated[
        bool, typer.Option("--if-absent", help="Accept a log that already has this name.")
    ] = False,
) -> None:
    """Create the one log of this installation.

    Its key too. Run it once, after migrate.
    """
    found = _settings()
    try:
        created = create_log.create(found, origin, if_absent=if_absent)
        verifier_key = command_line.run(found, created)
    except (create_log.LogExistsError, notes.KeyRefusedError) as error:
        raise command_line.CannotGoOn(str(error)) from None
    typer.echo(verifier_key)


@command.command("fsck")
def check() -> None:
    """Derive every hash again from the stored entries.

    Says what is wrong, and then exits with 1.
    """
    found = _settings()
    try:
        report = command_line.run(found, _check(found))
    except (store.log.NoLogError, fsck.OtherLogError) as error:
        raise command_line.CannotGoOn(str(error)) from None
    seen = ", ".join(f"{count:,} {what}" for what, count in report.seen.items())
    typer.echo(f"{report.origin}: {seen or 'empty'}")
    for place, what in report.failures:
        typer.echo(f"WRONG  {place}: {what}")
    if not report.holds:
        typer.echo("The log is damaged. Change nothing, keep all backups, and tell the auditor.")
        raise typer.Exit(1)
    typer.echo("Every hash, chain, event, checkpoint and mark agrees with the stored entries.")


async def _check(found: Settings) -> fsck.Report:
    conn = await sql.connect_alone(found, "ledger")
    evidence = fsck.Evidence.of(found)
    try:
        await fsck.refuse_other_log(conn, evidence)
        total = (await store.checkpoints.get_frontier(conn)).size
        from shared import progress  # late: serving does not need it

        with progress.shown("entries", total) as advance:
            report = await fsck.check(conn, evidence, advance)
        await books.keep(conn, [f"{place}: {what}" for place, what in report.failures])
        return report
    finally:
        await conn.close()


if __name__ == "__main__":
    command()
