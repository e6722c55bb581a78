"""What a cell of each kind of column says, as documents have it; or why it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from services.intake.spreadsheets import columns
from shared import identifiers
from shared.spreadsheets import tables, values

_Read = Callable[[tables.Cell, tables.Habits], Any]


def _text(cell: tables.Cell, _: tables.Habits) -> Any:
    return values.text(cell)


def _number(cell: tables.Cell, habits: tables.Habits) -> Any:
    found = values.number(cell, habits)
    return found if isinstance(found, tables.Misread) else values.plain(found)


def _share(cell: tables.Cell, habits: tables.Habits) -> Any:
    found = values.number(cell, habits, is_share=True)
    return found if isinstance(found, tables.Misread) else values.plain(found)


def _whole(cell: tables.Cell, habits: tables.Habits) -> Any:
    found = values.number(cell, habits)
    if isinstance(found, tables.Misread):
        return found
    if found != found.to_integral_value() or not 0 <= found < 10**9:
        return tables.Misread("This is not a whole number", "Count the people who came.")
    return int(found)


def _day(cell: tables.Cell, habits: tables.Habits) -> Any:
    found = values.day(cell, habits)
    return found if isinstance(found, tables.Misread) else str(found)


def _clock(cell: tables.Cell, _: tables.Habits) -> Any:
    return values.clock(cell)


def _organisation(cell: tables.Cell, _: tables.Habits) -> Any:
    """A company's number alone is one of Companies House."""
    found = values.text(cell)
    if isinstance(found, tables.Misread):
        return found
    number = identifiers.company_number(found)
    return found if number is None else f"GB-COH-{number}"


def _school(cell: tables.Cell, _: tables.Habits) -> Any:
    found = values.text(cell)
    if isinstance(found, tables.Misread):
        return found
    urn = identifiers.urn(found)
    return found if urn is None else f"GB-EDU-{urn}"


READ: Final[Mapping[columns.Kind, _Read]] = {
    "text": _text,
    "promise": _text,
    "number": _number,
    "share": _share,
    "whole": _whole,
    "day": _day,
    "clock": _clock,
    "organisation": _organisation,
    "school": _school,
}


def read_month(cell: tables.Cell) -> str | None:
    """`October 2026`, `2026-10`, or any day of the month."""
    if isinstance(cell.value, date):
        return f"{cell.value:%Y-%m}"
    text = cell.text
    for each in (text, f"1 {text}", f"{text}-01", f"01/{text}"):
        found = values.day(tables.Cell(cell.row, cell.column, each, each), tables.Habits())
        if isinstance(found, date):
            return f"{found:%Y-%m}"
    return None
