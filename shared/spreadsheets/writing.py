"""Spreadsheets out: CSV and XLSX, for whoever opens them.

Promises: no cell that a spreadsheet would run as a formula. In CSV such a text has an apostrophe in
front (`defused`); our own reader takes it away again. In XLSX a text is a text, whatever it begins
with. CSV is UTF-8 with a byte-order mark, so that £ is read as £.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, TypeAlias

from shared.spreadsheets import tables

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Value: TypeAlias = str | bool | Decimal | int | date | time | None
Cells: TypeAlias = Sequence[Value]
"""One row. Figures and days are written as they are, texts are made harmless."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula, where it comes first."""
_NUMBER_DIGITS_MAX: Final = 15
"""More are cut off by spreadsheets: the number is written as text."""


def defused(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_file(headings: Sequence[str], rows: Iterable[Cells]) -> bytes:
    """One row of headings, and the rows."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(headings)
    writer.writerows([_csv_cell(each) for each in row] for row in rows)
    return written.getvalue().encode("utf-8-sig")


def _csv_cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return defused(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet of an XLSX file."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Cells]
    widths: Mapping[int, int] = field(default_factory=dict)
    """In characters, by column from 0."""
    choices: Mapping[int, str | Sequence[str]] = field(default_factory=dict)
    """What is offered as a list in a column, by column from 0: a few texts, or where they stand
    (`cells_of`). Something else may be written all the same: it is judged when it is read."""
    texts: frozenset[int] = frozenset()
    """Columns whose cells are text, so that zeros in front stay."""
    days: frozenset[int] = frozenset()
    """Columns whose cells are days."""
    is_wrapped: bool = False


def cells_of(sheet: str, column: int, first_row: int, last_row: int) -> str:
    """Where cells of another sheet stand; rows and columns from 1."""
    letter = tables.letters(column)
    return f"='{sheet}'!${letter}${first_row}:${letter}${last_row}"


_WIDTH: Final = 16
"""In characters: a day and most headings fit."""
_Formats: TypeAlias = Mapping[str, Any]


def xlsx_file(sheets: Sequence[Sheet]) -> bytes:
    """The sheets, each with one row of headings that stays in sight."""
    import xlsxwriter  # rarely needed, and 4 MB

    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as book:
        formats = {
            "heading": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
            "day": book.add_format({"num_format": "d mmm yyyy", "align": "left"}),
            "moment": book.add_format({"num_format": "d mmm yyyy hh:mm", "align": "left"}),
            "time": book.add_format({"num_format": "hh:mm", "align": "left"}),
            "text": book.add_format({"num_format": "@"}),
            "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        drawn = [book.add_worksheet(each.name) for each in sheets]
        for each, sheet in zip(sheets, drawn, strict=True):
            _draw(each, sheet, formats)
    return written.getvalue()


def _draw(sheet: Sheet, drawn: Any, formats: _Formats) -> None:
    for column, heading in enumerate(sheet.headings):
        style = "text" if column in sheet.texts else "day" if column in sheet.days else None
        style = "wrapped" if sheet.is_wrapped else style
        width = sheet.widths.get(column, _WIDTH)
        drawn.set_column(column, column, width, formats[style] if style else None)
        drawn.write_string(0, column, heading, formats["heading"])
        choices = sheet.choices.get(column)
        if choices is not None:
            source = choices if isinstance(choices, str) else list(choices)
            rule = {"validate": "list", "source": source, "error_type": "information"}
            drawn.data_validation(1, column, tables.ROWS_MAX, column, rule)
    drawn.freeze_panes(1, 0)
    for number, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            _write(drawn, number, column, value, formats)


def _write(drawn: Any, row: int, column: int, value: Value, formats: _Formats) -> None:
    if value is None or value == "":
        return
    if isinstance(value, str):
        drawn.write_string(row, column, value)
    elif isinstance(value, bool):
        drawn.write_string(row, column, "yes" if value else "no")
    elif isinstance(value, datetime):
        drawn.write_datetime(row, column, value, formats["moment"])
    elif isinstance(value, date):
        drawn.write_datetime(row, column, value, formats["day"])
    elif isinstance(value, time):
        drawn.write_datetime(row, column, value, formats["time"])
    elif isinstance(value, Decimal) and len(value.as_tuple().digits) > _NUMBER_DIGITS_MAX:
        drawn.write_string(row, column, format(value, "f"))
    else:
        drawn.write_number(row, column, value)
