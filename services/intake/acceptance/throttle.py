"""How much one client may send, and when all clients must wait.

Promises: each client has a token bucket of its own, in a table of limited size. While the disk is
nearly full, or messages have waited too long for the broker, everyone is refused.
"""

from __future__ import annotations

import asyncio
import collections
import math
import os
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final, NamedTuple

from services.intake import store
from services.intake.acceptance.refusals import Refusal
from shared import sql

CLIENTS_MAX: Final = 10_000
MEASURE_SECONDS: Final = 2.0
"""How often disk and outbox are measured."""
PRESSURE_RETRY_SECONDS: Final = 60


class _Level(NamedTuple):
    """How many requests a client has left, as of a moment."""

    left: float
    at: float


class Buckets:
    """A token bucket for each client: `rate` requests a second, `burst` at once. The client that
    was seen longest ago is forgotten first, and starts with a full bucket again."""

    def __init__(
        self, rate: float, burst: float, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._now = rate, burst, now
        self._levels: collections.OrderedDict[Hashable, _Level] = collections.OrderedDict()

    def spend(self, client: Hashable) -> float:
        """Spends one request of a client: 0, or how many seconds to wait if it has none left."""
        now = self._now()
        before = self._levels.pop(client, None) or _Level(self._burst, now)
        left = min(self._burst, before.left + (now - before.at) * self._rate)
        wait_seconds = 0.0 if left >= 1 else (1 - left) / self._rate
        self._levels[client] = _Level(left - 1 if left >= 1 else left, now)
        if len(self._levels) > CLIENTS_MAX:
            self._levels.popitem(last=False)
        return wait_seconds


class Pressure:
    """Whether intake can accept anything, as of the last measurement."""

    def __init__(
        self, pool: sql.Pool, folder: Path, free_bytes_min: int, outbox_seconds_max: float
    ) -> None:
        self._pool, self._folder = pool, folder
        self._free_bytes_min, self._outbox_seconds_max = free_bytes_min, outbox_seconds_max
        self.refusal: Refusal | None = None
        """Why nothing is accepted now; None while everything is well."""

    async def run(self) -> None:
        """Measures for ever. A database that does not answer is no pressure: each request finds
        that out by itself."""
        while True:
            try:
                await self.measure()
            except sql.BROKEN:
                self.refusal = None
            await asyncio.sleep(MEASURE_SECONDS)

    async def measure(self) -> None:
        """Measures disk and outbox once."""
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < self._free_bytes_min:
            self.refusal = Refusal("disk_nearly_full", PRESSURE_RETRY_SECONDS)
        elif await store.reading.find_outbox_age_seconds(self._pool) > self._outbox_seconds_max:
            self.refusal = Refusal("messages_not_sent", PRESSURE_RETRY_SECONDS)
        else:
            self.refusal = None


class Throttle:
    """Who may send a request now."""

    def __init__(self, buckets: Buckets, pressure: Pressure) -> None:
        self._buckets, self.pressure = buckets, pressure

    def admit(self, client: Hashable) -> Refusal | None:
        """Lets a request of a client in, or says why not."""
        if self.pressure.refusal is not None:
            return self.pressure.refusal
        wait_seconds = self._buckets.spend(client)
        return Refusal("too_many_requests", math.ceil(wait_seconds)) if wait_seconds else None
