"""The restore check: shared by all who run it at the same time."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import pytest

from shared import sql
from shared.delivery import restore_check, transaction
from shared.settings import Settings

UNUSED = cast(Any, None)


class TestRun:
    async def test_reports_nothing_if_all_who_waited_were_cancelled(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A check that fails later is fetched all the same; otherwise asyncio would log it."""
        checks, told, reported = 0, asyncio.Event(), []

        async def compare(_: Settings, __: str, ___: sql.Pool) -> None:
            nonlocal checks
            checks += 1
            await told.wait()
            raise OSError("the broker does not answer")

        monkeypatch.setattr(restore_check, "compare", compare)
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
        delivery = transaction.Delivery("ledger", UNUSED, bytes(32))
        waiting = [asyncio.create_task(restore_check.run(UNUSED, delivery)) for _ in range(2)]
        while not checks:
            await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        told.set()
        assert delivery.checking is not None
        await asyncio.wait([delivery.checking])
        delivery.checking = None
        del waiting, task
        gc.collect()
        await asyncio.sleep(0)
        assert ([], 1) == (reported, checks)

    async def test_checks_again_after_the_last_check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two calls at the same time share a check; a later call has its own."""
        checks = 0

        async def compare(_: Settings, __: str, ___: sql.Pool) -> None:
            nonlocal checks
            checks += 1
            await asyncio.sleep(0)

        monkeypatch.setattr(restore_check, "compare", compare)
        delivery = transaction.Delivery("ledger", UNUSED, bytes(32))
        await asyncio.gather(
            restore_check.run(UNUSED, delivery), restore_check.run(UNUSED, delivery)
        )
        assert 1 == checks
        await restore_check.run(UNUSED, delivery)
        assert 2 == checks
