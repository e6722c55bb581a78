"""Waiting for facts: tests never sleep for a fixed time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

SECONDS_MAX: Final = 60.0
POLL_SECONDS: Final = 0.05


async def eventually(fact: Callable[[], Awaitable[Any]], wanted: object) -> None:
    """Waits until `await fact()` is what is wanted. Fails with what it is after `SECONDS_MAX`."""
    deadline = asyncio.get_running_loop().time() + SECONDS_MAX
    found: object = None
    while asyncio.get_running_loop().time() < deadline:
        found = await fact()
        if found == wanted:
            return
        await asyncio.sleep(POLL_SECONDS)
    assert wanted == found


async def until(fact: Callable[[], bool], seconds_max: float = SECONDS_MAX) -> None:
    """Waits until `fact()` holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds_max):
        while not fact():
            await asyncio.sleep(POLL_SECONDS)


async def until_true(fact: Callable[[], Awaitable[bool]], seconds_max: float = SECONDS_MAX) -> None:
    """Waits until `await fact()` holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds_max):
        while not await fact():
            await asyncio.sleep(POLL_SECONDS)
