"""The commands `makegood backup` and `makegood restore`."""

from __future__ import annotations

import json
import os
import typing
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

if typing.TYPE_CHECKING:
    from deploy.backup import manifest

console = Console()

_Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def backup(folder: _Folder) -> None:
    """Back up the stack that runs here.

    Database, ledger and keys. FOLDER must be new or empty.
    """
    from deploy.backup import RefusedError, saving
    from deploy.local import STATE, CannotStart, states, steps

    async def save() -> None:
        state = next((each for each in states(STATE) if (each / "stack.json").exists()), None)
        if state is None:
            raise CannotStart("Nothing runs here: start it with `makegood up`, then back it up.")
        dsn = json.loads((state / "stack.json").read_text())["postgres"]["dsn"]
        try:
            made = await saving.save(state, dsn, folder, steps.Steps(console))
        except (RefusedError, OSError) as error:
            raise CannotStart(f"Not backed up: {error}") from None
        _say(
            f"{folder} has {_count(made)}.",
            f"Keep {folder / 'keys'} apart from the rest: whoever has both can forge receipts and "
            "checkpoints. The rest holds personal data.",
        )

    _run(save())


def restore(folder: _Folder) -> None:
    """Restore a backup.

    Nothing may run or be stored here; `makegood up` then goes on from it.
    """
    from deploy.backup import RefusedError, restoring
    from deploy.local import STATE, CannotStart, steps

    async def load() -> None:
        if {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS"} & set(os.environ):
            raise CannotStart(
                "DATABASE_URL or KAFKA_BOOTSTRAP_SERVERS is set: a backup is restored into servers "
                "of its own. Leave both out, or restore database.dump with pg_restore."
            )
        try:
            made = await restoring.restore(STATE, folder, steps.Steps(console))
        except (RefusedError, OSError) as error:
            raise CannotStart(f"Not restored: {error}") from None
        _say(
            f"Restored as of {made.made_at:%Y-%m-%d %H:%M} UTC: {_count(made)}. Start it with "
            "`makegood up`.",
            f"What came after entry {made.log_size:,} of the log is lost here. If anybody has a "
            "receipt or a checkpoint of it, read docs/runbooks/database_behind_broker.md first.",
        )

    _run(load())


def _count(made: manifest.Manifest) -> str:
    size = made.total_bytes / 1e6
    return f"{len(made.files):,} files, {size:,.1f} MB, a log of {made.log_size:,} entries"


def _say(done: str, beware: str) -> None:
    console.print("[green]✓[/]", Text(done), soft_wrap=True)
    console.print("[yellow]![/]", Text(beware), soft_wrap=True)


def _run(work: Coroutine[Any, Any, None]) -> None:
    from deploy.local import stack

    raise typer.Exit(stack.run(work, console))
