"""CSV files: text in rows, whoever wrote it.

Promises: `read` takes UTF-8 with and without its mark, UTF-16 with its mark, and Windows-1252, and
tells the last; finds whether comma, semicolon or tab parts the columns; and counts rows as a
spreadsheet does, whatever line ends a quoted text has.
Refuses: what is in none of these encodings; a quotation mark that is never closed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import Final, NamedTuple

from shared.spreadsheets import tables

_SEPARATORS: Final = (",", ";", "\t")
_NAMED: Final = re.compile(r"\Asep=([,;\t])\r?\n")
"""Excel's own first line."""
_QUOTED: Final = re.compile(r'"[^"]*"')
_FORMULA: Final = re.compile(r"\A'(?=[=+\-@\t\r])")
"""A formula that was made harmless, as our own files have it (`writing.defused`)."""
SHEET: Final = ""
"""The name of the one sheet."""
_1252: Final = (
    "The file is in Windows-1252, not in UTF-8. Check that £ and names with accents came out right."
)


def read(body: bytes) -> tables.Book | tables.Unreadable:
    """The rows of a CSV file."""
    text = _decode(body)
    if isinstance(text, tables.Unreadable):
        return text
    named = _NAMED.match(text.text)
    separator = named.group(1) if named else _find_separator(text.text)
    is_semicolon = separator == ";"
    rows = tables.Rows()
    reader = csv.reader(io.StringIO(text.text, newline=""), delimiter=separator, strict=True)
    try:
        for number, written in enumerate(reader, 1):
            if named and number == 1:
                continue
            for column, each in enumerate(written, 1):
                if each:
                    plain = _FORMULA.sub("", each)
                    rows.add(tables.Cell(number, column, plain, plain))
    except csv.Error:
        line = f"{reader.line_num:,}"
        return tables.Unreadable(
            f"A quotation mark at or before line {line} is not closed, or not where it can be",
            "Open the file in a spreadsheet program and save it as CSV again.",
        )
    except tables.RefusedError as error:
        return error.unreadable
    habits = tables.Habits(has_semicolons=is_semicolon)
    return tables.Book("csv", (tables.Sheet(SHEET, tuple(rows), habits),), text.notes)


class _Text(NamedTuple):
    text: str
    notes: tuple[str, ...] = ()


def _decode(body: bytes) -> _Text | tables.Unreadable:
    try:
        if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            found = _Text(body.decode("utf-16"))
        else:
            found = _decode_bytes(body)
    except UnicodeDecodeError as error:
        return tables.Unreadable(
            f"The text is in no encoding that can be read: see byte {error.start:,}",
            "Save it as “CSV UTF-8”.",
        )
    if "\x00" in found.text:
        return tables.Unreadable(
            "This is no spreadsheet: it holds bytes that are no text",
            "Send CSV or XLSX. If it is CSV, save it as “CSV UTF-8”.",
        )
    return found


def _decode_bytes(body: bytes) -> _Text:
    try:
        return _Text(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _Text(body.decode("cp1252"), (_1252,))


def _find_separator(text: str) -> str:
    """The one that the first row with several columns has most of, outside of quotation marks."""
    for line in text[: 50 * tables.CHARACTERS_MAX].splitlines()[: tables.HEAD_ROWS_MAX]:
        bare = _QUOTED.sub("", line)
        counts = {each: bare.count(each) for each in _SEPARATORS}
        best = max(counts, key=lambda each: counts[each])
        if counts[best] > 1:
            return best
    return ","
