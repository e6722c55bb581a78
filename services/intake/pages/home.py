"""Intake's first page: the returns that were sent, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.api import documents
from services.intake.domain.return_status import ReturnStatus
from shared import formats
from shared.pages.parts import Cell, Head, Pages, Table, Tag

TAGS: Final[dict[ReturnStatus, Tag]] = {
    "received": Tag("Received", "blue"),
    "held": Tag("We are looking at it", "yellow"),
    "checked": Tag("Checked", "green"),
    "superseded": Tag("Replaced", "grey"),
    "withdrawn": Tag("Withdrawn", "grey"),
}
"""How far a return has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    of: str | None
    """The contract that the list is narrowed down to."""
    nothing: str
    """What stands here if there is no return."""
    table: Table | None
    pages: Pages


def show(
    returns: Sequence[documents.ReturnSummary],
    pages: Pages,
    *,
    contract_id: str | None,
    is_supplier: bool,
) -> Page:
    """The page of these returns."""
    nothing = "You have sent no return yet." if is_supplier else "No return has come yet."
    whose = () if is_supplier else ("Supplier",)
    heads = ("Month", "Contract", *whose, "Receipt", "Sent", "Status")
    return Page(
        title="Returns",
        of=contract_id,
        nothing=nothing if contract_id is None else "Nothing was sent for this contract.",
        table=Table(
            caption="Returns, the newest first",
            heads=tuple(Head(text) for text in heads),
            rows=tuple(_row(each, is_supplier=is_supplier) for each in returns),
            is_caption_shown=False,
        )
        if returns
        else None,
        pages=pages,
    )


def _row(each: documents.ReturnSummary, *, is_supplier: bool) -> tuple[Cell, ...]:
    month = formats.month(each.period)
    if each.revision > 1:
        month += f", revision {each.revision}"
    return (
        Cell(month, f"/returns/{each.return_id}"),
        Cell(each.contract_id, is_whole=True),
        *(() if is_supplier else (Cell(each.party_id, is_whole=True),)),
        Cell(str(each.receipt_no)),
        Cell(formats.moment(each.received_at)),
        Cell("", tag=TAGS[each.status]),
    )
