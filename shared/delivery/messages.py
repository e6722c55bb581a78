"""Reads records from Kafka: each becomes a message, or is unreadable for a reason.

Promises: every record is read here, whatever its bytes, and each way it can be wrong has its own
code. An event is believed only on the topic where it belongs, from the one service that writes it
there. Nothing is dropped silently: `transaction` parks what is unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self, TypeAlias
from uuid import UUID

import msgspec
from aiokafka import ConsumerRecord

from shared.delivery import topics
from shared.wire import events

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"


class Message(NamedTuple):
    """A readable record and its place. `event` is what the service's reader made of it."""

    event: Any
    event_id: UUID | None
    body: bytes
    topic: str
    incarnation: int
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...] = ()

    @classmethod
    def of(cls, record: Record, event: Any, event_id: UUID | None, incarnation: int) -> Self:
        """A record that was read."""
        # by position, for this runs for every record: keywords would take twice as long
        return cls(
            event,
            event_id,
            record.value or b"",
            record.topic,
            incarnation,
            record.partition,
            record.offset,
            record.headers,
        )


class UnreadableError(Exception):
    """A record that is not one of ours. Its text is the code of the reason."""


Reader: TypeAlias = Callable[[Record], tuple[Any, UUID | None]]
"""Turns a record into the value that the handler gets, and the event id by which repeats are found
(None: the handler has a natural key of its own). Raises UnreadableError."""


def read_event(record: Record) -> tuple[events.AnyEvent, UUID]:
    """One of our events, in CloudEvents' binary mode. Raises UnreadableError with a code."""
    if record.value is None:
        raise UnreadableError("null_value")
    if record.key is None:
        raise UnreadableError("no_key")
    try:
        event = events.read(record.value)
    except msgspec.ValidationError as error:
        has_no_type = str(error).endswith(("`$.type`", "field `type`"))
        raise UnreadableError("unknown_type" if has_no_type else "wrong_schema") from None
    except (ValueError, RecursionError):
        raise UnreadableError("malformed_json") from None
    topic = topics.BY_NAME.get(record.topic)
    writer = None if topic is None else topics.writer(topic, event)
    if writer is None:
        raise UnreadableError("wrong_topic")
    headers = dict(record.headers)
    if headers.get("ce_id") != events.spelt(event.event_id):
        raise UnreadableError("bad_headers")
    if headers.get("ce_type") != event.type.encode():
        raise UnreadableError("bad_headers")
    if headers.get("ce_source") != topics.source(writer):
        raise UnreadableError("wrong_source")
    if record.key != events.subject(event).encode():
        raise UnreadableError("wrong_key")
    return event, event.event_id


def batches(records: list[Record], bytes_max: int) -> Iterator[list[Record]]:
    """The records in order, in batches of at most so many bytes, or of one record."""
    batch: list[Record] = []
    length = 0
    for record in records:
        own = len(record.value or b"")
        if batch and length + own > bytes_max:
            yield batch
            batch, length = [], 0
        batch.append(record)
        length += own
    if batch:
        yield batch
