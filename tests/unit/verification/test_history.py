"""Rules A5, A9, L2, L3: months before a contract was known, months after its end, corrections."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

from services.verification.domain import state
from shared import calendar, obligations
from shared.wire import ids
from tests.support import verification_builders as build


def hours(**figures: Any) -> Any:
    """Ten hours a month from April 2026 to March 2027."""
    ends = ["04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31"]
    months = [f"2026-{end}" for end in ends] + ["2027-01-31", "2027-02-28", "2027-03-31"]
    steps = [[day, str(10 * (place + 1))] for place, day in enumerate(months)]
    values: dict[str, Any] = {
        "commitment_id": "hours",
        "measure": "participant-hours",
        "unit": "hours",
        "target": "120",
        "profile": {"kind": "steps", "from": "2026-04-01", "steps": steps},
        "from": "2026-04-01",
    }
    return build.commitment(**values | figures)


def a_council(known_on: str = "2026-11-05", **figures: Any) -> build.Council:
    council = build.Council()
    council.receive(
        msgspec.structs.replace(
            build.registered(starts_on="2026-04-01", ends_on="2027-03-31"),
            occurred_at=build.at(known_on),
        ),
        hours(**figures),
    )
    return council


def sent(receipt_no: int, period: str, quantity: str, **figures: Any) -> Any:
    line = build.line("1", quantity, commitment_id="hours", unit="hours")
    return build.returned(receipt_no, period, line, **figures)


class TestHistory:
    """Registered on 5 November: April to October had ended."""

    MONTHS = ("2026-04", "2026-06", "2026-07")
    """May brings nothing, and is not sent."""

    @pytest.mark.parametrize("arrivals", list(itertools.permutations(range(3))))
    def test_is_rated_like_any_other_and_quietly(self, arrivals: tuple[int, ...]) -> None:
        """Rules A5, L3: 8 of 10, 18 of 30, 28 of 40 hours, in any order of arrival."""
        council = a_council()
        for place in arrivals:
            quantity = "8" if place == 0 else "10"
            council.receive(sent(place + 1, self.MONTHS[place], quantity, day="2026-11-06"))
        assert {
            "2026-04": "Requires improvement",
            "2026-06": "Inadequate",
            "2026-07": "Inadequate",
        } == dict(council.ratings("hours"))
        assert ([], []) == (council.alerts, council.moves())

    def test_opens_its_case_with_the_first_rating_after_it(self) -> None:
        """Rule C1: November's rating is told; 28 of 80 hours."""
        council = a_council()
        council.receive(sent(1, "2026-04", "28", day="2026-11-06"))
        council.receive(sent(2, "2026-11", "0", day="2026-11-30"))
        council.end_month("2026-11")
        (alert,) = council.alerts
        assert ("shortfall_opened", "2026-11", 80, 28) == (
            alert.kind,
            alert.period,
            alert.expected,
            alert.low,
        )

    def test_of_a_commitment_is_what_ended_before_it_was_binding(self) -> None:
        """Known from the start, but approved in November: a revision of June is rated, quietly."""
        council = build.Council()
        council.receive(build.registered(starts_on="2026-04-01", ends_on="2027-03-31"))
        council.days("2026-04-01", "2026-11-04")
        council.receive(hours(), sent(1, "2026-06", "30", day="2026-11-06"))
        assert [("2026-06", "Good")] == council.ratings("hours")
        assert ([], {}) == (council.alerts, council.states["C1"].owed)

    def test_is_not_missing(self) -> None:
        """Rule A5: before registration nothing is owed, so November waits for nothing."""
        council = a_council()
        council.file(sent(1, "2026-11", "80"))
        assert [("2026-11", "Good")] == council.ratings("hours")


class TestAfterTheEnd:
    def a_council(self) -> build.Council:
        council = a_council("2027-03-01")
        council.file(sent(1, "2027-03", "100"))
        return council

    def test_a_month_is_rated_at_the_end_of_its_due_day_if_a_return_is_in(self) -> None:
        """Rule A5: May 2027, due on 14 June; April and June bring nothing and are not rated."""
        council = self.a_council()
        council.days("2027-04-01", "2027-05-31")
        council.receive(sent(2, "2027-05", "20", day="2027-06-02"))
        council.days("2027-06-01", "2027-06-13")
        early = council.ratings("hours")
        council.days("2027-06-14", "2027-08-31")
        assert [("2027-03", "Requires improvement")] == early
        assert [*early, ("2027-05", "Good")] == council.ratings("hours")

    def test_a_month_whose_return_comes_late_is_rated_then(self) -> None:
        """Rule A5: nothing is owed, so nothing was missing."""
        council = self.a_council()
        council.days("2027-04-01", "2027-06-30")
        council.receive(sent(2, "2027-05", "20", day="2027-07-01"))
        assert ("2027-05", "Good") == council.ratings("hours")[-1]

    def test_a_month_is_rated_when_its_return_comes_though_the_end_has_moved(self) -> None:
        """Extended in June: April and May had ended, and were not owed."""
        council = self.a_council()
        council.days("2027-04-01", "2027-06-20")
        longer = msgspec.structs.replace(
            build.registered(starts_on="2026-04-01", ends_on="2028-03-31"),
            event_id=ids.derived("longer"),
            version=3,
            occurred_at=build.at("2027-06-21"),
        )
        council.receive(longer, sent(2, "2027-04", "20", day="2027-06-22"))
        council.days("2027-06-21", "2027-06-30")
        assert ("2027-04", "Good") == council.ratings("hours")[-1]
        assert [f"2027-06/{build.SUPPLIER}"] == list(council.states["C1"].owed)


class TestCorrection:
    """After the due day a rating stands, and what a correction would change is told once."""

    def a_council(self) -> tuple[build.Council, Any]:
        council = a_council("2026-04-01")
        april = sent(1, "2026-04", "10")
        council.file(april, sent(2, "2026-05", "10"))
        council.days("2026-06-01", "2026-06-15")
        return council, april

    def test_that_changes_a_rating_is_told(self) -> None:
        """Rules A9, L2: April's 10 hours become 7; May would fall too, and one alert says so."""
        council, _ = self.a_council()
        council.receive(sent(3, "2026-04", "7", revision=2, day="2026-06-20"))
        (alert,) = [each for each in council.alerts if each.kind != "return_due"]
        assert ("correction_changed_rating", "2026-04", "Good", "Inadequate", 7) == (
            alert.kind,
            alert.period,
            alert.rating_before,
            alert.rating,
            alert.low,
        )
        assert [("2026-04", "Good"), ("2026-05", "Good")] == council.ratings("hours")

    def test_by_a_withdrawal_is_told(self) -> None:
        """Rule L2: April's return is gone, and owed again: it cannot be rated."""
        council, april = self.a_council()
        council.receive(build.withdrawn(3, april, "2026-06-20"))
        assert [("correction_changed_rating", "2026-04", "Good", "Other")] == [
            (each.kind, each.period, each.rating_before, each.rating)
            for each in council.alerts
            if each.kind == "correction_changed_rating"
        ]

    def test_that_changes_no_rating_is_not_told(self) -> None:
        """Rule L3: more hours leave April Good."""
        council, _ = self.a_council()
        council.receive(sent(3, "2026-04", "12", revision=2, day="2026-06-20"))
        assert [] == [each for each in council.alerts if each.kind == "correction_changed_rating"]


class TestSettledPeriods:
    def test_leave_no_trace_in_the_state(self) -> None:
        """Sums and ratings are kept for a year, so that the state of a long contract stops
        growing."""
        council = build.Council()
        council.receive(build.registered(starts_on="2026-10-01"), build.commitment())
        sizes = []
        period = "2026-10"
        for number in range(1, 24):
            spent = build.line("1", "25000", invoice=build.invoice(f"INV-{number:02}", "25000"))
            council.receive(build.returned(number, period, spent))
            council.end_month(period)
            council.end("C1", obligations.due_on(period))
            sizes.append(len(state.to_bytes(council.states["C1"])))
            period = calendar.next_period(period)
        assert max(sizes[15:]) <= sizes[15] + 10
