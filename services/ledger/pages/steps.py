"""Steps from one figure, count or version to the next, in words.

Promises: pure. The record holds quantities without their unit: they are shown as numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.ledger.api import documents
from shared import formats
from shared.pages.parts import Cell


def promise(commitment_id: str, titles: Mapping[str, str]) -> Cell:
    """The title of a promise with its id below; the id alone while there is no title."""
    title = titles.get(commitment_id)
    return Cell(commitment_id) if title is None else Cell(title, why=(commitment_id,))


def rated(figure: documents.Figure) -> str:
    """`Good`; `Other (data missing)`."""
    reason = (figure.reason or "").replace("_", " ")
    return f"{figure.rating} ({reason})" if reason else figure.rating


def amount(said: str) -> str:
    """`150,000` of `150000.00`; `9.33` of the exact fraction `28/3`, rounded down."""
    if "/" not in said:
        return formats.amount(Decimal(said), None)
    exact = Fraction(said)
    return formats.amount(Decimal(exact.numerator * 100 // exact.denominator) / 100, None)


def lines(counted: documents.Counted | None) -> str:
    """`12 of 3 lines`, with what waits."""
    if counted is None:
        return "No line"
    said = f"{amount(counted.counted)}, of {formats.count(counted.lines, 'line')}"
    if Decimal(counted.queried):
        said += f"; {amount(counted.queried)} waits for the council"
    return said


def version(said: documents.Version) -> str:
    """`Version 2: 24 visits from 1 June 2026, approved`."""
    target = formats.amount(Decimal(said.target), said.unit)
    begins = "" if said.begins_on is None else f" from {day(said.begins_on)}"
    state = {"draft": "proposed", "active": "approved"}.get(said.state, said.state)
    return f"Version {said.version}: {target}{begins}, {state}"


def day(said: str) -> str:
    """`1 June 2026`, of `2026-06-01`; what is no day as it stands."""
    try:
        return formats.day(date.fromisoformat(said))
    except ValueError:
        return said
