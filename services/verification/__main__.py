"""`python -m services.verification serve | notify | migrate | replay | publish-contracts | …`."""

from __future__ import annotations

import gc

from shared import interrupts

interrupts.tell()

# what is imported stays: walking it again and again takes a tenth of the start
gc.set_threshold(100_000)

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from services.verification import store
from services.verification.consumer import replay
from services.verification.reference import loading
from services.verification.register import publication
from services.verification.settings import Settings
from shared import books, command_line, commands, log, settings, sql
from shared.web import server


def _settings() -> Settings:
    return settings.read(Settings)


command = commands.common("verification", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    from services.verification import app  # late: no other command needs it

    found = _settings()
    log.configure("verification", found.log_level)
    server.serve(app.build(found), found, found.port)


@command.command("load-postcodes")
def load_postcodes(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The edition, as CSV."),
    ],
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its name, if the file does not say: such as 2026-08."),
    ] = None,
) -> None:
    """Load an edition of the postcode directory.

    As the Office for National Statistics publishes it (ONSPD), or with the columns postcode,
    district, ward, introduced, terminated (YYYY-MM) and edition. All of the file is loaded, or
    nothing.
    """
    from shared import progress  # late: serving does not need it

    found = _settings()
    try:
        with progress.shown(file.name, file.stat().st_size, is_bytes=True) as advance:
            loaded = command_line.run(found, loading.load(found, file, edition, advance))
    except loading.FileRefusedError as error:
        raise command_line.CannotGoOn(f"{file}: {error}") from None
    for line in loaded.lines():
        typer.echo(line)


@command.command("replay")
def replay_journals() -> None:
    """Fold every journal from zero, and compare.

    With the tables. Exits with 1 if anything differs.
    """
    report = _with_pool(_replay)
    typer.echo(str(report))
    if report.differences:
        raise typer.Exit(1)


@command.command()
def notify() -> None:
    """Tell people and webhooks of alerts, until SIGTERM.

    A process of its own, beside `serve`. docs/notifier.md lists its settings.
    """
    from services.verification.notifier import running  # late: serving does not need it

    running.run(_settings())


@command.command("publish-contracts")
def publish_contracts(
    contract: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this one, by its contract_id.")
    ] = None,
) -> None:
    """Publish every contract again, or one.

    As it is now. Mends what intake holds of it, whatever version that has.
    """
    count = _with_pool(lambda pool: _publish_contracts(pool, contract))
    if contract is not None and not count:
        raise command_line.CannotGoOn(f"There is no contract {contract}. Check its contract_id.")
    typer.echo(f"{count:,} contracts are published again")


async def _publish_contracts(pool: sql.Pool, contract_id: str | None) -> int:
    return await publication.again(pool, contract_id, datetime.now(UTC))


Answer = TypeVar("Answer")


def _with_pool(work: Callable[[sql.Pool], Awaitable[Answer]]) -> Answer:
    found = _settings()

    async def connected() -> Answer:
        pool = await sql.connect(found, "verification")
        try:
            return await work(pool)
        finally:
            await pool.close()

    return command_line.run(found, connected())


async def _replay(pool: sql.Pool) -> replay.Report:
    report = await replay.run(pool)
    await books.keep(pool, report.differences)
    return report


if __name__ == "__main__":
    command()
