"""The commands that every house has: `python -m services.<house> migrate | token | …`.

A house's `__main__` calls `common` and adds `serve` and its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import typer

from shared import sql
from shared.delivery import kafka, offsets, outbox, transaction
from shared.settings import Settings
from shared.web import auth


def common(house: transaction.House, load: Callable[[], Settings], migrations: Path) -> typer.Typer:
    """A command line with what all houses share. `load` reads the house's settings."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=f"Makegood: {house}.",
    )

    @app.command()
    def migrate() -> None:
        """Bring the house's schema up to date."""
        dsn = load().database_url.get_secret_value()
        applied = asyncio.run(sql.migrate(dsn, house, migrations))
        typer.echo(f"{house}: {', '.join(applied) or 'up to date'}")

    @app.command(
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
    )
    def token(arguments: list[str] | None = typer.Argument(None)) -> None:  # noqa: B008  Typer's way
        """Issue a bearer token and print it, once; or revoke (see token --help)."""
        auth.command(house, load(), arguments or [])

    @app.command("accept-loss")
    def accept_loss(topic: str) -> None:
        """Begin a topic anew that the broker lost: next incarnation, offset 0 (docs/runbooks)."""
        typer.echo(f"{topic}: incarnation {asyncio.run(_accept_loss(house, load(), topic))}")

    @app.command()
    def republish(topic: str) -> None:
        """Send again every letter of a topic that this house ever posted (docs/runbooks)."""
        typer.echo(f"{topic}: {asyncio.run(_republish(house, load(), topic))} letters wait")

    return app


async def _accept_loss(house: str, settings: Settings, topic: str) -> int:
    pool, admin = await sql.connect(settings, house), await kafka.start_admin(settings)
    try:
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
        return await offsets.accept_loss(pool, topic, cluster_id)
    finally:
        await admin.close()
        await pool.close()


async def _republish(house: str, settings: Settings, topic: str) -> int:
    pool = await sql.connect(settings, house)
    try:
        async with pool.acquire() as conn, conn.transaction():
            return await outbox.republish(conn, topic)
    finally:
        await pool.close()
