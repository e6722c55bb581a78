"""A party's refusals of a day: the first are told one by one, the others together when it ends.

Promises: pure. Each refusal that is told is an entry of the log for ever, so a program that sends
junk costs at most `TOLD_MAX` entries a day, and one for each route. None is left out: what is told
together has their number and a digest over their ids.
"""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.intake.domain import admission
from shared import calendar
from shared.wire import events, ids

TOLD_MAX: Final = 100
"""Of a party and a day in London."""


def told(refused: Sequence[admission.Refused], told_before: Mapping[str, int]) -> frozenset[UUID]:
    """Those of a group's refusals, by their event's id, that are told by themselves. `told_before`:
    how many of the day were told, by party."""
    counts = collections.Counter(told_before)
    found = set()
    for each in refused:
        party_id = each.post.party_id
        if counts[party_id] < TOLD_MAX:
            counts[party_id] += 1
            found.add(each.post.return_id)
    return frozenset(found)


class Together(NamedTuple):
    """The refusals of a party and a day that were not told one by one."""

    authority_id: str
    party_id: str
    route: admission.Route
    rules: tuple[str, ...]
    """Each once."""
    faults: int
    refusals: int
    last_at: datetime
    """When the last of them was refused."""
    digest: bytes
    """SHA-256 over the ids, 16 bytes each, in their order."""

    def event(self, day: date) -> events.ReturnRefused:
        """What is told of them when the day ends."""
        return events.ReturnRefused(
            event_id=ids.derived("refused", day, self.authority_id, self.party_id, self.route),
            authority_id=self.authority_id,
            occurred_at=calendar.midnight_after(day),
            party_id=self.party_id,
            route=self.route,
            rules=self.rules,
            faults=self.faults,
            count=self.refusals,
            digest=self.digest.hex(),
        )
