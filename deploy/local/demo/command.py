"""The command `makegood demo`."""

from typing import Annotated

import typer


def demo(
    once: Annotated[
        bool,
        typer.Option("--once", help="Exit after the summary, with 0 only if every fact was seen."),
    ] = False,
) -> None:
    """Play six months of returns, and show the results.

    Three fictional suppliers send them through the whole system. Each demo starts anew: it forgets
    the one before it, and says what that was. It never touches the data of `makegood up`.
    """
    from rich.console import Console

    from deploy.local import STATE, stack
    from deploy.local.demo import main

    console = Console()
    job = main.Job(STATE, console)
    code = stack.run(job.run(stays=not once), console)
    raise typer.Exit(code or int(once and not job.is_complete))
