"""Rules V1, V2, V3: example 14, and its neighbours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.verification.domain import places
from services.verification.domain.lines import POST_HOURS, Result
from shared.wire import ids
from tests.support import verification_builders as build

POSTCODES = [
    build.place("L36 9YU"),
    build.place("L36 4AR", terminated="2026-10"),
    build.place("L34 0HZ", introduced="2026-11"),
    build.place("L1 1AA", district="E08000012"),
    build.place("L1 2AA", district="E08000012", terminated="2026-09"),
]


def checked(line: dict[str, Any], **figures: Any) -> Result:
    council = build.Council(POSTCODES)
    council.receive(
        build.registered(),
        build.commitment(**({"area": build.KNOWSLEY} | figures)),
        build.returned(1, "2026-10", line),
    )
    return next(iter(council.results().values()))


def spend(postcode: str | None, day: str, **figures: Any) -> dict[str, Any]:
    return build.line(quantity="100", place={"postcode": postcode}, **{"from": day}, **figures)


class TestLocalArea:
    @pytest.mark.parametrize(
        ("postcode", "day", "outcome", "code"),
        [
            ("L36 4AR", "2026-10-31", "counted", None),
            ("L36 4AR", "2026-11-01", "counted", "postcode_terminated"),
            ("L36 4AR", "2027-11-01", "queried", "postcode_gone"),
            ("L1 1AA", "2026-10-31", "not_counted", "outside_area"),
            ("L36 4AR", "2027-10-30", "counted", "postcode_terminated"),
            ("L36 4AR", "2027-10-31", "queried", "postcode_gone"),
            ("L1 2AA", "2026-10-12", "not_counted", "outside_area"),
            ("L34 0HZ", "2026-10-31", "queried", "postcode_unknown"),
            ("L34 0HZ", "2026-11-01", "counted", None),
            ("L99 9ZZ", "2026-10-31", "queried", "postcode_unknown"),
            (None, "2026-10-31", "queried", "postcode_missing"),
            (" l369yu ", "2026-10-31", "counted", None),
        ],
    )
    def test_decides_by_postcode_and_day(
        self, postcode: str | None, day: str, outcome: str, code: str | None
    ) -> None:
        """Example 14, exactly twelve months, and what the directory does not know."""
        result = checked(spend(postcode, day))
        assert (result.outcome, [f.code for f in result.findings]) == (
            outcome,
            [] if code is None else [code],
        )

    @pytest.mark.parametrize(
        ("postcode", "found"),
        [("L1 1AA", "L1 1AA"), ("l999zz", "L99 9ZZ"), ("L36 4AR", "2026-10"), (None, None)],
    )
    def test_finds_the_postcode_or_the_month_in_which_it_ended(
        self, postcode: str | None, found: str | None
    ) -> None:
        """What people can check; the area is what was wanted."""
        (finding,) = checked(spend(postcode, "2027-11-01")).findings
        assert (found, "E08000011") == (finding.found, finding.wanted)

    def test_puts_the_figure_where_the_outcome_says(self) -> None:
        """Queried waits, not counted is nothing."""
        assert [
            (each.counted, each.queried)
            for each in (
                checked(spend("L36 9YU", "2026-10-12")),
                checked(spend(None, "2026-10-12")),
                checked(spend("L1 1AA", "2026-10-12")),
            )
        ] == [tuple(map(Decimal, each)) for each in ((100, 0), (0, 100), (0, 0))]

    def test_is_no_question_where_the_commitment_has_no_area(self) -> None:
        """Rule V3 belongs to the contract."""
        assert "counted" == checked(spend(None, "2026-10-12"), area=None).outcome

    @pytest.mark.parametrize("area", [{"gss": []}, {"gss": [], "edition": "e"}, {"gss": "x"}])
    def test_refuses_an_area_of_another_shape(self, area: dict[str, Any]) -> None:
        """Read once, at the door."""
        with pytest.raises(ValueError, match="area: "):
            places.read_area(area)

    def test_ends_a_leap_february_on_its_last_day(self) -> None:
        """Terminated 202802: live on 29 February, gone on 28 February a year later."""
        fact = places.PlaceFact(("E1",), "1980-01", "2028-02", "e")
        area = places.Area(("E1",), "e")
        assert ["inside", "inside_terminated", "gone"] == [
            places.judge(area, fact, day)
            for day in (date(2028, 2, 29), date(2028, 3, 1), date(2029, 2, 28))
        ]


class TestCommitment:
    @pytest.mark.parametrize(
        ("day", "outcome"), [("2026-10-11", "not_counted"), ("2026-10-12", "counted")]
    )
    def test_counts_from_the_day_it_is_active(self, day: str, outcome: str) -> None:
        """Rule V1: by the activity date."""
        result = checked(build.line(**{"from": day}), area=None, **{"from": "2026-10-12"})
        assert (result.outcome, [f.rule for f in result.findings]) == (
            outcome,
            ["V1"] if outcome == "not_counted" else [],
        )

    @pytest.mark.parametrize("figures", [{"state": "draft"}, {"state": "closed"}])
    def test_counts_nothing_unless_active(self, figures: dict[str, Any]) -> None:
        """Rule V1."""
        assert "not_counted" == checked(build.line(), area=None, **figures).outcome

    def test_counts_nothing_that_cites_another(self) -> None:
        """Rule V1: there is no such commitment."""
        result = checked(build.line(commitment_id="other"))
        assert "not_counted" == result.outcome
        assert ["commitment_unknown"] == [each.code for each in result.findings]

    def test_shows_all_findings_and_what_was_reported_where_it_is_not_active(self) -> None:
        """Finer point: a line that V1 refuses is held against the other rules too."""
        figures: Any = {"area": build.KNOWSLEY, "from": "2026-10-20"}
        council = build.Council(POSTCODES)
        council.receive(
            build.registered(),
            build.commitment(**figures),
            build.returned(1, "2026-10", spend("L1 1AA", "2026-10-12")),
        )
        (row,) = council.rows()
        assert ["commitment_not_active", "outside_area"] == [f.code for f in row.result.findings]
        assert "not_counted" == row.result.outcome
        assert 100 == row.value == council.sums().reported

    def test_takes_its_own_unit_only(self) -> None:
        """Rule V2."""
        result = checked(build.line(unit="hours"), area=None)
        assert [("V2", "hours", "GBP")] == [(f.rule, f.found, f.wanted) for f in result.findings]

    def test_counts_in_the_version_then_in_force(self) -> None:
        """Rule V1: the unit changes on 1 November."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(),
            build.commitment(version=2, unit="hours", **{"from": "2026-11-01"}),
            build.returned(
                1,
                "2026-11",
                build.line("1", **{"from": "2026-10-31"}),
                build.line("2", **{"from": "2026-11-01"}),
            ),
        )
        assert ["counted", "not_counted"] == [each.outcome for each in council.results().values()]


class TestQuantity:
    @pytest.mark.parametrize(
        ("figures", "counted"),
        [
            ({"quantity": "12.50", "attribution": "1.00"}, "12.50"),
            ({"quantity": "12.50", "attribution": "0.5"}, "6.25"),
        ],
    )
    def test_is_multiplied_by_its_share(self, figures: dict[str, Any], counted: str) -> None:
        """Measures and kinds: the value of a line is its quantity times its attribution."""
        assert str(checked(build.line(**figures), area=None).counted) == counted

    def test_of_a_post_is_its_hours_once_per_person(self) -> None:
        """Example 7: 20 of 37 hours, half of it ours, in two of the monthly lines."""
        post = {
            "commitment_id": "jobs",
            "unit": "FTE",
            "attribution": "0.5",
            "person": {"person_id": str(ids.derived("p")), "weekly_hours": "20"},
        }
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(
                commitment_id="jobs", measure="local-jobs", kind="post", unit="FTE", target="4"
            ),
            build.returned(1, "2026-10", build.line(**post)),
            build.returned(2, "2026-11", build.line(**post)),
        )
        results = [o.results[0] for o in council.outcomes if o.type == "ReturnChecked"]
        assert 10 == council.sums(commitment_id="jobs").provisional  # hours: 10/37 FTE
        assert [(r.outcome, r.provisional) for r in results] == [
            ("provisional", Decimal("0.27027")),
            ("not_counted", Decimal(0)),
        ]

    def test_of_a_post_without_weekly_hours_waits(self) -> None:
        """Posts: hours divided by 37, and nobody has said how many."""
        person = {"person_id": str(ids.derived("p"))}
        result = checked(
            build.line(unit="FTE", person=person), kind="post", unit="FTE", area=None, target="4"
        )
        assert ("queried", ["hours_missing"]) == (result.outcome, [f.code for f in result.findings])

    def test_of_distinct_things_counts_each_once(self) -> None:
        """Measures and kinds: a school counts once per contract."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(
                measure="schools-engaged", kind="distinct", unit="schools", target="5"
            ),
            build.returned(
                1,
                "2026-10",
                *(
                    build.line(str(i), unit="schools", place={"school": urn})
                    for i, urn in enumerate(("A", "B", "A"))
                ),
            ),
        )
        assert 2 == council.sums().counted

    @pytest.mark.parametrize(
        ("kind", "unit", "thing"),
        [
            ("done", "done", {}),
            ("distinct", "schools", {"place": {"school": "A"}}),
            ("post", "FTE", {"person": {"person_id": str(ids.derived("p")), "weekly_hours": "37"}}),
        ],
    )
    @pytest.mark.parametrize("order", [(0, 1), (1, 0)])
    def test_of_zero_uses_up_nothing(
        self, kind: str, unit: str, thing: dict[str, Any], order: tuple[int, int]
    ) -> None:
        """Rule V6: October's nothing claims nothing, so November's one counts, in either order."""
        both = [
            build.returned(1, "2026-10", build.line("1", "0", unit=unit, **thing)),
            build.returned(2, "2026-11", build.line("1", "1", unit=unit, **thing)),
        ]
        council = build.Council()
        council.receive(build.registered(), build.commitment(kind=kind, unit=unit, target="1"))
        council.receive(*(both[n] for n in order))
        sums = council.sums()
        assert (POST_HOURS if kind == "post" else 1) == sums.counted + sums.provisional

    def test_of_an_invoice_says_no_net_total_where_it_is_nothing(self) -> None:
        """Rule V6: the net total is that of the lowest claim that uses some of it."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(),
            build.returned(
                1, "2026-10", build.line("1", "0", invoice=build.invoice(net_total="0"))
            ),
            build.returned(2, "2026-11", build.line("1", "900", invoice=build.invoice())),
        )
        assert 900 == council.sums().counted
