"""The columns of a sheet, by their headings.

Promises: the order of columns, capitals and blanks do not matter; titles above the headings are
passed over. A heading that is not known is a fault, and the one that it may mean is named: a column
passed over in silence would be lost.
Refuses: a sheet without the headings that must be there; a heading twice; values below no heading.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.spreadsheets import tables

HEADING_CHARACTERS_MAX: Final = 100
FAULTS_MAX: Final = tables.COLUMNS_MAX
_LIKENESS: Final = 0.7
_SIGNS: Final = re.compile(r"[^a-z0-9£%]+")


class Fault(NamedTuple):
    """What is wrong with a cell, by its address, or with the whole sheet (``""``)."""

    address: str
    text: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where the columns are."""

    row: int
    """That of the headings; 0 if there are none."""
    columns: Mapping[int, str]
    """The known headings, as they are known, by column."""
    rows: tuple[tables.Row, ...]
    """Those below."""
    faults: tuple[Fault, ...]


def find(sheet: tables.Sheet, known: Sequence[str], needed: Collection[str]) -> Found:
    """The columns of `known` headings in a sheet. `needed` are those that must be there."""
    by_form = {normal(each): each for each in known}
    best = 0
    cells: dict[int, tables.Cell] = {}
    for index, row in enumerate(sheet.rows[: tables.HEAD_ROWS_MAX]):
        candidate = _with_merged(sheet, row)
        score = sum(normal(cell.text) in by_form for cell in candidate.values())
        if score > sum(normal(cell.text) in by_form for cell in cells.values()):
            best, cells = index, candidate
    if not cells:
        names = ", ".join(f"“{each}”" for each in needed)
        fault = Fault("", "", "No row has the headings of the columns", f"There must be: {names}.")
        return Found(0, {}, (), (fault,))
    below = sheet.rows[best + 1 :]
    columns: dict[int, str] = {}
    unknown = []
    for column, cell in sorted(cells.items()):
        name = by_form.get(normal(cell.text))
        if name is None or name in columns.values():
            unknown.append(cell)
        else:
            columns[column] = name
    faults = [
        *_unknown(unknown, columns, known),
        *_missing(columns, needed, unknown, known),
        *_nameless(cells, below),
    ]
    return Found(sheet.rows[best].number, columns, below, tuple(faults[:FAULTS_MAX]))


def normal(heading: str) -> str:
    """A heading without what does not matter: `First day*` is `first day`."""
    return _SIGNS.sub(" ", heading[:HEADING_CHARACTERS_MAX].lower()).strip()


def _with_merged(sheet: tables.Sheet, row: tables.Row) -> dict[int, tables.Cell]:
    """A row's cells, with those that a merged cell above reaches down to."""
    cells = dict(row.cells)
    above = {each.number: each for each in sheet.rows[: tables.HEAD_ROWS_MAX]}
    for block in sheet.merged:
        top = above.get(block.first_row)
        is_over = block.first_row < row.number <= block.last_row
        is_narrow = block.first_column == block.last_column
        if is_over and is_narrow and top is not None and block.first_column not in cells:
            cell = top.cells.get(block.first_column)
            if cell is not None:
                cells[block.first_column] = cell
    return cells


def _unknown(
    cells: Sequence[tables.Cell], columns: Mapping[int, str], known: Sequence[str]
) -> Iterator[Fault]:
    for cell in cells:
        shown = cell.text[:HEADING_CHARACTERS_MAX]
        if cell.misread is not None:
            yield Fault(cell.address, shown, *cell.misread)
        elif normal(cell.text) in map(normal, columns.values()):
            yield Fault(cell.address, shown, "This heading is there twice", "Keep one of the two.")
        else:
            meant = _meant(cell.text, [each for each in known if each not in columns.values()])
            fix = f"Write “{meant}”." if meant else "Remove the column, or correct its heading."
            yield Fault(cell.address, shown, "There is no such column here", fix)


def _meant(written: str, absent: Sequence[str]) -> str | None:
    forms = {normal(each): each for each in absent}
    found = difflib.get_close_matches(normal(written), forms, n=1, cutoff=_LIKENESS)
    return forms[found[0]] if found else None


def _missing(
    columns: Mapping[int, str],
    needed: Collection[str],
    unknown: Sequence[tables.Cell],
    known: Sequence[str],
) -> Iterator[Fault]:
    """What must be there and is not, unless a misspelt heading means it."""
    absent = [each for each in known if each not in columns.values()]
    meant = {_meant(cell.text, absent) for cell in unknown}
    for name in needed:
        if name not in columns.values() and name not in meant:
            yield Fault("", "", f"The column “{name}” is missing", "Add it, or use the template.")


def _nameless(cells: Mapping[int, tables.Cell], below: Sequence[tables.Row]) -> Iterator[Fault]:
    """The first value below each column without a heading."""
    told: set[int] = set()
    for row in below:
        for column, cell in row.cells.items():
            if column not in cells and column not in told:
                told.add(column)
                fix = "Give the column its heading, or remove what is in it."
                yield Fault(cell.address, cell.text[:100], "This column has no heading", fix)
