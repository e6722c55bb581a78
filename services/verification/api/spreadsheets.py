"""Tables as CSV, for whoever opens them in a spreadsheet.

Promises: UTF-8 with a byte-order mark, so that £ is read as £; one row of headings; no cell that a
spreadsheet would run as a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

from fastapi import Request, Response

CSV: Final = "text/csv"

Cells: TypeAlias = Sequence[str | Decimal | date | None]
"""One row. Figures and days are written as they are, texts are made harmless."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula, where it comes first."""


def is_wanted(request: Request, format_: str | None) -> bool:
    """Whether a caller asks for CSV: by the address, else by the first type of `Accept`."""
    if format_ is not None:
        return format_ == "csv"
    return request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower() == CSV


def answer(name: str, headings: Sequence[str], rows: Iterable[Cells]) -> Response:
    """The table as a file of this name."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(headings)
    writer.writerows([_cell(each) for each in row] for row in rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    body = written.getvalue().encode("utf-8-sig")
    return Response(body, media_type=f"{CSV}; charset=utf-8", headers=headers)


def _cell(value: str | Decimal | date | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
