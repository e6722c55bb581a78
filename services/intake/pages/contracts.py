"""The contracts that somebody may see, by reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared import formats
from shared.pages.names import NONE, Names
from shared.pages.parts import Cell, Head, Pages, Table
from shared.wire import events


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    nothing: str
    """What stands here if there is no contract."""
    table: Table | None
    pages: Pages


def show(
    contracts: Sequence[events.ContractPublished],
    pages: Pages,
    names: Names = NONE,
    *,
    is_supplier: bool,
) -> Page:
    """The page of these contracts."""
    whose = () if is_supplier else ("Supplier",)
    table = Table(
        caption="Contracts, by reference",
        heads=tuple(map(Head, ("Contract", *whose, "Promises", "Starts", "Ends"))),
        rows=tuple(_row(each, names, is_supplier=is_supplier) for each in contracts),
        is_caption_shown=False,
    )
    nothing = "No contract names you as its supplier yet." if is_supplier else "There is none yet."
    return Page(title="Contracts", nothing=nothing, table=table if contracts else None, pages=pages)


def _row(each: events.ContractPublished, names: Names, *, is_supplier: bool) -> tuple[Cell, ...]:
    title = names.contract(each.contract_id)
    reference = (each.contract_id,) if title != each.contract_id else ()
    active = sum(one.state == "active" for one in each.commitments)
    suppliers = formats.listed([names.party(party_id) for party_id in each.supplier_ids])
    return (
        Cell(title, f"/contracts/{each.contract_id}", why=reference),
        *(() if is_supplier else (Cell(suppliers),)),
        Cell(f"{active:,}"),
        Cell(formats.day(each.starts_on)),
        Cell(formats.day(each.ends_on)),
    )
