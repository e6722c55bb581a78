"""Weeks, by the dates of a person's lines: example 13, and the month of their Sunday."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.verification.domain import weeks
from services.verification.domain.state import Sums
from tests.support import verification_builders as build

PERSON = "00000000-0000-0000-0000-00000000000a"


def worked(first: str, last: str | None = None, quantity: str = "1", **figures: Any) -> Any:
    return build.line(
        figures.pop("line_id", "1"),
        quantity,
        commitment_id="weeks",
        unit="weeks",
        **({"person": {"person_id": PERSON}} | figures),
        **{"from": first, "to": last},
    )


def a_council(**figures: Any) -> build.Council:
    council = build.Council([build.place("L36 9YU")])
    council.receive(
        build.registered(starts_on="2026-09-01"),
        build.commitment(
            commitment_id="weeks",
            measure="unpaid-placements",
            unit="weeks",
            target="50",
            **{"from": "2026-09-01"} | figures,
        ),
    )
    return council


def counted(council: build.Council) -> dict[str, Decimal]:
    """By month."""
    sums: dict[str, Sums] = council.states["C1"].commitments["weeks"].sums
    return {period: each.counted for period, each in sorted(sums.items()) if each.counted}


class TestWeek:
    @pytest.mark.parametrize(
        ("first", "last", "count"),
        [
            ("2026-10-05", "2026-10-07", 1),
            ("2026-10-05", "2026-10-06", 0),
            ("2026-10-09", "2026-10-12", 0),
            ("2026-10-10", "2026-10-11", 0),
            ("2026-10-07", "2026-10-13", 1),
            ("2026-10-01", "2026-10-14", 2),
        ],
    )
    def test_needs_three_weekdays(self, first: str, last: str, count: int) -> None:
        """5 October 2026 is a Monday. Saturdays and Sundays are no weekdays."""
        days = weeks.Engaged(
            date.fromisoformat(first), date.fromisoformat(last), "2026-10", is_waiting=False
        )
        assert count == len(weeks.count([days]))


class TestPlacement:
    MONTHS = (
        ("2026-09", "2026-09-14", "2026-09-30"),
        ("2026-10", "2026-10-01", "2026-10-31"),
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("2026-12", "2026-12-01", "2026-12-04"),
    )

    @pytest.mark.parametrize("arrivals", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
    def test_comes_to_twelve_weeks(self, arrivals: tuple[int, ...]) -> None:
        """Example 13: 14 September to 4 December 2026, in monthly lines."""
        council = a_council()
        for place in arrivals:
            period, first, last = self.MONTHS[place]
            council.receive(build.returned(place + 1, period, worked(first, last)))
        assert {"2026-09": 2, "2026-10": 4, "2026-11": 5, "2026-12": 1} == counted(council)

    def test_belongs_to_the_month_of_its_sunday(self) -> None:
        """Example 12: October alone has three weeks; that of Sunday 1 November is November's."""
        council = a_council()
        council.receive(build.returned(1, "2026-10", worked("2026-10-01", "2026-10-31")))
        assert {"2026-10": 3, "2026-11": 1} == counted(council)

    def test_sits_on_the_line_with_most_of_its_weekdays(self) -> None:
        """28 September to 4 October: three days in September, two in October."""
        council = a_council()
        council.receive(
            build.returned(1, "2026-10", worked("2026-10-01", "2026-10-02")),
            build.returned(2, "2026-09", worked("2026-09-28", "2026-09-30")),
        )
        found = {
            row.period: (int(row.result.counted), int(row.result.carried)) for row in council.rows()
        }
        assert {"2026-09": (1, 1), "2026-10": (0, 0)} == found
        assert {"2026-10": 1} == counted(council)

    def test_that_is_reported_late_belongs_to_the_month_of_its_return(self) -> None:
        """October's weeks in December's return."""
        council = a_council()
        council.receive(build.returned(1, "2026-12", worked("2026-10-05", "2026-10-18")))
        assert {"2026-12": 2} == counted(council)

    def test_counts_its_share(self) -> None:
        """Two weeks at 0.6; the stated ten are only compared."""
        council = a_council()
        line = worked("2026-10-05", "2026-10-18", "10", attribution="0.6")
        council.receive(build.returned(1, "2026-10", line))
        (row,) = council.rows()
        assert Decimal("1.2") == row.result.counted
        assert [("Weeks", "6", "1.2")] == [(f.rule, f.found, f.wanted) for f in row.result.findings]

    def test_of_one_person_in_two_lines_is_one_placement(self) -> None:
        """The same fortnight twice, and thirty weeks stated inside it."""
        council = a_council()
        lines = [worked("2026-10-05", "2026-10-18", "30", line_id=each) for each in ("1", "2")]
        council.receive(build.returned(1, "2026-10", *lines))
        assert {"2026-10": 2} == counted(council)

    def test_of_nobody_waits(self) -> None:
        """Weeks are a person's: without one the council decides."""
        council = a_council()
        council.receive(
            build.returned(1, "2026-10", worked("2026-10-05", "2026-10-18", person=None))
        )
        sums = council.sums(commitment_id="weeks")
        assert (Decimal(0), Decimal(2)) == (sums.counted, sums.queried)

    @pytest.mark.parametrize("order", list(itertools.permutations((0, 1))))
    def test_waits_where_only_a_waiting_line_makes_it_a_week(self, order: tuple[int, int]) -> None:
        """Two days in a known place and three in an unknown one: a week in the queue; the week
        before has five known days."""
        known, unknown = {"postcode": "L36 9YU"}, {"postcode": "L99 9ZZ"}
        council = a_council(area=build.KNOWSLEY)
        both = [
            build.returned(1, "2026-10", worked("2026-10-05", "2026-10-13", place=known)),
            build.returned(2, "2026-11", worked("2026-10-14", "2026-10-16", place=unknown)),
        ]
        council.receive(*(both[place] for place in order))
        sums = council.sums(commitment_id="weeks")
        assert (Decimal(1), Decimal(1)) == (sums.counted, sums.queried)
