"""Deletes drafts whose day has come: 60 days after the due day, or after they were saved last. And
alerts that people were told of, after 90 days.

Promises: the page of a draft has told the day. A piece at a time, so that no lock is held long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.intake import store
from shared import calendar, sql

EVERY_SECONDS: Final = 600.0
"""Drafts go by the day: it may be ten minutes later."""
AT_ONCE: Final = 100
"""A draft may have 10 MB."""
TOLD_FOR: Final = timedelta(days=90)
"""So long a mail that was not delivered can be sent again with all that it said."""


async def run(pool: sql.Pool, now: Callable[[], datetime]) -> None:
    """Sweeps for ever."""
    while True:
        await sweep(pool, now())
        await store.told.drop_told(pool, now() - TOLD_FOR)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep(pool: sql.Pool, now: datetime) -> int:
    """Deletes what is over. How many drafts that were."""
    count = 0
    while True:
        gone = await store.drafts.drop_gone(pool, calendar.london_day(now), AT_ONCE)
        count += gone
        if gone < AT_ONCE:
            return count
