"""Age: whether what the rules look up is out of date, for operators (rule L2).

Promises: pure. Each thing that is old has words, what to do about it, and a key that stays the same
until it has been replaced, so that it is told once. The postcode directory is old from the sixth
month after its own on; bank holidays, while those of next year are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, Literal, NamedTuple, TypeAlias

from shared import calendar, formats

MONTHS_MAX: Final = 6
"""A directory comes every three months; one may be skipped."""

Reference: TypeAlias = Literal["postcodes", "holidays"]


class OutOfDate(NamedTuple):
    """One thing that is to be brought up to date."""

    what: Reference
    key: str
    """The same for as long as it is the same one that is old."""
    words: str
    to_do: str


def check(newest_month: str | None, today: date) -> tuple[OutOfDate, ...]:
    """What is out of date today. `newest_month`: that of the newest edition of the postcode
    directory; None: no edition is named by its month."""
    return (*_postcodes(newest_month, today), *_holidays(today))


def _postcodes(newest_month: str | None, today: date) -> Iterator[OutOfDate]:
    to_do = "Load the newest edition; until then lines with newer postcodes wait for the council."
    if newest_month is None:
        words = "No edition of the postcode directory is named by its month."
        yield OutOfDate("postcodes", "postcodes:unnamed", words, to_do)
        return
    months = calendar.months_since(newest_month, calendar.period_of(today))
    if months >= MONTHS_MAX:
        words = f"The postcode directory is {formats.count(months, 'month')} old."
        yield OutOfDate("postcodes", f"postcodes:{newest_month}", words, to_do)


def _holidays(today: date) -> Iterator[OutOfDate]:
    year = today.year + 1
    if not calendar.has_holidays(year):
        words = f"The bank holidays of {year} are not known: due days then fall too early."
        yield OutOfDate("holidays", f"holidays:{year}", words, "Install a newer release.")
