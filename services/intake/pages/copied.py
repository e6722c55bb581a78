"""Last month's lines that go on in this month, to be copied: all of them are ticked.

Promises: pure. What counts once is not offered, and evidence is not copied; the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.domain import drafts
from services.intake.domain.carrying import Carried
from services.intake.drafts import months
from services.intake.pages import addresses, promise
from services.intake.pages import month as month_page
from shared import calendar, formats
from shared.pages.parts import Choice, Fault, Field

LINES: Final = "lines"
"""The name of the field."""
SHOWN_MAX: Final = 100
"""Lines on one page; whoever has more uploads a spreadsheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What can be copied."""

    title: str
    heading: str
    month: str
    back: str
    sentences: tuple[str, ...]
    faults: tuple[Fault, ...]
    lines: Field | None
    button: str
    action: str


def show(
    month: months.Month,
    carried: Sequence[Carried],
    titles: Mapping[str, str],
    fault: str | None = None,
) -> Page:
    """The page of what goes on. `titles`: of the promises, by commitment."""
    place = month.place
    here = addresses.month(place.contract_id, place.period)
    before = formats.month(calendar.previous_period(place.period))
    return Page(
        title=f"{'Error: ' if fault else ''}Copy from {before}",
        heading=f"Copy from {before}",
        month=month_page.heading(month),
        back=here,
        sentences=tuple(_sentences(carried, before)),
        faults=(Fault(LINES, fault),) if fault else (),
        lines=_lines(month, carried[:SHOWN_MAX], titles, fault) if carried else None,
        button=f"Copy {formats.count(min(len(carried), SHOWN_MAX), 'line')}"
        if len(carried) == 1
        else "Copy the ticked lines",
        action=f"{here}/copy",
    )


def _sentences(carried: Sequence[Carried], before: str) -> list[str]:
    if not carried:
        first = f"There is nothing to copy from {before}."
        return [first, f"{_NOT_COPIED} What this month has already is not offered again."]
    first = f"{formats.count(len(carried), 'line')} of {before} can go on."
    more = f"The first {SHOWN_MAX} are shown." if len(carried) > SHOWN_MAX else ""
    return list(filter(None, (first, f"{_NOT_COPIED} Evidence is not copied either.", more)))


_NOT_COPIED: Final = (
    "Posts that are still held and weeks can go on. Spend, visits and sessions are not copied: "
    "each counts once."
)


def _lines(
    month: months.Month,
    carried: Sequence[Carried],
    titles: Mapping[str, str],
    fault: str | None,
) -> Field:
    return Field(
        name=LINES,
        label="Lines to copy",
        kind="checkboxes",
        choices=tuple(_choice(each, month, titles) for each in carried),
        value="" if fault else " ".join(map(value, carried)),
        fault=fault,
    )


def value(carried: Carried) -> str:
    """What the box of a line is called, whatever else is offered."""
    return drafts.mark(carried.before)


def _choice(carried: Carried, month: months.Month, titles: Mapping[str, str]) -> Choice:
    commitment_id = str(carried.line.get("commitment_id"))
    told = (
        promise.when(carried.line),
        promise.quantity(carried.line, month.promises[commitment_id]),
        titles.get(commitment_id, commitment_id),
    )
    return Choice(value(carried), promise.what(carried.line), "; ".join(told))
