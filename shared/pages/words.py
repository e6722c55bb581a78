"""How pages write days, money, counts and shares. Nothing else formats a figure for people.

Promises: pure. A figure is never rounded up: what is 99.96% is not shown as 100%.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from shared import calendar

_ONE: Final = {"people": "person", "GBP": "GBP", "FTE": "FTE"}
"""Units whose singular is not the plural without its "s"."""
_TENTH: Final = Decimal("0.1")


def day(value: date) -> str:
    """`13 November 2026`."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime) -> str:
    """`13 November 2026, 09:00`, by the clocks of London."""
    local = value.astimezone(calendar.LONDON)
    return f"{day(local)}, {local:%H:%M}"


def month(period: str) -> str:
    """`October 2026`, of a period `2026-10`."""
    return f"{calendar.first_day(period):%B %Y}"


def days(first: date, last: date | None) -> str:
    """`5 October 2026`, or `1 to 28 October 2026`, as short as can be read in one way only."""
    if last is None or last == first:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{day(first)} to {day(last)}"


def amount(value: Decimal, unit: str, *, has_pence: bool = False) -> str:
    """`£150,000`, `1 visit`, `0.5 FTE`; `£150,000.00` where pence matter."""
    is_whole = value == value.to_integral_value()
    if unit == "GBP":
        pounds = f"{abs(value):,.2f}" if has_pence or not is_whole else f"{abs(value):,.0f}"
        return f"-£{pounds}" if value < 0 else f"£{pounds}"
    plain = f"{value:,.0f}" if is_whole else f"{value:,f}".rstrip("0")
    return f"{plain} {_singular(unit) if abs(value) == 1 else unit}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 line`, `1,204 lines`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def share(value: Decimal) -> str:
    """`81.5%`, of per cent; rounded down to one decimal."""
    return f"{value.quantize(_TENTH, ROUND_DOWN):,}%"


def _singular(unit: str) -> str:
    return _ONE.get(unit, unit.removesuffix("s"))
