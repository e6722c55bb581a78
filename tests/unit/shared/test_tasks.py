"""Ending tasks, even those that lose a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from shared.delivery import tasks


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_SECONDS", 0.01)


class TestEnd:
    async def test_cancels_again_what_lost_a_cancellation(self) -> None:
        """A loop that swallows two cancellations ends with the third."""
        lost = 0

        async def stubborn() -> None:
            nonlocal lost
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if lost == 2:
                        raise
                    lost += 1

        running = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await tasks.end(running)
        assert (2, True) == (lost, running.cancelled())

    async def test_ends_a_loop_whose_task_group_fails_as_it_is_cancelled(self) -> None:
        """The error is raised instead of the cancellation, so the loop would run on."""

        async def fail(told: asyncio.Event) -> None:
            await told.wait()
            raise OSError("the broker does not answer")

        async def again_and_again(told: asyncio.Event) -> None:
            while True:
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(fail(told))
                except Exception:
                    told.clear()

        told = asyncio.Event()
        running = asyncio.create_task(again_and_again(told))
        await asyncio.sleep(0)
        told.set()
        await asyncio.sleep(0)
        await tasks.end(running)
        assert running.cancelled()

    async def test_says_nothing_of_what_has_ended(self) -> None:
        """Tasks that have succeeded or failed, or no tasks: there is nothing to do."""

        async def work(error: Exception | None) -> None:
            if error:
                raise error

        done = [asyncio.create_task(work(error)) for error in (None, ValueError("of its own"))]
        await asyncio.wait(done)
        await tasks.end(*done)
        await tasks.end()
        assert [None, "of its own"] == [
            str(error) if (error := task.exception()) else None for task in done
        ]
