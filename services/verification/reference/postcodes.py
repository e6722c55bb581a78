"""Editions of the postcode directory, loaded from CSV.

Columns, by name: postcode, district, ward, introduced, terminated, edition. Dates are `YYYY-MM`.
Lines that begin with `#` are comments. Loading an edition again updates its rows.
Promises: all or nothing; an error names its row. A postcode is stored in its normal form.
Refuses: a postcode that comes twice in one edition of a file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from services.verification import store
from shared import identifiers, sql

_COLUMNS: Final = ("postcode", "district", "ward", "introduced", "terminated", "edition")
_MONTH: Final = re.compile(r"(19[0-9]{2}|20[0-9]{2})-(0[1-9]|1[0-2])")
"""Postcodes are older than what is reported here."""
_EDITION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_AREA: Final = re.compile(r"[EWSNLM][0-9]{8}")


class Row(NamedTuple):
    """A postcode in one edition of the directory."""

    postcode: str
    edition: str
    district: str
    ward: str | None
    introduced: str
    terminated: str | None


def read(path: Path) -> list[Row]:
    """The rows of a file, sorted. Raises ValueError, which names the row that cannot be read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return _rows(file)


def _rows(lines: Iterable[str]) -> list[Row]:
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    missing = set(_COLUMNS) - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"missing columns: {', '.join(sorted(missing))}")
    rows = {}
    for number, line in enumerate(reader, start=2):
        try:
            row = _row({name: (line[name] or "").strip() for name in _COLUMNS})
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        if (row.edition, row.postcode) in rows:
            raise ValueError(f"row {number}: {row.postcode} is given twice in {row.edition}")
        rows[row.edition, row.postcode] = row
    return [rows[key] for key in sorted(rows)]


def _row(line: dict[str, str]) -> Row:
    row = Row(
        postcode=identifiers.postcode(line["postcode"]) or "",
        edition=line["edition"],
        district=line["district"],
        ward=line["ward"] or None,
        introduced=line["introduced"],
        terminated=line["terminated"] or None,
    )
    if not row.postcode:
        raise ValueError(f"{line['postcode']!r} is not a postcode")
    if not _EDITION.fullmatch(row.edition):
        raise ValueError("the edition must be a short code, such as 2026-08")
    for code in (row.district, *([row.ward] if row.ward else [])):
        if not _AREA.fullmatch(code):
            raise ValueError(f"{code!r} is not a GSS code")
    for month in (row.introduced, *([row.terminated] if row.terminated else [])):
        if not _MONTH.fullmatch(month):
            raise ValueError(f"{month!r} is not a month (YYYY-MM)")
    return row


async def load(conn: sql.Connection, rows: list[Row]) -> None:
    """Adds the rows, in the caller's transaction."""
    await store.postcodes.add_postcodes(
        conn,
        postcodes=[row.postcode for row in rows],
        editions=[row.edition for row in rows],
        districts=[row.district for row in rows],
        wards=[row.ward for row in rows],
        introduced=[row.introduced for row in rows],
        terminated=[row.terminated for row in rows],
    )
