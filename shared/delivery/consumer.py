"""A service's consumer: takes up partitions, hands batches to the service, and answers what goes
wrong.

Promises: a broken database or broker is waited for with growing, jittered pauses and the batch is
tried again; an error of the data is narrowed down to one record, which is parked, and the partition
moves on; a hole is read again once and then recorded; broker and database at odds stop the consumer
with an alarm, and it stays stopped until an operator has seen to it (docs/runbooks).
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared import log, metrics, sql
from shared.delivery import (
    failpoints,
    kafka,
    offsets,
    restore_check,
    tasks,
    topics,
    transaction,
)
from shared.delivery.messages import Record
from shared.settings import Settings

PAUSE_SECONDS_MAX: Final = 15.0
STEADY_SECONDS: Final = 30.0
"""A run that lasted so long had begun well: what ends it is a first failure again."""
STOP_SECONDS_MAX: Final = 8.0
"""For a handler's graceful end and the consumer's leave. One that has not left stays a member of
its group, and holds partitions that nobody reads."""
STUCK_SECONDS: Final = 60.0
"""A batch in hand for longer than this, with broker and database answering, is no progress."""
REPORT_SECONDS: Final = 2.0
"""How often broker and database are compared, for the metrics and for lag monitors."""
PARKED_WINDOW: Final = 200
PARKED_SHARE_MAX: Final = 0.05
"""More than this share of the window of one of our own topics parked: we are wrong, not they."""

Handle: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]
"""The service's handler: one `mail.unit` over the records it is given."""

_log = log.get(__name__)


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Runs one subscription for a service. `run` never returns; cancel it to stop."""

    def __init__(
        self,
        settings: Settings,
        delivery: transaction.Delivery,
        what: kafka.Subscription,
        handle: Handle,
    ) -> None:
        self.alarm: str | None = None
        """Why this consumer stands still, or None."""
        self._settings, self._delivery, self._what, self._handle = settings, delivery, what, handle
        self._kafka: AIOKafkaConsumer | None = None
        self._taking_up: asyncio.Task[None] | None = None
        self._committed: dict[TopicPartition, Any] = {}
        """What the broker last acknowledged; another assignment has other partitions."""
        self._holes: set[tuple[str, int, int, int]] = set()
        self._parked: dict[str, collections.deque[bool]] = collections.defaultdict(
            lambda: collections.deque(maxlen=PARKED_WINDOW)
        )
        self._in_hand_since: float | None = None
        self._is_waiting = False

    @property
    def is_live(self) -> bool:
        """Makes progress, or waits for a broker or database that does not answer."""
        if self._in_hand_since is None or self._is_waiting:
            return True
        return time.monotonic() - self._in_hand_since < STUCK_SECONDS

    async def run(self) -> None:
        """Consumes for ever; the broker is built afresh for each try."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._run_once()
            except Exception as error:
                failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
                pause = tasks.pause_seconds(failures, PAUSE_SECONDS_MAX)
                _log.warning("The consumer starts again.", error=repr(error), pause_seconds=pause)
                await asyncio.sleep(pause)

    async def _run_once(self) -> None:
        broker, subscriber = kafka.subscribe(self._settings, self._what, self, self._on_records)
        self._subscriber = subscriber
        try:
            async with asyncio.TaskGroup() as checks:
                checks.create_task(self._check_topics())
                checks.create_task(restore_check.run(self._settings, self._delivery))
            await broker.start()
            while True:
                await asyncio.sleep(REPORT_SECONDS)
                await self._report()
        finally:
            if self._taking_up is not None:
                await tasks.end(self._taking_up)
            with suppress(Exception):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await broker.stop()

    async def _check_topics(self) -> None:
        wanted = tuple(t for t in topics.ALL if self._what.names(t.name))
        admin = await kafka.start_admin(self._settings)
        try:
            await topics.check(admin, wanted)
        finally:
            await admin.close()

    # --- partitions come and go ------------------------------------------------------------

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002  aiokafka's
        if self._taking_up is not None:
            self._taking_up.cancel()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing is awaited before every partition is paused and has a position: a first fetch
        without one would end in an error and a fixed sleep of five seconds."""
        consumer = self._subscriber.consumer
        assert consumer is not None
        self._kafka, self._committed = consumer, {}
        for partition in assigned:
            consumer.pause(partition)
            consumer.seek(partition, 0)
        if assigned:
            self._taking_up = asyncio.create_task(self._take_up(consumer, assigned))

    async def _take_up(self, consumer: AIOKafkaConsumer, assigned: set[TopicPartition]) -> None:
        failures = 0
        while True:
            try:
                seeks = await offsets.assign(
                    self._delivery.pool,
                    await self._cluster_id(),
                    await consumer.beginning_offsets(assigned),
                    await consumer.end_offsets(assigned),
                )
                break
            except offsets.LostError as lost:
                self._stop("broker_and_database_disagree", str(lost))
                return
            except (KafkaError, *sql.BROKEN) as error:
                failures += 1
                _log.warning("Positions cannot be read yet.", error=repr(error))
                await asyncio.sleep(tasks.pause_seconds(failures, PAUSE_SECONDS_MAX))
            except Exception:
                _log.exception("Positions cannot be read.")
                failures += 1
                await asyncio.sleep(tasks.pause_seconds(failures, PAUSE_SECONDS_MAX))
        if self.alarm is None:
            for partition, offset in seeks.items():
                consumer.seek(partition, offset)
            consumer.resume(*seeks)

    async def _cluster_id(self) -> str:
        admin = await kafka.start_admin(self._settings)
        try:
            return str((await admin.describe_cluster())["cluster_id"])
        finally:
            await admin.close()

    def _stop(self, alarm: str, words: str) -> None:
        self.alarm = f"{alarm}: {words}"
        metrics.ALARMS.labels(alarm).inc()
        metrics.CONSUMER_STOPPED.labels(self._delivery.service).set(1)
        _log.error("The consumer stands still.", alarm=alarm, why=words, runbook=f"{alarm}.md")
        if self._kafka is not None:
            self._kafka.pause(*self._kafka.assignment())

    # --- a batch ---------------------------------------------------------------------------

    async def _on_records(self, records: list[Record]) -> None:
        """Never raises: what comes back from here has been taken, parked, or will be read again."""
        if self.alarm is not None:
            return
        self._in_hand_since = time.monotonic()
        is_all_there_was = len(records) < kafka.RECORDS_MAX
        if is_all_there_was:
            self._hold()
        try:
            await self._take(records)
            if is_all_there_was:
                await asyncio.sleep(self._what.pause_seconds)
        except Exception:
            _log.exception("A batch could neither be taken nor parked; it is read again.")
            self._seek({}, records)
            await asyncio.sleep(PAUSE_SECONDS_MAX)
        finally:
            self._in_hand_since = None
            self._let_go()

    def _hold(self) -> None:
        """No fetch while a batch is in hand that was all there is. One sent ahead would come back
        with the first record that arrives; what comes after it would wait for a batch of one to be
        taken. Behind a full batch there is a backlog: that is fetched meanwhile."""
        if self._kafka is not None:
            self._kafka.pause(*self._kafka.assignment())

    def _let_go(self) -> None:
        """Fetches all that has arrived since. Partitions that are being taken up are let go then;
        those of a consumer that stands still never are."""
        is_taking_up = self._taking_up is not None and not self._taking_up.done()
        if self._kafka is not None and self.alarm is None and not is_taking_up:
            self._kafka.resume(*self._kafka.assignment())

    async def _take(self, records: list[Record]) -> None:
        try:
            await self._until_answered(lambda: self._handle(records))
        except transaction.Hole as hole:
            found = hole
            await self._until_answered(lambda: self._read_again(records, found))
        except transaction.Changed as changed:
            self._stop(
                "record_changed",
                f"{changed.topic}[{changed.partition}] offset {changed.offset} is not the "
                "record that was taken there",
            )
        except Exception as error:
            await self._narrow_down(records, error)
        else:
            self._watch_parked(records)

    async def _until_answered(self, act: Callable[[], Awaitable[None]]) -> None:
        """Again and again while broker or database does not answer."""
        failures = 0
        while True:
            try:
                return await act()
            except Exception as error:
                if not (isinstance(error, KafkaError) or sql.is_broken(error)):
                    raise
                failures += 1
                await self._wait(failures, error)

    async def _wait(self, failures: int, error: Exception) -> None:
        metrics.RETRIES.labels(self._delivery.service).inc()
        pause = tasks.pause_seconds(failures, PAUSE_SECONDS_MAX)
        _log.warning("The batch is tried again.", error=repr(error), pause_seconds=pause)
        self._is_waiting = True
        try:
            await asyncio.sleep(pause)
        finally:
            self._is_waiting = False

    async def _narrow_down(self, records: list[Record], error: Exception) -> None:
        """Halves a batch that cannot be acted on until one record stands alone; parks that one."""
        if len(records) > 1:
            half = len(records) // 2
            await self._take(records[:half])
            return await self._take(records[half:])
        _log.error("A record cannot be acted on; it is parked.", exc_info=error)
        reason = f"handler_failed_{type(error).__name__}"
        await self._until_answered(lambda: transaction.park(self._delivery, records[0], reason))
        self._parked_one(records[0].topic, is_parked=True)
        return None

    async def _read_again(self, records: list[Record], hole: transaction.Hole) -> None:
        key = hole.topic, hole.partition, hole.next_offset, hole.found_offset
        consumer = self._kafka
        assert consumer is not None
        if key in self._holes:
            self._holes.discard(key)
            partition = TopicPartition(hole.topic, hole.partition)
            beginning = (await consumer.beginning_offsets([partition]))[partition]
            has_expired = beginning > hole.next_offset
            if has_expired:
                return self._stop("records_expired", f"{hole}")
            _log.warning("A hole in the log is real; it is recorded.", hole=repr(hole))
            await offsets.skip_hole(self._delivery.pool, hole, has_expired=False)
        else:
            self._holes.add(key)
        self._seek({TopicPartition(hole.topic, hole.partition): hole.next_offset}, records)
        return None

    def _seek(self, first: dict[TopicPartition, int], records: list[Record]) -> None:
        """Back to `first`, and in the other partitions to the first of `records`."""
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        assert self._kafka is not None
        assigned = self._kafka.assignment()
        for partition, offset in first.items():
            if partition in assigned:
                self._kafka.seek(partition, offset)

    def _watch_parked(self, records: list[Record]) -> None:
        for record in records:
            place = record.topic, record.partition, record.offset
            self._parked_one(record.topic, place in self._delivery.parked_last)

    def _parked_one(self, topic: str, is_parked: bool) -> None:
        if topic.startswith(topics.INBOUND_PREFIX):
            return
        window = self._parked[topic]
        was_full = len(window) == PARKED_WINDOW
        window.append(is_parked)
        if len(window) < PARKED_WINDOW or (was_full and not is_parked):
            return  # too few yet, or no more than a moment ago
        if sum(window) > PARKED_SHARE_MAX * PARKED_WINDOW:
            self._stop("too_many_parked", f"{sum(window)} of the last {PARKED_WINDOW} of {topic}")

    # --- courtesy ---------------------------------------------------------------------------

    async def _report(self) -> None:
        """Lag for the metrics, and our positions for lag monitors of others."""
        consumer = self._kafka
        if consumer is None or self.alarm is not None:
            return None
        taken = await self._delivery.pool.fetch(
            "SELECT topic, partition, next_offset FROM consumer_offset"
        )
        assigned = consumer.assignment()
        ends = await consumer.end_offsets(assigned)
        commits: dict[TopicPartition, Any] = {}
        for topic, partition, next_offset in taken:
            place = TopicPartition(topic, partition)
            if place not in ends:
                continue
            if next_offset > ends[place]:  # a fetch there would only log and sleep, for ever
                return self._stop(
                    "broker_and_database_disagree",
                    f"{topic}[{partition}] ends at {ends[place]}, we stand at {next_offset}",
                )
            metrics.LAG_RECORDS.labels(topic, str(partition)).set(ends[place] - next_offset)
            if next_offset:
                commits[place] = next_offset
        if not commits or commits == self._committed:
            return None
        failpoints.hit("before_kafka_commit")
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(2):
                await consumer.commit(commits)
                self._committed = commits
        failpoints.hit("after_kafka_commit")
        return None
