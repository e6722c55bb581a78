"""The books check themselves: each service compares what it keeps, every night and when told to.

Promises: a check runs in a process of its own, by the command that an operator runs too. What it
finds is kept. While the newest check has found something, `/health` says so and an alarm is raised;
a check that finds nothing ends that. A check that could not run is an alarm as well.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from shared import calendar, log, metrics, sql

ALARM: Final = "books_differ"
WORDS_MAX: Final = 500
"""Of the first failure, as it is kept."""

_log = log.get(__name__)


class Check(NamedTuple):
    """What the newest check found."""

    checked_at: datetime
    failures: int
    first_failure: str | None

    @property
    def alarm(self) -> str | None:
        """What an operator is told; None if nothing was found."""
        if not self.failures:
            return None
        when = f"{self.checked_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return f"{ALARM}: {self.failures} found at {when}, the first: {self.first_failure}"


async def keep(conn: sql.Connection | sql.Pool, failures: Sequence[str]) -> None:
    """Keeps what a check found."""
    first = failures[0][:WORDS_MAX] if failures else None
    await conn.execute(
        "INSERT INTO books_check (failures, first_failure) VALUES ($1, $2)", len(failures), first
    )


async def find_newest(pool: sql.Pool) -> Check | None:
    """The newest check; None before the first."""
    row = await pool.fetchrow(
        "SELECT checked_at, failures, first_failure FROM books_check "
        "ORDER BY checked_at DESC LIMIT 1"
    )
    return None if row is None else Check(*row)


async def measure(pool: sql.Pool, service: str) -> None:
    """Sets the metrics of the newest check."""
    checked_at, failures = await pool.fetchrow(
        """
        SELECT coalesce(newest.checked_at, made.at), coalesce(newest.failures, 0)
        FROM (SELECT min(applied_at) AS at FROM migration) AS made
        LEFT JOIN (
            SELECT checked_at, failures FROM books_check ORDER BY checked_at DESC LIMIT 1
        ) AS newest ON true
        """
    ) or (datetime.now(UTC), 0)
    metrics.BOOKS_CHECKED.labels(service).set(checked_at.timestamp())
    metrics.BOOKS_FINDINGS.labels(service).set(failures)


def next_check(now: datetime, hour: int) -> datetime:
    """The next time that it is this hour in London."""
    today = calendar.london_day(now)
    hours = timedelta(hours=hour)
    times = [calendar.midnight(today + timedelta(days=n)) + hours for n in range(3)]
    return next(each for each in times if each > now)


async def run_nightly(
    pool: sql.Pool,
    command: Sequence[str],
    hour: int,
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Runs `python -m …` every night at this hour. `wait`: sleeps for that many seconds."""
    while True:
        now = datetime.now(UTC)
        await wait((next_check(now, hour) - now).total_seconds())
        began = datetime.now(UTC)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise
        newest = await find_newest(pool)
        if newest is None or newest.checked_at < began:
            await keep(pool, [f"{' '.join(command)} could not run: exit code {code}"])
            newest = await find_newest(pool)
        assert newest is not None
        if newest.alarm is not None:
            metrics.ALARMS.labels(ALARM).inc()
            _log.error("The books differ.", why=newest.alarm, runbook=f"{ALARM}.md")
