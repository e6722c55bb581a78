"""Tasks that run for ever, and how they are ended."""

from __future__ import annotations

import asyncio

AGAIN_SECONDS = 1.0


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
