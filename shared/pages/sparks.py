"""Sparks: six months' attainment as a small line beside a figure, which says the same.

Promises: pure. `parts/table.html` draws it, hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

SPARK_MONTHS: Final = 6
_SPARK_WIDTH: Final = 96
_SPARK_HEIGHT: Final = 24
_SPARK_ROOM: Final = 3
"""Around the line, so that its dot fits."""
_SPARK_TOP: Final = Decimal(120)
_SPARK_MAX: Final = Decimal(200)
"""Per cent: what is above is drawn there, or the rest would be flat."""
_SPARK_HALF: Final = Decimal(50)
"""Where all are above, the line begins here: it is for the course, the figure stands beside it."""
_ALL: Final = Decimal(100)


class Spark(NamedTuple):
    """Six months' attainment beside a figure: a line, all that was due, and a dot at the last."""

    path: str
    whole: str
    """Where 100% is."""
    x: str
    y: str


def spark(attainments: Sequence[Decimal]) -> Spark | None:
    """The last six, in per cent; None where there is no line, with fewer than two."""
    values = [min(max(each, Decimal(0)), _SPARK_MAX) for each in attainments[-SPARK_MONTHS:]]
    if len(values) < 2:
        return None
    top, low = max(_SPARK_TOP, *values), min(values)
    low = _SPARK_HALF if low >= _SPARK_HALF else Decimal(0)
    width, height = _SPARK_WIDTH - 2 * _SPARK_ROOM, _SPARK_HEIGHT - 2 * _SPARK_ROOM

    def y(value: Decimal) -> str:
        return _pixels(_SPARK_ROOM + float((top - value) / (top - low)) * height)

    xs = [_pixels(_SPARK_ROOM + width * place / (len(values) - 1)) for place in range(len(values))]
    path = "M" + "L".join(f"{x} {y(value)}" for x, value in zip(xs, values, strict=True))
    return Spark(path, f"M0 {y(_ALL)}H{_SPARK_WIDTH}", xs[-1], y(values[-1]))


def _pixels(value: float) -> str:
    return f"{round(value, 1) + 0:g}"
