"""Editions of the postcode directory, loaded from CSV.

Columns, by name: postcode, district, ward, introduced, terminated, edition; dates are `YYYY-MM`.
Lines that begin with `#` are remarks. An edition that is loaded again says what the file says.
Promises: all or nothing; what is wrong is told with its line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from services.verification import store
from services.verification.domain import places
from shared import sql

_COLUMNS: Final = ("postcode", "district", "ward", "introduced", "terminated", "edition")
_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}")
_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_AREA: Final = re.compile(r"[EWSNLM]\d{8}")


class Row(NamedTuple):
    postcode: str
    edition: str
    district: str
    ward: str | None
    introduced: str
    terminated: str | None


def read(path: Path) -> list[Row]:
    """The rows of a file. ValueError, with the line, for what cannot be read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return _rows(file)


def _rows(lines: Iterable[str]) -> list[Row]:
    given = csv.DictReader(line for line in lines if not line.startswith("#"))
    missing = set(_COLUMNS) - set(given.fieldnames or ())
    if missing:
        raise ValueError(f"columns are missing: {', '.join(sorted(missing))}")
    rows = {}
    for number, line in enumerate(given, start=2):
        try:
            row = _row({name: (line[name] or "").strip() for name in _COLUMNS})
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        rows[row.edition, row.postcode] = row
    return [rows[key] for key in sorted(rows)]


def _row(line: dict[str, str]) -> Row:
    row = Row(
        places.normal(line["postcode"]),
        line["edition"],
        line["district"],
        line["ward"] or None,
        line["introduced"],
        line["terminated"] or None,
    )
    if not _POSTCODE.fullmatch(row.postcode):
        raise ValueError(f"{line['postcode']!r} is no postcode")
    if not row.edition:
        raise ValueError("it says no edition")
    for code in (row.district, *([row.ward] if row.ward else [])):
        if not _AREA.fullmatch(code):
            raise ValueError(f"{code!r} is no GSS code")
    for month in (row.introduced, *([row.terminated] if row.terminated else [])):
        if not _MONTH.fullmatch(month):
            raise ValueError(f"{month!r} is no month YYYY-MM")
    return row


async def load(conn: sql.Connection, rows: list[Row]) -> None:
    """Adds the rows in the caller's transaction."""
    await store.postcodes.add_postcodes(
        conn,
        postcodes=[row.postcode for row in rows],
        editions=[row.edition for row in rows],
        districts=[row.district for row in rows],
        wards=[row.ward for row in rows],
        introduced=[row.introduced for row in rows],
        terminated=[row.terminated for row in rows],
    )
