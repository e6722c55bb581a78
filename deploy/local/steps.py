"""Shows what is being done and how long it took: live on a terminal, plain lines in a log."""

import contextlib
import time
from collections.abc import Callable, Iterator

import rich.console
import rich.progress


class Steps:
    """`with steps.live(), steps.step("Kafka"):` shows the step while it runs, then its duration.
    Steps may overlap."""

    def __init__(self, console: rich.console.Console) -> None:
        self.console = console
        self._bars = rich.progress.Progress(
            rich.progress.SpinnerColumn(finished_text="[green]✓"),
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(bar_width=24),
            rich.progress.TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Draws the running steps while the block runs."""
        with self._bars:
            yield

    @contextlib.contextmanager
    def step(self, title: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """One step. Yields a function to call after each of its `total` parts, or after several:
        `advance(5)`."""
        began = time.monotonic()
        bar = self._bars.add_task(title, total=total)
        try:
            yield lambda parts=1: self._bars.advance(bar, parts)
        finally:
            self._bars.remove_task(bar)
        self.console.print(f"[green]✓[/] {title:<24} {time.monotonic() - began:5.1f} s")


def silent() -> Steps:
    """Steps that show nothing."""
    return Steps(rich.console.Console(quiet=True))
