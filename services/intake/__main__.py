"""`python -m services.intake serve | migrate | fsck | token | …`."""

from __future__ import annotations

import gc

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

import asyncio
import functools

import asyncpg
import typer

from services.intake import app, store
from services.intake.audit import fsck
from services.intake.audit import log as audit_log
from services.intake.domain import receipts
from services.intake.settings import Settings
from shared import books, commands, keys, log, sql
from shared.delivery import gate
from shared.web import server


def _settings() -> Settings:
    return Settings()


command = commands.common("intake", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("intake", settings.log_level)
    server.serve(app.build(settings), settings, settings.port)


@command.command("open-topic")
def open_topic(topic: str) -> None:
    """Read a party's inbound topic again that was shut (see docs/runbooks)."""
    was_shut = asyncio.run(_open_topic(_settings(), topic))
    typer.echo(f"{topic}: {'is read again' if was_shut else 'was not shut'}")


async def _open_topic(settings: Settings, topic: str) -> bool:
    pool = await sql.connect(settings, "intake")
    try:
        return await gate.open_again(pool, topic)
    finally:
        await pool.close()


@command.command("forget-contract")
def forget_contract(contract_id: str) -> None:
    """Forget a contract that was published in a wrong authority's name, until it is published
    again (see docs/runbooks). Its returns stay."""
    was_known = asyncio.run(_forget_contract(_settings(), contract_id))
    typer.echo(f"{contract_id}: {'is forgotten' if was_known else 'was not known'}")


async def _forget_contract(settings: Settings, contract_id: str) -> bool:
    pool = await sql.connect(settings, "intake")
    try:
        return await store.projections.drop_contract(pool, contract_id)
    finally:
        await pool.close()


@command.command("fsck")
def check() -> None:
    """Compare what is stored with what was receipted, posted and logged. Says what is wrong and
    then exits 1."""
    try:
        report = asyncio.run(_check(_settings()))
    except audit_log.UnreadableError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    seen = ", ".join(f"{count:,} {what}" for what, count in report.seen.items())
    typer.echo(f"intake: {seen or 'no receipts'}")
    for place, what in report.failures:
        typer.echo(f"WRONG  {place}: {what}")
    if report.failures:
        typer.echo(
            "The books differ. Change nothing, keep all backups (docs/runbooks/books_differ)."
        )
        raise typer.Exit(1)
    typer.echo("Every receipt agrees with what is stored, posted and logged.")
    if "receipts in the log" not in report.seen:
        typer.echo("The log itself was not read: INTAKE_LEDGER_URL is not set.")


async def _check(settings: Settings) -> fsck.Report:
    from rich import console, progress  # late: serving does not need them

    seed = keys.load(settings.receipt_key_path)
    if seed is None:
        typer.echo(f"Intake's key is not at {settings.receipt_key_path}: restore it.", err=True)
        raise typer.Exit(1)
    public_key = receipts.Signer(seed).public_key
    conn: sql.Connection = await asyncpg.connect(
        settings.database_url.get_secret_value(),
        timeout=sql.CONNECT_SECONDS_MAX,
        server_settings={"search_path": "intake", "role": sql.role("intake"), "jit": "off"},
    )
    shown = progress.Progress(console=console.Console(stderr=True), transient=True)
    try:
        with shown as bar:
            total = await conn.fetchval("SELECT receipt_no FROM desk")
            task = bar.add_task("receipts", total=total)
            advance = functools.partial(bar.advance, task)
            report = await fsck.check(conn, public_key, settings.ledger_url, advance)
        await books.keep(conn, [f"{place}: {what}" for place, what in report.failures])
        return report
    finally:
        await conn.close()


if __name__ == "__main__":
    command()
