"""Rule O1 as intake tells it: what is due, by when, and how it compares with what verification
follows up."""

from __future__ import annotations

import dataclasses
import itertools
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain import due
from services.verification.domain import obligations as followed_up
from services.verification.domain.state import slot_key
from shared import calendar, obligations
from shared.wire import events
from tests.support import verification_builders as build

OTHER = "GB-COH-00000002"
WHOLE = due.Asked(None, "1990-01", "2100-12")


def published(council: build.Council, at: datetime) -> events.ContractPublished:
    """What verification publishes of its contract now."""
    state = council.states["C1"]
    return events.ContractPublished(
        event_id=UUID(int=1),
        authority_id=state.authority_id,
        occurred_at=at,
        contract_id=state.contract_id,
        version=state.version,
        supplier_ids=state.suppliers,
        starts_on=state.starts_on,
        ends_on=state.ends_on,
        commitments=(),
        obligations=followed_up.published(
            state, tuple(each.holiday for each in council.world.holidays)
        ),
    )


def a_contract(**figures: Any) -> events.ContractPublished:
    """From October 2026 to September 2028, one promise from its start; known since its start."""
    council = build.Council()
    council.receive(build.registered(**figures), build.commitment())
    return published(council, build.at("2026-10-01", 13))


def sent(at: str, **more: Any) -> due.Sent:
    moment = build.at(at)
    facts: dict[str, Any] = {
        "return_id": UUID(int=7),
        "receipt_no": 24,
        "revision": 1,
        "received_at": moment,
        "filled_at": moment,
    }
    return due.Sent(**facts | more)


def of_october(today: str, what: due.Sent | None = None) -> due.Due:
    slot = due.Slot("2026-10", build.SUPPLIER)
    told = due.due(
        a_contract(),
        {} if what is None else {slot: what},
        due.Asked(None, "2026-10", "2026-10"),
        date.fromisoformat(today),
    )
    (found,) = told
    return found


class TestAMonthsReturn:
    @pytest.mark.parametrize(
        ("today", "state", "overdue"),
        [
            ("2026-10-31", "not_yet", None),
            ("2026-11-01", "open", None),
            ("2026-11-13", "open", None),
            ("2026-11-14", "overdue", 0),
            ("2026-11-16", "overdue", 1),
            ("2026-11-18", "overdue", 3),
        ],
    )
    def test_goes_from_not_yet_to_overdue(
        self, today: str, state: str, overdue: int | None
    ) -> None:
        """October's ten working days end on Friday 13 November; 16 November is the first since."""
        found = of_october(today)
        assert (state, overdue) == (found.state, found.overdue_working_days)
        assert (date(2026, 11, 1), date(2026, 11, 13)) == (found.send_from, found.due_on)
        assert (1, None) == (found.next_revision, found.is_late)

    @pytest.mark.parametrize(("day", "late"), [("2026-11-13", False), ("2026-11-14", True)])
    def test_is_late_if_it_comes_after_its_due_day(self, day: str, late: bool) -> None:
        found = of_october("2026-11-20", sent(day))
        assert ("received", late, None) == (
            found.state,
            found.is_late,
            found.overdue_working_days,
        )

    def test_is_in_time_though_its_correction_comes_later(self) -> None:
        """What was in by the due day was in; the revision that corrects it is not late."""
        corrected = sent("2026-11-30", revision=2, filled_at=build.at("2026-11-12"))
        found = of_october("2026-12-01", corrected)
        assert (False, 3) == (found.is_late, found.next_revision)

    def test_is_owed_again_ten_working_days_after_a_withdrawal(self) -> None:
        """Withdrawn on Monday 16 November: due on Monday 30 November."""
        emptied = sent("2026-11-12", withdrawn_at=build.at("2026-11-16"), is_withdrawn=True)
        found = of_october("2026-11-20", emptied)
        assert ("open", date(2026, 11, 30), 2) == (found.state, found.due_on, found.next_revision)

    @pytest.mark.parametrize(
        ("known_from", "due_on", "overdue"), [("2026-11-01", 16, 1), ("2026-11-02", 13, 2)]
    )
    def test_is_due_later_by_a_holiday_that_was_declared_late(
        self, known_from: str, due_on: int, overdue: int
    ) -> None:
        """Wednesday 11 November: known on the 1st, October is due on Monday the 16th; known on the
        2nd, when October had ended, on Friday the 13th as before. It is told on Tuesday the 17th,
        and the 16th is the first working day after the 13th."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        council.declare("2026-11-11", known_from)
        of_it = published(council, build.at("2026-10-20"))
        (found,) = due.due(of_it, {}, due.Asked(None, "2026-10", "2026-10"), date(2026, 11, 17))
        assert (date(2026, 11, due_on), overdue) == (found.due_on, found.overdue_working_days)

    def test_that_fills_its_slot_again_is_held_against_the_new_due_day(self) -> None:
        """Withdrawn on 16 November, sent again on 30 November: in time."""
        again = sent("2026-11-30", revision=2, withdrawn_at=build.at("2026-11-16"))
        assert False is of_october("2026-12-10", again).is_late


class TestAContract:
    def test_asks_each_supplier_for_each_month_of_its_life(self) -> None:
        """24 months, two suppliers; by month, then by supplier."""
        whole = a_contract(suppliers=(build.SUPPLIER, OTHER))
        slots = [each.slot for each in due.due(whole, {}, WHOLE, date(2026, 11, 5))]
        assert 48 == len(slots)
        assert sorted(slots) == slots
        assert ("2026-10", "2028-09") == (slots[0].period, slots[-1].period)

    @pytest.mark.parametrize(
        ("state", "months"),
        [
            ("received", ["2026-10"]),
            ("overdue", ["2026-11"]),
            ("open", ["2026-12"]),
            ("not_yet", ["2027-01"]),
        ],
    )
    def test_tells_what_is_in_the_states_that_are_asked_for(
        self, state: due.DueState, months: list[str]
    ) -> None:
        """On 5 January 2027: October's return is in; November's, withdrawn on 1 December, was due
        on the 15th; December's is due on 15 January; January has not ended."""
        what = {
            due.Slot("2026-10", build.SUPPLIER): sent("2026-11-02"),
            due.Slot("2026-11", build.SUPPLIER): sent(
                "2026-12-01", withdrawn_at=build.at("2026-12-01"), is_withdrawn=True
            ),
        }
        asked = due.Asked(None, "2026-10", "2027-01", (state,))
        told = due.due(a_contract(), what, asked, date(2027, 1, 5))
        assert months == [each.slot.period for each in told]

    def test_that_promises_nothing_asks_for_nothing(self) -> None:
        """Without a commitment nothing is owed."""
        council = build.Council()
        council.receive(build.registered())
        bare = published(council, build.at("2026-10-01"))
        assert [] == list(due.due(bare, {}, WHOLE, date(2026, 12, 1)))


# --- held against verification -------------------------------------------------------------------


START = date(2026, 3, 10)
DAYS = 420


CHANGES = (
    *("promise", "promise", "close", "suspend", "end", "end", "suppliers", "publish"),
    *("holiday", "holiday"),
)
SENDINGS = ("send", "send", "send", "nil", "withdraw", "withdraw")

steps = st.lists(
    st.tuples(
        st.integers(0, DAYS),
        st.sampled_from([*CHANGES, *SENDINGS]),
        st.integers(0, 5),
        st.integers(-8, 3),
    ),
    min_size=4,
    max_size=24,
)
"""(day, what, which, how many months from that day's)."""


class Council(build.Council):
    """With what intake knows at its side: what was published last, and what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[due.Slot, due.Sent] = {}
        self.returns: dict[due.Slot, events.ReturnReceived] = {}
        self.published: events.ContractPublished | None = None
        self.receipts = itertools.count(1)
        self.versions = itertools.count(2)
        self.moments: Iterator[int] = itertools.count()

    def now(self, day: str) -> datetime:
        """Each moment is later than the one before."""
        return build.at(day, 9) + timedelta(seconds=next(self.moments))

    def change(self, event: Any, day: str) -> None:
        at = self.now(day)
        self.receive(msgspec.structs.replace(event, occurred_at=at))
        self.published = published(self, at)

    def end_day(self, day: date) -> None:
        """As the handler does it: a contract sleeps until a day that does something."""
        wake_on = followed_up.wake_on(self.states["C1"])
        if wake_on is not None and wake_on <= day:
            self.end("C1", day)

    def take(self, on: date, step: tuple[int, str, int, int]) -> None:
        _, what, which, months = step
        day, state = str(on), self.states["C1"]
        if what == "publish":
            self.published = published(self, self.now(day))
        elif what in ("promise", "suspend", "close"):
            self._promise(what, day, f"c{which % 2}", months)
        elif what == "holiday":
            known_from = on + timedelta(days=1 + which)
            self.declare(str(known_from + timedelta(days=abs(months) + 1)), str(known_from))
            self.published = published(self, self.now(day))
        elif what == "end":
            ends_on = date.fromisoformat(day) + timedelta(days=30 * (months + 3))
            self._register(day, state.suppliers, max(ends_on, state.starts_on))
        elif what == "suppliers":
            suppliers = [(build.SUPPLIER,), (OTHER,), (build.SUPPLIER, OTHER)][which % 3]
            self._register(day, suppliers, state.ends_on)
        else:
            party_id = (build.SUPPLIER, OTHER)[which % 2]
            period = calendar.add_months(day[:7], min(months, 0))
            self._send(what, day, due.Slot(period, party_id))

    def _register(self, day: str, suppliers: tuple[str, ...], ends_on: date) -> None:
        again = build.registered(starts_on=str(START), suppliers=suppliers, ends_on=str(ends_on))
        version = self.states["C1"].version + 1
        self.change(msgspec.structs.replace(again, version=version), day)

    def _promise(self, what: str, day: str, commitment_id: str, months: int) -> None:
        known = self.states["C1"].commitments.get(commitment_id)
        first = calendar.first_day(calendar.add_months(day[:7], months)) + timedelta(days=9)
        if known is not None:
            first = max(first, known.versions[-1].from_on)
        first = max(first, START)
        profile: dict[str, Any] = {"kind": "linear", "from": str(first), "to": "2029-12-31"}
        if what == "suspend":
            profile["suspended"] = [[str(first + timedelta(40)), str(first + timedelta(80))]]
        changed = build.commitment(
            version=next(self.versions),
            commitment_id=commitment_id,
            state="closed" if what == "close" else "active",
            profile=profile,
            **{"from": str(first)},
        )
        self.change(changed, day)

    def _send(self, what: str, day: str, slot: due.Slot) -> None:
        before, now = self.sent.get(slot), self.now(day)
        is_in = before is not None and not before.is_withdrawn
        state, number = self.states["C1"], next(self.receipts)
        is_taken = slot.period <= obligations.last_taken(state.ends_on)
        if not is_taken or slot.party_id not in (*state.suppliers, *state.former):
            return  # intake would refuse it (rules I1, I2)
        if what == "withdraw":
            if before is None or not is_in:
                return
            gone = build.withdrawn(number, self.returns[slot], day)
            self.receive(msgspec.structs.replace(gone, occurred_at=now))
            self.sent[slot] = dataclasses.replace(before, withdrawn_at=now, is_withdrawn=True)
            return
        revision = before.revision + 1 if before else 1
        lines = () if what == "nil" else (build.line("1", "5", invoice=build.invoice()),)
        given = build.returned(
            number,
            slot.period,
            *lines,
            party_id=slot.party_id,
            revision=revision,
            supersedes=str(before.return_id) if before else None,
            day=day,
        )
        given = msgspec.structs.replace(given, occurred_at=now)
        self.receive(given)
        self.returns[slot] = given
        self.sent[slot] = due.Sent(
            return_id=given.return_id,
            receipt_no=number,
            revision=revision,
            received_at=now,
            filled_at=before.filled_at if before and is_in else now,
            withdrawn_at=before.withdrawn_at if before else None,
        )


def told(council: Council, today: date) -> dict[str, date]:
    """What intake says is owed and not in, of months that have ended, with its due day. It says the
    same if it knows of what is in only the months."""
    assert council.published is not None
    asked = due.Asked(None, "1990-01", calendar.period_of(today), ("open", "overdue"))
    in_full = asked._replace(states=due.STATES)
    told = list(due.due(council.published, council.sent, in_full, today))
    assert [each for each in told if each.state in asked.states] == list(
        due.due(council.published, council.sent, asked, today)
    )
    return {slot_key(each.slot): each.due_on for each in told if each.state in asked.states}


class TestWhatIntakeSays:
    @settings(max_examples=150, deadline=None)
    @given(steps=steps, known=st.integers(0, 60))
    def test_is_what_verification_follows_up(
        self, steps: list[tuple[int, str, int, int]], known: int
    ) -> None:
        """Law: at the end of each day on which something happens, and of each month, intake's list
        of what is owed and not in, with the due days, is verification's. Contracts are extended,
        shortened, given other suppliers; commitments begin later, are suspended and closed;
        holidays are declared late; returns are early, late, nil, revised, withdrawn."""
        council = Council()
        first = build.registered(starts_on=str(START), ends_on="2027-02-15")
        council.change(first, str(START + timedelta(days=known)))
        waiting = deque(sorted(steps, key=lambda step: step[0]))
        for offset in range(known, DAYS + 1):
            day, is_busy = START + timedelta(days=offset), False
            while waiting and waiting[0][0] <= offset:
                council.take(day, waiting.popleft())
                is_busy = True
            council.end_day(day)
            if is_busy or (day + timedelta(days=1)).day == 1:
                owed = council.states["C1"].owed
                tomorrow = day + timedelta(days=1)
                assert {k: each.due_on for k, each in owed.items()} == told(council, tomorrow)
