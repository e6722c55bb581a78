"""All contracts: who is behind? A sentence first, then each contract by its worst promise, the
worst first; also those in which nothing is promised yet.

Promises: pure. Every figure is one that the API gives (`GET /api/v1/performance/contracts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import urlencode

from services.verification.api import documents as contract_documents
from services.verification.api.documents import Organisation
from services.verification.api.documents import overviews as documents
from services.verification.domain import standing
from services.verification.pages import filters, ratings
from shared import formats
from shared.pages.parts import Cell, Fault, Field, Head, Pages, Table

TITLE: Final = "Contracts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    sentences: tuple[str, ...]
    """The first says how many are behind."""
    faults: tuple[Fault, ...]
    """Of the form: then there is no list."""
    form: tuple[Field, ...]
    is_narrowed: bool
    csv: str | None
    """Where the whole list is as a file; None: it is empty."""
    table: Table | None
    pages: Pages


def show(
    asked: filters.Contracts,
    contracts: Sequence[documents.Overview],
    counts: standing.ContractCounts,
    pages: Pages,
    *,
    is_supplier: bool = False,
) -> Page:
    """The page of these contracts. `counts`: of all pages together."""
    is_narrowed = bool(asked.given)
    address = f"/contracts.csv?{urlencode(asked.given)}" if is_narrowed else "/contracts.csv"
    return Page(
        title=TITLE,
        sentences=_sentences(counts, is_narrowed=is_narrowed),
        faults=(),
        form=asked.form(left_out=_left_out(is_supplier=is_supplier)),
        is_narrowed=is_narrowed,
        csv=address if contracts else None,
        table=_table(contracts) if contracts else None,
        pages=pages,
    )


def show_faults(
    asked: filters.Contracts, faults: tuple[Fault, ...], *, is_supplier: bool = False
) -> Page:
    """The page of a form that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        sentences=(),
        faults=faults,
        form=asked.form(faults, _left_out(is_supplier=is_supplier)),
        is_narrowed=True,
        csv=None,
        table=None,
        pages=Pages(None, None),
    )


def _left_out(*, is_supplier: bool) -> tuple[str, ...]:
    """Suppliers are told nothing of the council's people."""
    return ("owner",) if is_supplier else ()


# --- what stands first ---------------------------------------------------------------------------


def _sentences(counts: standing.ContractCounts, *, is_narrowed: bool) -> tuple[str, ...]:
    if not counts.contracts:
        none = "No contract matches these filters." if is_narrowed else "There is no contract yet."
        return (none,)
    return (_first(counts, is_narrowed=is_narrowed), *_further(counts))


def _first(counts: standing.ContractCounts, *, is_narrowed: bool) -> str:
    of = formats.count(counts.contracts, "contract")
    of = f"{of} that {_verb(counts.contracts, 'matches', 'match')}" if is_narrowed else of
    if counts.behind:
        behind = f"{counts.behind:,} of {of} {_verb(counts.behind, 'is', 'are')} behind"
        return f"{behind}, with {formats.count(counts.promises_behind, 'promise')}."
    if counts.good or is_narrowed:
        return f"None of {of} is behind."
    return f"{of[:1].upper()}{of[1:]}; nothing can be rated yet."


def _further(counts: standing.ContractCounts) -> list[str]:
    sentences = []
    if counts.waiting:
        waiting = formats.count(counts.waiting, "contract")
        sentences.append(f"{waiting} cannot be rated till a return comes or the council decides.")
    if counts.overdue:
        verb = _verb(counts.overdue, "is", "are")
        sentences.append(f"{formats.count(counts.overdue, 'return')} {verb} overdue.")
    return sentences


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


# --- the contracts -------------------------------------------------------------------------------


def _table(contracts: Sequence[documents.Overview]) -> Table:
    return Table(
        caption="Contracts, the worst first",
        heads=(
            Head("Contract"),
            Head("Supplier"),
            Head("Worst rating"),
            Head("Behind"),
            Head("Returns missing"),
            Head("Cases", is_number=True),
            Head("Ends"),
        ),
        rows=tuple(map(_row, contracts)),
        is_caption_shown=False,
    )


def _row(each: documents.Overview) -> tuple[Cell, ...]:
    return (
        Cell(each.contract_title, f"/contracts/{each.contract_id}", why=(each.contract_id,)),
        Cell(_named(each.suppliers)),
        _rating(each),
        _behind(each),
        _missing(each),
        Cell(f"{each.cases_open:,}" if each.cases_open else "None"),
        Cell(formats.day(each.ends_on)),
    )


def _rating(each: documents.Overview) -> Cell:
    if each.worst is None:
        return Cell("Nothing promised yet")
    if each.worst.rating is None:
        return Cell("Not rated yet")
    return Cell("", tag=ratings.tag(each.worst.rating), why=ratings.reason(each.worst.reason))


def _behind(each: documents.Overview) -> Cell:
    if not each.commitments_behind or each.worst is None:
        return Cell("–")
    gap = formats.amount(each.worst.gap, each.worst.unit)
    share = formats.share(Decimal(each.worst.gap_share))
    of = f"{each.commitments_behind:,} of {formats.count(each.commitments, 'promise')}"
    return Cell(of, why=(f"{each.worst.commitment_title}: {gap}, {share} of the whole target",))


def _missing(each: documents.Overview) -> Cell:
    if not each.returns_missing or each.missing_since is None:
        return Cell("None")
    since = formats.month(each.missing_since)
    why = since if each.returns_missing == 1 else f"Since {since}"
    return Cell(f"{each.returns_missing:,}", why=(why,))


def suppliers(contract: contract_documents.Contract) -> str:
    """The suppliers by name, or by id where none is known."""
    return _named(contract.suppliers)


def _named(organisations: Sequence[Organisation]) -> str:
    return ", ".join(each.name or each.id for each in organisations)
