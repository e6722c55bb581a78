"""How much a client may send, and when nobody may.

Promises: each client has a token bucket of its own, in a table with a bound; when the disk is short
or messages have waited for the broker for too long, `Pressure` refuses until there is room again.
"""

from __future__ import annotations

import asyncio
import collections
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.intake import store
from shared import sql
from shared.web import problems

CLIENTS_MAX: Final = 10_000
LOOK_SECONDS: Final = 2.0
"""How often disk and outbox are looked at."""
PRESSURE_RETRY_SECONDS: Final = 60


class Buckets:
    """A token bucket per client: `rate` a second, `burst` at once. The longest unseen is
    forgotten first, and starts full again."""

    def __init__(
        self, rate: float, burst: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._levels: collections.OrderedDict[str, tuple[float, float]] = collections.OrderedDict()

    def take(self, client: str) -> float:
        """Takes one; 0, or the seconds to wait where there is none."""
        now = self._now()
        level, since = self._levels.pop(client, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        wait_seconds = 0.0 if level >= 1 else (1 - level) / self._rate
        self._levels[client] = (level - 1 if level >= 1 else level), now
        if len(self._levels) > CLIENTS_MAX:
            self._levels.popitem(last=False)
        return wait_seconds


class Pressure:
    """Whether intake has room to accept, as of the last look."""

    def __init__(
        self, pool: sql.Pool, folder: Path, free_bytes_min: int, outbox_seconds_max: float
    ) -> None:
        self._pool, self._folder = pool, folder
        self._free_bytes_min, self._outbox_seconds_max = free_bytes_min, outbox_seconds_max
        self.reason: str | None = None
        """Why nothing is accepted now; None while there is room."""

    async def run(self) -> None:
        """Looks for ever. A database that does not answer is no pressure: it answers for itself."""
        while True:
            try:
                await self.look()
            except sql.BROKEN:
                self.reason = None
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < self._free_bytes_min:
            self.reason = "The disk is nearly full"
        elif await store.reading.find_outbox_age_seconds(self._pool) > self._outbox_seconds_max:
            self.reason = "What was accepted has waited too long to be passed on"
        else:
            self.reason = None

    def check(self) -> None:
        """Raises a `503` problem while nothing can be accepted."""
        if self.reason is not None:
            headers = {"retry-after": str(PRESSURE_RETRY_SECONDS)}
            words = "Nothing was stored. Send the same again later."
            raise problems.Problem(503, self.reason, words, headers=headers)


class Door:
    """Who may come in now."""

    def __init__(self, buckets: Buckets, pressure: Pressure) -> None:
        self._buckets, self.pressure = buckets, pressure

    def admit(self, client: str) -> None:
        """Raises a `503` problem while nothing can be accepted, a `429` one for a client that
        sends too much."""
        self.pressure.check()
        wait_seconds = self._buckets.take(client)
        if wait_seconds:
            headers = {"retry-after": str(math.ceil(wait_seconds))}
            raise problems.Problem(429, "You send too much at once", headers=headers)
