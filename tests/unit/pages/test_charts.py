"""Charts: where each figure stands, worked out by hand from the size of the drawing."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.pages import charts, months, sparks, templates
from shared.pages.charts import Counted, Days, Point

YEAR = (date(2025, 12, 31), date(2026, 12, 31))
"""A line over 365 days."""


def course(**changes: Any) -> charts.Course:
    """£400,000 over 2026, so that the axis of the wide drawing goes from 67 to 628, and from 270 up
    to 28: nothing is at 270, £100,000 at 209.5, £200,000 at 149."""
    values: dict[str, Any] = {
        "name": "course",
        "title": "Spend: due and counted",
        "description": "A sentence.",
        "caption": "A finding.",
        "unit": "GBP",
        "target": Decimal(400_000),
        "due": [Point(YEAR[0], Decimal(0)), Point(YEAR[1], Decimal(400_000))],
        "counted": [],
    }
    return charts.Course(**(values | changes))


def drawn(**changes: Any) -> charts.Drawing:
    """The wide drawing."""
    chart = charts.course(course(**changes))
    assert chart is not None
    return chart.drawings[0]


def paths(drawing: charts.Drawing, kind: str) -> list[str]:
    return [shape.path for shape in drawing.shapes if shape.kind == kind]


def label(drawing: charts.Drawing, begins: str) -> charts.Label:
    (found,) = [each for each in drawing.labels if each.text.startswith(begins)]
    return found


def counted(day: date, low: int, high: int | None = None, due: int | None = None) -> Counted:
    waits = Decimal(low if high is None else high)
    return Counted(day, Decimal(low), waits, None if due is None else Decimal(due))


class TestTicks:
    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (["365000"], ["0", "100000", "200000", "300000", "400000"]),
            (["24"], ["0", "10", "20", "30"]),
            (["8"], ["0", "2", "4", "6", "8"]),
            (["0"], ["0", "0.5", "1.0"]),
            ([], ["0", "0.5", "1.0"]),
            (["0.07"], ["0.00", "0.02", "0.04", "0.06", "0.08"]),
            (["-200", "1000"], ["-500", "0", "500", "1000"]),
            (["-30"], ["-30", "-20", "-10", "0"]),
            (["99999999999999999999"], ["0", "5E+19", "1E+20"]),
        ],
    )
    def test_are_round_begin_at_zero_and_hold_everything(
        self, values: list[str], expected: list[str]
    ) -> None:
        found = charts.ticks(map(Decimal, values))
        assert list(map(Decimal, expected)) == list(found)
        assert len(found) <= charts.TICKS_MAX

    def test_are_whole_where_there_is_no_half(self) -> None:
        assert (Decimal(0), Decimal(1)) == charts.ticks([Decimal(1)], is_whole=True)


class TestCourse:
    def test_puts_each_figure_at_the_end_of_its_day(self) -> None:
        """30 June is day 181 of 365: 67 + 561 × 181 / 365 = 345.2. Of 31 March, day 90, 205.3."""
        drawing = drawn(
            counted=[counted(date(2026, 3, 31), 0), counted(date(2026, 6, 30), 100_000)]
        )
        assert (640, 320) == (drawing.width, drawing.height)
        assert ["M67 270L628 28"] == paths(drawing, "due")
        assert ["M205.3 270L345.2 209.5"] == paths(drawing, "counted")
        assert ["M67 28H628"] == paths(drawing, "target")
        assert ["M67 270H628"] == paths(drawing, "axis")
        assert ["M628 28V276"] == paths(drawing, "end")
        assert ["M205.3 270h0M345.2 209.5h0"] == paths(drawing, "dots")

    def test_is_drawn_narrow_too(self) -> None:
        """From 67 to 308, and from 206 up to 28."""
        chart = charts.course(course())
        assert chart is not None
        assert (320, 256) == (chart.drawings[1].width, chart.drawings[1].height)
        assert ["M67 206L308 28"] == paths(chart.drawings[1], "due")

    def test_hatches_what_waits_from_the_month_before(self) -> None:
        """£200,000 counts and £100,000 waits by 30 June."""
        drawing = drawn(
            counted=[counted(date(2026, 3, 31), 0), counted(date(2026, 6, 30), 200_000, 300_000)]
        )
        assert ["M205.3 270L345.2 149L345.2 88.5L205.3 270Z"] == paths(drawing, "waiting")
        assert "£100,000 waits" == label(drawing, "£100,000 w").text

    def test_shades_suspended_days(self) -> None:
        """1 July to 30 September: from the end of day 181 to that of day 273, 486.6."""
        drawing = drawn(suspended=[Days(date(2026, 7, 1), date(2026, 9, 30))])
        assert ["M345.2 28H486.6V270H345.2Z"] == paths(drawing, "suspended")
        assert "349.2" == label(drawing, "Suspended").x

    def test_writes_at_the_ends_of_its_lines(self) -> None:
        """Behind: what was due, £200,000 at 149, above to the left, what counts below to the
        right."""
        drawing = drawn(counted=[counted(date(2026, 7, 2), 100_000, due=200_000)])
        due, counts = label(drawing, "Due"), label(drawing, "Counts £")
        assert ("end", "start") == (due.anchor, counts.anchor)
        assert float(due.y) < 149
        assert float(counts.y) > 209.5
        assert "Counts £100,000" == counts.text
        ahead = drawn(counted=[counted(date(2026, 7, 2), 300_000, due=200_000)])
        assert ("start", "end") == (label(ahead, "Due").anchor, label(ahead, "Counts £").anchor)

    def test_writes_nothing_beside_the_drawing(self) -> None:
        """Whatever the figures are, at the first day and at the last."""
        for low in (0, 400_000, -400_000, 10**20):
            for day in (date(2026, 1, 1), YEAR[1]):
                chart = charts.course(course(counted=[counted(day, low, due=400_000)]))
                assert chart is not None
                for drawing in chart.drawings:
                    for each in drawing.labels:
                        width = len(each.text) * 7
                        left = float(each.x) - (width if each.anchor == "end" else 0)
                        assert left >= 0, each
                        if low < 10**20:
                            assert left + width <= drawing.width, each
                        assert 0 < float(each.y) <= drawing.height, each

    def test_begins_below_zero_only_where_a_figure_does(self) -> None:
        """£400,000 taken off: zero is in the middle, at 149."""
        drawing = drawn(counted=[counted(YEAR[1], -400_000)])
        (axis,) = paths(drawing, "axis")
        assert axis.endswith(" 149H628")

    def test_of_one_month_is_a_dot(self) -> None:
        drawing = drawn(counted=[counted(date(2026, 6, 30), 100_000)])
        assert [] == paths(drawing, "counted")
        assert 1 == paths(drawing, "dots")[0].count("M")

    def test_of_one_day_alone_has_room(self) -> None:
        drawing = drawn(due=[], counted=[counted(date(2026, 6, 30), 0)], target=Decimal(0))
        assert 1 == paths(drawing, "dots")[0].count("M")

    def test_of_nothing_is_none(self) -> None:
        assert charts.course(course(due=[], counted=[])) is None

    def test_keeps_the_stairs_of_steps(self) -> None:
        """Two points a day apart."""
        due = [
            Point(YEAR[0], Decimal(0)),
            Point(date(2026, 6, 29), Decimal(0)),
            Point(date(2026, 6, 30), Decimal(400_000)),
            Point(YEAR[1], Decimal(400_000)),
        ]
        assert ["M67 270L343.7 270L345.2 28L628 28"] == paths(drawn(due=due), "due")

    def test_draws_a_long_life_with_few_points(self) -> None:
        """Sixty at most, the first and the last among them; small dots."""
        days = [date(2026, 1, 1) + timedelta(days=n) for n in range(2_000)]
        drawing = drawn(due=[], counted=[counted(day, 1) for day in days])
        (dots,) = paths(drawing, "small-dots")
        assert charts.POINTS_MAX == dots.count("M")
        (path,) = paths(drawing, "counted")
        assert charts.POINTS_MAX == path.count("L") + 1

    def test_names_as_many_months_as_there_is_room_for(self) -> None:
        months_ = [each.text for each in drawn().labels if each.text.endswith(" 2026")]
        assert ["Jan 2026", "Mar 2026", "May 2026", "Jul 2026", "Sep 2026", "Nov 2026"] == [
            each for each in months_ if not each.startswith("Ends")
        ]


class TestSpark:
    @pytest.mark.parametrize(
        ("values", "path", "whole"),
        [
            (["50", "100"], "M3 21L93 8.1", "M0 8.1H96"),  # 3 + 18 × 20 / 70
            (["0", "200"], "M3 21L93 3", "M0 12H96"),
            (["-5", "900"], "M3 21L93 3", "M0 12H96"),
            (["9", "0", "100", "0", "0", "0", "0"], None, None),
        ],
    )
    def test_goes_from_left_to_right(
        self, values: list[str], path: str | None, whole: str | None
    ) -> None:
        """Of more than six months the last six."""
        spark = sparks.spark(list(map(Decimal, values)))
        assert spark is not None
        if path is None:
            assert sparks.SPARK_MONTHS == spark.path.count("L") + 1
            return
        assert (path, whole) == (spark.path, spark.whole)

    def test_needs_two_months(self) -> None:
        assert sparks.spark([Decimal(81)]) is None
        assert sparks.spark([]) is None


class TestMonths:
    def test_have_their_year_where_it_begins_and_a_key(self) -> None:
        rows = [
            months.Squares(
                "A",
                (
                    months.Square("in_time", "in time", "supplier:/returns/1"),
                    months.Square("missing", "missing"),
                    months.Square("in_time", "in time"),
                ),
            )
        ]
        words: dict[months.Mark, str] = {"in_time": "in time", "late": "late", "missing": "missing"}
        shown = months.months("Returns", ["2026-11", "2026-12", "2027-01"], rows, words)
        assert [("Nov", "2026"), ("Dec", ""), ("Jan", "2027")] == list(map(tuple, shown.heads))
        assert "✓ in time, M missing" == shown.key


class TestDrawing:
    def test_escapes_what_people_wrote_and_has_no_style_of_its_own(self, tmp_path: Path) -> None:
        """And says in words what it is."""
        chart = charts.course(course(title="<b>Spend</b>", counted=[counted(YEAR[1], 5, 9)]))
        environment = templates.environment(tmp_path)
        template = environment.from_string(
            '{% from "parts/chart.html" import chart %}{{ chart(page) }}'
        )
        text = template.render(page=chart)
        assert "<b>" not in text
        assert 2 == text.count("&lt;b&gt;Spend&lt;/b&gt;</title>")
        assert 2 == text.count('role="img" aria-labelledby="course-')
        assert "style" not in text
        assert 'fill="url(#course-640-hatch)"' in text
