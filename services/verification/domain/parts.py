"""Parts: what a decision has to say is cut into as many messages as it takes.

Promises: an event that fits into a message stays as it is, to the byte. The parts of any other say
together, in order, what it says: each item is in one of them, and each part fits. The first part
keeps the event's id, and the id of every other is derived of it and of the part's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec

from shared.wire import bounds, events, ids

ITEM_BYTES_MAX: Final = 60_000
"""No item has more: the longest is an assessment that names the return of each supplier, of which
a published contract may have a thousand (`register/parties`)."""
_LISTS: Final = ("results", "changed", "assessments")
_FEW: Final = bounds.BODY_BYTES_MAX // ITEM_BYTES_MAX - 1
"""So many items always fit, and need not be measured."""
_HEAD_BYTES: Final = 100
"""For the names of the lists, and the numbers of the part."""

Decision = TypeVar("Decision", events.ReturnChecked, events.CommitmentAssessed)

_encode: Final = msgspec.json.Encoder().encode


def cut(whole: Decision, bytes_max: int = bounds.BODY_BYTES_MAX) -> list[Decision]:
    """The event, or its parts if it is too large for one message."""
    found = [name for name in _LISTS if hasattr(whole, name)]
    is_short = sum(len(getattr(whole, name)) for name in found) <= _FEW
    if (is_short and bytes_max == bounds.BODY_BYTES_MAX) or len(_encode(whole)) <= bytes_max:
        return [whole]
    bare = msgspec.structs.replace(whole, **dict.fromkeys(found, ()))
    room = bytes_max - len(_encode(bare)) - _HEAD_BYTES
    lists = list(_fill({name: getattr(whole, name) for name in found}, room))
    return [
        msgspec.structs.replace(
            bare, event_id=_id(whole, part), part=part, parts=len(lists), **filled
        )
        for part, filled in enumerate(lists, 1)
    ]


def _id(whole: events.Event, part: int) -> Any:
    return whole.event_id if part == 1 else ids.derived(whole.type, whole.event_id, "part", part)


def _fill(lists: dict[str, tuple[Any, ...]], room: int) -> Iterator[dict[str, tuple[Any, ...]]]:
    """What goes into each part, so that no part has more bytes than there is room for."""
    filled: dict[str, list[Any]] = {}
    length = 0
    for name, items in lists.items():
        for item in items:
            own = len(_encode(item)) + 1
            if filled and length + own > room:
                yield {each: tuple(found) for each, found in filled.items()}
                filled, length = {}, 0
            filled.setdefault(name, []).append(item)
            length += own
    yield {each: tuple(found) for each, found in filled.items()}
