"""The returns of a contract by supplier and month, as chart B shows them.

Promises: pure. A letter for each month, with its words; a return that came leads to its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from services.verification.domain.lines import Slot
from services.verification.domain.slots import Told
from shared import formats
from shared.pages import months

MONTHS_MAX: Final = 12
SUPPLIERS_MAX: Final = 8
"""More would make a page of over 60 kB; the site of returns has all."""
WORDS: Final[Mapping[months.Mark, str]] = {
    "in_time": "in time",
    "late": "late",
    "missing": "missing",
    "due": "not due yet",
    "not_asked": "not asked for",
}


class Shown(NamedTuple):
    """The chart, and how many suppliers it leaves out."""

    chart: months.Months | None
    left_out: int


def show(slots: Mapping[Slot, Told], names: Mapping[str, str]) -> Shown:
    """The last twelve months. `names`: of suppliers, in their order; other parties that sent
    something come after them."""
    periods = sorted({period for period, _ in slots})[-MONTHS_MAX:]
    others = sorted({party for _, party in slots} - set(names))
    parties = [*(each for each in names if any(party == each for _, party in slots)), *others]
    rows = [
        months.Squares(
            names.get(party, party), tuple(_square(slots[period, party]) for period in periods)
        )
        for party in parties[:SUPPLIERS_MAX]
    ]
    left_out = max(0, len(parties) - SUPPLIERS_MAX)
    if not rows or not periods:
        return Shown(None, left_out)
    return Shown(months.months("Returns by month", periods, rows, WORDS), left_out)


def _square(told: Told) -> months.Square:
    words = WORDS[told.mark]
    if told.due_on is not None:
        words += f", due by {formats.day(told.due_on)}"
    href = None if told.return_id is None else f"supplier:/returns/{told.return_id}"
    return months.Square(told.mark, words, href)
