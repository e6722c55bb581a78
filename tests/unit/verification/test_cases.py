"""Rules C1, C2, C4 and A5: what ratings do to cases, and when ratings are replaced."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest

from services.verification.domain import cases
from services.verification.domain.cases import Case, Rated
from shared import calendar
from shared.wire import ids
from tests.support import verification_builders as build

SECOND = "GB-COH-00000009"


def hours(target: str = "24", **figures: Any) -> Any:
    """An hour a month, by steps, unless told."""
    months = [f"2026-{m:02}-28" for m in (10, 11, 12)] + [f"2027-{m:02}-28" for m in range(1, 10)]
    steps = [[day, str(10 * (place + 1))] for place, day in enumerate(months)]
    return build.commitment(
        **{
            "commitment_id": "hours",
            "measure": "participant-hours",
            "unit": "hours",
            "target": "120",
            "profile": {"kind": "steps", "from": "2026-10-01", "steps": steps},
        }
        | figures
    )


def line(quantity: str) -> dict[str, Any]:
    return build.line("1", quantity, commitment_id="hours", unit="hours")


def a_council(*more: Any, suppliers: tuple[str, ...] = (build.SUPPLIER,)) -> build.Council:
    council = build.Council()
    council.receive(build.registered(suppliers=suppliers), hours(), *more)
    return council


SUBJECT = cases.Subject("shortfall", commitment_id="hours")
CASE_ID = UUID(int=1)


def moves(moved_from: cases.CaseState, to: cases.CaseState) -> bool:
    """Whether a case in one state can be moved to the other."""
    try:
        cases.move(SUBJECT, Case(CASE_ID, moved_from, "2026-10", "Inadequate"), to, "because")
    except AssertionError:
        return False
    return True


class TestLifeOfACase:
    def test_is_a_table(self) -> None:
        """Rule C2: what is not in it is refused."""
        allowed = {(None, "opened")} | {
            (moved_from, to)
            for moved_from, to in itertools.product(get_args(cases.CaseState), repeat=2)
            if moves(moved_from, to)
        }
        closing = {
            (state, end)
            for state in ("opened", "notified", "replied", "plan_agreed", "reassessed")
            for end in ("resolved_completely", "withdrawn")
        }
        assert (
            closing
            | {
                (None, "opened"),
                ("opened", "notified"),
                ("notified", "replied"),
                ("notified", "reassessed"),
                ("replied", "plan_agreed"),
                ("plan_agreed", "reassessed"),
                ("reassessed", "resolved_partly"),
                ("reassessed", "resolved_not"),
            }
            == allowed
        )

    def test_ends_in_closed_states(self) -> None:
        """From those nothing leads on."""
        assert [
            "resolved_completely",
            "resolved_partly",
            "resolved_not",
            "withdrawn",
        ] == [state for state in cases.MOVES if state and not cases.is_open(state)]

    def test_begins_opened(self) -> None:
        """A case cannot begin in any other state."""
        for state in get_args(cases.CaseState):
            case = Case(CASE_ID, state, "2026-10", "Inadequate")
            if state == "opened":
                assert None is cases.open_(SUBJECT, case, "rated_behind").moved_from
            else:
                with pytest.raises(AssertionError):
                    cases.open_(SUBJECT, case, "rated_behind")

    def test_is_told_as_a_move(self) -> None:
        """Where it was, where it is, and why; the case itself is replaced."""
        case = Case(CASE_ID, "notified", "2026-10", "Inadequate")
        move = cases.move(SUBJECT, case, "reassessed", "no_reply")
        assert ("notified", "reassessed", "no_reply") == (
            move.moved_from,
            move.case.state,
            move.reason,
        )
        assert "notified" == case.state


WORDS = {
    "G": ("Good", True),
    "A": ("Approaching target", False),
    "R": ("Requires improvement", False),
    "I": ("Inadequate", False),
    "O": ("Other", None),
    "g": ("Good", None),
}


def ratings(messages: str) -> dict[str, Rated]:
    return {
        f"2026-{place + 1:02}": Rated(WORDS[message][0], None, WORDS[message][1])  # type: ignore[arg-type]
        for place, message in enumerate(messages)
    }


class TestOpening:
    @pytest.mark.parametrize(
        ("messages", "period", "step"),
        [
            ("R", 1, "open"),
            ("I", 1, "open"),
            ("A", 1, None),
            ("AA", 2, "open"),
            ("AOA", 3, "open"),
            ("AGA", 3, None),
            ("O", 1, None),
            ("RG", 1, None),
            ("RA", 1, "open"),
            ("AA", 1, "open"),
        ],
    )
    def test_follows_the_ratings(self, messages: str, period: int, step: str | None) -> None:
        """Rule C1: Other neither counts nor resets; a late rating opens nothing once Good."""
        assert cases.effect(None, ratings(messages), f"2026-{period:02}") == step


class TestOpenCase:
    @pytest.mark.parametrize(
        ("messages", "period", "step"),
        [
            ("R", 1, None),
            ("G", 1, "withdraw"),
            ("A", 1, "withdraw"),
            ("RI", 2, "worsen"),
            ("RA", 2, None),
            ("RG", 2, None),
            ("RGG", 3, "recover"),
            ("RGgG", 4, "recover"),
            ("RGOG", 4, "recover"),
            ("RGAG", 4, None),
        ],
    )
    def test_follows_the_ratings(self, messages: str, period: int, step: str | None) -> None:
        """Rules A5, C4: opened in the first period at Requires improvement."""
        case = Case(ids.derived("case"), "opened", "2026-01", "Requires improvement")
        assert cases.effect(case, ratings(messages), f"2026-{period:02}") == step


class TestFewApprentices:
    def test_open_a_case_after_approaching_twice(self) -> None:
        """Example 3, from the returns on: nothing due in March, one behind in April and May."""
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(
                commitment_id="apprentices",
                measure="apprentices-started",
                kind="post",
                unit="FTE",
                target="4",
            ),
        )
        periods = ["2026-10", "2026-11", "2026-12", *(f"2027-{m:02}" for m in range(1, 6))]
        council.file(*(build.returned(i + 1, period) for i, period in enumerate(periods)))
        assert [
            ("2027-03", "Other"),
            ("2027-04", "Approaching target"),
            ("2027-05", "Approaching target"),
        ] == council.ratings("apprentices")[-3:]
        assert [("opened", "approaching_twice")] == council.moves()
        assert [("shortfall_opened", 1, 0, 1)] == [
            (a.kind, a.expected, a.low, a.gap) for a in council.alerts
        ]


class TestPeriod:
    def test_is_assessed_when_all_suppliers_are_in(self) -> None:
        """Rule A5: earlier arrivals open nothing."""
        council = a_council(suppliers=(build.SUPPLIER, SECOND))
        council.receive(build.returned(1, "2026-10", line("4")))
        early = council.ratings("hours")
        council.file(build.returned(2, "2026-10", line("6"), party_id=SECOND))
        assert ([], [("2026-10", "Good")]) == (early, council.ratings("hours"))

    def test_is_not_assessed_before_it_has_ended(self) -> None:
        """Rule A5: November's return, sent on 16 November, is rated when 30 November is over."""
        council = a_council()
        council.days("2026-10-01", "2026-11-15")
        council.receive(build.returned(1, "2026-11", line("5"), day="2026-11-16"))
        council.days("2026-11-16", "2026-11-29")
        early = [period for period, _ in council.ratings("hours")]
        council.receive(build.returned(2, "2026-10", line("10"), day="2026-11-30"))
        council.days("2026-11-30", "2026-11-30")
        assert ["2026-10"] == early
        assert [
            ("2026-10", "Other"),
            ("2026-10", "Good"),
            ("2026-11", "Requires improvement"),
        ] == council.ratings("hours")
        (opened,) = [alert for alert in council.alerts if alert.kind == "shortfall_opened"]
        assert calendar.midnight_after(date(2026, 11, 30)) == opened.occurred_at

    def test_is_assessed_at_the_end_of_the_due_day_with_what_there_is(self) -> None:
        """Rule A5: missing is not zero."""
        council = a_council()
        council.days("2026-10-01", "2026-11-12")
        before = council.ratings("hours")
        council.days("2026-11-13", "2026-11-13")
        assessed = council.outcomes[-1].assessments[0]
        assert ([], "Other", "data_missing") == (before, assessed.rating, assessed.reason)
        assert [] == council.moves()

    def test_is_good_without_data_where_low_already_is(self) -> None:
        """Rule A5: October brought two months' worth."""
        council = a_council()
        council.receive(build.returned(1, "2026-10", line("20")))
        council.days("2026-10-29", "2026-12-14")
        assert [("2026-10", "Good"), ("2026-11", "Good")] == council.ratings("hours")

    def test_is_rated_anew_by_a_revision_until_the_due_day_ends(self) -> None:
        """Rule A5: and the case that it alone opened is withdrawn."""
        council = a_council()
        council.file(build.returned(1, "2026-10", line("5")))
        council.receive(build.returned(2, "2026-10", line("10"), revision=2, day="2026-11-02"))
        assert [("2026-10", "Inadequate"), ("2026-10", "Good")] == council.ratings("hours")
        assert [("opened", "rated_behind"), ("withdrawn", "rating_replaced")] == council.moves()
        assert ["shortfall_opened"] == [a.kind for a in council.alerts]

    def test_keeps_its_rating_after_the_due_day(self) -> None:
        """Rule A9: a later revision changes what counts, not what was known."""
        council = a_council()
        council.receive(build.returned(1, "2026-10", line("5")))
        council.days("2026-10-29", "2026-11-13")
        council.receive(build.returned(2, "2026-10", line("10"), revision=2, day="2026-11-16"))
        assert [("2026-10", "Inadequate")] == council.ratings("hours")
        assert 10 == council.sums(commitment_id="hours").counted

    def test_is_rated_when_the_missing_return_comes_and_that_stands(self) -> None:
        """Rule A5: with the period after it, which waited too."""
        council = a_council()
        council.days("2026-10-01", "2026-11-13")
        council.receive(build.returned(1, "2026-11", line("10"), day="2026-12-01"))
        council.days("2026-11-14", "2026-12-14")
        waiting = council.ratings("hours")
        council.receive(build.returned(2, "2026-10", line("10"), day="2026-12-16"))
        council.receive(build.returned(3, "2026-10", line("0"), revision=2, day="2026-12-17"))
        assert [("2026-10", "Other"), ("2026-11", "Other")] == waiting
        assert [("2026-10", "Good"), ("2026-11", "Good")] == council.ratings("hours")[2:]

    def test_misses_a_return_that_is_withdrawn_before_the_due_day(self) -> None:
        """Rule A5: its rating is replaced, its case withdrawn, and the next revision rated."""
        council = a_council()
        sent = build.returned(1, "2026-10", line("5"))
        council.file(sent)
        council.receive(build.withdrawn(2, sent, "2026-11-02"))
        council.receive(build.returned(3, "2026-10", line("10"), revision=2, day="2026-11-03"))
        assert [
            ("2026-10", "Inadequate"),
            ("2026-10", "Other"),
            ("2026-10", "Good"),
        ] == council.ratings("hours")
        assert [("opened", "rated_behind"), ("withdrawn", "rating_replaced")] == council.moves()

    def test_waits_for_the_council_and_is_rated_when_it_is_free(self) -> None:
        """Rules A2, A5: an invoice without a postcode; a revision brings it after the due day."""
        profile = {"kind": "milestone", "from": "2026-10-01", "by": "2026-10-31"}
        council = build.Council([build.place("L36 9YU")])
        council.receive(
            build.registered(),
            build.commitment(area=build.KNOWSLEY, target="100", profile=profile),
            build.returned(1, "2026-10", build.line("1", "100")),
        )
        council.days("2026-10-29", "2026-11-13")
        place = {"postcode": "L36 9YU"}
        council.receive(
            build.returned(
                2, "2026-10", build.line("1", "100", place=place), revision=2, day="2026-11-16"
            )
        )
        assert [("2026-10", "Other"), ("2026-10", "Good")] == council.ratings()
        assert [] == council.moves()


class TestShortfall:
    def test_opens_worsens_and_is_made_good(self) -> None:
        """Rules C1, C4, L1: one alert per change, with figures."""
        council = a_council()
        for number, (period, quantity) in enumerate(
            [("2026-10", "8"), ("2026-11", "4"), ("2026-12", "18"), ("2027-01", "10")]
        ):
            council.file(build.returned(number + 1, period, line(quantity)))
        assert [
            ("shortfall_opened", "2026-10", 10, 8, 2, "Requires improvement"),
            ("shortfall_worsened", "2026-11", 20, 12, 8, "Inadequate"),
            ("shortfall_recovered", "2027-01", 40, 40, 0, "Good"),
        ] == [(a.kind, a.period, a.expected, a.low, a.gap, a.rating) for a in council.alerts]
        assert [
            ("opened", "rated_behind"),
            ("resolved_completely", "two_good_periods"),
        ] == council.moves()

    def test_is_not_ended_by_a_period_whose_own_return_is_missing(self) -> None:
        """Example 21: Good, own return missing, Good: open after the second, resolved then."""
        council = a_council()
        council.file(build.returned(1, "2026-10", line("5")))
        council.receive(build.returned(2, "2026-11", line("40")))
        council.days("2026-11-29", "2027-01-16")
        still_open = council.states["C1"].commitments["hours"].case is not None
        council.days("2027-01-17", "2027-01-31")
        council.receive(build.returned(3, "2027-01", line("5"), day="2027-02-01"))
        assert still_open
        assert [rating for _, rating in council.ratings("hours")] == ["Inadequate", *["Good"] * 3]
        assert ("resolved_completely", "two_good_periods") in council.moves()

    def test_names_what_it_rests_on(self) -> None:
        """Rule A9."""
        council = a_council()
        council.file(build.returned(1, "2026-10", line("5")))
        (found,) = council.outcomes[1].assessments
        assert msgspec.json.decode(msgspec.json.encode(found)) == {
            "commitment_id": "hours",
            "commitment_version": 1,
            "period": "2026-10",
            "target": "120",
            "expected": "10/1",
            "counted": "5",
            "low": "5",
            "high": "5",
            "attainment": "1/2",
            "rating": "Inadequate",
            "bands": "makegood-bands-1",
            "returns": [str(build.return_id("2026-10"))],
            "inputs": 4,
        }
