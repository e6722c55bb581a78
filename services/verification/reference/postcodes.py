"""Editions of the postcode directory, read from CSV, row by row.

Columns, by name: postcode, district, ward, introduced, terminated, edition. Dates are `YYYY-MM`.
The ONS Postcode Directory is read as it is published, too: `pcds`, `dointr`, `doterm`, and the
codes of district and ward; its edition is not in the file and must be given. Lines that begin with
`#` are comments.
Promises: every row that cannot be read is named by its line, with its value. A postcode comes out
in its normal form. A file of any length takes the memory of a few rows.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from shared import identifiers

_COLUMNS: Final = ("postcode", "district", "ward", "introduced", "terminated", "edition")
_ONS: Final = {
    "postcode": re.compile(r"pcds"),
    "district": re.compile(r"oslaua|lad[0-9]{2}cd"),
    "ward": re.compile(r"osward|wd[0-9]{2}cd"),
    "introduced": re.compile(r"dointr"),
    "terminated": re.compile(r"doterm"),
}
"""What the Office for National Statistics calls the columns; some names have a year."""
_MONTH: Final = re.compile(r"(19[0-9]{2}|20[0-9]{2})-?(0[1-9]|1[0-2])")
"""Postcodes are older than what is reported here. ONS writes months without a dash."""
_EDITION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_AREA: Final = re.compile(r"[EWSNLM][0-9]{8}")


class Row(NamedTuple):
    """A postcode in one edition of the directory, and its line in the file."""

    line: int
    postcode: str
    edition: str
    district: str
    ward: str | None
    introduced: str
    terminated: str | None


class Fault(NamedTuple):
    """What is wrong with a line, and with which value."""

    line: int
    what: str


class HeadRefusedError(ValueError):
    """The columns are not those of a postcode directory. The text says which are missing."""


Columns: TypeAlias = dict[str, int]
"""Where each of our columns is in a row."""


def read(lines: Iterable[bytes], edition: str | None = None) -> Iterator[Row | Fault]:
    """The rows of a file, in its order. `edition` names that of a file that does not say it.
    Raises HeadRefusedError."""
    place = _Place(lines)
    reader = csv.reader(place)
    try:
        head = next(reader, [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise HeadRefusedError(f"The file is not CSV in UTF-8: {error}") from None
    columns = _find_columns(head, edition)
    while True:
        try:
            cells = next(reader)
            if cells:
                yield _row(place.line, cells, columns, edition)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            odd = error.object[error.start]
            yield Fault(place.line, f"it is not UTF-8: byte {error.start} is 0x{odd:02x}")
        except (ValueError, csv.Error) as error:
            yield Fault(place.line, str(error))


class _Place:
    """The lines of a file as text, without its comments, and the number of the last one."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.line = 0
        self._lines = iter(lines)

    def __iter__(self) -> _Place:
        return self

    def __next__(self) -> str:
        while True:
            line = next(self._lines)
            self.line += 1
            if self.line == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if not line.startswith(b"#"):
                return line.decode()


def _find_columns(head: Sequence[str], edition: str | None) -> Columns:
    names = [name.strip().lower() for name in head]
    if not set(_ONS) & set(names):
        for ours, theirs in _ONS.items():
            names = [ours if theirs.fullmatch(name) else name for name in names]
    wanted = [name for name in _COLUMNS if name != "edition" or edition is None]
    missing = [name for name in wanted if name not in names]
    if missing == ["edition"]:
        raise HeadRefusedError("The file does not say its edition: give --edition, such as 2026-08")
    if missing:
        raise HeadRefusedError(
            f"The file has no column {', '.join(missing)}. It needs the columns "
            f"{', '.join(_COLUMNS)}, or those of the ONS Postcode Directory"
        )
    return {name: names.index(name) for name in wanted}


def _row(line: int, cells: Sequence[str], columns: Columns, edition: str | None) -> Row:
    if len(cells) <= max(columns.values()):
        raise ValueError(f"it has only {len(cells)} columns")
    found = {name: cells[index].strip() for name, index in columns.items()}
    row = Row(
        line=line,
        postcode=identifiers.postcode(found["postcode"]) or "",
        edition=found.get("edition", edition or ""),
        district=_area(found["district"]),
        ward=_area(found["ward"]) if found["ward"] else None,
        introduced=_month(found["introduced"]),
        terminated=_month(found["terminated"]) if found["terminated"] else None,
    )
    if not row.postcode:
        raise ValueError(f"{found['postcode']!r} is not a postcode")
    if not _EDITION.fullmatch(row.edition):
        raise ValueError(f"the edition {row.edition!r} must be a short code, such as 2026-08")
    return row


def _area(code: str) -> str:
    if not _AREA.fullmatch(code):
        raise ValueError(f"{code!r} is not a GSS code")
    return code


def _month(text: str) -> str:
    found = _MONTH.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a month (YYYY-MM)")
    return f"{found[1]}-{found[2]}"
