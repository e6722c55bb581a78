"""Tables as CSV, for whoever opens them in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fastapi import Request, Response

from shared.spreadsheets import writing
from shared.web import problems

ROWS_MAX: Final = 10_000
"""Of one file: what a spreadsheet still opens at once. A larger answer would be built in memory."""


def is_wanted(request: Request, format_: str | None) -> bool:
    """Whether a caller asks for CSV: by the address, else by the first type of `Accept`."""
    if format_ is not None:
        return format_ == "csv"
    accepted = request.headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
    return accepted == writing.CSV


def assert_fits(count: int, fix: str) -> None:
    """Raises a `422` problem if that is more than `ROWS_MAX` rows. `fix`: what to do instead."""
    if count > ROWS_MAX:
        fault = problems.Fault("form", f"There are more than {ROWS_MAX:,} rows.", fix)
        raise problems.Problem(422, "This is too much for one file", errors=[fault])


def answer(name: str, headings: Sequence[str], rows: Iterable[writing.Cells]) -> Response:
    """The table as a file of this name."""
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    body = writing.csv_file(headings, rows)
    return Response(body, media_type=f"{writing.CSV}; charset=utf-8", headers=headers)
