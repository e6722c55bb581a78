"""Withdrawing a return: what stops counting, until when a new one is in time, and why.

Promises: pure. A reason is asked for, and what was typed comes back with what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from services.intake.api import documents
from shared import calendar, fields, formats, obligations
from shared.pages.parts import Cell, Fault, Field, Head, Table

REASON: Final = "reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form, and what it does."""

    title: str
    heading: str
    contract_id: str
    return_href: str
    sentences: tuple[str, ...]
    stops: Table | None
    """What counts now and will not."""
    faults: tuple[Fault, ...]
    reason: Field


class Known(NamedTuple):
    """What the contract tells of what the page shows."""

    promises: Mapping[str, str]
    """What each commitment is about, by id, as far as known."""
    late: calendar.Late = ()
    """The bank holidays that were declared late."""


def show(
    found: documents.Return,
    known: Known,
    today: date,
    reason: str = "",
    fault: str | None = None,
) -> Page:
    """The page. `reason` and `fault`: what was typed, and what is wrong with it."""
    heading = f"Withdraw the return for {formats.month(found.period)}"
    return Page(
        title=heading if fault is None else f"Error: {heading}",
        heading=heading,
        contract_id=found.contract_id,
        return_href=f"/returns/{found.return_id}",
        sentences=tuple(_sentences(found, today, known.late)),
        stops=_stops(found, known.promises),
        faults=() if fault is None else (Fault(REASON, fault),),
        reason=Field(
            name=REASON,
            label="Why do you withdraw it?",
            hint="The council reads this. Do not name people.",
            kind="area",
            value=reason,
            characters_max=fields.TEXT_CHARACTERS_MAX,
            fault=fault,
        ),
    )


def _sentences(found: documents.Return, today: date, late: calendar.Late) -> list[str]:
    again_on = formats.day(obligations.due_again_on(found.period, today, late))
    month = formats.month(found.period)
    return [
        "Nothing of this return will count.",
        f"{month} then has no return. A new one is in time until {again_on}.",
        _ONCE,
    ]


_ONCE: Final = (
    "A withdrawal has a receipt and an entry in the record, and cannot be taken back. To change "
    "some lines, correct the return instead: what is right goes on counting."
)


def _stops(found: documents.Return, promises: Mapping[str, str]) -> Table | None:
    counted: dict[tuple[str, str], Decimal] = {}
    for line in found.lines:
        now = Decimal(line.counted or 0) + Decimal(line.provisional or 0)
        if now:
            of = line.commitment_id, line.unit
            counted[of] = counted.get(of, Decimal(0)) + now
    if not counted:
        return None
    return Table(
        caption="What stops counting",
        heads=(Head("Promise"), Head("Counts now", is_number=True)),
        rows=tuple(
            (
                Cell(promises.get(commitment_id, commitment_id)),
                Cell(formats.amount(amount, unit)),
            )
            for (commitment_id, unit), amount in sorted(counted.items())
        ),
    )


def fault(reason: str) -> str | None:
    """What is wrong with a reason."""
    if not reason.strip():
        return "Say why you withdraw it."
    if len(reason) > fields.TEXT_CHARACTERS_MAX:
        return f"Write at most {fields.TEXT_CHARACTERS_MAX:,} characters."
    return None
