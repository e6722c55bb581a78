"""How much one client may send, and when all clients must wait.

Promises: each client has a token bucket of its own, in a table of limited size. While the disk is
nearly full, or messages have waited too long for the broker, everyone is refused.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Hashable
from pathlib import Path
from typing import Final

from services.intake import store
from services.intake.acceptance.refusals import Refusal
from shared import buckets, sql

MEASURE_SECONDS: Final = 2.0
"""How often disk and outbox are measured."""
PRESSURE_RETRY_SECONDS: Final = 60


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

    def __init__(self, of_clients: buckets.Buckets, pressure: Pressure) -> None:
        self._buckets, self.pressure = of_clients, pressure

    def admit(self, client: Hashable) -> Refusal | None:
        """Lets a request of a client in, or says why not."""
        if self.pressure.refusal is not None:
            return self.pressure.refusal
        wait_seconds = self._buckets.spend(client)
        return Refusal("too_many_requests", math.ceil(wait_seconds)) if wait_seconds else None
