"""The cells of one row, read one by one: each gives a value, or a fault at its address.

Promises: pure. All faults of a row are kept, in the order of its reading. A cell that is not there
is None. What a fault says is a sentence, and what to do is another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from services.verification.register.things import Fault
from shared import fields
from shared.spreadsheets import tables, values

Value = TypeVar("Value")


class Row:
    """One row of a sheet, by heading."""

    def __init__(self, sheet: tables.Sheet, columns: Mapping[int, str], row: tables.Row) -> None:
        self._name, self._habits = sheet.name, sheet.habits
        self._columns = {name: column for column, name in columns.items()}
        self._row = row
        self.faults: list[Fault] = []

    @property
    def number(self) -> int:
        return self._row.number

    def place(self, heading: str) -> str:
        """The address of a cell, whether there is anything in it or not: `Contracts!B7`."""
        column = self._columns.get(heading, min(self._columns.values(), default=1))
        return address(self._name, tables.address(self._row.number, column))

    def all(self) -> tuple[str, ...]:
        """What stands in the row, column by column: rows with the same say the same."""
        return tuple(
            cell.text if (cell := self._cell(heading)) else "" for heading in sorted(self._columns)
        )

    def fail(self, heading: str, reason: str, fix: str) -> None:
        """A fault of a cell."""
        cell = self._cell(heading)
        sent = cell.text if cell is not None else None
        fault = Fault(self.place(heading), sent, plain(reason), fix)
        if fault not in self.faults:  # a cell may be asked for twice
            self.faults.append(fault)

    def text(self, heading: str, characters_max: int = fields.TITLE_CHARACTERS_MAX) -> str | None:
        """What is written."""
        found = self._read(heading, values.text)
        if found is None:
            return None
        if len(found) > characters_max:
            self.fail(heading, f"This has more than {characters_max:,} characters", "Shorten it.")
            return None
        return found

    def needed(self, heading: str, fix: str) -> str | None:
        """What is written, which must be there."""
        if self._cell(heading) is None:
            self.fail(heading, f"There is no {heading.lower()}", fix)
            return None
        return self.text(heading)

    def day(self, heading: str, latest: date) -> date | None:
        """A day, not before 1990 and not after `latest`."""
        found = self._read(heading, lambda cell: values.day(cell, self._habits))
        if found is None:
            return None
        if found < fields.DAY_MIN:
            self.fail(heading, f"This lies before {fields.DAY_MIN.year}", "Correct the day.")
        elif found > latest:
            self.fail(heading, f"This lies after {latest.year}", "Correct the day.")
        else:
            return found
        return None

    def number_of(self, heading: str) -> Decimal | None:
        """A number."""
        return self._read(heading, lambda cell: values.number(cell, self._habits))

    def has(self, heading: str) -> bool:
        """Whether anything is in the cell."""
        return self._cell(heading) is not None

    def _cell(self, heading: str) -> tables.Cell | None:
        column = self._columns.get(heading)
        return None if column is None else self._row.cells.get(column)

    def _read(
        self, heading: str, read: Callable[[tables.Cell], Value | tables.Misread]
    ) -> Value | None:
        cell = self._cell(heading)
        if cell is None:
            return None
        found = read(cell)
        if isinstance(found, tables.Misread):
            self.fail(heading, found.message, found.fix)
            return None
        return found


def address(sheet: str, cell: str) -> str:
    """A cell of a file: of CSV, which has one sheet without a name, the cell alone."""
    return f"{sheet}!{cell}" if sheet else cell


def plain(sentence: str) -> str:
    """As reasons are written: the rest of a sentence, which begins small."""
    return sentence[:1].lower() + sentence[1:]
