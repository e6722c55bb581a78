"""What the commands that talk to a running service share: its address, a token, and its refusals.

Promises: MAKEGOOD_URL and MAKEGOOD_TOKEN come first; what they leave out is read from the
`stack.json` of the stack that runs in this checkout. A command that cannot go on says why and ends
with exit code 1.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import rich.console
import rich.progress
import rich.table
import rich.text
import typer

from deploy.local import STATE

if typing.TYPE_CHECKING:
    import httpx

SECONDS_MAX: Final = 60
"""Longest wait for a service to connect, or between two pieces of its answer."""

console = rich.console.Console()


BYTES_LARGE: Final = 1024 * 1024
"""From this size on a file's progress is shown."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service is, and a token that it accepts."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers that a request needs to be let in."""
        return {"authorization": f"Bearer {self.token}"}


def find(service: str, role: str) -> Endpoint:
    """The address of `service` and a token of `role`. Ends the command if there is none."""
    url, token = os.environ.get("MAKEGOOD_URL"), os.environ.get("MAKEGOOD_TOKEN")
    if not (url and token):
        stack = _running_stack()
        url = url or stack["services"][service]["url"]
        token = token or stack["tokens"].get(role)
    if not (url and token):
        fail("No token: set MAKEGOOD_TOKEN, or run `make demo`, which signs in.")
    return Endpoint(url, token)


def _running_stack() -> dict[str, Any]:
    described = STATE / "stack.json"
    if not described.exists():
        fail("Nothing runs here: start `make demo`, or set MAKEGOOD_URL and MAKEGOOD_TOKEN.")
    found: dict[str, Any] = json.loads(described.read_text())
    return found


@contextlib.contextmanager
def progress(size: int) -> Iterator[Callable[[int], None]]:
    """Shows how much of a large file was sent, then how long the service has been at work with it.
    Gives the function that is called with the number of bytes in each piece."""
    columns = (
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TimeElapsedColumn(),
    )
    is_shown = size >= BYTES_LARGE and console.is_terminal
    with rich.progress.Progress(
        *columns, console=console, transient=True, disable=not is_shown
    ) as shown:
        task = shown.add_task("sending", total=size)

        def advance(sent: int) -> None:
            shown.advance(task, sent)
            if shown.finished:
                shown.remove_task(task)
                shown.add_task("the service is at work", total=None)

        yield advance


def fail(message: str) -> typing.NoReturn:
    """Prints the message and ends the command with exit code 1."""
    console.print("[red]✗[/]", rich.text.Text(message), soft_wrap=True)
    raise typer.Exit(1)


def refused(answer: httpx.Response) -> typing.NoReturn:
    """Prints a problem document, each fault with its place and its fix, and ends the command."""
    try:
        problem = answer.json()
    except ValueError:
        fail(f"{answer.status_code}: {answer.text[:500]}")
    title = rich.text.Text(f"{problem['title']} ({answer.status_code})")
    console.print("[red]✗[/]", title, soft_wrap=True)
    if problem.get("detail"):
        console.print(problem["detail"], highlight=False, markup=False)
    print_faults(console, problem.get("errors", []))
    raise typer.Exit(1)


def print_faults(to: rich.console.Console, faults: list[dict[str, Any]]) -> None:
    """The faults of a refusal as a table: where, what was found, the rule, what to do."""
    table = rich.table.Table("where", "found", "rule", "what is wrong", "what to do", expand=True)
    for fault in faults:
        where = fault.get("pointer") or fault.get("parameter") or "the whole document"
        cells = (where, fault.get("value"), fault["rule"], fault["message"], fault.get("fix"))
        table.add_row(*(rich.text.Text(cell or "") for cell in cells))
    if faults:
        to.print(table)
