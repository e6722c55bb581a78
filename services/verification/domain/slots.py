"""What became of the return of each month and party: in time, late, missing, not due yet (rule O1).

Promises: pure; what is owed is what the fold says is owed. A return is late if the first revision
that stands came after its due day; corrections are not late. A withdrawn return is due anew, ten
working days from the withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.verification.domain import obligations
from services.verification.domain.lines import Slot
from services.verification.domain.state import State, slot_key
from shared import calendar
from shared import obligations as asked

Mark: TypeAlias = Literal["in_time", "late", "missing", "due", "not_asked"]


class Filing(NamedTuple):
    """A return that came, or was withdrawn."""

    at: datetime
    slot: Slot
    return_id: UUID
    receipt_no: int
    revision: int
    is_withdrawal: bool = False


class Came(NamedTuple):
    """What a slot holds after all that came for it."""

    return_id: UUID | None
    """The current return; None where it was withdrawn."""
    filled_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class Told:
    """A slot in one word."""

    mark: Mark
    due_on: date | None = None
    """Of what is missing or not due yet."""
    return_id: UUID | None = None


class Window(NamedTuple):
    """Months that are told of, both included."""

    first: str
    last: str


def window(state: State, today: date, months: int) -> Window:
    """The last so many months up to the running one, or to the last of which a return is taken;
    none before the contract's first."""
    last = min(calendar.period_of(today), asked.last_taken(state.ends_on))
    first = max(calendar.add_months(last, 1 - months), calendar.period_of(state.starts_on))
    return Window(first, last)


def tell(
    state: State, filings: Iterable[Filing], today: date, of: Window, party_id: str | None = None
) -> dict[Slot, Told]:
    """The slots of these months, of all parties or of one. `filings`: all that came for them, in
    order."""
    came, terms = _came(filings, state.holidays), obligations.terms(state)
    parties = {*state.suppliers, *(party for _, party in came)}
    found: dict[Slot, Told] = {}
    period = of.first
    while period <= of.last:
        for party in sorted(parties if party_id is None else parties & {party_id}):
            slot = (period, party)
            found[slot] = _tell(state, terms, slot, came.get(slot), today)
        period = calendar.next_period(period)
    return found


def _tell(state: State, terms: asked.Terms, slot: Slot, came: Came | None, today: date) -> Told:
    if came is not None and came.return_id is not None:
        is_late = came.filled_on > came.due_on and terms.asks_for(*slot)
        return Told("late" if is_late else "in_time", return_id=came.return_id)
    owed = state.owed.get(slot_key(slot))
    if owed is not None:
        return Told("missing" if owed.due_on < today else "due", owed.due_on)
    is_running = slot[0] > state.ended_through
    if is_running and slot[1] in state.suppliers and terms.is_active_in(slot[0]):
        return Told("due", asked.due_on(slot[0], state.holidays))
    return Told("not_asked")


def _came(filings: Iterable[Filing], late: calendar.Late) -> Mapping[Slot, Came]:
    found: dict[Slot, Came] = {}
    for each in filings:
        day, before = calendar.london_day(each.at), found.get(each.slot)
        if each.is_withdrawal:
            due_on = asked.due_again_on(each.slot[0], day, late)
            found[each.slot] = Came(None, day, due_on)
        elif before is None or before.return_id is None:
            due_on = asked.due_on(each.slot[0], late) if before is None else before.due_on
            found[each.slot] = Came(each.return_id, day, due_on)
        else:
            found[each.slot] = before._replace(return_id=each.return_id)
    return found
