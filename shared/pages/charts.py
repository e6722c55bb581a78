"""Charts: figures become places on a drawing, which `parts/chart.html` draws as SVG.

Promises: pure, and without colours: each part has a kind, which the style sheet knows. A chart is
drawn twice, wide and narrow; the style shows one. The axis of figures begins at zero, or below it
where a figure does. A day's figure stands at the day's end.
Refuses: what does not say something without the drawing: each chart has a title, a sentence and a
caption, and stands beside a table with its figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar

from shared import calendar, formats

WIDE: Final = 640
NARROW: Final = 320
"""The widths of the two drawings; the height is half of the one, four fifths of the other."""
TICKS_MAX: Final = 5
POINTS_MAX: Final = 60
"""Of one line: more would be less than ten pixels apart on the wide drawing."""

_TOP: Final = 28
_BOTTOM: Final = 50
"""Room for the months, and below them for the end."""
_RIGHT: Final = 12
_CHARACTER: Final = 7.4
"""Pixels that one character takes, at 14 pixels: digits take most."""
_DOTS_APART: Final = 12
"""Where dots come closer, they are small."""
_LABEL_OFF: Final = 10
_LINE: Final = 17
"""Pixels from one line of text to the next."""
_ZERO: Final = Decimal(0)

Kind: TypeAlias = Literal[
    "suspended",
    "grid",
    "axis",
    "waiting",
    "target",
    "end",
    "due",
    "counted",
    "dots",
    "small-dots",
]
Anchor: TypeAlias = Literal["start", "middle", "end"]
Each = TypeVar("Each")


class Point(NamedTuple):
    """A figure at the end of a day."""

    on: date
    value: Decimal


class Counted(NamedTuple):
    """What counts by the end of a day, and what it would be with all that waits."""

    on: date
    low: Decimal
    high: Decimal
    due: Decimal | None = None
    """What was due by then, which is written beside it."""


class Days(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What chart A shows of a promise."""

    name: str
    """Its id on the page."""
    title: str
    description: str
    caption: str
    unit: str
    target: Decimal
    due: Sequence[Point]
    """Where the line of what is due bends, by day."""
    counted: Sequence[Counted]
    """By day."""
    suspended: Sequence[Days] = ()


# --- what is drawn -------------------------------------------------------------------------------


class Shape(NamedTuple):
    """A line or an area, as the `d` of a path."""

    kind: Kind
    path: str


class Label(NamedTuple):
    """A text, by the left end, middle or right end of its base line."""

    x: str
    y: str
    text: str
    anchor: Anchor = "start"
    kind: Literal["plain", "due", "counted"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One drawing; what comes later lies above what comes before."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as `parts/chart.html` draws it: the wide drawing, then the narrow one."""

    name: str
    title: str
    description: str
    caption: str
    drawings: tuple[Drawing, ...]


def course(of: Course) -> Chart | None:
    """Chart A, due and counted. None where nothing is due and nothing counts on any day."""
    if len(of.due) + len(of.counted) == 0:
        return None
    drawn = (_Plan(of, width, height) for width, height in ((WIDE, 320), (NARROW, 256)))
    return Chart(
        name=of.name,
        title=of.title,
        description=of.description,
        caption=of.caption,
        drawings=tuple(each.draw() for each in drawn),
    )


def ticks(values: Iterable[Decimal], *, is_whole: bool = False) -> tuple[Decimal, ...]:
    """At most five round figures, evenly apart, from zero (or below) to all values. `is_whole`:
    there is no half of a thing."""
    lowest, highest = _ZERO, _ZERO
    for value in values:
        lowest, highest = min(lowest, value), max(highest, value)
    if lowest == highest:
        highest = Decimal(1)
    power = Decimal(10) ** ((highest - lowest) / (TICKS_MAX - 1)).adjusted()
    for step in (factor * power for factor in (1, 2, 5, 10, 20, 50)):
        if is_whole and step < 1:
            continue
        first = int((lowest / step).to_integral_value(ROUND_FLOOR))
        last = int((highest / step).to_integral_value(ROUND_CEILING))
        if last - first < TICKS_MAX:
            return tuple(step * each for each in range(first, last + 1))
    return (lowest.to_integral_value(ROUND_FLOOR), highest.to_integral_value(ROUND_CEILING))


class _Plan:
    """The drawing of a course in one size."""

    def __init__(self, of: Course, width: int, height: int) -> None:
        self._of, self._width, self._height = of, width, height
        figures = [of.target, *(each.value for each in of.due)]
        figures += [figure for each in of.counted for figure in (each.low, each.high)]
        self._ticks = ticks(figures, is_whole=of.unit != "GBP" and all(map(_is_whole, figures)))
        self._tick_texts = [formats.short(each, of.unit) for each in self._ticks]
        self._left = round(8 + max(map(len, self._tick_texts)) * _CHARACTER)
        self._right, self._bottom = width - _RIGHT, height - _BOTTOM
        days = [each.on.toordinal() for each in of.due]
        days += [each.on.toordinal() for each in of.counted]
        self._first_day, self._last_day = min(days), max(days)
        if self._first_day == self._last_day:
            self._first_day -= 1

    def draw(self) -> Drawing:
        of = self._of
        months = self._months()
        return Drawing(
            width=self._width,
            height=self._height,
            shapes=(
                *(Shape("suspended", self._band(each)) for each in of.suspended),
                *(Shape("grid", self._across(each)) for each in self._ticks if each),
                Shape("axis", self._across(_ZERO)),
                *self._waiting(),
                Shape("target", self._across(of.target)),
                Shape("end", f"M{_px(self._x(self._last_day))} {_TOP}V{self._bottom + 6}"),
                *self._line("due", [(each.on, each.value) for each in thinned(of.due)]),
                *self._line("counted", [(each.on, each.low) for each in thinned(of.counted)]),
                *self._dots(),
            ),
            labels=(*self._tick_labels(), *months, *self._marks(), *self._ends()),
        )

    # --- places ----------------------------------------------------------------------------------

    def _x(self, day: int) -> float:
        part: float = (day - self._first_day) / (self._last_day - self._first_day)
        return self._left + min(max(part, 0.0), 1.0) * (self._right - self._left)

    def _y(self, value: Decimal) -> float:
        low, high = self._ticks[0], self._ticks[-1]
        return self._bottom - float((value - low) / (high - low)) * (self._bottom - _TOP)

    def _across(self, value: Decimal) -> str:
        return f"M{self._left} {_px(self._y(value))}H{self._right}"

    # --- lines and areas -------------------------------------------------------------------------

    def _line(self, kind: Kind, points: Sequence[tuple[date, Decimal]]) -> list[Shape]:
        """A line needs two points; one is a dot."""
        if len(points) < 2:
            return []
        places = [f"{_px(self._x(on.toordinal()))} {_px(self._y(value))}" for on, value in points]
        return [Shape(kind, "M" + "L".join(places))]

    def _band(self, days: Days) -> str:
        first, last = self._x(days.first.toordinal() - 1), self._x(days.last.toordinal())
        return f"M{_px(first)} {_TOP}H{_px(last)}V{self._bottom}H{_px(first)}Z"

    def _waiting(self) -> list[Shape]:
        """Between what counts and what would count with all that waits: of the months in which
        something waits, each from the month before."""
        counted = thinned(self._of.counted)
        found = []
        for before, each in zip((None, *counted), counted, strict=False):
            if each.high <= each.low:
                continue
            start = before or Counted(calendar.first_day(calendar.period_of(each.on)), *each[1:])
            corners = [(start.on, start.low), (each.on, each.low), (each.on, each.high)]
            corners.append((start.on, start.high))
            (area,) = self._line("waiting", corners)
            found.append(area.path + "Z")
        return [Shape("waiting", "".join(found))] if found else []

    def _dots(self) -> list[Shape]:
        """Lines of no length, with round ends."""
        counted = thinned(self._of.counted)
        room = (self._right - self._left) / (self._last_day - self._first_day) * 28
        kind: Kind = "dots" if room >= _DOTS_APART else "small-dots"
        places = [
            f"M{_px(self._x(each.on.toordinal()))} {_px(self._y(each.low))}h0" for each in counted
        ]
        return [Shape(kind, "".join(places))] if places else []

    # --- texts -----------------------------------------------------------------------------------

    def _tick_labels(self) -> list[Label]:
        x = _px(self._left - 6)
        return [
            Label(x, _px(self._y(value) + 5), text, "end")
            for value, text in zip(self._ticks, self._tick_texts, strict=True)
        ]

    def _months(self) -> list[Label]:
        """Below the axis, as many as there is room for, each where its month begins."""
        first = date.fromordinal(self._first_day + 1)
        period, last = calendar.period_of(first), date.fromordinal(self._last_day)
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        room = max(1, int((self._right - self._left) / (9 * _CHARACTER)))
        every = next(each for each in (1, 2, 3, 6, 12, 24, 60, 120, count) if count / each <= room)
        y, found = _px(self._bottom + _LINE + 1), []
        for number in range(0, count, every):
            begins = calendar.first_day(calendar.add_months(period, number))
            x = self._x(begins.toordinal() - 1)
            if x + 8 * _CHARACTER <= self._width:
                found.append(Label(_px(x), y, f"{begins:%b %Y}"))
        return found

    def _marks(self) -> list[Label]:
        """The target, the suspended days and the end, each in words."""
        of = self._of
        target = f"Promised {formats.amount(of.target, of.unit)}"
        last = date.fromordinal(self._last_day)
        end = f"Ends {formats.day(last)}"
        found = [
            Label(_px(self._left + 4), _px(self._y(of.target) - 6), target),
            Label(_px(self._right), _px(self._height - 8), end, "end"),
        ]
        for days in of.suspended:
            x = self._x(days.first.toordinal() - 1) + 4
            x = min(x, self._right - 9 * _CHARACTER)
            found.append(Label(_px(x), _px(self._bottom - 6), "Suspended"))
        return found

    def _ends(self) -> list[Label]:
        """What counts by the last day of which that is known, and what was due by then: the upper
        one above to the left, the lower one below to the right, so that neither lies on a line."""
        of = self._of
        if not of.counted:
            return []
        last = of.counted[-1]
        x, low = self._x(last.on.toordinal()), self._y(last.low)
        counted = [f"Counts {formats.amount(last.low, of.unit)}"]
        if last.high > last.low:
            counted.append(f"{formats.amount(last.high - last.low, of.unit)} waits")
        due = last.due
        if due is None:
            return self._below(x, low, counted, "counted")
        texts = [f"Due {formats.amount(due, of.unit)}"]
        if due >= last.low:
            return [
                *self._above(x, self._y(due), texts, "due"),
                *self._below(x, low, counted, "counted"),
            ]
        return [
            *self._above(x, self._y(last.high), counted, "counted"),
            *self._below(x, self._y(due), texts, "due"),
        ]

    def _above(
        self, x: float, y: float, texts: Sequence[str], kind: Literal["due", "counted"]
    ) -> list[Label]:
        widest = max(map(len, texts)) * _CHARACTER
        is_left = x - widest - _LABEL_OFF >= self._left
        x = x - _LABEL_OFF if is_left else self._left + 4
        y = max(y - _LABEL_OFF - _LINE * (len(texts) - 1), _LINE)
        return self._texts(x, y, texts, "end" if is_left else "start", kind)

    def _below(
        self, x: float, y: float, texts: Sequence[str], kind: Literal["due", "counted"]
    ) -> list[Label]:
        widest = max(map(len, texts)) * _CHARACTER
        is_right = x + widest + _LABEL_OFF <= self._width
        x = x + _LABEL_OFF if is_right else self._right
        y = min(y + _LINE + 3, self._bottom - 6 - _LINE * (len(texts) - 1))
        return self._texts(x, y, texts, "start" if is_right else "end", kind)

    @staticmethod
    def _texts(
        x: float, y: float, texts: Sequence[str], anchor: Anchor, kind: Literal["due", "counted"]
    ) -> list[Label]:
        return [
            Label(_px(x), _px(y + _LINE * place), text, anchor, kind)
            for place, text in enumerate(texts)
        ]


def thinned(points: Sequence[Each]) -> Sequence[Each]:
    """At most `POINTS_MAX` of these, evenly, the first and the last among them."""
    if len(points) <= POINTS_MAX:
        return points
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(step * place)] for place in range(POINTS_MAX)]


def _is_whole(value: Decimal) -> bool:
    return value == value.to_integral_value()


def _px(value: float) -> str:
    """To a tenth of a pixel, as short as can be."""
    return f"{round(value, 1) + 0:g}"
