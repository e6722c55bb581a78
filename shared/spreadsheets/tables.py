"""What a spreadsheet holds: sheets of rows of cells, each with its address.

Promises: a cell keeps the text that its author sees beside its typed value; blank cells and blank
rows are left out, and a row keeps its number.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Final, Literal, NamedTuple, TypeAlias

BYTES_MAX: Final = 10 * 1024 * 1024
"""Rule I12: of a file."""
ROWS_MAX: Final = 5_000
"""Below the headings."""
HEAD_ROWS_MAX: Final = 20
"""Titles, remarks and the headings."""
COLUMNS_MAX: Final = 100
CELLS_MAX: Final = 250_000
"""Of one sheet: 5,000 rows of 50. Each takes 250 bytes."""
SHEETS_MAX: Final = 20
CHARACTERS_MAX: Final = 5_000
"""Of one cell. No text that is asked for is longer than 2,000."""

Format: TypeAlias = Literal["csv", "xlsx"]
Value: TypeAlias = str | bool | Decimal | date | time
"""A `date` may be a `datetime`."""


class Misread(NamedTuple):
    """Why a cell cannot be read, and what to do, in words."""

    message: str
    fix: str


class Cell(NamedTuple):
    """One cell that is not blank."""

    row: int
    column: int
    """Both from 1."""
    text: str
    """What its author sees, about; without blanks around it."""
    value: Value
    misread: Misread | None = None
    """If nothing can be made of it, such as of `#REF!`."""
    is_percent: bool = False

    @property
    def address(self) -> str:
        """`B7`, as spreadsheets have it."""
        return f"{letters(self.column)}{self.row}"


class Row(NamedTuple):
    """One row that is not blank."""

    number: int
    cells: Mapping[int, Cell]
    """By column."""


class Block(NamedTuple):
    """Cells that are merged: the first one has what is in them."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Habits(NamedTuple):
    """How values of a file are to be understood."""

    has_semicolons: bool = False
    """Where columns are parted by `;`, a decimal may be parted by `,`."""
    day_zero: date | None = None
    """The day before the first, where days are numbers; None where they are not."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet."""

    name: str
    rows: tuple[Row, ...]
    habits: Habits = field(default_factory=Habits)
    merged: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """A file that could be read."""

    format: Format
    sheets: tuple[Sheet, ...]
    notes: tuple[str, ...] = ()
    """What its sender should know: what was passed over, and why."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nothing of a file was read, and what to do, in words."""

    message: str
    fix: str


@functools.lru_cache(maxsize=2 * COLUMNS_MAX)
def letters(column: int) -> str:
    """`A` for 1, `AB` for 28."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def address(row: int, column: int) -> str:
    """The address of a cell, whether it is blank or not."""
    return f"{letters(column)}{row}"


class RefusedError(Exception):
    """Nothing of a file is read. `unreadable` says why."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.unreadable = Unreadable(message, fix)


_BLANKS: Final = " \t\r\n\v\f\u00a0\u200b\u2060\ufeff"


class Rows:
    """Rows as they are found, within the bounds."""

    def __init__(self, sheet: str | None = None) -> None:
        self._place = f" of the sheet “{sheet}”" if sheet else ""
        self._rows: dict[int, dict[int, Cell]] = {}
        self._count = 0

    def add(self, cell: Cell) -> None:
        """Adds a cell, unless it is blank. Raises RefusedError outside of the bounds."""
        if isinstance(cell.value, str):
            text = cell.text.strip(_BLANKS)
            cell = _checked(cell._replace(text=text, value=text))
            if not text and cell.misread is None:
                return
        if cell.column > COLUMNS_MAX:
            message = f"Cell {cell.address}{self._place} lies beyond column {_LAST}"
            raise RefusedError(message, f"Keep to {COLUMNS_MAX} columns.")
        row = self._rows.get(cell.row)
        if row is None:
            if len(self._rows) >= ROWS_MAX + HEAD_ROWS_MAX:
                message = f"There are more than {ROWS_MAX:,} rows{self._place}"
                raise RefusedError(message, "Send them in several files.")
            row = self._rows[cell.row] = {}
        self._count += 1
        if self._count > CELLS_MAX:
            message = f"There are more than {CELLS_MAX:,} filled cells{self._place}"
            raise RefusedError(message, "Send them in several files.")
        row[cell.column] = cell

    def __iter__(self) -> Iterator[Row]:
        for number in sorted(self._rows):
            yield Row(number, self._rows[number])


_LAST: Final = letters(COLUMNS_MAX)


def _checked(cell: Cell) -> Cell:
    """The cell, with what is wrong with its text as such."""
    text = cell.text
    if cell.misread is None and len(text) > CHARACTERS_MAX:
        misread = Misread(f"This has more than {CHARACTERS_MAX:,} characters", "Shorten it.")
    elif not text.isprintable() and _UNSEEN.search(text):
        misread = Misread("This holds a character that cannot be seen", "Type it again.")
    else:
        return cell
    shown = _UNSEEN.sub("\ufffd", text[:CHARACTERS_MAX])
    return cell._replace(text=shown, value="", misread=misread)


_UNSEEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Neither seen nor stored: control characters, and half a surrogate pair (rule I13)."""
