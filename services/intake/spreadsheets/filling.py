"""A spreadsheet of lines, as the return that it means.

Promises: pure. Every row becomes a line, or is told: as a promise of which there is nothing, as a
row that was not filled in, or as a fault of a cell. Of each place of the return it is known which
cell it came from. Blank cells stay absent: what is missing is `returns`' to say.
Refuses (as faults): headings that are not known; cells that can be read in two ways (`values`);
rows of another contract or month.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.intake.domain import drafts, faults
from services.intake.spreadsheets import cells as of_cells
from services.intake.spreadsheets import columns
from shared import calendar, catalogue, formats
from shared.spreadsheets import headings, tables, values

NOTES_MAX: Final = 20
"""Rows that were not filled in are told one by one up to here."""
HOURS_FULL: Final = Decimal(37)
"""A post of so many hours a week is one (docs/rules.md, Measures and kinds)."""
_CENTS: Final = Decimal("0.01")


class Wanted(NamedTuple):
    """What the file should be of."""

    contract_id: str
    period: str
    promises: Mapping[str, catalogue.Measure | None]
    """Those in force, by id."""
    titles: Mapping[str, str] = MappingProxyType({})
    """Of those that have one of their own."""


class Place(NamedTuple):
    """A cell, whether anything is in it or not."""

    address: str
    """Empty if the sheet has no such column."""
    heading: str
    text: str
    row: int
    column: int


class CellFault(NamedTuple):
    """What is wrong with a cell, or with the whole sheet (row 0)."""

    place: Place
    fault: faults.Fault


@dataclass(slots=True)
class Filled:
    """What a sheet says."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, drafts.Answer] = field(default_factory=dict)
    """Of each promise that has lines or nothing."""
    rows: list[tables.Row] = field(default_factory=list)
    """Of each line, in the order of the lines."""
    columns: Mapping[str, int] = field(default_factory=dict)
    """By heading."""
    faults: list[CellFault] = field(default_factory=list)
    """Of the sheet itself; and of cells, by their place in the return."""
    notes: list[str] = field(default_factory=list)
    heading_row: int = 0
    sheet: tables.Sheet | None = None

    def place(self, index: int, pointer: str) -> Place:
        """The cell where a place of a line is given, or would be."""
        name = columns.heading(pointer) or columns.PROMISE
        row = self.rows[index]
        at = self.columns.get(name)
        if at is None:
            return Place("", name, "", row.number, 0)
        cell = row.cells.get(at)
        text = cell.text if cell else ""
        return Place(tables.address(row.number, at), name, text, row.number, at)


def fill(book: tables.Book, wanted: Wanted) -> Filled:
    """What the sheet of lines says."""
    filled = Filled(notes=list(book.notes))
    sheet = _choose(book, filled)
    if sheet is None:
        _add(filled, Place("", "", "", 0, 0), _NO_SHEET, faults.FORM)
        return filled
    filled.sheet = sheet
    found = headings.find(sheet, list(columns.BY_HEADING), columns.NEEDED)
    filled.heading_row = found.row
    filled.columns = {name: column for column, name in found.columns.items()}
    for each in found.faults:
        row, column = (found.row, _column(each.address)) if each.address else (0, 0)
        place = Place(each.address, "", each.text, row, column)
        _add(filled, place, tables.Misread(each.message, each.fix), faults.FORM)
    _Rows(filled, sheet.habits, wanted).read(found)
    return filled


_NO_SHEET: Final = tables.Misread("The file has no sheet with anything in it", "Use the template.")


def _choose(book: tables.Book, filled: Filled) -> tables.Sheet | None:
    """The sheet “Lines”, else the first one."""
    written = [each for each in book.sheets if each.rows]
    named = [each for each in written if headings.normal(each.name) == "lines"]
    chosen = next(iter(named or written), None)
    for each in written:
        if each is not chosen and each.name not in _OURS:
            filled.notes.append(f"The sheet “{each.name}” was passed over.")
    return chosen


_OURS: Final = frozenset({"How to fill this in", "Columns"})


def _column(address: str) -> int:
    """For the order of faults alone."""
    letters = address.rstrip("0123456789")
    return sum(26**at * (ord(each) - 64) for at, each in enumerate(reversed(letters)))


def _add(filled: Filled, place: Place, misread: tables.Misread, rule: str) -> None:
    shown = faults.shown(place.text) or None
    fault = faults.Fault("", shown, rule, misread.message, misread.fix)
    filled.faults.append(CellFault(place, fault))


class _Rows:
    """The rows below the headings, one after the other."""

    def __init__(self, filled: Filled, habits: tables.Habits, wanted: Wanted) -> None:
        self._filled, self._habits, self._wanted = filled, habits, wanted
        self._titles = _ids_by_title(wanted)
        self._used_ids: set[str] = set()
        self._not_filled_in = 0

    def read(self, found: headings.Found) -> None:
        """Everything that they say."""
        if not found.columns:
            return
        for row in found.rows:
            known = found.columns.keys() & row.cells.keys()
            self._read_row(row, {found.columns[at]: row.cells[at] for at in sorted(known)})
        self._number_lines()
        if self._not_filled_in > NOTES_MAX:
            more = self._not_filled_in - NOTES_MAX
            note = f"{more:,} more rows are not filled in: they were passed over."
            self._filled.notes.append(note)

    def _read_row(self, row: tables.Row, cells: Mapping[str, tables.Cell]) -> None:
        self._check_contract(cells.get(columns.CONTRACT))
        self._check_month(cells.get(columns.MONTH))
        has_nothing = self._has_nothing(cells.get(columns.NOTHING))
        says = cells.keys() - ({columns.NOTHING} if has_nothing is False else set())
        if says <= columns.PREFILLED:
            self._pass_over(row, cells)
        elif has_nothing:
            self._answer_nothing(cells)
        else:
            self._add_line(row, cells)

    def _pass_over(self, row: tables.Row, cells: Mapping[str, tables.Cell]) -> None:
        """A row that was not filled in. It is told where it names more than its promise."""
        if cells.keys() <= columns.SPARE:
            return
        self._not_filled_in += 1
        if self._not_filled_in <= NOTES_MAX:
            of = cells.get(columns.PROMISE)
            named = f" ({of.text[: faults.VALUE_CHARACTERS_MAX]})" if of else ""
            note = f"Row {row.number}{named} is not filled in: it was passed over."
            self._filled.notes.append(note)

    def _has_nothing(self, cell: tables.Cell | None) -> bool | None:
        if cell is None:
            return None
        said = values.yes_no(cell)
        if isinstance(said, tables.Misread):
            self._fault(cell, columns.NOTHING, said, "I3")
            return None
        return said

    def _answer_nothing(self, cells: Mapping[str, tables.Cell]) -> None:
        """A row that says that there is nothing of its promise."""
        cell = cells[columns.NOTHING]
        named = cells.get(columns.PROMISE)
        more = cells.keys() - columns.PREFILLED - {columns.NOTHING, "Note"}
        if more:
            told = tables.Misread(
                "This says that there is nothing, and its row has more",
                "Remove one of the two.",
            )
            self._fault(cell, columns.NOTHING, told, "I3")
            return
        commitment_id = self._promise(named.text) if named and not named.misread else ""
        if commitment_id not in self._wanted.promises:
            shown = named or cell
            self._fault(shown, columns.PROMISE, _no_promise(self._wanted), "I4")
        elif self._filled.answers.get(commitment_id) == "finished":
            self._fault(cell, columns.NOTHING, _HAS_BOTH, "I3")
        else:
            self._filled.answers[commitment_id] = "nothing"

    def _add_line(self, row: tables.Row, cells: Mapping[str, tables.Cell]) -> None:
        line: dict[str, Any] = {}
        index = len(self._filled.lines)
        self._filled.lines.append(line)
        self._filled.rows.append(row)
        for name, cell in cells.items():
            column = columns.BY_HEADING[name]
            if not column.pointer:
                continue
            found = self._value(column, cell)
            if isinstance(found, tables.Misread):
                self._misread(index, column, cell, found)
            elif column.kind != "clock":
                _put(line, column.pointer, found)
        self._complete(index, line, cells)

    def _complete(self, index: int, line: dict[str, Any], cells: Mapping[str, tables.Cell]) -> None:
        """What follows from the rest of a row."""
        person = line.get("person")
        is_of_roster = isinstance(person, dict) and person.keys() & {"in_post_on", "left_on"}
        if is_of_roster and columns.FIRST_DAY not in cells:
            line["from"] = str(calendar.first_day(self._wanted.period))
        commitment_id = str(line.get("commitment_id", ""))
        measure = self._wanted.promises.get(commitment_id)
        if measure is not None and "unit" not in line and "Unit" not in cells:
            line["unit"] = measure.unit
        if measure is not None and measure.kind == "post" and "Quantity" not in cells:
            hours = person.get("weekly_hours") if isinstance(person, dict) else None
            if hours is not None:
                line["quantity"] = _of_post(Decimal(hours))
        cell = cells.get(columns.START)
        clock = None if cell is None else values.clock(cell)
        if cell is not None and clock is not None and not isinstance(clock, tables.Misread):
            if "from" in line:
                _put(line, "/session/start", f"{line['from']}T{clock:%H:%M}")
            else:
                told = tables.Misread("There is a time, and no first day", "Give the first day.")
                self._misread(index, columns.BY_HEADING[columns.START], cell, told)
        if commitment_id in self._wanted.promises:
            if self._filled.answers.get(commitment_id) == "nothing":
                place = cells.get(columns.PROMISE)
                if place is not None:
                    self._fault(place, columns.PROMISE, _HAS_BOTH, "I3")
            self._filled.answers[commitment_id] = "finished"

    def _value(self, column: columns.Column, cell: tables.Cell) -> Any:
        """What a cell says, as documents have it; or why not."""
        found = of_cells.READ[column.kind](cell, self._habits)
        if isinstance(found, tables.Misread):
            return found
        if column.kind == "promise":
            named = self._promise(found)
            return named if _ID.fullmatch(named) else _no_promise(self._wanted)
        if column.pointer == "/line_id":
            self._used_ids.add(found)
        return found

    def _promise(self, text: str) -> str:
        """The id that a cell names: by itself, with its title behind it, or by its title alone."""
        if text in self._wanted.promises:
            return text
        commitment_id = text.partition(":")[0].strip()
        if commitment_id in self._wanted.promises:
            return commitment_id
        return self._titles.get(headings.normal(text), commitment_id)

    def _check_contract(self, cell: tables.Cell | None) -> None:
        if cell is not None and cell.text != self._wanted.contract_id:
            message = f"This is of another contract than {self._wanted.contract_id}"
            fix = "Choose the contract of the file, or correct the cell."
            self._fault(cell, columns.CONTRACT, tables.Misread(message, fix), "I1")

    def _check_month(self, cell: tables.Cell | None) -> None:
        if cell is not None and of_cells.read_month(cell) != self._wanted.period:
            message = f"This is another month than {formats.month(self._wanted.period)}"
            fix = "Choose the month of the file, or correct the cell."
            self._fault(cell, columns.MONTH, tables.Misread(message, fix), "I2")

    def _number_lines(self) -> None:
        """Gives lines without a number one that no other has."""
        free = (str(n) for n in itertools.count(1) if str(n) not in self._used_ids)
        for index, line in enumerate(self._filled.lines):
            if "line_id" not in line and self._filled.place(index, "/line_id").text == "":
                line["line_id"] = next(free)

    def _misread(
        self, index: int, column: columns.Column, cell: tables.Cell, why: tables.Misread
    ) -> None:
        pointer = f"/lines/{index}{column.pointer}"
        shown = None if column.pointer.startswith("/person") else faults.shown(cell.text)  # rule I7
        fault = faults.Fault(pointer, shown, faults.FORM, why.message, why.fix)
        self._filled.faults.append(CellFault(self._filled.place(index, column.pointer), fault))

    def _fault(self, cell: tables.Cell, name: str, why: tables.Misread, rule: str) -> None:
        place = Place(cell.address, name, cell.text, cell.row, cell.column)
        _add(self._filled, place, why, rule)


_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What may be a promise of the contract, though it is not in force now (rule I4)."""
_HAS_BOTH: Final = tables.Misread(
    "This promise has lines, and a row that says that there is nothing", "Remove one of the two."
)


def _no_promise(wanted: Wanted) -> tables.Misread:
    names = ", ".join(sorted(wanted.promises)[:20]) or "none yet"
    return tables.Misread("This is none of your promises", f"Choose one of: {names}.")


def title(titles: Mapping[str, str], commitment_id: str, measure: catalogue.Measure | None) -> str:
    """A promise's own title; until that is known, its measure's."""
    return titles.get(commitment_id) or (measure.title if measure else commitment_id)


def _ids_by_title(wanted: Wanted) -> dict[str, str]:
    """Where only one promise has the title."""
    pairs = [
        (headings.normal(title(wanted.titles, name, measure)), name)
        for name, measure in wanted.promises.items()
    ]
    counts = Counter(each for each, _ in pairs)
    return {each: name for each, name in pairs if counts[each] == 1}


def _of_post(hours: Decimal) -> str:
    part = min(hours / HOURS_FULL, Decimal(1)).quantize(_CENTS, ROUND_HALF_UP)
    return values.plain(part)


def _put(line: dict[str, Any], pointer: str, value: Any) -> None:
    first, *rest = pointer.split("/")[1:]
    if not rest:
        line[first] = value
    elif first == "evidence":
        line.setdefault(first, [{}])[0][rest[1]] = value
    else:
        line.setdefault(first, {})[rest[0]] = value


def named(book: tables.Book) -> tuple[str | None, str | None]:
    """The contract and the month that the first line of a file names, as far as it does."""
    filled = Filled()
    sheet = _choose(book, filled)
    if sheet is None:
        return None, None
    found = headings.find(sheet, list(columns.BY_HEADING), ())
    at = {name: column for column, name in found.columns.items()}
    contract = _first(found.rows, at.get(columns.CONTRACT))
    month = _first(found.rows, at.get(columns.MONTH))
    return contract and contract.text, month and of_cells.read_month(month)


def _first(rows: tuple[tables.Row, ...], column: int | None) -> tables.Cell | None:
    found: Iterator[tables.Cell] = (row.cells[column] for row in rows if column in row.cells)  # type: ignore[index]
    return next(found, None)
