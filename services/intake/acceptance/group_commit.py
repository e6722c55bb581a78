"""Group commit: posts that wait at the same moment share one transaction, and so one fsync.

Promises: a post is answered only after its group has committed. If the database fails, only the
posts that wait fail, and nothing of them is stored. If one post makes a group fail, each post of
the group is committed alone. The queue is limited; a full queue refuses at once.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from services.intake import metrics
from services.intake.acceptance.desk import Desk
from services.intake.domain import admission
from shared import log, sql
from shared.delivery import failpoints, outbox, topics, transaction

GROUP_POSTS_MAX: Final = 256
GROUP_BYTES_MAX: Final = 4 * 1024 * 1024
"""One transaction then takes some tens of milliseconds at most."""
QUEUE_POSTS_MAX: Final = 2_000
QUEUE_BYTES_MAX: Final = 64 * 1024 * 1024
"""What may wait: about a second of work, and a limit on memory."""

_log = log.get(__name__)


class FullError(Exception):
    """Too many posts wait. The same submission may be sent again in a moment."""


class BrokenError(Exception):
    """The database does not answer, or must not be written to (`transaction.Delivery.alarm`). The
    same submission may be sent again; it has one effect only."""


@dataclass(slots=True)
class _Waiting:
    post: admission.Post
    answer: asyncio.Future[admission.Decision]
    since: float


class Committer:
    """Commits what is submitted, group by group, in `run`."""

    def __init__(self, delivery: transaction.Delivery, desk: Desk) -> None:
        self._delivery, self._desk = delivery, desk
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_POSTS_MAX)
        self._queued_bytes = 0

    async def submit(self, post: admission.Post) -> admission.Decision:
        """The decision on `post`, after its commit. Raises FullError and BrokenError."""
        if self._delivery.alarm is not None:
            raise BrokenError
        if self._queue.full() or self._queued_bytes > QUEUE_BYTES_MAX:
            raise FullError
        answer = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(post, answer, time.perf_counter()))
        self._queued_bytes += len(post.body)
        metrics.QUEUE_POSTS.set(self._queue.qsize())
        decision: admission.Decision = await answer
        return decision

    async def run(self) -> None:
        """Commits for ever. Cancel it to stop."""
        while True:
            await self._commit_next()

    async def _commit_next(self) -> None:
        """By itself, so that nothing of a group stays in memory while the next one is awaited."""
        group = await self._next_group()
        await self._commit(group)
        for one in group:
            metrics.ACCEPT_SECONDS.observe(time.perf_counter() - one.since)

    async def _next_group(self) -> list[_Waiting]:
        """The posts that wait, at least one, up to the limits of a group."""
        group = [await self._queue.get()]
        size = len(group[0].post.body)
        while len(group) < GROUP_POSTS_MAX and size < GROUP_BYTES_MAX and not self._queue.empty():
            group.append(self._queue.get_nowait())
            size += len(group[-1].post.body)
        self._queued_bytes -= size
        metrics.QUEUE_POSTS.set(self._queue.qsize())
        metrics.GROUP_POSTS.observe(len(group))
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        try:
            async with self._delivery.pool.acquire() as conn, conn.transaction():
                decided = await self._desk.decide(conn, [one.post for one in group])
                messages = [outbox.Row.of(topics.RETURNS, event) for event in decided.events]
                posted = await outbox.post(conn, messages)
                failpoints.hit("before_database_commit")
        except Exception as error:
            if sql.is_broken(error):
                _log.warning("A group could not be stored.", posts=len(group), error=repr(error))
                _fail(group, BrokenError())
            elif len(group) > 1:  # one post makes it fail: each is committed alone
                for one in group:
                    await self._commit([one])
            else:
                _log.exception("A post could not be decided.")
                _fail(group, error)
        else:
            failpoints.hit("after_database_commit")
            self._delivery.posted.keep(posted)
            for one, decision in zip(group, decided.decisions, strict=True):
                metrics.count(decision)
                if not one.answer.done():  # the sender may have gone
                    one.answer.set_result(decision)


def _fail(group: list[_Waiting], error: Exception) -> None:
    for one in group:
        if not one.answer.done():
            one.answer.set_exception(error)
