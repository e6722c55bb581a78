"""A service's consumer: it assigns offsets, hands batches to the service, and handles failures.

Promises:

- A database or broker that does not answer is waited for, with growing, jittered pauses, and the
  batch is tried again.
- A batch is bounded by its bytes, and halved if what it touches is too much for one transaction.
- A batch that the service cannot process is halved until one record is left. That record is parked,
  and the partition moves on.
- A hole in a partition is read a second time, then recorded.
- If broker and database disagree, the consumer stops with an alarm and stays stopped until an
  operator has acted (docs/runbooks).
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from shared import log, metrics, sql
from shared.delivery import (
    failpoints,
    gate,
    kafka,
    offsets,
    parking,
    restore_check,
    tasks,
    topics,
    transaction,
)
from shared.delivery.messages import Record, batches
from shared.settings import Settings

PAUSE_SECONDS_MAX: Final = 15.0
STEADY_SECONDS: Final = 30.0
"""A run that lasted this long had started well, so its failure counts as a first one again."""
STOP_SECONDS_MAX: Final = 8.0
"""For the handler to finish and the consumer to leave its group. A consumer that has not left stays
a member, and nobody reads its partitions."""
STUCK_SECONDS: Final = 60.0
"""A batch that takes longer than this, while broker and database answer, is stuck."""
REPORT_SECONDS: Final = 2.0
"""How often broker and database are compared, for the metrics and for lag monitors."""
PARKED_WINDOW: Final = 200
PARKED_SHARE_MAX: Final = 0.05
"""If more than this share of the last `PARKED_WINDOW` records of one of our own topics was parked,
the fault is ours: the consumer stops."""

BATCH_BYTES_MAX: Final = 1024 * 1024
"""One transaction takes records of so many bytes together, or one record: as values, they take ten
times the memory."""

Handle: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]
"""The service's handler: one `transaction.unit` over the records that it gets."""

_log = log.get(__name__)


class Consumer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Runs one subscription of a service. `run` never returns; cancel it to stop."""

    def __init__(
        self,
        settings: Settings,
        delivery: transaction.Delivery,
        subscription: kafka.Subscription,
        handle: Handle,
    ) -> None:
        self.alarm: str | None = None
        """Why this consumer has stopped; None while it runs."""
        self._settings, self._delivery = settings, delivery
        self._subscription, self._handle = subscription, handle
        self._kafka: AIOKafkaConsumer | None = None
        self._assigning: asyncio.Task[None] | None = None
        self._committed: dict[TopicPartition, Any] = {}
        """What the broker last acknowledged, for the current assignment."""
        self._holes: set[tuple[str, int, int, int]] = set()
        self._parked: dict[str, collections.deque[bool]] = collections.defaultdict(
            lambda: collections.deque(maxlen=PARKED_WINDOW)
        )
        self._gate = gate.Gate()
        self._busy_since: float | None = None
        self._is_waiting = False

    @property
    def is_live(self) -> bool:
        """Whether it makes progress, or waits for a broker or database that does not answer."""
        if self._busy_since is None or self._is_waiting:
            return True
        return time.monotonic() - self._busy_since < STUCK_SECONDS

    async def run(self) -> None:
        """Consumes for ever. Each try builds a new broker client."""
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._run_once()
            except Exception as error:
                failures = 1 if time.monotonic() - began > STEADY_SECONDS else failures + 1
                pause = tasks.pause_seconds(failures, PAUSE_SECONDS_MAX)
                _log.warning("The consumer restarts.", error=repr(error), pause_seconds=pause)
                await asyncio.sleep(pause)

    async def _run_once(self) -> None:
        broker, subscriber = kafka.subscribe(
            self._settings, self._subscription, self, self._on_records
        )
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
            if self._assigning is not None:
                await tasks.end(self._assigning)
            with suppress(Exception):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await broker.stop()

    async def _check_topics(self) -> None:
        wanted = tuple(t for t in topics.ALL if self._subscription.includes(t.name))
        admin = await kafka.start_admin(self._settings)
        try:
            await topics.check(admin, wanted)
        finally:
            await admin.close()

    # --- partitions come and go ------------------------------------------------------------

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:  # noqa: ARG002  aiokafka's
        if self._assigning is not None:
            self._assigning.cancel()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Pauses every partition and gives it an offset before anything is awaited: a first fetch
        without an offset would end in an error and a fixed sleep of five seconds."""
        consumer = self._subscriber.consumer
        assert consumer is not None
        self._kafka, self._committed = consumer, {}
        for partition in assigned:
            consumer.pause(partition)
            consumer.seek(partition, 0)
        if assigned:
            self._assigning = asyncio.create_task(self._assign(consumer, assigned))

    async def _assign(self, consumer: AIOKafkaConsumer, assigned: set[TopicPartition]) -> None:
        failures = 0
        while True:
            try:
                await self._gate.reload(self._delivery.pool)
                seeks = await offsets.assign(
                    self._delivery.pool,
                    await self._cluster_id(),
                    await consumer.beginning_offsets(assigned),
                    await consumer.end_offsets(assigned),
                    self._subscription.late,
                )
                break
            except offsets.LostError as lost:
                self._stop("broker_and_database_disagree", str(lost))
                return
            except (KafkaError, *sql.BROKEN) as error:
                failures += 1
                _log.warning("The offsets cannot be read yet.", error=repr(error))
                await asyncio.sleep(tasks.pause_seconds(failures, PAUSE_SECONDS_MAX))
            except Exception:
                _log.exception("The offsets cannot be read.")
                failures += 1
                await asyncio.sleep(tasks.pause_seconds(failures, PAUSE_SECONDS_MAX))
        if self.alarm is None:
            for partition, offset in seeks.items():
                consumer.seek(partition, offset)
            self._resume(consumer, seeks)

    async def _cluster_id(self) -> str:
        admin = await kafka.start_admin(self._settings)
        try:
            return str((await admin.describe_cluster())["cluster_id"])
        finally:
            await admin.close()

    def _stop(self, alarm: str, reason: str) -> None:
        self.alarm = f"{alarm}: {reason}"
        metrics.ALARMS.labels(alarm).inc()
        metrics.CONSUMER_STOPPED.labels(self._delivery.service).set(1)
        _log.error("The consumer has stopped.", alarm=alarm, why=reason, runbook=f"{alarm}.md")
        self._pause_fetching()

    # --- a batch ---------------------------------------------------------------------------

    async def _on_records(self, records: list[Record]) -> None:
        """Never raises. Every record is processed, parked, or read again."""
        if self.alarm is not None:
            return
        records = [each for each in records if self._gate.is_open(each.topic)]
        is_all_there_was = len(records) < self._subscription.records_max
        if is_all_there_was:
            # A fetch sent now would return with the first new record alone, and those behind it
            # would wait for a batch of one. Behind a full batch there is a backlog: fetch that.
            self._pause_fetching()
        try:
            for batch in batches(records, BATCH_BYTES_MAX):
                self._busy_since = time.monotonic()
                await self._process(batch)
                if await self._gate.close_the_worst(self._delivery.pool):
                    self._pause_shut()
            if is_all_there_was:
                await asyncio.sleep(self._subscription.pause_seconds)
        except Exception:
            _log.exception("A batch could neither be processed nor parked; it is read again.")
            self._seek({}, records)
            await asyncio.sleep(PAUSE_SECONDS_MAX)
        finally:
            self._busy_since = None
            self._resume_fetching()

    def _pause_fetching(self) -> None:
        if self._kafka is not None:
            self._kafka.pause(*self._kafka.assignment())

    def _resume_fetching(self) -> None:
        """Does nothing if the consumer has stopped, or while offsets are being assigned: `_assign`
        resumes the partitions itself."""
        is_assigning = self._assigning is not None and not self._assigning.done()
        if self._kafka is not None and self.alarm is None and not is_assigning:
            self._resume(self._kafka, self._kafka.assignment())

    def _pause_shut(self) -> None:
        """Also what was fetched already is left unread: its offsets are not moved."""
        assert self._kafka is not None
        shut = [each for each in self._kafka.assignment() if not self._gate.is_open(each.topic)]
        self._kafka.pause(*shut)

    def _resume(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        consumer.resume(*(each for each in partitions if self._gate.is_open(each.topic)))

    async def _process(self, records: list[Record]) -> None:
        if self.alarm is not None:  # raised by the records before these
            return
        try:
            await self._until_answered(lambda: self._handle(records))
        except transaction.TooMuch:
            await self._process_halves(records)
        except transaction.Hole as hole:
            found = hole
            await self._until_answered(lambda: self._read_again(records, found))
        except transaction.Changed as changed:
            self._stop(
                "record_changed",
                f"{changed.topic}[{changed.partition}] offset {changed.offset} is not the "
                "record that was processed there",
            )
        except Exception as error:
            await self._narrow_down(records, error)
        else:
            self._watch_parked(records)

    async def _until_answered(self, act: Callable[[], Awaitable[None]]) -> None:
        """Tries again for as long as broker or database does not answer."""
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
        """Halves a batch that cannot be processed until one record is left, and parks that one."""
        if len(records) > 1:
            return await self._process_halves(records)
        _log.error("A record cannot be processed; it is parked.", exc_info=error)
        reason = f"handler_failed_{type(error).__name__}"
        await self._until_answered(lambda: transaction.park(self._delivery, records[0], reason))
        self._note_parked(records[0].topic, is_parked=True)
        return None

    async def _process_halves(self, records: list[Record]) -> None:
        half = len(records) // 2
        await self._process(records[:half])
        await self._process(records[half:])

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
            _log.warning("A hole in a partition is real; it is recorded.", hole=repr(hole))
            delivery = self._delivery
            await offsets.skip_hole(delivery.pool, hole, delivery.parking_key, has_expired=False)
        else:
            self._holes.add(key)
        self._seek({TopicPartition(hole.topic, hole.partition): hole.next_offset}, records)
        return None

    def _seek(self, first: dict[TopicPartition, int], records: list[Record]) -> None:
        """Goes back to `first`, and in all other partitions to the first of `records`."""
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        assert self._kafka is not None
        assigned = self._kafka.assignment()
        for partition, offset in first.items():
            if partition in assigned:
                self._kafka.seek(partition, offset)

    def _watch_parked(self, records: list[Record]) -> None:
        refused = self._delivery.parked_last | self._delivery.refused_last
        for record in records:
            place = record.topic, record.partition, record.offset
            if record.topic.startswith(topics.INBOUND_PREFIX):
                self._gate.note(record.topic, place in refused)
            else:
                self._note_parked(record.topic, place in self._delivery.parked_last)

    def _note_parked(self, topic: str, is_parked: bool) -> None:
        window = self._parked[topic]
        was_full = len(window) == PARKED_WINDOW
        window.append(is_parked)
        if len(window) < PARKED_WINDOW or (was_full and not is_parked):
            return  # too few records yet, or no more parked than before
        if sum(window) > PARKED_SHARE_MAX * PARKED_WINDOW:
            self._stop("too_many_parked", f"{sum(window)} of the last {PARKED_WINDOW} of {topic}")

    # --- reports ----------------------------------------------------------------------------

    async def _report(self) -> None:
        """Reports lag to the metrics, and our offsets to Kafka, where lag monitors look for them.
        Stops the consumer if the database is ahead of the broker."""
        consumer = self._kafka
        if consumer is None or self.alarm is not None:
            return None
        opened = await self._gate.reload(self._delivery.pool)
        self._pause_shut()
        rows = await self._delivery.pool.fetch(
            "SELECT topic, partition, next_offset FROM consumer_offset"
        )
        metrics.HELD.labels(self._delivery.service).set(
            await parking.count_held(self._delivery.pool)
        )
        assigned = consumer.assignment()
        ends = await consumer.end_offsets(assigned)
        commits: dict[TopicPartition, Any] = {}
        for topic, partition, next_offset in rows:
            place = TopicPartition(topic, partition)
            if place not in ends:
                continue
            if next_offset > ends[place]:  # a fetch there would only log and sleep, for ever
                return self._stop(
                    "broker_and_database_disagree",
                    f"{topic}[{partition}] ends at {ends[place]}, our next offset is {next_offset}",
                )
            metrics.LAG_RECORDS.labels(topic, str(partition)).set(ends[place] - next_offset)
            if topic in opened:
                consumer.seek(place, next_offset)
                consumer.resume(place)
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
