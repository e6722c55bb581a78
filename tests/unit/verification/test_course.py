"""The course of a commitment: what is due on which day, what it needs a month (rules A1, A6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from services.verification.domain import course, profiles
from services.verification.domain.cases import Rated
from services.verification.domain.state import Commitment, Sums, Version
from shared import calendar

YEAR = {"kind": "linear", "from": "2026-05-01", "to": "2027-04-30"}


def version(
    target: str = "365000",
    profile: dict[str, Any] | None = None,
    *,
    unit: str = "GBP",
    kind: str = "sum",
    number: int = 1,
    from_on: str = "2026-05-01",
) -> Version:
    day = date.fromisoformat(from_on)
    return Version(
        number=number,
        state="active",
        from_on=day,
        measure="local-spend",
        kind=kind,
        unit=unit,
        target=Decimal(target),
        profile=profiles.read(profile or YEAR, Decimal(target), day),
        area=None,
    )


def delivered(*months: str, of: Version | None = None, forgotten: str = "") -> Commitment:
    """What came in each month from May 2026 on; each was rated."""
    periods = [calendar.add_months("2026-05", place) for place in range(len(months))]
    sums = {p: Sums(counted=Decimal(each)) for p, each in zip(periods, months, strict=True)}
    total = Sums(counted=sum((Decimal(each) for each in months), Decimal(0)))
    return Commitment(
        versions=(of or version(),),
        total=total,
        sums={p: each for p, each in sums.items() if p > forgotten},
        ratings={p: Rated("Good", None, True) for p in periods},
        forgotten_through=forgotten,
    )


def points(commitment: Commitment) -> list[tuple[str, str]]:
    return [(each.on.isoformat(), str(each.value)) for each in course.due(commitment)]


class TestDue:
    def test_of_a_linear_profile_is_one_line(self) -> None:
        """From nothing on the day before to the target."""
        assert [("2026-04-30", "0.00"), ("2027-04-30", "365000.00")] == points(delivered())

    def test_stands_still_while_it_is_suspended(self) -> None:
        """£1,000 a day; 1 to 30 November, 30 days, are taken out: £335,000 in the end."""
        profile = YEAR | {"suspended": [["2026-11-01", "2026-11-30"]]}
        assert [
            ("2026-04-30", "0.00"),
            ("2026-10-31", "184000.00"),
            ("2026-11-30", "184000.00"),
            ("2027-04-30", "335000.00"),
        ] == points(delivered(of=version(profile=profile)))

    def test_of_steps_is_stairs(self) -> None:
        """Each step within its day."""
        steps = {"kind": "steps", "steps": [["2026-07-31", "4"], ["2027-04-30", "16"]]}
        assert [
            ("2026-04-30", "0.00"),
            ("2026-07-30", "0.00"),
            ("2026-07-31", "4.00"),
            ("2027-04-29", "4.00"),
            ("2027-04-30", "16.00"),
        ] == points(delivered(of=version("16", steps, unit="visits")))

    def test_of_whole_things_is_rounded_down_month_by_month(self) -> None:
        """12 visits over 365 days: by 31 May 31/365 x 12 = 1.02, by 30 June 2.0, by 31 July
        3.02."""
        found = dict(points(delivered(of=version("12", unit="visits"))))
        assert ["1.00", "2.00", "3.00"] == [
            found[day] for day in ("2026-05-31", "2026-06-30", "2026-07-31")
        ]
        assert "12.00" == found["2027-04-30"]

    def test_goes_on_from_what_was_due_when_it_changed(self) -> None:
        """By 31 October £184,000 was due; from then on £281,000 more, so that it is £465,000."""
        first = version()
        second = version("465000", number=2, from_on="2026-10-31")
        day = date(2026, 10, 31).toordinal()
        changed = profiles.change(first.profile, second.profile, day)
        both = Commitment(versions=(first, Version(2, "active", *_rest(second, changed))))
        assert [
            ("2026-04-30", "0.00"),
            ("2026-10-30", "183000.00"),
            ("2026-10-31", "184000.00"),
            ("2027-04-30", "465000.00"),
        ] == points(both)

    def test_is_reckoned_on_few_days(self) -> None:
        """Of five hundred weekly steps sixty days, the last among them."""
        first = date(2026, 5, 1).toordinal()
        steps = [[date.fromordinal(first + 7 * n).isoformat(), str(n)] for n in range(1, 501)]
        found = course.due(delivered(of=version("500", {"kind": "steps", "steps": steps})))
        assert course.DAYS_MAX == len(found)
        assert Decimal(500) == found[-1].value


def _rest(of: Version, profile: profiles.Profile) -> tuple[Any, ...]:
    return (of.from_on, of.measure, of.kind, of.unit, of.target, profile, of.area)


SIX = ("31500", "20500", "12000", "23000", "30000", "33000")


class TestNeeded:
    def test_is_what_is_left_over_the_months_that_are_left(self) -> None:
        """£150,000 of £365,000 came by October: £215,000 in 6 months."""
        found = course.needed(delivered(*SIX))
        assert found is not None
        assert (Fraction(215_000, 6), 6, Decimal(33_000)) == found[:3]
        assert found.is_of_all
        assert Decimal(35_833) == course.rounded(found.a_month, "GBP")

    def test_of_example_16(self) -> None:
        """24, of which 6 are done after 6 of 12 months: 3 a month."""
        found = course.needed(
            delivered("0", "0", "1", "2", "2", "1", of=version("24", unit="visits"))
        )
        assert found is not None
        assert (Fraction(3), 6, Decimal(2)) == found[:3]

    def test_leaves_out_months_that_are_suspended(self) -> None:
        """December and January: 304 of 365 days are left of the target, £303,000; £153,000 in 4
        months."""
        profile = YEAR | {"suspended": [["2026-12-01", "2027-01-31"]]}
        found = course.needed(delivered(*SIX, of=version(profile=profile)))
        assert found is not None
        assert (Fraction(303_000 - 150_000, 4), 4) == found[:2]

    def test_says_that_older_months_are_not_remembered(self) -> None:
        found = course.needed(delivered(*SIX, forgotten="2026-06"))
        assert found is not None
        assert not found.is_of_all

    @pytest.mark.parametrize(
        "commitment",
        [
            delivered("1", "1"),
            delivered("365000", "0", "0"),
            delivered(*(["1"] * 12)),
            delivered("1", "1", "1", of=version("30", kind="ratio", unit="percent")),
            delivered("0", "0", "0", of=version("1", kind="done", unit="deliverables")),
            delivered(
                "0",
                "0",
                "0",
                of=version("4", {"kind": "milestone", "by": "2027-03-31"}, kind="post"),
            ),
        ],
        ids=["two months", "all there", "no month left", "a share", "a deliverable", "one date"],
    )
    def test_is_not_said_where_nothing_can_be(self, commitment: Commitment) -> None:
        assert course.needed(commitment) is None

    @pytest.mark.parametrize(
        ("rate", "unit", "expected"),
        [
            (Fraction(215_000, 6), "GBP", "35833"),
            (Fraction(1, 2), "GBP", "1"),
            (Fraction(10, 3), "visits", "3.3"),
            (Fraction(3), "visits", "3"),
            (Fraction(1, 30), "FTE", "0.04"),
        ],
    )
    def test_is_rounded_and_never_to_nothing(
        self, rate: Fraction, unit: str, expected: str
    ) -> None:
        assert Decimal(expected) == course.rounded(rate, unit)
