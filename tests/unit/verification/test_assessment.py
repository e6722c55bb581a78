"""Rules A1 to A4: examples 1, 2, 3, 4, 5 and 22."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.verification.domain import assessment, fold, profiles
from services.verification.domain.assessment import Due, Missing
from services.verification.domain.state import Sums, Version
from shared.wire import events

PRESENT = Missing(any_so_far=False, own=False)


def version(**figures: Any) -> Version:
    values: dict[str, Any] = {
        "commitment_id": "c",
        "version": 1,
        "state": "active",
        "measure": "participant-hours",
        "kind": "sum",
        "unit": "hours",
        "target": "100",
        "profile": {"kind": "milestone", "by": "2026-10-31"},
    }
    return fold.read_version(
        msgspec.convert(values | figures, events.CommitmentVersion), date(2026, 10, 1)
    )


APPRENTICES = version(
    measure="apprentices-started",
    kind="post",
    unit="FTE",
    target="4",
    profile={"kind": "linear", "from": "2026-10-01", "to": "2028-09-30"},
)


class TestExpected:
    def test_is_an_exact_share_of_the_days(self) -> None:
        """Example 1: 26 of 731 days."""
        spend = version(
            unit="GBP",
            target="600000",
            profile={"kind": "linear", "from": "2026-10-06", "to": "2028-10-05"},
        )
        found = assessment.assess(
            spend, Sums(counted=Decimal("18250")), date(2026, 10, 31), PRESENT
        )
        attained = assessment.attainment(found)
        assert found.due.expected == (600_000 * 26, 731)
        assert assessment.shown(found.due.expected) == Decimal("21340.63")
        assert attained is not None
        assert 855 == int(Fraction(*attained) * 1000)
        assert "Requires improvement" == found.rated.rating

    @pytest.mark.parametrize(
        ("day", "expected"), [("2027-07-19", 140_000), ("2027-12-31", 305_000)]
    )
    def test_loses_suspended_days_and_their_share_of_the_target(
        self, day: str, expected: int
    ) -> None:
        """Example 22: days 101 to 160 of 2027 suspended; day 200 and the year's end."""
        spend = version(
            unit="GBP",
            target="365000",
            profile={
                "kind": "linear",
                "from": "2027-01-01",
                "to": "2027-12-31",
                "suspended": [["2027-04-11", "2027-06-09"]],
            },
        )
        assert assessment.due(spend, date.fromisoformat(day)).expected == (expected, 1)

    def test_of_steps_loses_the_suspended_share_since_the_step_before(self) -> None:
        """Half of the second quarter suspended: of its 6 visits, 3 are due; rounded down."""
        visits = version(
            unit="visits",
            target="10",
            profile={
                "kind": "steps",
                "from": "2027-01-01",
                "steps": [["2027-03-31", "4"], ["2027-06-09", "10"]],
                "suspended": [["2027-04-01", "2027-05-05"]],
            },
        )
        assert [(0, 1), (4, 1), (7, 1)] == [
            assessment.due(visits, day).expected
            for day in (date(2027, 3, 30), date(2027, 3, 31), date(2027, 6, 9))
        ]

    @given(
        target=st.integers(1, 10**7),
        days=st.integers(1, 2000),
        at=st.integers(-10, 2100),
    )
    def test_never_falls_and_ends_at_the_target(self, target: int, days: int, at: int) -> None:
        """Law: monotone in the day, between nothing and the target."""
        start = date(2026, 1, 1).toordinal()
        step = profiles.Step(start + days - 1, Decimal(target))
        profile = profiles.Profile("linear", start, (step,))
        now = Fraction(*profiles.expected(profile, start + at))
        later = Fraction(*profiles.expected(profile, start + at + 1))
        end = Fraction(*profiles.expected(profile, start + days))
        assert 0 <= now <= later <= end == target

    @pytest.mark.parametrize(
        "profile",
        [
            {"kind": "curve"},
            {"kind": "linear", "to": "soon"},
            {"kind": "linear", "from": "2027-01-01", "to": "2026-01-01"},
            {"kind": "steps", "steps": []},
            {"kind": "steps", "steps": [["2026-12-31", "4"]]},
            {"kind": "steps", "steps": [["2026-12-31", "NaN"]]},
            {"kind": "steps", "steps": [["2026-12-31", "50"], ["2026-11-30", "100"]]},
            {"kind": "steps", "steps": [["2026-10-15", "1E-5000"], ["2026-12-31", "100"]]},
            {"kind": "steps", "steps": [["2026-10-15", "0.0000001"], ["2026-12-31", "100"]]},
            {"kind": "milestone", "by": "2027-01-01", "suspended": [["2026-12-31"]]},
            {
                "kind": "milestone",
                "by": "2027-01-01",
                "suspended": [["2026-12-05", "2026-12-31"], ["2026-12-31", "2027-01-01"]],
            },
        ],
    )
    def test_refuses_a_profile_of_another_shape(self, profile: dict[str, Any]) -> None:
        """Read once, at the door."""
        with pytest.raises(ValueError, match="profile: "):
            profiles.read(profile, Decimal(100), date(2026, 10, 1))


class TestRating:
    @pytest.mark.parametrize(
        ("low", "rating"),
        [
            ("100", "Good"),
            ("90", "Approaching target"),
            ("89.96", "Requires improvement"),
            ("75", "Requires improvement"),
            ("74.99", "Inadequate"),
        ],
    )
    def test_goes_by_exact_bands(self, low: str, rating: str) -> None:
        """Example 2: of 100 hours due."""
        found = assessment.assess(
            version(), Sums(counted=Decimal(low)), date(2026, 10, 31), PRESENT
        )
        assert found.rated.rating == rating

    @pytest.mark.parametrize(
        ("day", "expected", "rating"),
        [
            (date(2027, 3, 31), (0, 1), "Other"),
            (date(2027, 4, 30), (1, 1), "Approaching target"),
            (date(2027, 5, 31), (1, 1), "Approaching target"),
        ],
    )
    def test_of_few_posts_goes_by_whole_units(
        self, day: date, expected: profiles.Ratio, rating: str
    ) -> None:
        """Example 3: four apprentices over two years, none so far."""
        found = assessment.assess(APPRENTICES, Sums(), day, PRESENT)
        assert (found.due.expected, found.rated.rating) == (expected, rating)

    @pytest.mark.parametrize(
        ("posts", "rating"),
        [("4", "Good"), ("3", "Requires improvement"), ("0", "Inadequate")],
    )
    def test_is_one_step_worse_at_the_last_due_date(self, posts: str, rating: str) -> None:
        """Example 4."""
        sums = Sums(provisional=Decimal(posts) * 37)
        found = assessment.assess(APPRENTICES, sums, date(2028, 9, 30), PRESENT)
        assert found.rated.rating == rating

    @pytest.mark.parametrize(
        ("expected", "rating"), [(9, "Approaching target"), (10, "Requires improvement")]
    )
    def test_of_indivisible_units_goes_by_share_from_ten_on(
        self, expected: int, rating: str
    ) -> None:
        """Example 5: low 8."""
        due = Due((expected, 1), is_by_units=expected < 10, is_last=False)
        assert assessment.rate(due, (8, 1)) == rating

    @pytest.mark.parametrize(
        ("sums", "missing", "word", "reason"),
        [
            (Sums(counted=Decimal(80), queried=Decimal(5)), PRESENT, "Requires improvement", None),
            (Sums(counted=Decimal(80), queried=Decimal(10)), PRESENT, "Other", "awaiting_council"),
            (Sums(counted=Decimal(80)), Missing(True, True), "Other", "data_missing"),
            (Sums(counted=Decimal(100)), Missing(True, True), "Good", None),
        ],
    )
    def test_is_other_where_it_cannot_be_described(
        self, sums: Sums, missing: Missing, word: str, reason: str | None
    ) -> None:
        """Rules A2 and A5: the council's queue, and missing data, are no shortfall."""
        found = assessment.assess(version(), sums, date(2026, 10, 31), missing)
        assert (found.rated.rating, found.rated.reason) == (word, reason)

    def test_is_other_where_the_period_ends_suspended(self) -> None:
        """Commitments and versions: the last day of the period is suspended."""
        profile = {
            "kind": "linear",
            "to": "2027-09-30",
            "suspended": [["2026-10-20", "2026-11-02"]],
        }
        found = assessment.assess(version(profile=profile), Sums(), date(2026, 10, 31), PRESENT)
        assert ("Other", "suspended") == (found.rated.rating, found.rated.reason)


YEAR: Final = {"kind": "linear", "from": "2026-05-01", "to": "2027-04-30"}


class TestChange:
    """A change never works backwards (docs/rules.md, Commitments and versions)."""

    def changed(self, before: Version, from_on: str, **figures: Any) -> Version:
        values = {
            "commitment_id": "c",
            "version": before.number + 1,
            "state": "active",
            "measure": before.measure,
            "kind": before.kind,
            "unit": before.unit,
            "target": str(before.target),
            "profile": YEAR,
            "from": from_on,
        }
        return fold.read_version(
            msgspec.convert(values | figures, events.CommitmentVersion), date(2026, 5, 1), before
        )

    def expected(self, found: Version, day: str) -> Decimal:
        return assessment.shown(assessment.due(found, date.fromisoformat(day)).expected)

    @pytest.mark.parametrize(
        ("day", "expected"),
        [("2027-01-01", "98400.00"), ("2027-01-31", "147206.72"), ("2027-04-30", "292000.00")],
    )
    def test_starts_from_what_was_expected_on_its_day(self, day: str, expected: str) -> None:
        """246 days at £400, then 30 of the 119 days left of the other £193,600."""
        first = version(unit="GBP", target="146000", profile=YEAR)
        found = self.changed(first, "2027-01-01", target="292000")
        assert Decimal(expected) == self.expected(found, day)

    def test_that_cuts_the_target_keeps_what_was_expected(self) -> None:
        """£1,000 a day, so £245,000 by 31 December: that is owed whatever is promised from now."""
        first = version(unit="GBP", target="365000", profile=YEAR)
        found = self.changed(first, "2026-12-31", target="1000")
        assert [Decimal(245_000)] * 2 == [
            self.expected(found, day) for day in ("2026-12-31", "2027-04-30")
        ]

    def test_that_extends_is_appended(self) -> None:
        """The first year goes on as promised; the second has 366 days of £400."""
        first = version(unit="GBP", target="146000", profile=YEAR)
        more = {"kind": "linear", "from": "2027-05-01", "to": "2028-04-30"}
        found = self.changed(first, "2027-01-01", target="292400", profile=more)
        assert [Decimal(110_400), Decimal(146_000), Decimal(146_400), Decimal(292_400)] == [
            self.expected(found, day)
            for day in ("2027-01-31", "2027-04-30", "2027-05-01", "2028-04-30")
        ]

    def test_of_few_units_is_frozen_rounded_down(self) -> None:
        """Rule A1: 10 visits over 365 days, 6.7 by 31 December; 6 are due from then on."""
        first = version(unit="visits", target="10", profile=YEAR)
        found = self.changed(first, "2026-12-31", target="2")
        assert Decimal(6) == self.expected(found, "2027-04-30")

    def test_that_suspends_takes_out_its_own_first_day(self) -> None:
        """Example 22, decided on day 101: £1,000 a day without days 101 to 160."""
        profile = {"kind": "linear", "from": "2027-01-01", "to": "2027-12-31"}
        first = version(unit="GBP", target="365000", profile=profile)
        span = {"suspended": [["2027-04-11", "2027-06-09"]]}
        found = self.changed(first, "2027-04-11", profile=profile | span)
        assert [Decimal(140_000), Decimal(305_000)] == [
            self.expected(found, day) for day in ("2027-07-19", "2027-12-31")
        ]

    def test_of_steps_goes_on_with_those_that_are_still_due(self) -> None:
        """4 by June, 10 by December; from July on 16 by December instead."""
        steps = {"kind": "steps", "from": "2027-01-01"}
        first = version(
            target="10", profile=steps | {"steps": [["2027-06-30", "4"], ["2027-12-31", "10"]]}
        )
        found = self.changed(
            first,
            "2027-07-15",
            target="16",
            profile=steps | {"steps": [["2027-03-31", "9"], ["2027-12-31", "16"]]},
        )
        assert [Decimal(4), Decimal(16)] == [
            self.expected(found, day) for day in ("2027-11-30", "2027-12-31")
        ]

    @given(
        cut=st.integers(0, 40),
        target=st.integers(0, 2000),
        from_on=st.integers(0, 400),
        at=st.integers(0, 500),
    )
    def test_never_makes_less_expected(self, cut: int, target: int, from_on: int, at: int) -> None:
        """Law: from the change on, never below what was expected on its day, never falling."""
        start = date(2026, 5, 1).toordinal()
        before = profiles.Profile("linear", start, (profiles.Step(start + 364, Decimal(1000)),))
        after = profiles.Profile(
            "linear", start, (profiles.Step(start + 364 - cut, Decimal(target)),)
        )
        changed = profiles.change(before, after, start + from_on)
        frozen = Fraction(*profiles.expected(before, start + from_on))
        now = Fraction(*profiles.expected(changed, start + from_on + at))
        later = Fraction(*profiles.expected(changed, start + from_on + at + 1))
        end = Fraction(*profiles.expected(changed, start + 1000))
        assert frozen <= now <= later <= end == max(frozen, Fraction(target))
