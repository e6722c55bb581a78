"""Obligations: which returns a contract asks for, and by when (rule O1).

Promises: a pure calendar, the same in the service that follows up what is missing and in the one
that tells suppliers what they owe. A period's return is due on the 10th working day after it.
Refuses: everything that was only at one moment, such as who has sent what. That is the services'.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from shared import calendar

DUE_WORKING_DAYS: Final = 10
"""Also the time given anew when a return is withdrawn."""

AFTER_END_MONTHS: Final = 6
"""Months after the contract's last for which a return is still taken (rule I2)."""

_DAY: Final = timedelta(days=1)


@functools.lru_cache(maxsize=4096)
def due_on(period: str, late: calendar.Late = ()) -> date:
    """The day by whose end the return of `period` is due (rule O1). It is counted when the month
    has ended, with the holidays that are known then, and stays."""
    last = calendar.last_day(period)
    return calendar.working_day(last, DUE_WORKING_DAYS, calendar.known(late, last + _DAY))


def due_again_on(period: str, withdrawn_on: date, late: calendar.Late = ()) -> date:
    """The same for a return that was withdrawn: never earlier than it would have been."""
    further = calendar.known(late, withdrawn_on)
    again = calendar.working_day(withdrawn_on, DUE_WORKING_DAYS, further)
    return max(again, due_on(period, late))


def last_taken(ends_on: date) -> str:
    """The last period for which a return of a contract that ends then is taken (rule I2)."""
    return calendar.add_months(calendar.period_of(ends_on), AFTER_END_MONTHS)


class Span(NamedTuple):
    """Days, both included; `last` is None while no end is known."""

    first: date
    last: date | None


class Turn(NamedTuple):
    """From a day on, a commitment is active or is not; until its next turn."""

    on: date
    is_active: bool


def active_spans(turns: Iterable[Sequence[Turn]]) -> tuple[Span, ...]:
    """When any commitment is active: spans in order that do not touch. `turns`: of each commitment,
    by day; of several on one day the last holds."""
    found: list[Span] = []
    spans = [span for each in turns for span in _spans(each)]
    for span in sorted(spans, key=lambda span: span.first):
        before = found[-1] if found else None
        if before is None or (before.last is not None and span.first > before.last + _DAY):
            found.append(span)
        elif before.last is not None and (span.last is None or span.last > before.last):
            found[-1] = Span(before.first, span.last)
    return tuple(found)


def _spans(turns: Sequence[Turn]) -> Iterator[Span]:
    for turn, after in itertools.zip_longest(turns, turns[1:]):
        last = None if after is None else after.on - _DAY
        if turn.is_active and (last is None or last >= turn.on):
            yield Span(turn.on, last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a contract says of the returns that it asks for, as it is known now."""

    supplier_ids: tuple[str, ...]
    ends_on: date
    active: tuple[Span, ...]
    """When any commitment is active (`active_spans`)."""
    owed_from: str
    """The first month that was owed; empty: none was yet."""

    @property
    def last_period(self) -> str:
        """The contract's last month."""
        return calendar.period_of(self.ends_on)

    def is_active_in(self, period: str) -> bool:
        """Whether a commitment is active on any day of `period`."""
        first, last = calendar.first_day(period), calendar.last_day(period)
        return any(
            span.first <= last and (span.last is None or span.last >= first) for span in self.active
        )

    def asks_for(self, period: str, party_id: str) -> bool:
        """Whether a supplier owes a return for `period`: for each month of the contract in which a
        commitment is active, from the first of them on."""
        return (
            party_id in self.supplier_ids
            and bool(self.owed_from)
            and self.owed_from <= period <= self.last_period
            and self.is_active_in(period)
        )
