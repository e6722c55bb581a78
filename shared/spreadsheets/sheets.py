"""One sheet of an XLSX file, cell by cell, and the texts that its cells share."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from shared.spreadsheets import numbers, tables

STRINGS_MAX: Final = 500_000
"""Texts that cells share: as many as there can be cells."""
MERGED_MAX: Final = 1_000
_ADDRESS: Final = re.compile("([A-Z]{1,3})([0-9]{1,7})")
_RANGE: Final = re.compile("([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_ISO: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T00:00(:00(\.0+)?)?Z?)?")
_ERROR: Final = "Correct the formula, or write the value."
_SAVE_AGAIN: Final = (
    "Open the file in Excel or LibreOffice, save it there, or write the value instead."
)
_DAMAGED: Final = "The file is damaged: a cell of it cannot be read"


class Strings:
    """The texts that cells share."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._is_text = self._is_sounds = False

    def start(self, name: str, _: Mapping[str, str]) -> None:
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._is_sounds = True
        elif name == "t":
            self._is_text = not self._is_sounds

    def data(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        if name == "t":
            self._is_text = False
        elif name == "rPh":
            self._is_sounds = False
        elif name == "si":
            if len(self.texts) >= STRINGS_MAX:
                raise tables.RefusedError("The file has too many texts", "Send several files.")
            self.texts.append(_unescaped("".join(self._pieces)))


def _unescaped(text: str) -> str:
    """`_x000D_` stands for a character that XML cannot have."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


class Means(NamedTuple):
    """What the cells of all sheets refer to."""

    strings: Sequence[str]
    styles: Sequence[numbers.Style]
    day_zero: date


class Sheet:
    """The cells of one sheet."""

    def __init__(self, name: str, means: Means) -> None:
        self._name, self._means = name, means
        self._rows = tables.Rows(name)
        self._merged: list[tables.Block] = []
        self.hidden_rows = 0
        self._row = self._column = 0
        self._is_row_hidden = False
        self._attributes: Mapping[str, str] = {}
        self._pieces: list[str] = []
        self._is_text = self._is_sounds = self._has_formula = self._has_value = False

    def table(self) -> tables.Sheet:
        """What was found."""
        habits = tables.Habits(day_zero=self._means.day_zero)
        return tables.Sheet(self._name, tuple(self._rows), habits, tuple(self._merged))

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "v" or (name == "t" and not self._is_sounds):
            self._is_text = self._has_value = True
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._is_sounds = True
        elif name == "row":
            self._begin_row(attributes)
        elif name == "mergeCell" and len(self._merged) < MERGED_MAX:
            self._add_merged(attributes.get("ref", ""))

    def data(self, text: str) -> None:
        if self._is_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._is_text = False
        elif name == "rPh":
            self._is_sounds = False
        elif name == "c":
            self._end_cell()

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        written = attributes.get("r")
        self._row = _whole(written) if written else self._row + 1
        self._column = 0
        self._is_row_hidden = attributes.get("hidden") in ("1", "true")

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        self._attributes, self._pieces = attributes, []
        self._has_formula = self._has_value = self._is_text = self._is_sounds = False
        written = attributes.get("r")
        if written is None:
            self._column += 1
            return
        found = _ADDRESS.fullmatch(written)
        if found is None:
            raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN)
        self._column, self._row = _column(found[1]), int(found[2])

    def _end_cell(self) -> None:
        if not self._has_value and not self._has_formula:
            return
        if self._is_row_hidden:
            self.hidden_rows += 1
            self._is_row_hidden = False
        self._rows.add(self._cell("".join(self._pieces)))

    def _cell(self, text: str) -> tables.Cell:
        kind = self._attributes.get("t", "n")
        cell = tables.Cell(self._row, self._column, text, text)
        if self._has_formula and (not self._has_value or (not text and kind != "str")):
            return cell._replace(
                text="(a formula)", misread=tables.Misread("No value is stored here", _SAVE_AGAIN)
            )
        if kind == "e":
            misread = tables.Misread(f"The formula here ends in an error, {text[:20]}", _ERROR)
            return cell._replace(text=text[:20], misread=misread)
        if kind == "s":
            index = _whole(text)
            if index >= len(self._means.strings):
                raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN)
            shared = self._means.strings[index]
            return cell._replace(text=shared, value=shared)
        if kind == "b":
            is_true = text == "1"
            return cell._replace(text="TRUE" if is_true else "FALSE", value=is_true)
        if kind == "d" and (iso := _ISO.fullmatch(text)):
            return cell._replace(text=iso[1], value=iso[1])
        if kind == "n" and text:
            return numbers.read(cell, self._style(), self._means.day_zero)
        plain = _unescaped(text)
        return cell._replace(text=plain, value=plain)

    def _style(self) -> numbers.Style:
        written = self._attributes.get("s")
        if written is None:
            return "plain"
        index = _whole(written)
        return self._means.styles[index] if index < len(self._means.styles) else "plain"

    def _add_merged(self, written: str) -> None:
        found = _RANGE.fullmatch(written)
        if found is not None:
            first, last = _column(found[1]), _column(found[3])
            self._merged.append(tables.Block(int(found[2]), first, int(found[4]), last))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN)
    return int(text)


@functools.lru_cache(maxsize=2 * tables.COLUMNS_MAX)
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
