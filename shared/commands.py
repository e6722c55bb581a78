"""The commands that every service has: `python -m services.<service> migrate | token | …`.

A service's `__main__` calls `common`, then adds `serve` and commands of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import typer

from shared import keys, sql
from shared.delivery import kafka, offsets, outbox, parking, transaction
from shared.settings import Settings
from shared.web import auth


def common(
    service: transaction.ServiceName, load: Callable[[], Settings], migrations: Path
) -> typer.Typer:
    """A command line with the commands of all services. `load` reads the service's settings."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=f"Makegood: {service}.",
    )

    @app.command()
    def migrate() -> None:
        """Bring the service's schema up to date."""
        dsn = load().database_url.get_secret_value()
        applied = asyncio.run(sql.migrate(dsn, service, migrations))
        typer.echo(f"{service}: {', '.join(applied) or 'up to date'}")

    @app.command(
        context_settings={"ignore_unknown_options": True, "help_option_names": []},
    )
    def token(arguments: list[str] | None = typer.Argument(None)) -> None:  # noqa: B008  Typer's way
        """Issue a bearer token and print it, or revoke tokens (see token --help)."""
        auth.command(service, load(), arguments or [])

    @app.command("accept-loss")
    def accept_loss(topic: str) -> None:
        """Start a lost topic anew: next incarnation, from offset 0 (see docs/runbooks)."""
        typer.echo(f"{topic}: incarnation {asyncio.run(_accept_loss(service, load(), topic))}")

    @app.command()
    def republish(topic: str) -> None:
        """Send again every message that this service ever posted to a topic (see docs/runbooks)."""
        messages = asyncio.run(_republish(service, load(), topic))
        typer.echo(f"{topic}: {messages} messages will be sent again")

    @app.command("retry-parked")
    def retry_parked() -> None:
        """Send the service's parked records again, after the mend (see docs/runbooks)."""
        try:
            sent = asyncio.run(_retry_parked(service, load()))
        except ValueError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        typer.echo(f"{service}: {sent.again} parked records were sent again")
        if sent.unreadable:
            typer.echo(f"{sent.unreadable} cannot be read by this version; they go on waiting")

    return app


async def _accept_loss(service: str, settings: Settings, topic: str) -> int:
    pool, admin = await sql.connect(settings, service), await kafka.start_admin(settings)
    try:
        cluster_id = str((await admin.describe_cluster())["cluster_id"])
        return await offsets.accept_loss(pool, topic, cluster_id)
    finally:
        await admin.close()
        await pool.close()


async def _republish(service: str, settings: Settings, topic: str) -> int:
    pool = await sql.connect(settings, service)
    try:
        async with pool.acquire() as conn, conn.transaction():
            return await outbox.republish(conn, topic)
    finally:
        await pool.close()


async def _retry_parked(service: str, settings: Settings) -> parking.Sent:
    key = keys.load_or_create(settings.state / service / "parking.key")
    pool = await sql.connect(settings, service)
    try:
        producer = await kafka.start_producer(settings)
        try:
            return await parking.send_again(pool, key, producer)
        finally:
            await producer.stop()
    finally:
        await pool.close()
