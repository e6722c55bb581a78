"""Tasks that run for ever: how long they wait after a failure, and how to end them."""

from __future__ import annotations

import asyncio
import random
from typing import Final

AGAIN_SECONDS: Final = 1.0
PAUSE_SECONDS_FIRST: Final = 0.1


def pause_seconds(failures: int, most: float) -> float:
    """Seconds to wait after `failures` in a row, at most `most`: each doubles the wait, which is
    then jittered."""
    pause: float = min(most, PAUSE_SECONDS_FIRST * 2 ** min(failures - 1, 20))
    return pause * random.uniform(0.5, 1)  # noqa: S311  jitter


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancels the tasks and returns when all have ended, with whatever result.

    A cancellation can get lost: a client swallows it, or (up to Python 3.12) a `TaskGroup` fails at
    the same moment and its error is raised instead. A loop that catches errors would then run on
    for ever, so tasks that still run are cancelled again.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)  # else asyncio logs unfetched errors
