"""Figures, days and months as people read them.

Promises: pure, and the only place. Money has its sign and no empty pence, one of a thing is in the
singular, a month and a day have their names. A share is never rounded up: what is 99.96% is not
shown as 100%.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from shared import calendar

_ONE: Final = {"people": "person"}
"""Units whose singular is not the plural without its "s"."""
_UNITS: Final = {"GBP": "pounds", "FTE": "full-time posts"}
"""Units whose name is no word."""
_SIZES: Final = ((10**12, "tn"), (10**9, "bn"), (10**6, "m"))
_TENTH: Final = Decimal("0.1")


def amount(value: Decimal | None, unit: str | None, *, has_pence: bool = False) -> str:
    """`£1,234.50`, `£600,000`, `12 visits`, `1 visit`, `1.5 FTE`; `£600,000.00` where pence
    matter."""
    if value is None:
        return "nothing"
    is_whole = value == value.to_integral_value()
    if unit == "GBP":
        has_pence = has_pence or not is_whole
        pounds = f"£{abs(value):,.2f}" if has_pence else f"£{abs(value):,.0f}"
        return f"-{pounds}" if value < 0 else pounds
    plain = f"{value:,.0f}" if is_whole else f"{value:,f}".rstrip("0")
    if unit is None:
        return plain
    return f"{plain} {_ONE.get(unit, unit.removesuffix('s')) if abs(value) == 1 else unit}"


def short(value: Decimal, unit: str | None) -> str:
    """`£250,000`, `£1.5m`, `12`: a round figure where there is little room."""
    size, letters = next((each for each in _SIZES if abs(value) >= each[0]), (1, ""))
    sign, pounds = "-" * (value < 0), "£" * (unit == "GBP")
    plain = f"{abs(value) / size:,f}"
    return f"{sign}{pounds}{plain.rstrip('0').rstrip('.') if '.' in plain else plain}{letters}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 line`, `1,204 lines`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def share(value: Decimal) -> str:
    """`81.5%`, of per cent; rounded down to one decimal."""
    return f"{value.quantize(_TENTH, ROUND_DOWN):,}%"


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


def months(first: str, last: str) -> str:
    """`May to October 2026`, `December 2026 to January 2027`, `May 2026`."""
    if first == last:
        return month(last)
    begin = f"{calendar.first_day(first):%B}" if first[:4] == last[:4] else month(first)
    return f"{begin} to {month(last)}"


def moment(value: datetime) -> str:
    """`13 November 2026, 09:00`, by the clocks of London."""
    local = value.astimezone(calendar.LONDON)
    return f"{day(local)}, {local:%H:%M}"


def ago(then: datetime, now: datetime) -> str:
    """`12 seconds ago`, `3 hours ago`; `just now` also of what is to come, as clocks differ."""
    seconds = int((now - then).total_seconds())
    for length, noun in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= length:
            return f"{count(seconds // length, noun)} ago"
    return "just now"


def days(first: date, last: date | None, joint: str = "to") -> str:
    """`5 October 2026`, or `1 to 28 October 2026`, as short as can be read in one way only. With
    the joint `and`, what follows "between"."""
    if last is None or last == first:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} {joint} {day(last)}"
    if first.year == last.year:
        return f"{first.day} {first:%B} {joint} {day(last)}"
    return f"{day(first)} {joint} {day(last)}"


def listed(words: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
