"""Which lines an alert is about (rule L1)."""

from __future__ import annotations

from typing import Any

import msgspec

from services.verification.domain import meant
from tests.support import verification_builders as build

POSTCODES = [build.place("L36 9YU"), build.place("L1 1AA", district="E08000012")]


def spend(line_id: str, postcode: str) -> dict[str, Any]:
    return build.line(line_id, "100.00", place={"postcode": postcode})


def council() -> build.Council:
    """Line 2 of October is outside the area, line 2 of November has an unknown postcode."""
    made = build.Council(POSTCODES)
    made.receive(build.registered(), build.commitment(area=build.KNOWSLEY))
    made.file(
        build.returned(1, "2026-10", spend("1", "L36 9YU"), spend("2", "L1 1AA")),
        build.returned(2, "2026-11", spend("1", "L36 9YU"), spend("2", "L99 9ZZ")),
    )
    return made


def found(made: build.Council, **changes: Any) -> list[tuple[str, str]]:
    """The lines that October's shortfall, or one changed like this, is about."""
    (opened,) = made.alerts
    changed = msgspec.structs.replace(opened, **changes)
    return [(line.period, line.line_id) for line in meant.lines(changed, made.rows())]


class TestTheLinesMeant:
    def test_are_those_of_the_month_what_does_not_count_first(self) -> None:
        """Later months came after the alert."""
        assert [("2026-10", "2"), ("2026-10", "1")] == found(council())

    def test_are_also_those_of_earlier_months_that_do_not_count(self) -> None:
        """The latest month first; what counted of October is not among them."""
        expected = [("2026-11", "2"), ("2026-10", "2"), ("2026-11", "1")]
        assert expected == found(council(), period="2026-11")

    def test_are_none_of_another_commitment_a_recovery_or_a_missing_return(self) -> None:
        """There is nothing to look at."""
        made = council()
        assert [] == found(made, commitment_id="visits")
        assert [] == found(made, kind="shortfall_recovered")
        assert [] == found(made, kind="return_overdue", commitment_id=None)

    def test_of_a_duplicate_is_the_line_itself(self) -> None:
        """By party, month and line, so that a revision of it is found too."""
        what = {"kind": "duplicate_claim", "subject": "the-first-revision/2", "period": "2026-11"}
        assert [("2026-11", "2")] == found(council(), **what)
