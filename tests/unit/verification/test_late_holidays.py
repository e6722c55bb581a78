"""Bank holidays that were declared late: due days follow, and what was set stays (rule O1).

December 2026 has its holidays on the 25th and the 28th. Friday 11 December is declared one, known
from Tuesday 1 December or from a day later.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from services.verification.domain import journal, obligations, periods, state
from shared import calendar
from shared import obligations as asked
from tests.support import verification_builders as build

FRIDAY = "2026-12-11"


def late(known_from: str, day: str = FRIDAY) -> calendar.Late:
    return (calendar.LateHoliday(date.fromisoformat(day), date.fromisoformat(known_from)),)


class TestDueDay:
    @pytest.mark.parametrize(
        ("known_from", "due"),
        [("2026-12-01", date(2026, 12, 15)), ("2026-12-02", date(2026, 12, 14))],
    )
    def test_is_counted_with_what_is_known_when_the_month_has_ended(
        self, known_from: str, due: date
    ) -> None:
        """November ends before 1 December. Without the holiday it is due on Monday the 14th."""
        assert due == asked.due_on("2026-11", late(known_from))

    def test_of_another_month_is_as_it_was(self) -> None:
        """October's ten working days were over on 13 November."""
        assert date(2026, 11, 13) == asked.due_on("2026-10", late("2026-12-01"))

    @pytest.mark.parametrize(
        ("known_from", "due"),
        [("2026-12-09", date(2026, 12, 24)), ("2026-12-10", date(2026, 12, 23))],
    )
    def test_after_a_withdrawal_is_counted_with_what_is_known_then(
        self, known_from: str, due: date
    ) -> None:
        """Withdrawn on Wednesday 9 December: the tenth working day after it is the 23rd."""
        assert due == asked.due_again_on("2026-10", date(2026, 12, 9), late(known_from))

    def test_has_a_ladder_that_leaves_the_holiday_out(self) -> None:
        """Three working days before Tuesday the 15th are the 14th, the 10th and the 9th."""
        steps = periods.ladder(date(2026, 12, 15), frozenset([date(2026, 12, 11)]))
        assert [date(2026, 12, 9), date(2026, 12, 15), date(2026, 12, 22)] == [
            step.on for step in steps[:3]
        ]


class TestAContract:
    def a_council(self, known_from: str, authority_id: str = build.AUTHORITY) -> build.Council:
        """November's return is missing; nothing is due before the end."""
        figures: Any = {"profile": {"kind": "milestone", "by": "2028-09-30"}}
        council = build.Council()
        council.receive(build.registered(starts_on="2026-11-01"), build.commitment(**figures))
        council.declare(FRIDAY, known_from, authority_id)
        council.days("2026-11-01", "2027-01-10")
        return council

    def steps(self, council: build.Council) -> list[tuple[str, str]]:
        return [
            (str(calendar.london_day(each.occurred_at)), str(each.due_on))
            for each in council.alerts
            if each.period == "2026-11"
        ]

    @pytest.mark.parametrize("authority_id", [build.AUTHORITY, "installation"])
    def test_owes_its_return_a_working_day_later(self, authority_id: str) -> None:
        """Known from the day on which November had ended: due on the 15th, overdue on the 22nd; a
        case on the fifteenth working day, Friday 8 January."""
        assert [
            ("2026-12-09", "2026-12-15"),
            ("2026-12-15", "2026-12-15"),
            ("2026-12-22", "2026-12-15"),
            ("2027-01-08", "2026-12-15"),
        ] == self.steps(self.a_council("2026-12-01", authority_id))

    def test_keeps_a_due_day_that_was_set(self) -> None:
        """Known a day later: all is as it was, on the 14th and round it."""
        assert [
            ("2026-12-09", "2026-12-14"),
            ("2026-12-14", "2026-12-14"),
            ("2026-12-21", "2026-12-14"),
            ("2027-01-07", "2026-12-14"),
        ] == self.steps(self.a_council("2026-12-02"))

    def test_of_another_authority_has_its_due_days(self) -> None:
        assert ("2026-12-14", "2026-12-14") in self.steps(self.a_council("2026-12-01", "GB-LAE-X"))

    def test_is_rated_when_its_due_day_has_ended(self) -> None:
        """The month is closed with the 15th, and not before."""
        council = build.Council()
        council.receive(build.registered(starts_on="2026-11-01"), build.commitment())
        council.declare(FRIDAY, "2026-12-01")
        council.days("2026-11-01", "2026-12-14")
        early = council.states["C1"].closed_through
        council.days("2026-12-15", "2026-12-15")
        assert ("2026-10", "2026-11") == (early, council.states["C1"].closed_through)

    def test_misses_no_day_that_does_something(self) -> None:
        """Also where it hears of the holiday only when it wakes: days before `wake_on` change
        nothing but what it knows."""
        for known_from in ("2026-12-01", "2026-12-02", "2026-12-10"):
            asleep = build.Council()
            asleep.receive(build.registered(starts_on="2026-11-01"), build.commitment())
            asleep.declare(FRIDAY, known_from)
            awake = build.Council()
            awake.receive(build.registered(starts_on="2026-11-01"), build.commitment())
            awake.declare(FRIDAY, known_from)
            day = date(2026, 11, 1)
            while day < date(2027, 1, 20):
                wake = obligations.wake_on(asleep.states["C1"])
                if wake is not None and wake <= day:
                    asleep.end("C1", day)
                awake.end("C1", day)
                day += timedelta(days=1)
            assert awake.alerts == asleep.alerts
            assert awake.outcomes[-1].event_id == asleep.outcomes[-1].event_id

    def test_comes_to_the_same_when_its_journal_is_folded_again(self) -> None:
        """It hears of the holiday once, with the first event on which it is known."""
        council = self.a_council("2026-12-01")
        folded = journal.refold(journal.Entry(*each) for each in council.journal["C1"])
        assert folded.state is not None
        assert state.to_bytes(council.states["C1"]) == state.to_bytes(folded.state)
        told = [facts.holidays for _, facts in council.journal["C1"] if facts.holidays]
        assert [late("2026-12-01")] == told

    def test_is_kept_as_it_was_where_there_is_none(self) -> None:
        """What an input used is written in the same bytes, and a state that was stored before is
        read."""
        assert b"{}" == state.to_bytes(state.Facts())
        council = build.Council()
        council.receive(build.registered())
        known = council.states["C1"]
        *older, _ = json.loads(state.to_bytes(known))
        assert known == state.from_bytes(json.dumps(older).encode())

    def test_is_published_with_those_that_are_still_ahead(self) -> None:
        """Intake must know them before they take effect."""
        known = self.a_council("2026-12-01").states["C1"]
        (told,) = obligations.published(known, late("2027-02-01", "2027-03-05")).late_holidays
        assert (date(2027, 3, 5), date(2027, 2, 1)) == (told.day, told.known_from)


class TestTheNextStepOfAnAlert:
    def test_has_a_day_that_leaves_the_holiday_out(self) -> None:
        """November falls short: the case opens at midnight before 1 December, and the fifth working
        day after it is the 8th. Were the 3rd a holiday, the 9th."""
        found = []
        for day in ("2026-12-03", "2027-03-05"):
            council = build.Council()
            council.receive(build.registered(starts_on="2026-11-01"), build.commitment())
            council.declare(day, "2026-12-01")
            council.days("2026-11-01", "2026-11-29")
            council.receive(build.returned(1, "2026-11", build.line("1", "10"), day="2026-11-29"))
            council.days("2026-11-30", "2026-11-30")
            (alert,) = council.alerts
            found.append(str(alert.step_by))
        assert ["2026-12-09", "2026-12-08"] == found
