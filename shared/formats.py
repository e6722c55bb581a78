"""Figures, days and months as people read them.

Promises: pure, and the only place. Money has its sign and no empty pence, one of a thing is in the
singular, a month and a day have their names.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from shared import calendar

_ONE: Final = {"people": "person"}
"""Units whose singular is not the plural without its "s"."""
_UNITS: Final = {"GBP": "pounds", "FTE": "full-time posts"}
"""Units whose name is no word."""


def amount(value: Decimal | None, unit: str | None) -> str:
    """`£1,234.50`, `£600,000`, `12 visits`, `1 visit`, `1.5 FTE`."""
    if value is None:
        return "nothing"
    is_whole = value == value.to_integral_value()
    if unit == "GBP":
        pounds = f"£{abs(value):,.0f}" if is_whole else f"£{abs(value):,.2f}"
        return f"-{pounds}" if value < 0 else pounds
    plain = f"{value:,.0f}" if is_whole else f"{value:,f}".rstrip("0")
    if unit is None:
        return plain
    return f"{plain} {_ONE.get(unit, unit.removesuffix('s')) if value == 1 else unit}"


def part_of(part: Decimal | None, whole: Decimal | None, unit: str | None) -> str:
    """`£184,000 of £365,000`, `736 of 1,460 hours`."""
    is_money = unit == "GBP" or part is None
    return f"{amount(part, unit if is_money else None)} of {amount(whole, unit)}"


def were(value: Decimal | None, unit: str | None) -> str:
    """`was` or `were`, after an amount: money is one thing, and so is one of anything."""
    return "was" if value in (None, 1) or unit in (None, "GBP", "FTE") else "were"


def unit(code: str) -> str:
    """What is counted: `visits`; `pounds` of `GBP`."""
    return _UNITS.get(code, code)


def day(value: date) -> str:
    """`4 May 2026`."""
    return f"{value.day} {value:%B %Y}"


def month(period: str) -> str:
    """`May 2026`, of `2026-05`."""
    return f"{calendar.first_day(period):%B %Y}"


def listed(words: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
