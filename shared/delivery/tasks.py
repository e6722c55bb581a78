"""Tasks that run for ever, how they wait after a failure, and how they are ended."""

from __future__ import annotations

import asyncio
import random
from typing import Final

AGAIN_SECONDS: Final = 1.0
PAUSE_SECONDS_FIRST: Final = 0.1


def pause_seconds(failures: int, most: float) -> float:
    """How long to wait after so many failures in a row: doubled by each, and jittered."""
    pause: float = min(most, PAUSE_SECONDS_FIRST * 2 ** min(failures - 1, 20))
    return pause * random.uniform(0.5, 1)  # noqa: S311  jitter


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancels tasks and returns when all have ended, whatever they ended with.

    A cancellation can be lost: a client swallows it, or (up to Python 3.12) it meets an error of a
    `TaskGroup` in the same moment, which is then raised in its place. A loop that catches errors
    would run on, and whoever waits for it too: so those that still run are cancelled again.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)  # else asyncio reports what nobody fetched
