"""All contracts, by reference: also those in which nothing is promised yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.verification.api import documents
from shared import formats
from shared.pages.parts import Cell, Head, Pages, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    table: Table | None
    """None: there is no contract."""
    pages: Pages


def show(contracts: Sequence[documents.Contract], pages: Pages) -> Page:
    """The page of these contracts."""
    heads = ("Contract", "Reference", "Supplier", "Starts", "Ends")
    table = Table(
        caption="Contracts, by reference",
        heads=tuple(map(Head, heads)),
        rows=tuple(map(_row, contracts)),
        is_caption_shown=False,
    )
    return Page(title="All contracts", table=table if contracts else None, pages=pages)


def _row(each: documents.Contract) -> tuple[Cell, ...]:
    return (
        Cell(each.title, f"/contracts/{each.contract_id}"),
        Cell(each.contract_id, is_whole=True),
        Cell(suppliers(each)),
        Cell(formats.day(each.starts_on)),
        Cell(formats.day(each.ends_on)),
    )


def suppliers(contract: documents.Contract) -> str:
    """The suppliers by name, or by id where none is known."""
    return ", ".join(each.name or each.id for each in contract.suppliers)
