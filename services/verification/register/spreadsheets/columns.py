"""The columns of contracts and promises in a spreadsheet, in plain words.

Promises: what the template offers, the reader knows. Which sheet has which is told by its headings,
not by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.spreadsheets import headings, tables

REFERENCE: Final = "Contract reference"
TITLE: Final = "Title"
SUPPLIER: Final = "Supplier identifier"
SUPPLIER_NAME: Final = "Supplier name"
FIRST_DAY: Final = "First day"
LAST_DAY: Final = "Last day"
VALUE: Final = "Value without VAT in £"
SIGNED_ON: Final = "Signed on"

PROMISE_REFERENCE: Final = "Promise reference"
PROMISE: Final = "Promise"
MEASURE: Final = "Measure"
TARGET: Final = "Target"
UNIT: Final = "Unit"
FALLS_DUE: Final = "Falls due"
FROM: Final = "From"
UNTIL: Final = "Until"
STEPS: Final = "Steps"
AREA: Final = "Local area"
EDITION: Final = "Boundaries of"
EVIDENCE: Final = "Evidence"

EVENLY: Final = "Evenly"
AT_THE_END: Final = "All by the last day"
IN_STEPS: Final = "In steps"
WAYS: Final = (EVENLY, AT_THE_END, IN_STEPS)
"""How a target falls due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of one kind of sheet."""

    name: str
    """Of the sheet in the template."""
    noun: str
    known: tuple[str, ...]
    needed: tuple[str, ...]
    telling: frozenset[str]
    """Headings that only this kind of sheet has."""


CONTRACTS: Final = Columns(
    name="Contracts",
    noun="contract",
    known=(
        *(REFERENCE, TITLE, SUPPLIER, SUPPLIER_NAME, FIRST_DAY, LAST_DAY),
        *(VALUE, SIGNED_ON),
    ),
    needed=(REFERENCE, TITLE, SUPPLIER, FIRST_DAY, LAST_DAY),
    telling=frozenset({TITLE, SUPPLIER, SUPPLIER_NAME, FIRST_DAY, LAST_DAY}),
)
PROMISES: Final = Columns(
    name="Promises",
    noun="promise",
    known=(
        *(REFERENCE, PROMISE_REFERENCE, PROMISE, MEASURE, TARGET, UNIT, FALLS_DUE),
        *(FROM, UNTIL, STEPS, AREA, EDITION, EVIDENCE),
    ),
    needed=(REFERENCE, MEASURE, TARGET, UNIT),
    telling=frozenset({PROMISE, MEASURE, TARGET, UNIT, FALLS_DUE}),
)
GUIDE: Final = "How to fill this in"
MEASURES: Final = "Measures"
PASSED_OVER: Final = frozenset({GUIDE.lower(), MEASURES.lower()})
"""Sheets of the template that have nothing to read."""


def of(sheet: tables.Sheet) -> Columns | None:
    """Which columns a sheet has: those of which it has most that only they have. None: neither."""
    if sheet.name.lower() in PASSED_OVER:
        return None
    best, most = None, _TELLING_MIN - 1
    for columns in (CONTRACTS, PROMISES):
        count = _count(sheet.rows, columns)
        if count > most:
            best, most = columns, count
    return best


_TELLING_MIN: Final = 2
"""One such heading may stand in any sheet."""


def _count(rows: Sequence[tables.Row], columns: Columns) -> int:
    telling = {headings.normal(each) for each in columns.telling}
    counts = (
        len({headings.normal(cell.text) for cell in row.cells.values()} & telling)
        for row in rows[: tables.HEAD_ROWS_MAX]
    )
    return max(counts, default=0)
