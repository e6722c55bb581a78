"""The gate of outsiders' topics: one on which nearly everything is refused is no longer read.

Promises: each refusal costs the log an entry for ever, so a party whose program sends junk is shut
out after `WINDOW` records and a batch, and nobody else is. What came stays in the topic. An alarm
and `/health` name the topic until an operator opens it again (`open_again`); within
`consumer.REPORT_SECONDS` every process of the service knows.
"""

from __future__ import annotations

import collections
from typing import Final

from shared import log, metrics, sql

ALARM: Final = "inbound_shut"
WINDOW: Final = 200
"""How many of a topic's newest records are looked at."""
REFUSED_SHARE_MAX: Final = 0.5

_log = log.get(__name__)


class Gate:
    """Which topics are shut, as far as this process knows."""

    def __init__(self) -> None:
        self._shut: frozenset[str] = frozenset()
        self._newest: dict[str, collections.deque[bool]] = collections.defaultdict(
            lambda: collections.deque(maxlen=WINDOW)
        )

    def is_open(self, topic: str) -> bool:
        return topic not in self._shut

    def note(self, topic: str, is_refused: bool) -> None:
        """Notes what became of the next record of a topic."""
        self._newest[topic].append(is_refused)

    async def close_the_worst(self, pool: sql.Pool) -> bool:
        """Shuts the topics on which too much was refused. Returns whether there were any."""
        before = self._shut
        for topic, newest in list(self._newest.items()):
            if len(newest) == WINDOW and sum(newest) > REFUSED_SHARE_MAX * WINDOW:
                await self._close(pool, topic, f"{sum(newest)} of the last {WINDOW} were refused")
                del self._newest[topic]
        return self._shut != before

    async def reload(self, pool: sql.Pool) -> frozenset[str]:
        """Learns what an operator or another process has changed. Returns the topics that were
        opened."""
        before, self._shut = self._shut, frozenset(await load(pool))
        return before - self._shut

    async def _close(self, pool: sql.Pool, topic: str, why: str) -> None:
        await pool.execute(
            "INSERT INTO shut_topic (topic, why) VALUES ($1, $2) ON CONFLICT DO NOTHING", topic, why
        )
        self._shut |= {topic}
        metrics.ALARMS.labels("inbound_shut").inc()
        _log.error("A topic is shut.", topic=topic, why=why, runbook=f"{ALARM}.md")


async def load(pool: sql.Pool) -> dict[str, str]:
    """The topics that are shut, and why."""
    rows = await pool.fetch("SELECT topic, why FROM shut_topic ORDER BY topic")
    return {row["topic"]: row["why"] for row in rows}


async def open_again(pool: sql.Pool, topic: str) -> bool:
    """Has a topic read again, from where it was left. Returns whether it was shut."""
    return await pool.execute("DELETE FROM shut_topic WHERE topic = $1", topic) == "DELETE 1"
