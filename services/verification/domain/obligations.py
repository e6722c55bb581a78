"""Obligations: which returns are owed, and what the end of a day in London brings on (A5, O1, C2).

Promises: everything with a date happens with the DayEnded that it is due with, in order of the
dates, also where days come late: periods end, what is missing of them is owed and what is complete
is assessed; due days end and the rest is assessed; the ladder of each missing return is climbed; of
several steps passed at once only the last is announced. Last, it is told that the contract ends.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from services.verification.domain import cases, ending, periods, rating
from services.verification.domain.cases import Case
from services.verification.domain.lines import Slot
from services.verification.domain.state import Commitment, Owed, State, slot_key, slot_of
from services.verification.domain.work import Reminder, Work
from shared import calendar, rules
from shared import obligations as asked
from shared.wire import events, ids

RUNS_MAX: Final = 10_000
"""Of what is owed, in one published contract: ten for each of the most suppliers that it can have.
They take at most 3 MB of a message."""

_DAY: Final = timedelta(days=1)


def end_day(work: Work, day: date) -> None:
    """`day` has ended in London."""
    state = work.state
    period = calendar.next_period(state.ended_through)
    while period <= asked.last_taken(state.ends_on) and calendar.last_day(period) <= day:
        _end_period(work, period)
        period = calendar.next_period(period)
    period = calendar.next_period(state.closed_through)
    while period <= asked.last_taken(state.ends_on) and asked.due_on(period, state.holidays) <= day:
        rating.close(work, period)
        period = calendar.next_period(period)
    for key in sorted(state.owed):
        _climb(work, slot_of(key), day + _DAY)
    ending.warn(work, day + _DAY)


def wake_on(state: State) -> date | None:
    """The first day whose end does something here."""
    last = asked.last_taken(state.ends_on)
    days = []
    if (period := calendar.next_period(state.ended_through)) <= last:
        days.append(calendar.last_day(period))
    if (period := calendar.next_period(state.closed_through)) <= last:
        days.append(asked.due_on(period, state.holidays))
    for key, owed in state.owed.items():
        steps = _ladder(state, key[:7], owed)
        if owed.steps < len(steps):
            days.append(steps[owed.steps].on - _DAY)
    if (day := ending.wake_on(state)) is not None:
        days.append(day)
    return min(days, default=None)


def receive(work: Work, slot: Slot) -> None:
    """The return is in: nothing is owed, and a `no_data` case ends (rule C2)."""
    owed = work.state.owed.pop(slot_key(slot), None)
    if owed is not None and owed.case_id is not None:
        _end_case(work, slot, owed.case_id, "resolved_completely", "return_received")


def owe_again(work: Work, slot: Slot) -> None:
    """A withdrawn return is owed again, ten working days from the withdrawal, and never earlier
    than it would have been (rule O1). One that was not owed is not owed now; one of a running month
    is owed from its end on."""
    period, state = slot[0], work.state
    if period > state.ended_through or not terms(state).asks_for(*slot):
        return
    withdrawn_on = calendar.london_day(work.event.occurred_at)
    due_on = asked.due_again_on(period, withdrawn_on, state.holidays)
    state.owed[slot_key(slot)] = Owed(due_on)


def owe_no_more(work: Work) -> None:
    """The contract has other suppliers or another end: what it no longer asks for is not owed, and
    a `no_data` case of it is withdrawn (rules O1, C2)."""
    state = work.state
    now = terms(state)
    for slot in map(slot_of, sorted(state.owed)):
        if now.asks_for(*slot):
            continue
        owed = state.owed.pop(slot_key(slot))
        if owed.case_id is not None:
            _end_case(work, slot, owed.case_id, "withdrawn", "owed_no_more")


def published(state: State, late: calendar.Late = ()) -> events.Obligations:
    """What intake must know to say what is owed (`shared/obligations.py`). Of what is owed and not
    in, the newest `RUNS_MAX` runs of months. `late`: the holidays that were declared late, also
    those that are known from a later day on."""
    return events.Obligations(
        ended_through=state.ended_through,
        owed_from=state.owed_from or None,
        active=tuple(events.Days(first=span.first, last=span.last) for span in terms(state).active),
        owed=tuple(_runs(state))[-RUNS_MAX:],
        late_holidays=tuple(events.LateHoliday(day=day, known_from=since) for day, since in late),
    )


def _runs(state: State) -> list[events.OwedMonths]:
    """What is owed and not in, by supplier in months without a gap; the oldest end first."""
    last: dict[str, events.OwedMonths] = {}
    ended = []
    for period, party_id in map(slot_of, sorted(state.owed)):
        run = last.get(party_id)
        if run is not None and calendar.next_period(run.last) == period:
            last[party_id] = msgspec.structs.replace(run, last=period)
            continue
        if run is not None:
            ended.append(run)
        last[party_id] = events.OwedMonths(party_id=party_id, first=period, last=period)
    return sorted([*ended, *last.values()], key=lambda run: (run.last, run.party_id))


def _end_period(work: Work, period: str) -> None:
    """The last day of `period` is over: what is missing is owed, what is complete is assessed."""
    state = work.state
    state.ended_through = period
    if not state.owed_from and terms(state).is_active_in(period):
        state.owed_from = period
    now = terms(state)
    for supplier in state.suppliers:
        slot = (period, supplier)
        if slot_key(slot) not in state.filed and now.asks_for(*slot):
            state.owed[slot_key(slot)] = Owed(asked.due_on(period, state.holidays))
    rating.rerate(work, period)


def terms(state: State) -> asked.Terms:
    """What the contract says of the returns that it asks for."""
    return asked.Terms(
        supplier_ids=state.suppliers,
        ends_on=state.ends_on,
        active=asked.active_spans(map(_turns, state.commitments.values())),
        owed_from=state.owed_from,
    )


def _turns(commitment: Commitment) -> list[asked.Turn]:
    return [asked.Turn(each.from_on, each.state == "active") for each in commitment.versions]


def _climb(work: Work, slot: Slot, today: date) -> None:
    """Climbs the steps whose morning has come."""
    key = slot_key(slot)
    owed = work.state.owed[key]
    passed = [step for step in _ladder(work.state, slot[0], owed) if step.on <= today]
    if len(passed) <= owed.steps:
        return
    step = passed[-1]
    owed = msgspec.structs.replace(owed, steps=len(passed))
    if step.name == "no_data":
        case_id = ids.derived(
            "case", work.state.contract_id, "no_data", key, owed.due_on, rules.RULE_SET
        )
        owed = msgspec.structs.replace(owed, case_id=case_id)
        work.moves.append(cases.open_(_subject(slot), _case(slot, case_id), "no_return"))
    work.state.owed[key] = owed
    work.alerts.append(Reminder(slot, owed, step))


def _ladder(state: State, period: str, owed: Owed) -> tuple[periods.Step, ...]:
    """Counted with the holidays that were known when the month had ended, like its due day."""
    ended = calendar.last_day(period) + _DAY
    return periods.ladder(owed.due_on, calendar.known(state.holidays, ended))


def _end_case(work: Work, slot: Slot, case_id: UUID, to: cases.CaseState, reason: str) -> None:
    work.moves.append(cases.move(_subject(slot), _case(slot, case_id), to, reason))


def _subject(slot: Slot) -> cases.Subject:
    return cases.Subject("no_data", party_id=slot[1])


def _case(slot: Slot, case_id: UUID) -> Case:
    """A `no_data` case: it stays opened until the return comes or is owed no more."""
    return Case(case_id, "opened", slot[0], "Other")
