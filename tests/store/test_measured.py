"""Metrics that no message moves: they are set from what the database and the disk say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import prometheus_client
import pytest

from services.intake.acceptance import days
from services.verification import store
from services.verification.reference import loading
from shared import books, service, sql
from tests.support import intake_service, verification_service
from tests.support.waiting import until


def shown(name: str, **labels: str) -> float | None:
    return prometheus_client.REGISTRY.get_sample_value(name, labels)


@pytest.fixture
async def intake(database: str) -> AsyncIterator[intake_service.IntakeService]:
    async with intake_service.at_work(database) as made:
        yield made


class TestBooks:
    async def test_count_from_the_day_of_installation(
        self, intake: intake_service.IntakeService
    ) -> None:
        """Before the first check the time is that of the first migration, and nothing is found."""
        await books.measure(intake.pool, "intake")
        made = await intake.pool.fetchval("SELECT min(applied_at) FROM migration")
        assert made.timestamp() == shown(
            "makegood_books_checked_timestamp_seconds", service="intake"
        )
        assert 0 == shown("makegood_books_findings", service="intake")

    async def test_show_what_the_newest_check_found(
        self, intake: intake_service.IntakeService
    ) -> None:
        """Two findings, and none after the mend."""
        await books.keep(intake.pool, ["receipt 1: gone", "receipt 2: gone"])
        await books.measure(intake.pool, "intake")
        assert 2 == shown("makegood_books_findings", service="intake")
        await books.keep(intake.pool, [])
        newest = await books.find_newest(intake.pool)
        await books.measure(intake.pool, "intake")
        assert newest is not None
        assert newest.checked_at.timestamp() == shown(
            "makegood_books_checked_timestamp_seconds", service="intake"
        )
        assert 0 == shown("makegood_books_findings", service="intake")


class TestDay:
    async def test_shows_when_it_ended(self, intake: intake_service.IntakeService) -> None:
        """At noon in London on 20 July the last day ended at 23:00 UTC of the 19th."""
        noon = datetime(2027, 7, 20, 11, tzinfo=UTC)
        running = asyncio.create_task(days.run(intake.delivery, lambda: noon))
        midnight = datetime(2027, 7, 19, 23, tzinfo=UTC).timestamp()
        try:
            await until(lambda: midnight == shown("makegood_day_ended_timestamp_seconds"), 60)
        finally:
            running.cancel()


class TestPostcodes:
    async def test_are_as_old_as_the_newest_month(self, database: str, tmp_path: Path) -> None:
        """An edition with another name, such as the sample's, has no age."""
        async with verification_service.at_work(database) as verification:
            pool: sql.Pool = verification.pool
            assert await store.postcodes.find_newest_month(pool) is None
            for edition in ("sample-1", "2026-05", "2026-02"):
                file = tmp_path / f"{edition}.csv"
                file.write_text(
                    "postcode,district,ward,introduced,terminated,edition\n"
                    f"L36 9YU,E08000011,,1980-01,,{edition}\n"
                )
                await loading.load(verification_service.settings(database), file, None, int)
            assert "2026-05" == await store.postcodes.find_newest_month(pool)


class TestDisk:
    def test_is_measured_before_the_folder_exists(self, tmp_path: Path) -> None:
        """By the folder above it: the difference is what others write meanwhile."""
        free = service.free_bytes(tmp_path / "ledger" / "objects")
        assert free > 0
        assert abs(free - service.free_bytes(tmp_path)) < 1e9
