"""A spreadsheet sent back marked: what was in it, and what is wrong in the row where it is.

Promises: pure. The sheet of lines comes back with its rows and values where they were, and two
columns more. Formulas are values then; other sheets, colours and widths are not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from services.intake.spreadsheets import columns, filling, judging
from shared.spreadsheets import tables, writing

OK: Final = "Right"
ROW_CHARACTERS_MAX: Final = 2_000
_MARKS: Final = (columns.RESULT, columns.WHAT_TO_DO)


def mark(judged: judging.Judged, format_: tables.Format) -> bytes:
    """The file with its marks, in the format in which it came."""
    sheet = judged.filled.sheet
    assert sheet is not None, "a file without a sheet is not marked"
    by_row: defaultdict[int, list[filling.CellFault]] = defaultdict(list)
    for each in judged.faults:
        by_row[each.place.row].append(each)
    lines = {row.number for row in judged.filled.rows}
    kept = _kept_columns(judged.filled, sheet)
    rows = {row.number: row for row in sheet.rows}
    last = max(rows, default=0)
    written = [
        _row(rows.get(number), kept, _marks(number, by_row, lines, judged.filled.heading_row))
        for number in _numbers(rows, last)
    ]
    if by_row[0]:
        written.append([None] * len(kept) + list(_words(by_row[0])))
    first, *others = written
    headings = [str(each) if each is not None else "" for each in first]
    if format_ == "csv":
        return writing.csv_file(headings, others)
    texts = frozenset(range(len(headings)))
    marked = writing.Sheet(
        name=sheet.name or columns.SHEET,
        headings=headings,
        rows=others,
        widths={len(kept): 50, len(kept) + 1: 50},
        texts=texts,
    )
    return writing.xlsx_file([marked])


def _numbers(rows: Mapping[int, tables.Row], last: int) -> Sequence[int]:
    """Every row up to the last one, so that each stays where it was; but a gap that is too long is
    closed."""
    if last <= 2 * tables.ROWS_MAX:
        return range(1, last + 1)
    return sorted(rows)


def _kept_columns(filled: filling.Filled, sheet: tables.Sheet) -> Sequence[int]:
    """All columns that hold something, without the marks of before."""
    widest = max((max(row.cells) for row in sheet.rows), default=0)
    marks = {filled.columns[name] for name in _MARKS if name in filled.columns}
    return [column for column in range(1, widest + 1) if column not in marks]


def _marks(
    number: int,
    by_row: Mapping[int, Sequence[filling.CellFault]],
    lines: set[int],
    heading_row: int,
) -> tuple[str | None, str | None]:
    if number == heading_row:
        return _MARKS
    if found := by_row.get(number):
        return _words(found)
    return (OK, None) if number in lines else (None, None)


def _words(found: Sequence[filling.CellFault]) -> tuple[str, str]:
    """Each fault with its cell, in one text each."""
    results = "\n".join(f"{_where(each)}{each.fault.message}." for each in found)
    fixes = "\n".join(dict.fromkeys(f"{_where(each)}{each.fault.fix}" for each in found))
    return results[:ROW_CHARACTERS_MAX], fixes[:ROW_CHARACTERS_MAX]


def _where(each: filling.CellFault) -> str:
    place = each.place
    if not place.address:
        return f"{place.heading}: " if place.heading else ""
    return f"{place.address} ({place.heading}): " if place.heading else f"{place.address}: "


def _row(
    row: tables.Row | None, kept: Sequence[int], marks: tuple[str | None, str | None]
) -> writing.Cells:
    cells = row.cells if row is not None else {}
    return [*(_value(cells.get(column)) for column in kept), *marks]


def _value(cell: tables.Cell | None) -> writing.Value:
    if cell is None:
        return None
    return cell.text if cell.misread is not None or cell.is_percent else cell.value
