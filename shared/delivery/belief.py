"""What a service does not believe, though it can be read: set aside in the batch in which it comes.

Promises: what is set aside is parked with its reason, each time that it comes, and the handler does
not get it. Nobody's clock is ahead of ours by more than `AHEAD_MAX`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from shared import clock
from shared.delivery import transaction
from shared.delivery.messages import Message
from shared.wire import events

AHEAD_MAX: Final = timedelta(hours=1)
"""How far another machine's clock may be ahead of ours. A day that ended too early could not be
taken back."""
MOVED_AHEAD_MAX: Final = timedelta(days=370)
"""How far the demo's clock may be moved at once."""

_STAMPED: Final = (events.RecordParked, events.RecordTakenUp)
"""Their time is that of a record, which its writer sets, and that may be an outsider."""


def set_aside(unit: transaction.Unit, messages: Sequence[Message], reason: str) -> None:
    """Parks messages of the unit, and what repeats them in the same batch; both leave the unit."""
    if not messages:
        return
    places = {(each.topic, each.partition, each.offset) for each in messages}
    event_ids = {each.event_id for each in messages} - {None}

    def is_aside(message: Message) -> bool:
        place = message.topic, message.partition, message.offset
        return place in places or message.event_id in event_ids

    for message in (*unit.messages, *unit.repeats):
        if is_aside(message):
            unit.park(message, reason)
    unit.messages = tuple(each for each in unit.messages if not is_aside(each))
    unit.repeats = tuple(each for each in unit.repeats if not is_aside(each))


def keep_time(unit: transaction.Unit, now: clock.Clock) -> None:
    """Sets aside what says that it happened later than now. The demo's clock is moved by intake's
    operator: elsewhere it goes along with what arrives."""
    is_moved = isinstance(now, clock.MovedClock)
    latest = now.now() + (MOVED_AHEAD_MAX if is_moved else AHEAD_MAX)
    ahead = []
    for message in unit.messages:
        at = message.event.occurred_at
        if at > latest and not isinstance(message.event, _STAMPED):
            ahead.append(message)
        elif isinstance(now, clock.MovedClock) and at > now.now():
            now.move_to(at)
            latest = at + MOVED_AHEAD_MAX
    set_aside(unit, ahead, "ahead_of_time")
