"""A bar for long work: how much is done, at which rate, and how long it will take.

Promises: it is drawn on standard error, only if that is a terminal, and leaves nothing behind. What
a program prints stays clean.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import rich.console
import rich.filesize
import rich.progress
import rich.text

BAR_CHARACTERS: Final = 20


class Rate(rich.progress.ProgressColumn):
    """How many of the things are done in a second."""

    def __init__(self, *, is_bytes: bool) -> None:
        super().__init__()
        self._is_bytes = is_bytes

    def render(self, task: rich.progress.Task) -> rich.text.Text:
        """Nothing before it is known."""
        speed = task.finished_speed or task.speed
        if not speed:
            return rich.text.Text("")
        shown = rich.filesize.decimal(int(speed)) if self._is_bytes else f"{speed:,.0f}"
        return rich.text.Text(f"{shown}/s")


def bar(*, is_bytes: bool = False) -> rich.progress.Progress:
    """A bar that is not drawn yet."""
    console = rich.console.Console(stderr=True)
    done = rich.progress.DownloadColumn() if is_bytes else rich.progress.MofNCompleteColumn()
    return rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(bar_width=BAR_CHARACTERS),
        done,
        Rate(is_bytes=is_bytes),
        rich.progress.TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextlib.contextmanager
def shown(
    title: str, total: float | None, *, is_bytes: bool = False
) -> Iterator[Callable[..., None]]:
    """Draws a bar while the block runs. Gives the function to call with how much more is done."""
    with bar(is_bytes=is_bytes) as drawn:
        task = drawn.add_task(title, total=total)

        def advance(count: float = 1) -> None:
            drawn.advance(task, count)

        yield advance
