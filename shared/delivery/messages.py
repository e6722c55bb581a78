"""What is read from Kafka: a record is a message, or unreadable with a reason.

Promises: our own reading of every record, whatever its bytes; each way it can be wrong has its own
code. Refuses: nothing silently; what is unreadable is parked by `mail`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from aiokafka import ConsumerRecord

from shared.wire import events

Record: TypeAlias = "ConsumerRecord[bytes | None, bytes | None]"


class Message(NamedTuple):
    """A record that could be read, and where it stood. `event` is what the service's reader
    made."""

    event: Any
    event_id: UUID | None
    body: bytes
    topic: str
    incarnation: int
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...] = ()


class UnreadableError(Exception):
    """A record that is none of ours; the message is the reason's code."""


Reader: TypeAlias = Callable[[Record], tuple[Any, UUID | None]]
"""Makes of a record the value a handler gets and the event id to dedupe by (none: the handler has a
natural key). Raises UnreadableError."""


def read_event(record: Record) -> tuple[events.AnyEvent, UUID]:
    """One of our events in binary CloudEvents mode; every way it can be wrong has its own code."""
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
    headers = dict(record.headers)
    if headers.get("ce_id") != events.spelt(event.event_id):
        raise UnreadableError("bad_headers")
    if headers.get("ce_type") != event.type.encode():
        raise UnreadableError("bad_headers")
    if record.key != events.subject(event).encode():
        raise UnreadableError("wrong_key")
    return event, event.event_id
