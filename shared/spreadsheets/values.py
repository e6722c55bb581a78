"""What a cell says, as one kind of value or another.

Promises: numbers may have a £ and thousands commas, days may be written as people in Britain write
them. Nothing is guessed: what can be read in two ways is misread.
Refuses (`tables.Misread`): a comma in place of a decimal point, other currencies, numbers that were
cut off, days with the month first.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from shared.spreadsheets import numbers, tables
from shared.spreadsheets.tables import Misread

DECIMALS_MAX: Final = 6
"""With more decimal places nothing is reported: they come from a division."""

# --- texts ---------------------------------------------------------------------------------------


def text(cell: tables.Cell) -> str | Misread:
    """What is written, whatever it is."""
    if cell.misread is not None:
        return cell.misread
    if isinstance(cell.value, Decimal) and abs(cell.value) >= _CUT_FROM:
        return Misread(
            "This number has more digits than a spreadsheet keeps: the last ones are lost",
            "Format the cell as text, then write it again.",
        )
    return cell.text


_CUT_FROM: Final = Decimal(10) ** 15


def yes_no(cell: tables.Cell) -> bool | Misread:
    """Yes or no."""
    if cell.misread is not None:
        return cell.misread
    word = cell.text.lower()
    if word in _YES:
        return True
    return False if word in _NO else Misread("This is neither yes nor no", "Write yes or no.")


_YES: Final = frozenset({"yes", "y", "true", "x", "1", "✓"})
_NO: Final = frozenset({"no", "n", "false", "0", "-"})

# --- numbers -------------------------------------------------------------------------------------

_CURRENCY: Final = re.compile(r"[€$¥]|\b(eur|usd)\b", re.IGNORECASE)
_GROUPS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
_ONE_GROUP: Final = re.compile(r"[0-9]{1,3},[0-9]{3}")
_PLAIN: Final = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_CUT: Final = re.compile(r"-?[0-9](\.[0-9]+)?e[+-]?[0-9]{1,3}", re.IGNORECASE)
_NO_DECIMAL_COMMA: Final = "Write a decimal point, such as 12.50, and no comma."


def number(
    cell: tables.Cell, habits: tables.Habits, *, is_share: bool = False
) -> Decimal | Misread:
    """A decimal number. Percent only where a share is asked for: 50% is 0.5."""
    if cell.misread is not None:
        return cell.misread
    if isinstance(cell.value, Decimal):
        found: Decimal | Misread = cell.value
        is_percent = cell.is_percent
    elif isinstance(cell.value, str):
        written = cell.text.removesuffix("%").rstrip()
        is_percent = written != cell.text
        found = _read_number(written, habits)
        if is_percent and isinstance(found, Decimal):
            found = (found / 100).normalize() + 0
    else:
        return Misread("This is a day or a time, not a number", "Format the cell as a number.")
    if isinstance(found, Misread):
        return found
    if is_percent and not is_share:
        return Misread("This is a percentage, not a quantity", "Write the number itself.")
    places = found.as_tuple().exponent
    if isinstance(places, int) and -places > DECIMALS_MAX:
        return Misread(
            f"This has {-places} decimal places; the cell may show fewer",
            "Round it, for instance with =ROUND(…, 2).",
        )
    return found


def _read_number(written: str, habits: tables.Habits) -> Decimal | Misread:
    if not written.isascii() and not written.replace("£", "").replace("\u2212", "").isascii():
        written = re.sub("(?<=[0-9])[\u00a0\u202f\u2009](?=[0-9]{3})", "", written)
    if _CURRENCY.search(written):
        return Misread("Only pounds can be read", "Write the amount in pounds.")
    bare = re.sub(r"^(£\s*-|-\s*£|£|-|\u2212|\+)\s*", "", written).rstrip("£ ")
    sign = -1 if re.match(r"^\s*(£\s*-|-|\u2212)", written) else 1
    if _CUT.fullmatch(bare):
        return Misread(
            "A spreadsheet has shortened this number: its last digits are lost",
            "Format the cell as a number, and save the file again.",
        )
    if habits.has_semicolons and _ONE_GROUP.fullmatch(bare):
        point, none = bare.replace(",", "."), bare.replace(",", "")
        return Misread("This can be read in two ways", f"Write {none}, or {point}.")
    if _GROUPS.fullmatch(bare):
        return sign * Decimal(bare.replace(",", ""))
    if _PLAIN.fullmatch(bare):
        return sign * Decimal(bare)
    if "," in bare and not bare.replace(",", "").replace(".", "").strip("0123456789"):
        return Misread("There is a comma where a number cannot have one", _NO_DECIMAL_COMMA)
    return Misread("This is not a number", "Write it in digits, such as 12.50.")


def plain(found: Decimal) -> str:
    """A number as documents have it: 18250.00, never with an exponent."""
    return format(found, "f")


# --- days and times ------------------------------------------------------------------------------

_ISO: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})([T ]00:00(:00)?)?")
_DAY_FIRST: Final = re.compile(
    r"([0-9]{1,2})\s*([/.\- ])\s*([0-9]{1,2})\s*\2\s*([0-9]{4}|[0-9]{2})( 00:00(:00)?)?"
)
_NAMED: Final = re.compile(
    r"(?:[a-z]+,?\s+)?([0-9]{1,2})(?:st|nd|rd|th)?[ \-]+([a-z]{3,9})\.?[ \-]+([0-9]{4}|[0-9]{2})",
    re.IGNORECASE,
)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_WRITE_DAY: Final = "Write it as 6 October 2026 or 06/10/2026."


def day(cell: tables.Cell, habits: tables.Habits) -> date | Misread:
    """A day. In numbers the day comes first, as in Britain; a year of two digits is of this
    century."""
    if cell.misread is not None:
        return cell.misread
    value = cell.value
    if isinstance(value, datetime):
        if value.time() != time():
            return Misread("There is a time of day with this day", "Write the day alone.")
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, Decimal):
        return _of_number(value, habits)
    return _read_day(cell.text)


def _of_number(value: Decimal, habits: tables.Habits) -> date | Misread:
    is_whole = value == value.to_integral_value()
    found = numbers.to_day(int(value), habits.day_zero) if is_whole and habits.day_zero else None
    if found is None or found.year < _YEAR_MIN:
        return Misread("This is a number, not a day", _WRITE_DAY)
    return found


_YEAR_MIN: Final = 1990
"""A small number in a column of days is none: 2026 would be a day in 1905."""


def _read_day(written: str) -> date | Misread:
    if iso := _ISO.fullmatch(written):
        return _make_day(int(iso[1]), int(iso[2]), int(iso[3]))
    if first := _DAY_FIRST.fullmatch(written):
        month = int(first[3])
        if month > 12 >= int(first[1]):
            return Misread("This has the month first", f"Write the day first. {_WRITE_DAY}")
        return _make_day(_year(first[4]), month, int(first[1]))
    if named := _NAMED.fullmatch(written):
        name = named[2].lower()
        months = [at for at, each in enumerate(_MONTHS, 1) if each.startswith(name)]
        if name == "sept":
            months = [9]
        if len(months) == 1:
            return _make_day(_year(named[3]), months[0], int(named[1]))
    return Misread("This is not a day that can be read", _WRITE_DAY)


def _year(written: str) -> int:
    return int(written) if len(written) == 4 else 2000 + int(written)


def _make_day(year: int, month: int, number_of_day: int) -> date | Misread:
    try:
        return date(year, month, number_of_day)
    except ValueError:
        return Misread("This day does not exist", _WRITE_DAY)


_CLOCK: Final = re.compile(r"([0-9]{1,2})(?:[:.]([0-9]{2}))?(?::00)?\s*(am|pm)?", re.IGNORECASE)
_NO_TIME: Final = Misread("This is not a time of day", "Write it as 09:30.")


def clock(cell: tables.Cell) -> time | Misread:
    """A time of day: 09:30, 9.30 or 2pm. Of a day with its time, the time."""
    if cell.misread is not None:
        return cell.misread
    if isinstance(cell.value, datetime):
        return cell.value.time().replace(second=0)
    if isinstance(cell.value, time):
        return cell.value.replace(second=0)
    found = _CLOCK.fullmatch(cell.text) if isinstance(cell.value, str) else None
    if found is None or (found[2] is None and found[3] is None):
        return _NO_TIME
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3] is not None:
        if not 1 <= hour <= 12:
            return _NO_TIME
        hour = hour % 12 + (12 if found[3].lower() == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else _NO_TIME
