"""Verification's notifier as a process: `python -m services.verification notify`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from services.verification import store
from services.verification.notifier import compose, outdated
from services.verification.settings import Settings
from shared import calendar, clock, log, settings, sql
from shared.notifier import kinds, process
from shared.notifier.notifier import Composer, Loop, Now
from shared.notifier.settings import NotifierSettings

OUTDATED_SECONDS: Final = 3600.0
"""How often it is asked whether reference data is out of date."""


def run(found: Settings) -> None:
    """Tells people and webhooks, until SIGTERM."""
    log.configure("verification-notifier", found.log_level)
    sending = settings.read(NotifierSettings)

    def made(pool: sql.Pool) -> tuple[Composer, Now]:
        now = _demo_now(pool, found) if found.demo else process.wall_now
        return compose.Composer(found.council_url, now, is_demo=found.demo), now

    def loops(pool: sql.Pool, now: Now) -> list[Loop]:
        async def tell_outdated() -> None:
            while True:
                await outdated.tell(pool, await now(), found.digest_hour)
                await asyncio.sleep(OUTDATED_SECONDS)

        return [tell_outdated]

    telling = process.Telling(found.council_url, kinds.COUNCIL, made, loops)
    asyncio.run(process.run("verification", found, sending, telling))


def _demo_now(pool: sql.Pool, found: Settings) -> Now:
    """The demo's time follows the days that ended and the alerts that were raised."""
    ticking = clock.MovedClock(found.demo_starts_at or datetime.now(UTC))

    async def now() -> datetime:
        if (day := await store.batches.find_last_day(pool)) is not None:
            ticking.follow(calendar.midnight_after(day))
        if (newest := await store.telling.find_newest(pool)) is not None:
            ticking.follow(newest)
        return ticking.now()

    return now
