"""Rule O1: examples 18 and 19, the ladder, and what is owed again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.domain import obligations, periods
from shared import calendar
from shared import obligations as asked
from shared.wire import ids
from tests.support import verification_builders as build


class TestDueDay:
    @pytest.mark.parametrize(
        ("period", "due"), [("2026-11", date(2026, 12, 14)), ("2026-12", date(2027, 1, 15))]
    )
    def test_is_the_tenth_english_working_day_after_the_period(
        self, period: str, due: date
    ) -> None:
        """Examples 18 and 19: 25 and 28 December and 1 January are holidays."""
        assert asked.due_on(period) == due

    def test_has_a_ladder_of_four_steps(self) -> None:
        """Example 18."""
        assert [(step.name, step.on) for step in periods.ladder(date(2026, 12, 14))] == [
            ("soon", date(2026, 12, 9)),
            ("today", date(2026, 12, 14)),
            ("overdue", date(2026, 12, 21)),
            ("no_data", date(2027, 1, 7)),
        ]

    @given(day=st.dates(date(2020, 1, 1), date(2040, 1, 1)), count=st.integers(1, 30))
    def test_is_counted_back_as_it_is_counted_on(self, day: date, count: int) -> None:
        """Law: back from the n-th working day by n is the last working day up to the start."""
        there = calendar.working_day(day, count)
        assert calendar.working_day(there, -count) == calendar.working_day(
            day + timedelta(days=1), -1
        )


def at_the_end(from_: str = "2026-10-01") -> Any:
    """A commitment that nothing is due of before its last day."""
    figures: Any = {"from": from_, "profile": {"kind": "milestone", "by": "2028-09-30"}}
    return build.commitment(**figures)


class TestMissingReturn:
    def a_council(self) -> build.Council:
        council = build.Council()
        council.receive(build.registered(starts_on="2026-11-01"), at_the_end())
        return council

    def test_is_said_step_by_step_and_opens_a_case(self) -> None:
        """Example 18: each step in the morning of its day, and each once."""
        council = self.a_council()
        council.days("2026-11-01", "2027-01-20")
        november = [alert for alert in council.alerts if alert.period == "2026-11"]
        assert [
            (alert.kind, calendar.london_day(alert.occurred_at), alert.due_on) for alert in november
        ] == [
            ("return_due", date(2026, 12, 9), date(2026, 12, 14)),
            ("return_due", date(2026, 12, 14), date(2026, 12, 14)),
            ("return_overdue", date(2026, 12, 21), date(2026, 12, 14)),
            ("return_overdue", date(2027, 1, 7), date(2026, 12, 14)),
        ]
        assert [("opened", "no_return")] == council.moves()

    def test_ends_its_case_when_it_comes(self) -> None:
        """Rule C2."""
        council = self.a_council()
        council.days("2026-11-01", "2027-01-07")
        council.receive(build.returned(1, "2026-11", day="2027-01-08"))
        assert [
            ("opened", "no_return"),
            ("resolved_completely", "return_received"),
        ] == council.moves()

    def test_is_not_said_of_a_supplier_who_holds_a_receipt(self) -> None:
        """Rule O1: an acceptance comes before the end of its day."""
        council = self.a_council()
        council.days("2026-11-01", "2026-12-07")
        council.receive(build.returned(1, "2026-11", day="2026-12-08"))
        council.days("2026-12-08", "2026-12-31")
        assert [] == [alert for alert in council.alerts if alert.period == "2026-11"]

    def test_is_owed_again_ten_working_days_after_a_withdrawal(self) -> None:
        """Rule O1: withdrawn on Wednesday 16 December, with three holidays between."""
        council = self.a_council()
        council.days("2026-11-01", "2026-12-07")
        sent = build.returned(1, "2026-11", day="2026-12-08")
        council.receive(sent)
        council.days("2026-12-08", "2026-12-15")
        council.receive(build.withdrawn(2, sent, "2026-12-16"))
        owed = council.states["C1"].owed["2026-11/" + build.SUPPLIER]
        assert owed.due_on == calendar.working_day(date(2026, 12, 16), 10) == date(2027, 1, 4)

    def test_from_before_the_contract_was_known_is_not_owed(self) -> None:
        """Rule A5: registered on 1 October; September had ended, whatever its due day."""
        late = msgspec.structs.replace(
            build.registered(starts_on="2026-01-01"), occurred_at=build.at("2026-10-01")
        )
        council = build.Council()
        council.receive(late, at_the_end(from_="2026-01-01"))
        council.days("2026-10-01", "2026-10-31")
        assert [f"2026-10/{build.SUPPLIER}"] == sorted(council.states["C1"].owed)

    def test_of_a_contract_that_promises_nothing_is_not_owed(self) -> None:
        """Rule O1: the commitment is in force from 15 December; November owes nothing."""
        council = build.Council()
        council.receive(build.registered(starts_on="2026-11-01"))
        council.days("2026-11-01", "2026-12-09")
        council.receive(at_the_end(from_="2026-12-15"))
        council.days("2026-12-10", "2027-01-14")
        assert [f"2026-12/{build.SUPPLIER}"] == list(council.states["C1"].owed)
        assert {"2026-12"} == {alert.period for alert in council.alerts}

    def test_of_a_running_month_is_owed_from_its_end_on_when_withdrawn(self) -> None:
        """Rule O1: withdrawn on 20 November, due as any other, on 14 December."""
        council = self.a_council()
        sent = build.returned(1, "2026-11", day="2026-11-19")
        council.receive(sent, build.withdrawn(2, sent, "2026-11-20"))
        early = dict(council.states["C1"].owed)
        council.days("2026-11-20", "2026-11-30")
        assert {} == early
        assert date(2026, 12, 14) == council.states["C1"].owed["2026-11/" + build.SUPPLIER].due_on


class TestWhatIsPublished:
    def test_is_what_is_owed_in_runs_and_when_something_is_promised(self) -> None:
        """Of October to December one supplier has sent November only, the other nothing. The second
        commitment joins the first, so there is one span of days."""
        other = "GB-COH-00000002"
        later: Any = {"commitment_id": "visits", "from": "2026-12-01"}
        a_second = build.commitment(**later)
        council = build.Council()
        council.receive(
            build.registered(suppliers=(build.SUPPLIER, other)),
            at_the_end(from_="2026-10-06"),
            a_second,
        )
        council.days("2026-10-01", "2026-11-30")
        council.receive(build.returned(1, "2026-11", day="2026-12-01"))
        council.days("2026-12-01", "2026-12-31")
        published = obligations.published(council.states["C1"])
        assert ("2026-12", "2026-10") == (published.ended_through, published.owed_from)
        assert [(date(2026, 10, 6), None)] == [(days.first, days.last) for days in published.active]
        assert [
            (build.SUPPLIER, "2026-10", "2026-10"),
            (build.SUPPLIER, "2026-12", "2026-12"),
            (other, "2026-10", "2026-12"),
        ] == [(run.party_id, run.first, run.last) for run in published.owed]


class TestSleepingContract:
    def test_misses_no_day_that_does_something(self) -> None:
        """Law: days before `wake_on` change nothing but the count of inputs."""
        council = build.Council()
        council.receive(build.registered(ends_on="2027-01-31"), build.commitment())
        day = date(2026, 10, 1)
        said = 0
        while day < date(2027, 9, 1):
            before = council.states["C1"]
            wake = obligations.wake_on(before)
            council.days(str(day), str(day))
            after = council.states["C1"]
            after.inputs = before.inputs
            if wake is None or wake > day:
                assert after == before
                assert said == len(council.outcomes) + len(council.alerts)
            else:
                assert after != before
            said = len(council.outcomes) + len(council.alerts)
            day += timedelta(days=1)
        assert obligations.wake_on(council.states["C1"]) is None


class TestAnotherEnd:
    def test_ends_what_is_owed_after_it(self) -> None:
        """Rule O1: of a contract that ends with November, December's return is not owed."""
        council = build.Council()
        first = build.registered()
        council.receive(first, build.commitment())
        council.days("2026-10-31", "2026-12-31")
        shorter = msgspec.structs.replace(
            first, event_id=ids.derived("shorter"), version=3, ends_on=date(2026, 11, 30)
        )
        council.receive(shorter)
        assert [f"2026-{month}/{build.SUPPLIER}" for month in (10, 11)] == list(
            council.states["C1"].owed
        )
