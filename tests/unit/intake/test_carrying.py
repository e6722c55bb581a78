"""What goes on from one month to the next: people in post and weeks, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from services.intake.domain import carrying
from shared import catalogue
from tests.support import intake_builders as build

OCTOBER: Final = carrying.Span(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER: Final = carrying.Span(date(2026, 11, 1), date(2026, 11, 30))
PROMISES: Final = {
    "apprentices": catalogue.by_code["apprentices-started"],
    "weeks": catalogue.by_code["apprenticeship-weeks"],
    "local-spend": catalogue.by_code["local-spend"],
    "schools": catalogue.by_code["school-visits"],
    "training": catalogue.by_code["participant-hours"],
}
WEEKS: Final = {
    "line_id": "5",
    "commitment_id": "weeks",
    "quantity": "3",
    "unit": "weeks",
    "from": "2026-10-01",
    "to": "2026-10-28",
    "person": {"employer_id": build.PARTY, "ref": "APP-014", "weekly_hours": "37"},
    "place": {"postcode": "L36 9YU"},
    "evidence": [{"reference": "a", "sha256": "0" * 64}],
    "note": "First year",
}


def carried(*before: Any, now: Any = ()) -> list[dict[str, Any]]:
    found = carrying.carry(before, now, PROMISES, NOVEMBER)
    return [dict(each.line) for each in found]


class TestCarrying:
    def test_takes_posts_and_weeks(self) -> None:
        """Not spend, visits or training: each counts once."""
        lines = carried(build.APPRENTICE, build.SPEND, build.VISIT, build.TRAINING, WEEKS)
        assert ["apprentices", "weeks"] == [line["commitment_id"] for line in lines]

    def test_gives_a_post_the_days_of_the_new_month(self) -> None:
        """In post on its last day; without number, note and evidence."""
        (line,) = carried(build.APPRENTICE)
        person = dict(build.APPRENTICE["person"]) | {"in_post_on": "2026-11-30"}
        del person["left_on"]
        assert {
            "commitment_id": "apprentices",
            "quantity": "1",
            "unit": "FTE",
            "attribution": "1.00",
            "from": "2026-11-01",
            "person": person,
            "place": {"postcode": "L36 9YU"},
        } == line

    def test_gives_weeks_the_whole_month(self) -> None:
        """Five Sundays, 1 to 29 November. The week that ends on the 1st has no weekday in November;
        with October's line up to the 28th it has three: Monday to Wednesday."""
        (line,) = carried(WEEKS)
        assert ("2026-11-01", "2026-11-30", "5") == (line["from"], line["to"], line["quantity"])
        assert {"evidence", "note", "line_id"}.isdisjoint(line)
        (line,) = carried({**WEEKS, "to": "2026-10-27"})
        assert "4" == line["quantity"]

    def test_leaves_out_who_has_left(self) -> None:
        assert [] == carried(build.a_line(person__left_on="2026-10-20"))

    def test_leaves_out_who_is_there_already(self) -> None:
        """However the reference is spelt; on another promise it is another matter."""
        again = build.a_line(person__ref="app 014")
        assert [] == carried(build.APPRENTICE, now=[again])
        assert 1 == len(carried(build.APPRENTICE, now=[WEEKS]))
        assert 1 == len(carried(build.APPRENTICE, again))

    def test_leaves_out_what_is_promised_no_more(self) -> None:
        assert [] == carried(build.a_line(commitment_id="gone"))

    def test_lets_somebody_leave(self) -> None:
        """On a day; who left is not in post on the last day."""
        (each,) = carrying.carry([build.APPRENTICE], (), PROMISES, NOVEMBER)
        line = carrying.leave(each, "2026-11-12")
        assert "2026-11-12" == line["person"]["left_on"]
        assert "in_post_on" not in line["person"]
        assert "2026-11-30" == each.line["person"]["in_post_on"]


class TestWeeks:
    @pytest.mark.parametrize(
        ("month", "before", "count"),
        [
            (OCTOBER, None, 3),  # Sundays 4, 11, 18, 25; the first week has Thursday and Friday
            (OCTOBER, carrying.Span(date(2026, 9, 1), date(2026, 9, 30)), 4),
            (OCTOBER, carrying.Span(date(2026, 9, 1), date(2026, 9, 27)), 3),
            (NOVEMBER, None, 4),  # Sundays 1, 8, 15, 22, 29; the first week has no weekday
        ],
    )
    def test_are_those_whose_sunday_lies_in_the_month(
        self, month: carrying.Span, before: carrying.Span | None, count: int
    ) -> None:
        """With three weekdays or more that were worked."""
        assert count == carrying.weeks(month, before)
