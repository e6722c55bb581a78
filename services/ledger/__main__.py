"""`python -m services.ledger serve | migrate | create-log | fsck | token | …`."""

from __future__ import annotations

import asyncio

import typer

from services.ledger import app, founding, notes, store
from services.ledger.settings import Settings
from shared import commands, http, log


def _settings() -> Settings:
    return Settings()


command = commands.common("ledger", _settings, store.MIGRATIONS)


@command.command()
def serve() -> None:
    """Serve until SIGTERM."""
    settings = _settings()
    log.configure("ledger", settings.log_level)
    http.serve(app.build(settings), settings, settings.port)


@command.command("create-log")
def create_log(
    origin: str = typer.Option(help="The log's name, for ever: an address without https://"),
    if_absent: bool = typer.Option(False, help="Be content with a log of that name."),
) -> None:
    """Begin the one log of this installation, with a key of its own (once; after migrate)."""
    try:
        words = asyncio.run(founding.create(_settings(), origin, if_absent=if_absent))
    except (founding.ExistsError, notes.KeyRefusedError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(words)


if __name__ == "__main__":
    command()
