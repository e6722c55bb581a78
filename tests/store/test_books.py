"""The nightly check on a real database: the command runs in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import prometheus_client
import pytest

from shared import books, keys, sql
from tests.support import intake_service


@pytest.fixture
async def pool(database: str) -> AsyncIterator[sql.Pool]:
    async with intake_service.at_work(database) as service:
        yield service.pool


async def one_night(pool: sql.Pool, command: tuple[str, ...]) -> float:
    """Runs the check once. Returns for how long it would have slept, in seconds."""
    nights: list[float] = []

    async def wait(seconds: float) -> None:
        nights.append(seconds)
        if len(nights) > 1:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await books.run_nightly(pool, command, 2, wait)
    return nights[0]


def alarms() -> float:
    found = prometheus_client.REGISTRY.get_sample_value(
        "makegood_alarms_total", {"alarm": books.ALARM}
    )
    return found or 0.0


async def test_a_check_that_cannot_run_is_an_alarm(pool: sql.Pool) -> None:
    """Its command does not exist, so nothing was kept."""
    before = alarms()
    assert 0 < await one_night(pool, ("services.nowhere", "fsck")) <= 25 * 3600
    found = await books.find_newest(pool)
    assert found is not None
    assert "services.nowhere fsck could not run: exit code 1" == found.first_failure
    assert before + 1 == alarms()


async def test_the_newest_check_holds(pool: sql.Pool) -> None:
    """What was found is an alarm until a check finds nothing."""
    assert None is await books.find_newest(pool)
    await books.keep(pool, ["receipt 7: gone", "receipt 8: gone"])
    found = await books.find_newest(pool)
    assert found is not None
    assert (2, "receipt 7: gone") == (found.failures, found.first_failure)
    await books.keep(pool, [])
    found = await books.find_newest(pool)
    assert found is not None
    assert None is found.alarm


async def test_a_check_that_ran_has_the_word(
    pool: sql.Pool, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intake's own command, on books that are whole."""
    keys.load_or_create(tmp_path / "intake" / "receipt.key")
    monkeypatch.setenv("MAKEGOOD_STATE", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nowhere:9092")
    before = alarms()
    await one_night(pool, ("services.intake", "fsck"))
    found = await books.find_newest(pool)
    assert found is not None
    assert (0, before) == (found.failures, alarms())
