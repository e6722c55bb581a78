"""XLSX files: the sheets of a workbook.

Promises: `read` unpacks only the parts that it needs, within the bounds of `zips`, and stops at the
first cell outside of the bounds of `tables`. Of a formula it takes the value that was stored with
it. Macros and links to other files are never looked at. What is hidden is told: a hidden sheet is
passed over, hidden rows are read.
Refuses: other packed files, by name where it is known; a cell whose formula has no stored value or
an error, by its address.

We do not use a library to read: the one that is fast lays a sheet out in memory from its first cell
to its last, so that a file of 5 kB ends the process, and takes a formula without a value for a
blank cell. It is the judge of the tests.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from shared.spreadsheets import markup, numbers, sheets, tables, zips

_RELATIONS: Final = "_rels/.rels"
_MAIN: Final = "xl/workbook.xml"
_SAVE_AS: Final = "Save it as XLSX or CSV."
_NO_WORKBOOK: Final = tables.Unreadable(
    "This is a packed file, but not an Excel file (XLSX)", "Choose the XLSX file itself."
)


def read(body: bytes) -> tables.Book | tables.Unreadable:
    """The sheets of an XLSX file."""
    try:
        parts = zips.Parts(body)
        if "xl/workbook.bin" in parts:
            return tables.Unreadable("This is a binary Excel file (XLSB)", _SAVE_AS)
        if "content.xml" in parts:
            return tables.Unreadable("This is an OpenDocument file (ODS)", _SAVE_AS)
        return _read(parts)
    except tables.RefusedError as error:
        return error.unreadable


def _read(parts: zips.Parts) -> tables.Book | tables.Unreadable:
    main = next(_targets(parts, _RELATIONS, "/officeDocument"), _MAIN)
    workbook = _Workbook()
    if not _tell(parts, main, workbook):
        return _NO_WORKBOOK
    folder, name = posixpath.split(main)
    relations = f"{folder}/_rels/{name}.rels"
    own = {each.relation_id: each for each in _relations(parts, relations)}
    strings, styles = sheets.Strings(), _Styles()
    for path in _targets(parts, relations, "/sharedStrings"):
        _tell(parts, path, strings)
    for path in _targets(parts, relations, "/styles"):
        _tell(parts, path, styles)
    if len(workbook.sheets) > tables.SHEETS_MAX:
        message = f"There are more than {tables.SHEETS_MAX} sheets"
        return tables.Unreadable(message, "Keep only the sheets that are asked for.")
    day_zero = numbers.DAY_ZERO_1904 if workbook.is_1904 else numbers.DAY_ZERO_1900
    found, notes = [], []
    if "xl/vbaProject.bin" in parts:
        notes.append("The file holds macros. They were not run.")
    for named in workbook.sheets:
        relation = own.get(named.relation_id)
        if relation is None or not relation.type.endswith("/worksheet"):
            continue
        if named.is_hidden:
            notes.append(f"The sheet “{named.name}” is hidden: it was passed over.")
            continue
        sheet = sheets.Sheet(named.name, sheets.Means(strings.texts, styles.styles(), day_zero))
        if not _tell(parts, relation.path, sheet):
            raise tables.RefusedError(
                f"The file is damaged: its sheet “{named.name}” is missing", "Save it again."
            )
        if sheet.hidden_rows:
            notes.append(f"Rows of “{named.name}” are hidden in your file. They were read too.")
        found.append(sheet.table())
    return tables.Book("xlsx", tuple(found), tuple(notes))


def _tell(parts: zips.Parts, path: str, reader: markup.Reader) -> bool:
    body = parts.unpack(path)
    if body is None:
        return False
    parts.elements_left = markup.read(body, reader, parts.elements_left)
    return True


class _Relation(NamedTuple):
    """Where a part is, and what it is."""

    relation_id: str
    type: str
    path: str


class _Relations:
    """The file that says which part is what."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.found: list[_Relation] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        is_outside = attributes.get("TargetMode") == "External"
        if name == "Relationship" and not is_outside:
            path = posixpath.normpath(posixpath.join(self._folder, attributes.get("Target", "")))
            kind = attributes.get("Type", "")
            self.found.append(_Relation(attributes.get("Id", ""), kind, path.lstrip("/")))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass


def _relations(parts: zips.Parts, path: str) -> list[_Relation]:
    reader = _Relations(posixpath.dirname(posixpath.dirname(path)))
    _tell(parts, path, reader)
    return reader.found


def _targets(parts: zips.Parts, path: str, kind: str) -> Iterator[str]:
    return (each.path for each in _relations(parts, path) if each.type.endswith(kind))


class _Named(NamedTuple):
    """A sheet in the list of sheets."""

    name: str
    relation_id: str
    is_hidden: bool


class _Workbook:
    """The list of sheets."""

    def __init__(self) -> None:
        self.sheets: list[_Named] = []
        self.is_1904 = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "workbookPr":
            self.is_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif name == "sheet":
            title = attributes.get("name", "")[: tables.CHARACTERS_MAX]
            is_hidden = attributes.get("state", "visible") != "visible"
            relation_id = markup.attribute(attributes, "id") or ""
            self.sheets.append(_Named(title, relation_id, is_hidden))

    def end(self, name: str) -> None:
        pass

    def data(self, text: str) -> None:
        pass


_WHOLE: Final = re.compile("[0-9]{1,6}")


class _Styles:
    """How cells are shown."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._used: list[str] = []
        self._is_inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:500]
        elif name == "cellXfs":
            self._is_inside = True
        elif name == "xf" and self._is_inside:
            self._used.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._is_inside = False

    def data(self, text: str) -> None:
        pass

    def styles(self) -> list[numbers.Style]:
        """By the number that a cell names."""
        codes = {key: numbers.read_style(code) for key, code in self._codes.items()}
        return [
            codes[each] if each in codes
            else numbers.known_style(int(each)) if _WHOLE.fullmatch(each)
            else "plain"
            for each in self._used
        ]  # fmt: skip
