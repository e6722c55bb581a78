"""What is due: which returns a contract asks a supplier for, by when, and what became of each (O1).

Promises: pure. For the same contract, returns and day it says what verification's obligations say
(a test holds the two together): what is owed and not in, and by when. A return that is in is told
with the day by which it was due, even if it was late.

One difference is left: of a month of which no return was taken any more (rule I2), because the
contract was cut short, a withdrawal is known here if the contract is extended again; verification
holds that month to its first due day.

Refuses: to guess. Of a contract that was published without its obligations nothing is known.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple, TypeAlias, get_args
from uuid import UUID

from shared import calendar, obligations
from shared.wire import events

DueState: TypeAlias = Literal["not_yet", "open", "overdue", "received"]
"""`not_yet`: its month has not ended. `open`: it can be sent in time. `overdue`: its due day is
over. `received`: its current revision is in, in time or not."""
STATES: Final[tuple[DueState, ...]] = get_args(DueState)


class Slot(NamedTuple):
    """What one return fills, within a contract."""

    period: str
    party_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent for a slot."""

    return_id: UUID
    receipt_no: int
    revision: int
    """The latest."""
    received_at: datetime
    filled_at: datetime
    """When the first revision came that stands: later ones correct it, and are not late."""
    withdrawn_at: datetime | None = None
    """When the slot was last emptied."""
    is_withdrawn: bool = False
    """Whether it is empty now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One return that a contract asks for."""

    contract_id: str
    slot: Slot
    state: DueState
    send_from: date
    due_on: date
    overdue_working_days: int | None
    """Since the due day; None unless it is overdue."""
    is_late: bool | None
    """Whether it came after its due day; None while it is not in."""
    sent: Sent | None

    @property
    def next_revision(self) -> int:
        """The revision that the next return of this month must have (rule I3)."""
        return self.sent.revision + 1 if self.sent is not None else 1


class Asked(NamedTuple):
    """Which of a contract's returns are told: of one party or all, in these months and states."""

    party_id: str | None
    first: str
    last: str
    states: Collection[DueState] = STATES


class Filled(NamedTuple):
    """What was sent for a contract, where nothing that is in is asked for."""

    periods: Mapping[str, Collection[str]]
    """The months whose return is in, by party."""
    emptied: Mapping[Slot, Sent]
    """What was sent and is withdrawn."""


NOTHING: Final = Filled({}, {})


def due(
    published: events.ContractPublished, sent: Mapping[Slot, Sent], asked: Asked, today: date
) -> Iterator[Due]:
    """What the contract asks for, by month and supplier. `sent`: all that was sent for it in these
    months by these parties."""
    if "received" in asked.states:
        yield from _due_of(published, Filled({}, sent), asked, today)
        return
    periods: defaultdict[str, set[str]] = defaultdict(set)
    for slot, it in sent.items():
        if not it.is_withdrawn:
            periods[slot.party_id].add(slot.period)
    yield from outstanding(published, Filled(periods, sent), asked, today)


def outstanding(
    published: events.ContractPublished, filled: Filled, asked: Asked, today: date
) -> Iterator[Due]:
    """The same of what is not in, which needs to know less of what is."""
    assert "received" not in asked.states, "what is in is not known well enough"
    return _due_of(published, filled, asked, today)


def _due_of(
    published: events.ContractPublished, filled: Filled, asked: Asked, today: date
) -> Iterator[Due]:
    contract = _Contract(published)
    parties = [
        (each, filled.periods.get(each, ()))
        for each in sorted(published.supplier_ids)
        if asked.party_id in (None, each)
    ]
    first = max(asked.first, contract.first_period)
    for period in _months(first, min(asked.last, contract.terms.last_period)):
        for party_id, periods in parties:
            if period in periods:
                continue  # as nearly all are: only the rest needs the calendar
            slot = Slot(period, party_id)
            it = filled.emptied.get(slot)
            if contract.asks_for(slot, it):
                told = contract.tell(slot, it, today)
                if told.state in asked.states:
                    yield told


@functools.lru_cache(maxsize=256)
def _months(first: str, last: str) -> tuple[str, ...]:
    """The months from one to another: contracts that began together have the same."""
    found, period = [], first
    while period <= last:
        found.append(period)
        period = calendar.next_period(period)
    return tuple(found)


class _Contract:
    """What was published of a contract, ready to be asked month by month."""

    def __init__(self, published: events.ContractPublished) -> None:
        known = published.obligations
        assert known is not None, "a contract without obligations is not asked"
        self._known, self._published_at = known, published.occurred_at
        self._owed: defaultdict[str, list[events.OwedMonths]] = defaultdict(list)
        for run in known.owed:
            self._owed[run.party_id].append(run)
        self.terms = obligations.Terms(
            supplier_ids=published.supplier_ids,
            ends_on=published.ends_on,
            active=tuple(obligations.Span(each.first, each.last) for each in known.active),
            owed_from=known.owed_from or "",
        )
        self.first_period = known.owed_from or calendar.next_period(known.ended_through)
        self._contract_id, self._late = published.contract_id, late_holidays(published)

    def asks_for(self, slot: Slot, sent: Sent | None) -> bool:
        """Whether the slot's return is asked for. A month that had not ended follows the contract
        as it is. For one that had, what was owed then stays; what was in then is owed again if it
        was withdrawn since, and the contract still asks for it."""
        if slot.period > self._known.ended_through:
            return self.terms.is_active_in(slot.period)
        if sent is not None and not sent.is_withdrawn:
            return self.terms.asks_for(*slot)
        if any(run.first <= slot.period <= run.last for run in self._owed[slot.party_id]):
            return True
        is_withdrawn_since = (
            sent is not None
            and sent.withdrawn_at is not None
            and sent.withdrawn_at >= self._published_at
        )
        return is_withdrawn_since and self.terms.asks_for(*slot)

    def tell(self, slot: Slot, sent: Sent | None, today: date) -> Due:
        """What is to be told of a slot that is asked for."""
        month_end = calendar.last_day(slot.period)
        due_on = due_day(slot.period, sent.withdrawn_at if sent is not None else None, self._late)
        is_in = sent is not None and not sent.is_withdrawn
        state: DueState
        if is_in:
            state = "received"
        elif today <= month_end:
            state = "not_yet"
        else:
            state = "open" if today <= due_on else "overdue"
        return Due(
            contract_id=self._contract_id,
            slot=slot,
            state=state,
            send_from=month_end + _DAY,
            due_on=due_on,
            overdue_working_days=self._since(due_on, today) if state == "overdue" else None,
            is_late=is_late(sent.filled_at, due_on) if sent and is_in else None,
            sent=sent,
        )

    def _since(self, due_on: date, today: date) -> int:
        return calendar.working_days_since(due_on, today, calendar.known(self._late, today))


def first_period(published: events.ContractPublished) -> str | None:
    """The first month whose return the contract asks for; None if that is not known."""
    return None if published.obligations is None else _Contract(published).first_period


def late_holidays(published: events.ContractPublished) -> calendar.Late:
    """The bank holidays that were declared late, as far as a contract tells of them."""
    known = published.obligations
    if known is None or not known.late_holidays:
        return ()
    return tuple(calendar.LateHoliday(each.day, each.known_from) for each in known.late_holidays)


def due_day(period: str, withdrawn_at: datetime | None, late: calendar.Late) -> date:
    """The day by whose end the return of `period` is due; `withdrawn_at`: when its slot was last
    emptied; `late`: the contract's `late_holidays`."""
    if withdrawn_at is None:
        return obligations.due_on(period, late)
    return obligations.due_again_on(period, calendar.london_day(withdrawn_at), late)


def is_late(filled_at: datetime, due_on: date) -> bool:
    """Whether a slot was filled after its due day."""
    return calendar.london_day(filled_at) > due_on


def urgency(each: Due) -> tuple[date, str, Slot]:
    """What a list that begins with the most urgent is sorted by: whatever is overdue was due before
    whatever is open."""
    return each.due_on, each.contract_id, each.slot


_DAY: Final = timedelta(days=1)
