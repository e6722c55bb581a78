"""`python -m services.intake serve | notify | migrate | fsck | token | …`."""

from __future__ import annotations

import gc

from shared import interrupts

interrupts.tell()

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

from datetime import UTC, datetime
from typing import Annotated

import typer

from services.intake import store
from services.intake.acceptance import officers
from services.intake.audit import fsck
from services.intake.audit import log as audit_log
from services.intake.domain import receipts
from services.intake.settings import Settings
from shared import books, command_line, commands, keys, log, settings, sql
from shared.delivery import gate
from shared.web import server


def _settings() -> Settings:
    return settings.read(Settings)


command = commands.common("intake", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    from services.intake import app  # late: no other command needs it

    found = _settings()
    log.configure("intake", found.log_level)
    server.serve(app.build(found), found, found.port)


@command.command()
def notify() -> None:
    """Tell suppliers' people what to do, until SIGTERM.

    A process of its own, beside `serve`. docs/notifier.md lists its settings.
    """
    from services.intake.notifier import running  # late: serving does not need it

    running.run(_settings())


@command.command("open-topic")
def open_topic(topic: Annotated[str, typer.Argument(metavar="TOPIC", help="Its name.")]) -> None:
    """Read a party's inbound topic again that was shut.

    For an operator, when the party's program is mended: docs/runbooks, inbound_shut.
    """
    found = _settings()
    shut = command_line.run(found, _open_topic(found, topic))
    if topic not in shut:
        known = f"Shut are {', '.join(sorted(shut))}." if shut else "No topic is shut."
        raise command_line.CannotGoOn(f"{topic} is not shut. {known}")
    typer.echo(f"{topic} is read again")


async def _open_topic(found: Settings, topic: str) -> set[str]:
    """Opens the topic. Returns all that were shut."""
    pool = await sql.connect(found, "intake")
    try:
        shut = set(await gate.load(pool))
        await gate.open_again(pool, topic)
        return shut
    finally:
        await pool.close()


@command.command("forget-contract")
def forget_contract(
    contract_id: Annotated[str, typer.Argument(metavar="CONTRACT", help="Its id.")],
) -> None:
    """Forget a contract of a wrong authority.

    Intake knows it again once it is published again: docs/runbooks, not_believed. Its returns stay.
    """
    found = _settings()
    was_known = command_line.run(found, _forget_contract(found, contract_id))
    typer.echo(f"{contract_id}: {'is forgotten' if was_known else 'was not known'}")


async def _forget_contract(found: Settings, contract_id: str) -> bool:
    pool = await sql.connect(found, "intake")
    try:
        return await store.projections.drop_contract(pool, contract_id)
    finally:
        await pool.close()


@command.command("forget-officer")
def forget_officer(
    officer_id: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The officer's account id.")],
) -> None:
    """Forget what an officer is called.

    Every service and the topic forget it too. What the officer did stays, by the account's id.
    """
    found = _settings()
    was_known = command_line.run(found, _forget_officer(found, officer_id))
    typer.echo(f"{officer_id}: {'is forgotten' if was_known else 'had no name here'}")


async def _forget_officer(found: Settings, officer_id: str) -> bool:
    pool = await sql.connect(found, "intake")
    try:
        return await officers.forget(pool, officer_id, datetime.now(UTC))
    finally:
        await pool.close()


@command.command("fsck")
def check() -> None:
    """Compare receipts with what is stored and logged.

    With what was posted, too. Says what is wrong, and then exits with 1.
    """
    found = _settings()
    try:
        report = command_line.run(found, _check(found))
    except audit_log.UnreadableError as error:
        raise command_line.CannotGoOn(str(error)) from None
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


async def _check(found: Settings) -> fsck.Report:
    seed = keys.load(found.receipt_key_path)
    if seed is None:
        raise command_line.CannotGoOn(
            f"Intake's key is not at {found.receipt_key_path}: set MAKEGOOD_STATE, or restore it."
        )
    public_key = receipts.Signer(seed).public_key
    conn = await sql.connect_alone(found, "intake")
    try:
        total = await conn.fetchval("SELECT receipt_no FROM desk")
        from shared import progress  # late: serving does not need it

        with progress.shown("receipts", total) as advance:
            report = await fsck.check(conn, public_key, found.ledger_url, advance)
        await books.keep(conn, [f"{place}: {what}" for place, what in report.failures])
        return report
    finally:
        await conn.close()


if __name__ == "__main__":
    command()
