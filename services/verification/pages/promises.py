"""Who is behind, and why, over all contracts: a sentence first, then each promise, the worst first.

Promises: pure. Every figure is one that the API gives (`GET /api/v1/performance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from services.verification.api.documents import standings as documents
from services.verification.domain import standing, wording
from services.verification.pages import filters, ratings
from shared import calendar, formats
from shared.pages.parts import Cell, Fault, Field, Head, Pages, Table

TITLE: Final = "Who is behind"
MISSING_NAMED_MAX: Final = 3
"""Of the returns that are missing, so many are named in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    sentences: tuple[str, ...]
    """The first says who is behind."""
    faults: tuple[Fault, ...]
    """Of the form: then there is no list."""
    form: tuple[Field, ...]
    is_narrowed: bool
    table: Table | None
    pages: Pages


def show(
    asked: filters.Promises,
    standings: Sequence[documents.Standing],
    counts: standing.Counts,
    pages: Pages,
) -> Page:
    """The page of these promises. `counts`: of all pages together."""
    is_narrowed = bool(asked.given)
    return Page(
        title=TITLE,
        sentences=_narrowed(counts) if is_narrowed else _all(counts),
        faults=(),
        form=asked.form(),
        is_narrowed=is_narrowed,
        table=_table(standings) if standings else None,
        pages=pages,
    )


def show_faults(asked: filters.Promises, faults: tuple[Fault, ...]) -> Page:
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


# --- what stands first ---------------------------------------------------------------------------


def _all(counts: standing.Counts) -> tuple[str, ...]:
    if not counts.standings:
        return ("Nothing is promised yet.",)
    if counts.behind:
        return (f"{_behind(counts)}.", *_unrated(counts))
    first = "Nobody is behind." if counts.good else "Nothing can be rated yet."
    return (first, *_unrated(counts))


def _narrowed(counts: standing.Counts) -> tuple[str, ...]:
    if not counts.standings:
        return ("No promise matches these filters.",)
    verb = "matches" if counts.standings == 1 else "match"
    match = f"{formats.count(counts.standings, 'promise')} {verb} these filters"
    if counts.behind:
        return (f"{match}: {_behind(counts)}.", *_unrated(counts))
    none = "it is not" if counts.standings == 1 else "none is"
    return (f"{match}: {none} behind.", *_unrated(counts))


def _behind(counts: standing.Counts) -> str:
    verb = "is" if counts.behind == 1 else "are"
    over = formats.count(counts.contracts_behind, "contract")
    where = "" if counts.behind == 1 else f", over {over}"
    return f"{formats.count(counts.behind, 'promise')} {verb} behind{where}"


def _unrated(counts: standing.Counts) -> list[str]:
    """What is neither behind nor on course."""
    early = counts.standings - counts.behind - counts.waiting - counts.good
    sentences = []
    if counts.waiting:
        waiting = formats.count(counts.waiting, "promise")
        sentences.append(f"{waiting} cannot be rated till a return comes or the council decides.")
    if early:
        verb = "is" if early == 1 else "are"
        sentences.append(f"{formats.count(early, 'promise')} {verb} not rated yet.")
    return sentences


# --- the promises --------------------------------------------------------------------------------


def _table(standings: Sequence[documents.Standing]) -> Table:
    return Table(
        caption="Promises, the worst first",
        heads=(
            Head("Contract"),
            Head("Promise"),
            Head("Rating"),
            Head("Behind", is_number=True),
            Head("Returns missing"),
            Head("Case"),
        ),
        rows=tuple(map(_row, standings)),
        is_caption_shown=False,
    )


def _row(each: documents.Standing) -> tuple[Cell, ...]:
    return (
        Cell(each.contract_title, f"/contracts/{each.contract_id}", why=(each.contract_id,)),
        Cell(each.commitment_title, why=_why(each)),
        _rating(each),
        _gap(each),
        _missing(each),
        _case(each),
    )


def _why(each: documents.Standing) -> tuple[str, ...]:
    """Why it is behind, as one sentence."""
    reasons = "; ".join(wording.WHY.get(code, code) for code in each.why)
    return (f"{reasons[:1].upper()}{reasons[1:]}.",) if reasons else ()


def _rating(each: documents.Standing) -> Cell:
    if each.rating is None:
        return Cell("Not rated yet")
    return Cell("", tag=ratings.tag(each.rating), why=ratings.reason(each.reason))


def _gap(each: documents.Standing) -> Cell:
    if not each.gap or each.gap_share is None:
        return Cell("–")
    share = formats.share(Decimal(each.gap_share))
    return Cell(formats.amount(each.gap, each.unit), why=(f"{share} of the whole target",))


def _missing(each: documents.Standing) -> Cell:
    missing = each.returns_missing
    if not missing:
        return Cell("None")
    is_shared = len(each.suppliers) > 1
    named = [_return(one, is_shared=is_shared) for one in missing[:MISSING_NAMED_MAX]]
    more = len(missing) - len(named)
    rest = (f"and {more} more",) if more else ()
    return Cell(f"{len(missing):,}", why=(*named, *rest))


def _return(missing: documents.MissingReturn, *, is_shared: bool) -> str:
    month = formats.month(missing.period)
    return f"{month}, {missing.supplier_name or missing.supplier_id}" if is_shared else month


def _case(each: documents.Standing) -> Cell:
    if each.case is None:
        return Cell("None")
    opened = formats.day(calendar.london_day(each.case.opened_at))
    return Cell(ratings.STATES.get(each.case.state, each.case.state), why=(f"Opened {opened}",))
