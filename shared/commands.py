"""The commands that every service has: `python -m services.<service> migrate | token | …`.

A service's `__main__` calls `common`, then adds `serve` and commands of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from shared import command_line, keys, sql, tokens
from shared.command_line import CannotGoOn
from shared.delivery import kafka, losses, outbox, parking, topics, transaction
from shared.settings import Settings

_Topic = Annotated[str, typer.Argument(metavar="TOPIC", help="Its full name.")]
_UNCHANGED: Final = "Nothing was changed."


def common(
    service: transaction.ServiceName, load: Callable[[], Settings], migrations: Path
) -> command_line.CommandLine:
    """A command line with the commands of all services. `load` reads the service's settings."""
    app = command_line.CommandLine(
        f"Makegood: the service {service}. Its settings come from the environment: "
        f"services/{service}/README.md lists them."
    )

    @app.command()
    def migrate() -> None:
        """Bring the service's schema up to date."""
        settings = load()
        dsn = settings.database_url.get_secret_value()
        applied = command_line.run(settings, sql.migrate(dsn, service, migrations))
        typer.echo(f"{service}: {', '.join(applied) or 'up to date'}")

    app.command("token")(tokens.command(lambda: {service: load()}))

    @app.command("accept-loss")
    def accept_loss(topic: _Topic) -> None:
        """Start a lost topic anew, from offset 0.

        For an operator, when the broker has lost records: docs/runbooks,
        broker_and_database_disagree. It refuses while the service runs, and if nothing is lost.
        """
        settings = load()
        incarnation = command_line.run(settings, _accept_loss(service, settings, topic))
        typer.echo(f"{topic}: incarnation {incarnation}")

    @app.command()
    def republish(topic: _Topic) -> None:
        """Send all messages of a topic again.

        For an operator, when the broker has lost records: docs/runbooks,
        broker_and_database_disagree. Whoever has processed them knows them as repeats.
        """
        known = [each.name for each in topics.ALL if each.written_by in (service, None)]
        if topic not in known:
            raise CannotGoOn(
                f"{service} writes no topic {topic}. It writes {', '.join(known)}. {_UNCHANGED}"
            )
        settings = load()
        messages = command_line.run(settings, _republish(service, settings, topic))
        typer.echo(f"{topic}: {messages:,} messages will be sent again")

    @app.command("retry-parked")
    def retry_parked() -> None:
        """Send the service's parked records again.

        For an operator, after the mend: docs/runbooks, receipted_parked.
        """
        settings = load()
        sent = command_line.run(settings, _retry_parked(service, settings))
        typer.echo(f"{service}: {sent.again} parked records were sent again")
        if sent.unreadable:
            typer.echo(f"{sent.unreadable} cannot be read by this version; they go on waiting")

    return app


async def _accept_loss(service: str, settings: Settings, topic: str) -> int:
    pool = await sql.connect(settings, service)
    try:
        return await losses.accept(pool, settings, service, topic)
    except (losses.NothingLostError, losses.RunningError) as error:
        raise CannotGoOn(f"{error} {_UNCHANGED}") from error
    finally:
        await pool.close()


async def _republish(service: str, settings: Settings, topic: str) -> int:
    pool = await sql.connect(settings, service)
    try:
        async with pool.acquire() as conn, conn.transaction():
            return await outbox.republish(conn, topic)
    finally:
        await pool.close()


async def _retry_parked(service: str, settings: Settings) -> parking.Sent:
    path = settings.state / service / "parking.key"
    key = keys.load(path)
    if key is None:
        raise CannotGoOn(f"There is no parking key at {path}: set MAKEGOOD_STATE, or restore it.")
    pool = await sql.connect(settings, service)
    try:
        producer = await kafka.start_producer(settings)
        try:
            return await parking.send_again(pool, key, producer)
        except ValueError as error:
            raise CannotGoOn(str(error)) from error
        finally:
            await producer.stop()
    finally:
        await pool.close()
