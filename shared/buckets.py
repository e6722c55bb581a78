"""How much each client may send: a token bucket for each, in a table of limited size."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Hashable
from typing import Final, NamedTuple

CLIENTS_MAX: Final = 10_000


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
