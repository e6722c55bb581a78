"""Chart B: months in columns, and in each a letter for what became of it; a table of its own.

Promises: pure. A letter never stands by a colour alone, and its words are there for whoever does
not see it; the key below the table explains the letters that occur.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from shared import calendar

Mark: TypeAlias = Literal["in_time", "late", "missing", "due", "waived", "not_asked"]
LETTERS: Final[Mapping[Mark, str]] = {
    "in_time": "✓",
    "late": "L",
    "missing": "M",
    "due": "D",
    "waived": "W",
    "not_asked": "–",
}


class Square(NamedTuple):
    """What became of one month: a letter in a colour, and the words for who does not see it."""

    mark: Mark
    words: str
    href: str | None = None

    @property
    def letter(self) -> str:
        """What is seen of it."""
        return LETTERS[self.mark]


class MonthHead(NamedTuple):
    """The head of a column: the year stands where it begins."""

    month: str
    year: str


class Squares(NamedTuple):
    """A row of chart B."""

    name: str
    squares: tuple[Square, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Chart B: a table of its own, which scrolls by itself on a narrow page."""

    caption: str
    heads: tuple[MonthHead, ...]
    rows: tuple[Squares, ...]
    key: str
    """What the letters mean, of those that occur."""


def months(
    caption: str, periods: Sequence[str], rows: Sequence[Squares], words: Mapping[Mark, str]
) -> Months:
    """Chart B. `words`: what each mark means."""
    found = {square.mark for row in rows for square in row.squares}
    key = [f"{LETTERS[mark]} {text}" for mark, text in words.items() if mark in found]
    heads = tuple(
        MonthHead(f"{first:%b}", str(first.year) if first.month == 1 or not place else "")
        for place, first in enumerate(map(calendar.first_day, periods))
    )
    return Months(caption=caption, heads=heads, rows=tuple(rows), key=", ".join(key))
