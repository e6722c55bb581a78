"""The spreadsheet to fill in: contracts, their promises, how to, and the measures.

Promises: pure. What it offers as a list can be read again; an empty template is a file without
contracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.verification.register.spreadsheets import columns
from shared import catalogue, formats
from shared.spreadsheets import writing

_EXAMPLE: Final = "31 March 2027: 4; 30 September 2027: 10"
_HOW: Final[tuple[tuple[str, str, str], ...]] = (
    ("", "", "One row for each contract and for each promise. Order of columns does not matter."),
    ("", "", "What is in a column that is not known here is a fault: nothing is lost in silence."),
    ("", "", "Everything is shown to you before it is stored. Promises bind once approved."),
    (columns.CONTRACTS.name, columns.REFERENCE, "The contract's own number: KMBC-2026-0101"),
    (columns.CONTRACTS.name, columns.TITLE, "As people call the contract"),
    (
        columns.CONTRACTS.name,
        columns.SUPPLIER,
        "As an org-id: GB-COH- and the company number. Several are parted by ;",
    ),
    (columns.CONTRACTS.name, columns.SUPPLIER_NAME, "In the same order. May be left out"),
    (columns.CONTRACTS.name, columns.FIRST_DAY, "Of the contract: 6 October 2026"),
    (columns.CONTRACTS.name, columns.LAST_DAY, "Of the contract, included"),
    (columns.CONTRACTS.name, columns.VALUE, "Over its whole life. May be left out"),
    (columns.CONTRACTS.name, columns.SIGNED_ON, "May be left out"),
    (
        columns.PROMISES.name,
        columns.REFERENCE,
        "Of a row of the other sheet, or of a contract that is registered",
    ),
    (
        columns.PROMISES.name,
        columns.PROMISE_REFERENCE,
        "Your own, such as KPI-1. Needed where one contract promises a measure twice",
    ),
    (columns.PROMISES.name, columns.PROMISE, "As in the contract; else the measure's title"),
    (columns.PROMISES.name, columns.MEASURE, "One of the sheet “Measures”"),
    (columns.PROMISES.name, columns.TARGET, "How much is promised in all"),
    (columns.PROMISES.name, columns.UNIT, "The unit of the measure"),
    (
        columns.PROMISES.name,
        columns.FALLS_DUE,
        f"{formats.listed(list(columns.WAYS), 'or')}. Without it: {columns.EVENLY.lower()}",
    ),
    (columns.PROMISES.name, columns.FROM, "The first day of the promise; else the contract's"),
    (columns.PROMISES.name, columns.UNTIL, "The last day of the promise; else the contract's"),
    (
        columns.PROMISES.name,
        columns.STEPS,
        f"Where it falls due in steps: how much by when, all before included: {_EXAMPLE}",
    ),
    (
        columns.PROMISES.name,
        columns.AREA,
        "Where it counts: GSS codes, parted by ;, such as E08000011. Without it: anywhere",
    ),
    (
        columns.PROMISES.name,
        columns.EDITION,
        "Where there is a local area: the edition of the postcode directory, such as 2026-08",
    ),
    (columns.PROMISES.name, columns.EVIDENCE, "What shows that it was delivered"),
)
_DAYS: Final = frozenset({columns.FIRST_DAY, columns.LAST_DAY, columns.SIGNED_ON})
_PROMISED_DAYS: Final = frozenset({columns.FROM, columns.UNTIL})
_TEXTS: Final = frozenset({columns.REFERENCE, columns.PROMISE_REFERENCE, columns.SUPPLIER})
_WIDE: Final = 36
"""In characters, of a column with a title."""


def xlsx() -> bytes:
    """The template, with lists to choose from."""
    measures = [
        (each.title, formats.unit(each.unit), each.theme, each.code)
        for each in catalogue.CATALOGUE_ENTRIES
        if each.code not in catalogue.NEVER_COUNTED
    ]
    where = writing.cells_of(columns.MEASURES, 1, 2, len(measures) + 1)
    choices: dict[str, str | Sequence[str]] = {
        columns.MEASURE: where,
        columns.FALLS_DUE: columns.WAYS,
        columns.UNIT: sorted({unit for _, unit, _, _ in measures}),
    }
    return writing.xlsx_file(
        [
            _sheet(columns.CONTRACTS, _DAYS, {}),
            _sheet(columns.PROMISES, _PROMISED_DAYS, choices),
            writing.Sheet(
                name=columns.GUIDE,
                headings=("Sheet", "Column", "What to write"),
                rows=_HOW,
                widths={1: 24, 2: 90},
                is_wrapped=True,
            ),
            writing.Sheet(
                name=columns.MEASURES,
                headings=("Measure", "Unit", "Theme", "Code"),
                rows=measures,
                widths={0: 60, 2: 32, 3: 28},
            ),
        ]
    )


def csv(known: columns.Columns) -> bytes:
    """The headings of one sheet."""
    return writing.csv_file(known.known, [])


def _sheet(
    known: columns.Columns, days: frozenset[str], choices: dict[str, str | Sequence[str]]
) -> writing.Sheet:
    at = {heading: column for column, heading in enumerate(known.known)}
    wide = (columns.TITLE, columns.SUPPLIER_NAME, columns.PROMISE, columns.MEASURE)
    return writing.Sheet(
        name=known.name,
        headings=known.known,
        rows=[],
        widths={at[each]: _WIDE for each in wide if each in at},
        choices={at[each]: what for each, what in choices.items()},
        texts=frozenset(at[each] for each in _TEXTS if each in at),
        days=frozenset(at[each] for each in days),
    )
