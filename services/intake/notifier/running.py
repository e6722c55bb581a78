"""Intake's notifier as a process: `python -m services.intake notify`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from services.intake import store
from services.intake.notifier import compose
from services.intake.settings import Settings
from shared import clock, log, settings, sql
from shared.notifier import kinds, process
from shared.notifier.notifier import Composer, Now
from shared.notifier.settings import NotifierSettings


def run(found: Settings) -> None:
    """Tells suppliers' people, until SIGTERM."""
    log.configure("intake-notifier", found.log_level)
    sending = settings.read(NotifierSettings)

    def made(pool: sql.Pool) -> tuple[Composer, Now]:
        composer = compose.Composer(found.supplier_url, is_demo=found.demo)
        return composer, _demo_now(pool, found) if found.demo else process.wall_now

    telling = process.Telling(found.supplier_url, kinds.SUPPLIER, made)
    asyncio.run(process.run("intake", found, sending, telling))


def _demo_now(pool: sql.Pool, found: Settings) -> Now:
    """The demo's time follows what intake has taken and the days that it has ended."""
    ticking = clock.MovedClock(found.demo_starts_at or datetime.now(UTC))

    async def now() -> datetime:
        latest = await store.desk.find_latest_at(pool)
        if latest is not None:
            ticking.follow(latest)
        return ticking.now()

    return now
