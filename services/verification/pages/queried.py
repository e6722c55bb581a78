"""Lines that wait for the council: why does each wait, and what would deciding it change?

Promises: pure. What is said is the API's (`GET /api/v1/lines/queried`); where a change cannot be
reckoned nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.verification.api.documents import queried as documents
from services.verification.pages import filters
from shared import calendar, formats
from shared.pages.parts import Cell, Fault, Field, Head, Pages, Table

TITLE: Final = "Queried lines"
CHANGES_NAMED_MAX: Final = 3
"""Of the ratings that a decision changes, so many are named in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    sentences: tuple[str, ...]
    """The first says how many wait."""
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    is_narrowed: bool
    table: Table | None
    pages: Pages


def show(asked: filters.Queried, found: documents.QueriedLines, pages: Pages) -> Page:
    """The page of these lines."""
    return Page(
        title=TITLE,
        sentences=_sentences(found),
        faults=(),
        form=asked.form(),
        is_narrowed=bool(asked.given),
        table=_table(found.items) if found.items else None,
        pages=pages,
    )


def show_faults(asked: filters.Queried, faults: tuple[Fault, ...]) -> Page:
    """The page of a form that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        sentences=(),
        faults=faults,
        form=asked.form(faults),
        is_narrowed=True,
        table=None,
        pages=Pages(None, None),
    )


def _sentences(found: documents.QueriedLines) -> tuple[str, ...]:
    if not found.lines:
        return ("No line waits for the council.",)
    verb = "waits" if found.lines == 1 else "wait"
    over = "" if found.contracts == 1 else f", of {formats.count(found.contracts, 'contract')}"
    first = f"{formats.count(found.lines, 'line')} {verb} for the council{over}."
    return (first, "Lines cannot be decided here yet. A corrected return settles a line too.")


def _table(lines: Sequence[documents.QueriedLine]) -> Table:
    return Table(
        caption="Lines, by contract and month",
        heads=(
            Head("Line"),
            Head("Why it waits"),
            Head("Reported", is_number=True),
            Head("Deciding changes"),
            Head("Received"),
        ),
        rows=tuple(map(_row, lines)),
        is_caption_shown=False,
    )


def _row(line: documents.QueriedLine) -> tuple[Cell, ...]:
    promise = f"/contracts/{line.contract_id}/commitments/{line.commitment_id}"
    where = f"{line.contract_title}, {line.party_name}"
    what = f"Line {line.line_id}, {formats.day(line.activity_on)}"
    return (
        Cell(line.commitment_title, promise, why=(where, what)),
        _why(line),
        _reported(line),
        _changes(line),
        _received(line),
    )


def _why(line: documents.QueriedLine) -> Cell:
    """The sentences of what waits, and what to do."""
    first, *more = [each["words"] for each in line.findings] or [""]
    to_do = dict.fromkeys(each["what_to_do"] for each in line.findings if each["what_to_do"])
    return Cell(first, why=(*more, *to_do))


def _reported(line: documents.QueriedLine) -> Cell:
    reported = formats.amount(line.reported, line.unit)
    if line.queried == line.reported:
        return Cell(reported)
    return Cell(reported, why=(f"{formats.amount(line.queried, line.unit)} of it waits",))


def _changes(line: documents.QueriedLine) -> Cell:
    if line.changes is None:
        return Cell("")
    if not line.changes:
        return Cell("No rating")
    said = [
        f"{formats.month(each.period)}: {each.rating} → {each.rating_if_confirmed}"
        for each in line.changes
    ]
    first, *more = said[:CHANGES_NAMED_MAX]
    left = len(said) - CHANGES_NAMED_MAX
    rest = (f"and {formats.count(left, 'more month')}",) if left > 0 else ()
    return Cell(first, why=(*more, *rest))


def _received(line: documents.QueriedLine) -> Cell:
    href = f"supplier:/returns/{line.return_id}"
    if line.received_at is None:
        return Cell(f"Return for {formats.month(line.period)}", href)
    day = formats.day(calendar.london_day(line.received_at))
    return Cell(day, href, why=(f"Return for {formats.month(line.period)}",))
