"""What deciding a queried line changes (rules A2, A5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.verification.domain import deciding
from services.verification.domain.deciding import Change
from services.verification.domain.lines import Line
from shared.wire import events
from tests.support import verification_builders as build

AREA: dict[str, Any] = {"area": build.KNOWSLEY}
LOST: dict[str, Any] = {"place": {"postcode": "L99 9ZZ"}}
"""A postcode that the directory does not have: the line waits for the council."""


def a_council(*amounts: str, counted: str = "15000") -> build.Council:
    """£600,000 over 731 days: £25,444.60 is due by 31 October 2026. `counted` of it counts; each of
    `amounts` is a line that waits."""
    council = build.Council([build.place("L36 9YU")])
    council.receive(build.registered(), build.commitment(**AREA))
    lines = [build.line("0", counted, place={"postcode": "L36 9YU"})]
    lines += [build.line(f"{n}", each, **LOST) for n, each in enumerate(amounts, 1)]
    council.file(build.returned(1, "2026-10", *lines))
    return council


def waiting(council: build.Council, line_id: str = "1") -> Line:
    line = council.table["C1"]["2026-10", build.SUPPLIER, line_id]
    assert "queried" == line.result.outcome
    return line


def changes(council: build.Council, line_id: str = "1") -> Any:
    return deciding.changes(council.states["C1"], waiting(council, line_id))


class TestChanges:
    def test_are_those_of_the_rating_that_waits(self) -> None:
        """15,000 is 58.9% of what is due and would be Inadequate; with 11,000 it is 26,000: Good.
        Till then it is Other."""
        assert (Change("2026-10", "Other", "Good"),) == changes(a_council("11000"))

    @pytest.mark.parametrize(
        ("amount", "then"),
        [
            ("10444.59", "Approaching target"),  # two thirds of a penny are missing
            ("10444.60", "Good"),
            ("8000", "Approaching target"),  # 23,000 is 90.3%
            ("7000", "Requires improvement"),  # 22,000 is 86.4%
        ],
    )
    def test_are_reckoned_by_the_bands(self, amount: str, then: events.Rating) -> None:
        assert (Change("2026-10", "Other", then),) == changes(a_council(amount))

    def test_are_none_where_it_makes_no_difference(self) -> None:
        """With 500 more it is Inadequate as before."""
        assert () == changes(a_council("500"))

    def test_are_none_while_another_line_holds_the_rating(self) -> None:
        """Line 1 alone makes 20,000 (78.6%); with line 2 it could be Good, so it stays Other."""
        council = a_council("5000", "6000")
        assert () == changes(council, "1")
        assert () == changes(council, "2")

    def test_reach_to_every_later_month_that_waits(self) -> None:
        """By 30 November 50,068.40 is due: 15,000 and 26,000 count, and 11,000 more is Good."""
        council = a_council("11000")
        council.file(
            build.returned(2, "2026-11", build.line("0", "26000", place={"postcode": "L36 9YU"}))
        )
        assert (
            Change("2026-10", "Other", "Good"),
            Change("2026-11", "Other", "Good"),
        ) == changes(council)

    def test_leave_a_final_rating_alone(self) -> None:
        """What was rated without the line stands once its due day is over; what waits does not."""
        council = a_council("11000")
        council.end_month("2026-11")
        state = council.states["C1"]
        rated = state.commitments["spend"].ratings["2026-10"]
        final = msgspec.structs.replace(rated, rating="Inadequate", reason=None)
        state.commitments["spend"].ratings["2026-10"] = final
        assert state.closed_through >= "2026-10"
        found = changes(council)
        assert "2026-10" not in [each.period for each in found]

    def test_are_unknown_before_a_month_is_rated(self) -> None:
        """October has not ended."""
        council = build.Council([build.place("L36 9YU")])
        council.receive(build.registered(), build.commitment(**AREA))
        council.receive(build.returned(1, "2026-10", build.line("1", "100", **LOST)))
        assert changes(council) is None

    def test_are_unknown_of_what_was_forgotten(self) -> None:
        council = a_council("11000")
        line = waiting(council)
        council.states["C1"].commitments["spend"].forgotten_through = "2026-10"
        assert deciding.changes(council.states["C1"], line) is None
        assert (
            deciding.changes(
                council.states["C1"], msgspec.structs.replace(line, commitment_id="gone")
            )
            is None
        )

    def test_touch_nothing(self) -> None:
        """The state that is asked stays as it was."""
        council = a_council("11000")
        before = msgspec.json.encode(council.states["C1"])
        changes(council)
        assert before == msgspec.json.encode(council.states["C1"])

    def test_come_true(self) -> None:
        """A revision that says the same with a postcode that is known leads to the very rating."""
        council = a_council("11000")
        (change,) = changes(council)
        lines = [
            build.line(n, each, place={"postcode": "L36 9YU"})
            for n, each in (("0", "15000"), ("1", "11000"))
        ]
        council.receive(build.returned(2, "2026-10", *lines, revision=2, day="2026-11-05"))
        rated = council.states["C1"].commitments["spend"]
        assert change.then == rated.ratings["2026-10"].rating
        assert Decimal(26000) == rated.total.counted
