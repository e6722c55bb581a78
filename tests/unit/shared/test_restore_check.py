"""The look at what was sent: shared by all who ask, and quiet where they have gone."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, cast

import pytest

from shared import sql
from shared.delivery import restore_check, transaction
from shared.settings import Settings

NOWHERE = cast(Any, None)


class TestGuard:
    async def test_reports_nothing_where_all_who_waited_have_gone(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A look that fails later is nobody's error: asyncio would log it when it is collected."""
        looks, told, reported = 0, asyncio.Event(), []

        async def compare(_: Settings, __: str, ___: sql.Pool) -> None:
            nonlocal looks
            looks += 1
            await told.wait()
            raise OSError("the broker does not answer")

        monkeypatch.setattr(restore_check, "compare", compare)
        asyncio.get_running_loop().set_exception_handler(lambda _, what: reported.append(what))
        delivery = transaction.Delivery("ledger", NOWHERE, bytes(32))
        waiting = [asyncio.create_task(restore_check.run(NOWHERE, delivery)) for _ in range(2)]
        while not looks:
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
        assert ([], 1) == (reported, looks)

    async def test_looks_again_once_a_look_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two that ask at once share one; a later one has its own."""
        looks = 0

        async def compare(_: Settings, __: str, ___: sql.Pool) -> None:
            nonlocal looks
            looks += 1
            await asyncio.sleep(0)

        monkeypatch.setattr(restore_check, "compare", compare)
        delivery = transaction.Delivery("ledger", NOWHERE, bytes(32))
        await asyncio.gather(
            restore_check.run(NOWHERE, delivery), restore_check.run(NOWHERE, delivery)
        )
        assert 1 == looks
        await restore_check.run(NOWHERE, delivery)
        assert 2 == looks
