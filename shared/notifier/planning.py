"""Planning: which notifications make one mail, and which have to wait (rule L3).

Promises: pure. What one person is to be told on one day at once is one mail as far as it is due
together, and what is told daily is one digest; a webhook is called for each change. Nobody gets
more than `per_hour_max` mails an hour: what is above waits till the hour is over, and is one
summary then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from uuid import UUID

from shared import calendar
from shared.notifier.recipients import Channel

_HOUR: Final = timedelta(hours=1)


class Waiting(NamedTuple):
    """A notification that is due."""

    event_id: UUID
    step: str
    recipient_id: str
    authority_id: str
    how: Literal["at_once", "daily"]
    due_at: datetime
    channel: Channel


class Group(NamedTuple):
    """What goes into one dispatch."""

    waiting: tuple[Waiting, ...]

    @property
    def recipient_id(self) -> str:
        return self.waiting[0].recipient_id

    @property
    def authority_id(self) -> str:
        return self.waiting[0].authority_id

    @property
    def channel(self) -> Channel:
        return self.waiting[0].channel

    @property
    def due_at(self) -> datetime:
        """When the last of it was due."""
        return max(each.due_at for each in self.waiting)


@dataclass(slots=True)
class Plan:
    """What is to be sent now, and what has to wait until when."""

    now: list[Group] = field(default_factory=list)
    later: list[tuple[Group, datetime]] = field(default_factory=list)


def plan(due: Sequence[Waiting], sent: Mapping[str, Sequence[datetime]], per_hour_max: int) -> Plan:
    """The plan of what is due. `sent`: when the mails of the last hours to each recipient were
    due."""
    made = Plan()
    before = {recipient_id: list(moments) for recipient_id, moments in sent.items()}
    for group in sorted(_groups(due), key=lambda group: group.due_at):
        if group.channel == "webhook":
            made.now.append(group)
            continue
        moments = before.setdefault(group.recipient_id, [])
        last_hour = sorted(at for at in moments if at > group.due_at - _HOUR)
        if len(last_hour) >= per_hour_max:
            made.later.append((group, last_hour[-per_hour_max] + _HOUR))
        else:
            made.now.append(group)
            moments.append(group.due_at)
    return made


def _groups(due: Sequence[Waiting]) -> list[Group]:
    found: dict[object, list[Waiting]] = {}
    for each in due:
        found.setdefault(_key(each), []).append(each)
    return [Group(tuple(group)) for group in found.values()]


def _key(each: Waiting) -> tuple[str, str, date] | tuple[str, UUID, str]:
    if each.channel == "webhook":
        return each.recipient_id, each.event_id, each.step
    return each.recipient_id, each.how, calendar.london_day(each.due_at)
