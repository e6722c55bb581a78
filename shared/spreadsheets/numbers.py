"""How XLSX writes numbers, days and times: one number and a style.

Promises: a number comes out as it is shown, with at most 15 digits: the noise of binary fractions
is no part of it. A day comes out right for both of Excel's calendars.
Refuses: 29 February 1900, which Excel believes in, and days that are no days.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, TypeAlias

from shared.spreadsheets import tables

Style: TypeAlias = Literal["plain", "percent", "day", "time"] | int
"""How a number is shown. An int: with zeros in front, so many digits."""

DAY_ZERO_1900: Final = date(1899, 12, 30)
"""Right from 1 March 1900 on; before, Excel counts a day too many."""
DAY_ZERO_1904: Final = date(1904, 1, 1)
_LEAP_DAY: Final = 60
_DAYS_MAX: Final = 2_958_465
"""31 December 9999."""
_DIGITS: Final = 15
_SECONDS: Final = 24 * 60 * 60

_KNOWN: Final[dict[int, Style]] = {
    9: "percent",
    10: "percent",
    **dict.fromkeys((*range(14, 18), 22, *range(27, 37), *range(50, 59)), "day"),
    **dict.fromkeys((18, 19, 20, 21, 45, 46, 47), "time"),
}
"""Styles that a file need not define."""
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""Parts of a style that stand for themselves: texts, blanks, colours, currencies."""


def known_style(number: int) -> Style:
    """The style that a number stands for by itself."""
    return _KNOWN.get(number, "plain")


def read_style(code: str) -> Style:
    """The style that a code, such as `dd/mm/yyyy`, says."""
    if code.strip().lower() in ("general", "standard", "@"):
        return "plain"
    bare = _LITERAL.sub("", code).lower().partition(";")[0]
    if "y" in bare or "d" in bare:
        return "day"
    if "h" in bare or "s" in bare:
        return "time"
    if "m" in bare:
        return "day"
    if "%" in bare:
        return "percent"
    zeros = bare.strip()
    return len(zeros) if zeros and not zeros.strip("0") and len(zeros) > 1 else "plain"


def read(cell: tables.Cell, style: Style, day_zero: date) -> tables.Cell:
    """The cell with the value of its number."""
    number = _number(cell.text)
    if number is None:
        return cell._replace(misread=_NO_NUMBER)
    if style in ("day", "time"):
        return _moment(cell, number, day_zero, is_time=style == "time")
    if style == "percent":
        return cell._replace(text=f"{plain(number * 100)}%", value=number, is_percent=True)
    text = plain(number)
    if isinstance(style, int) and text.isdigit():
        text = text.zfill(style)
    return cell._replace(text=text, value=number)


_NO_NUMBER: Final = tables.Misread("This is no number that can be read", "Type it again.")
_NO_DAY: Final = tables.Misread("This is no day", "Write the day as 6 October 2026.")


def plain(number: Decimal) -> str:
    """Without an exponent and without zeros at the end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str) -> Decimal | None:
    if len(text) > 2 * _DIGITS or not text.isascii() or "_" in text:
        return None
    try:
        found = Decimal(text)
        if found.is_finite() and len(found.as_tuple().digits) > _DIGITS:
            found = Decimal(f"{found:.{_DIGITS - 1}e}")
    except InvalidOperation:
        return None
    if not found.is_finite() or found.adjusted() > 2 * _DIGITS:
        return None
    return found.normalize() + 0


def _moment(cell: tables.Cell, number: Decimal, day_zero: date, *, is_time: bool) -> tables.Cell:
    days, part = divmod(number, 1)
    if number < 0 or days > _DAYS_MAX:
        return cell._replace(misread=_NO_DAY)
    seconds = round(part * _SECONDS)
    if days < 1 and is_time and seconds < _SECONDS:
        clock = (datetime.combine(day_zero, time()) + timedelta(seconds=seconds)).time()
        return cell._replace(text=f"{clock:%H:%M}", value=clock)
    day = to_day(int(days), day_zero)
    if day is None:
        return cell._replace(misread=_NO_DAY)
    moment = datetime.combine(day, time()) + timedelta(seconds=seconds)
    if not seconds:
        return cell._replace(text=moment.date().isoformat(), value=moment.date())
    return cell._replace(text=f"{moment:%Y-%m-%d %H:%M}", value=moment)


def to_day(serial: int, day_zero: date) -> date | None:
    """The day of a number; None if there is none."""
    if serial < 0 or serial >= _DAYS_MAX:
        return None
    if day_zero == DAY_ZERO_1900 and serial <= _LEAP_DAY:
        return None if serial in (0, _LEAP_DAY) else day_zero + timedelta(days=serial + 1)
    return day_zero + timedelta(days=serial)
