"""A contract: is it on course? A sentence first, then each promise with its figures, the returns by
month, the cases, and what changed last; as it is now, or as it was known on a day.

Promises: pure. Every figure is one that the API gives; none is computed again but the gap, which is
what was expected less what counts, if positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from services.verification.api import documents
from services.verification.api.documents import alerts
from services.verification.domain.lines import Slot
from services.verification.domain.slots import Filing, Told
from services.verification.pages import changes, known, months, promise, ratings
from shared import calendar, formats
from shared.pages import sparks
from shared.pages.months import Months
from shared.pages.parts import Cell, Fact, Happening, Head, Pages, Table

PROMISES_MAX: Final = 20
"""On one page, the worst first: more would weigh over 60 kB."""
NAMED_MAX: Final = 3
"""Of what is behind, so many are named in the sentence."""
CASES_MAX: Final = 10
_RANKS: Final = {"Inadequate": 0, "Requires improvement": 1, "Approaching target": 2, "Other": 3}
_RANK_NOT_RATED: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the page is made of."""

    contract: documents.ContractWhole
    performance: documents.Performance
    assessed: Sequence[tuple[str, documents.AssessmentShown]]
    """All assessments that were made, with their commitments, in order."""
    cases: Sequence[alerts.Case]
    slots: Mapping[Slot, Told]
    filings: Sequence[Filing]
    people: tuple[Fact, ...] = ()
    """Who answers for it; empty for a supplier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One contract."""

    title: str
    heading: str
    contract_id: str
    known: known.Known
    sentences: tuple[str, ...]
    """The first says whether it is on course."""
    promises: Table | None
    pages: Pages
    """Of the promises."""
    waiting: Table | None
    """Promises that are not in force yet."""
    returns: Months | None
    further_returns: str | None
    cases: Table | None
    changes: tuple[Happening, ...]
    facts: tuple[Fact, ...]


def show(found: Gathered, as_known: known.Known, day: date | None = None, first: int = 0) -> Page:
    """The page of a contract. `day`: as it was known then; None: now. `first`: the place of the
    first promise of this page, from 0."""
    contract = found.contract
    ordered = sorted(found.performance.commitments, key=_rank)
    promises = ordered[first : first + PROMISES_MAX]
    names = {each.id: each.name or each.id for each in contract.suppliers}
    returns = months.show(found.slots, names)
    return Page(
        title=as_known.title(contract.title),
        heading=contract.title,
        contract_id=contract.contract_id,
        known=as_known,
        sentences=(_sentence(ordered), *_waiting(contract)),
        promises=_table(promises, contract.contract_id, day) if promises else None,
        pages=_pages(contract.contract_id, day, first, len(ordered)),
        waiting=_not_in_force(contract, ordered, day),
        returns=returns.chart,
        further_returns=_left_out(returns.left_out),
        cases=_cases(found.cases, contract) if found.cases else None,
        changes=_changes(found, names),
        facts=_facts(contract, found.people),
    )


def _rank(promise: documents.Performed) -> tuple[int, Decimal, str]:
    """The worst first; of equals the one that is furthest behind, in parts of the whole."""
    if not promise.assessments or promise.rating is None:
        return (_RANK_NOT_RATED, Decimal(0), promise.commitment_id)
    behind = _behind(promise.assessments[-1]) / promise.target
    return (_RANKS.get(promise.rating, 4), -behind, promise.commitment_id)


def _pages(contract_id: str, day: date | None, first: int, count: int) -> Pages:
    path, after = f"/contracts/{contract_id}", first + PROMISES_MAX
    return Pages(
        first=known.at(path, day) if first else None,
        next=known.at(path, day, **{"from": str(after)}) if after < count else None,
    )


# --- what stands first ---------------------------------------------------------------------------


def _sentence(promises: Sequence[documents.Performed]) -> str:
    if not promises:
        return "Nothing is promised yet."
    rated = [each for each in promises if each.rating not in (None, "Other")]
    of = formats.count(len(promises), "promise", "promises")
    if not rated:
        waits = sum(each.reason in ("data_missing", "awaiting_council") for each in promises)
        if waits:
            till = "till a return comes or the council decides"
            return f"{waits} of {of} cannot be rated {till}."
        return "Nothing can be rated yet."
    behind = [each for each in rated if each.rating in ratings.BEHIND]
    if not behind:
        if len(rated) < len(promises):
            return f"{len(rated)} of {of} {_is(len(rated))} on course; the rest is not rated."
        return "The promise is on course." if len(rated) == 1 else f"All {of} are on course."
    named = [f"{each.title}, {_gap(each)}" for each in behind[:NAMED_MAX]]
    if len(behind) > NAMED_MAX:
        named.append(f"and {len(behind) - NAMED_MAX} more")
    return f"{len(behind)} of {of} {_is(len(behind))} behind: {'; '.join(named)}."


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _gap(promise: documents.Performed) -> str:
    return formats.amount(_behind(promise.assessments[-1]), promise.unit)


def _behind(made: documents.AssessmentShown) -> Decimal:
    return max(made.expected - made.low, Decimal(0))


def _waiting(contract: documents.ContractWhole) -> list[str]:
    """What is not in force yet."""
    drafts = sum(each.versions[-1].state == "draft" for each in contract.commitments)
    prose = sum(each.state == "needs_structuring" for each in contract.commitments)
    sentences = []
    if drafts:
        verb = "waits" if drafts == 1 else "wait"
        sentences.append(f"{formats.count(drafts, 'proposal')} {verb} for an approver.")
    if prose:
        verb = "has" if prose == 1 else "have"
        sentences.append(f"{formats.count(prose, 'promise')} {verb} no figures yet.")
    return sentences


# --- its promises --------------------------------------------------------------------------------


def _table(promises: Sequence[documents.Performed], contract_id: str, day: date | None) -> Table:
    return Table(
        caption="Promises",
        heads=(
            Head("Promise"),
            Head("Due", is_number=True),
            Head("Counted", is_number=True),
            Head("Behind", is_number=True),
            Head("Rating"),
            Head("Six months"),
        ),
        rows=tuple(_row(each, contract_id, day) for each in promises),
    )


def _row(each: documents.Performed, contract_id: str, day: date | None) -> tuple[Cell, ...]:
    target = formats.amount(each.target, each.unit)
    href = known.at(promise.address(contract_id, each.commitment_id), day)
    name = Cell(each.title, href, why=(f"{target} promised",))
    if not each.assessments:
        counted = formats.amount(each.counted + each.provisional, each.unit)
        blank = Cell("")
        return name, blank, Cell(counted), blank, Cell("Not rated yet"), blank
    last = each.assessments[-1]
    by = f"by {formats.day(calendar.last_day(last.period))}"
    waits = formats.amount(last.queried, each.unit)
    behind = _behind(last)
    return (
        name,
        Cell(formats.amount(last.expected, each.unit), why=(by,)),
        Cell(
            formats.amount(last.low, each.unit),
            why=(f"Waiting for the council: {waits}",) if last.queried else (),
        ),
        Cell(formats.amount(behind, each.unit) if behind else "–"),
        Cell("", tag=ratings.tag(last.rating), why=ratings.reason(last.reason)),
        _trend(each.assessments),
    )


def _trend(made: Sequence[documents.AssessmentShown]) -> Cell:
    """`81.5%, up from 76.4%`: what counts of what was due, at the end of the last month and of the
    month before."""
    attained = [Decimal(each.attainment) for each in made if each.attainment is not None]
    if made[-1].attainment is None:
        return Cell("")
    last = attained[-1]
    text = formats.share(last)
    if len(attained) > 1:
        before = attained[-2]
        way = f"up from {formats.share(before)}" if last > before else "as before"
        text += f", {f'down from {formats.share(before)}' if last < before else way}"
    return Cell(text, spark=sparks.spark(attained))


def _not_in_force(
    contract: documents.ContractWhole, promises: Sequence[documents.Performed], day: date | None
) -> Table | None:
    """Promises that were proposed or imported and bind nobody yet."""
    in_force = {each.commitment_id for each in promises}
    waiting = [each for each in contract.commitments if each.commitment_id not in in_force]
    if not waiting:
        return None
    return Table(
        caption="Not in force yet",
        heads=(Head("Promise"), Head("What it waits for")),
        rows=tuple(
            (
                Cell(
                    each.title,
                    known.at(promise.address(contract.contract_id, each.commitment_id), day),
                ),
                Cell(
                    "Its figures: the target is still prose"
                    if each.state == "needs_structuring"
                    else "An approver"
                ),
            )
            for each in waiting[:PROMISES_MAX]
        ),
    )


def _left_out(count: int) -> str | None:
    if not count:
        return None
    return f"{formats.count(count, 'more supplier')} sent returns: they are on the site of returns."


# --- its cases, what changed, and what it is -----------------------------------------------------


def _cases(cases: Sequence[alerts.Case], contract: documents.ContractWhole) -> Table:
    """Those that are open first, the newest before the others."""
    ordered = sorted(cases, key=lambda each: (each.is_open, each.opened_at), reverse=True)
    named = _names_of_cases(cases, contract)
    return Table(
        caption="Cases",
        heads=(Head("Case"), Head("Opened on"), Head("Where it stands")),
        rows=tuple(
            (
                Cell(named[each.case_id], f"/cases/{each.case_id}"),
                Cell(formats.day(calendar.london_day(each.opened_at))),
                Cell(ratings.STATES.get(each.state, each.state)),
            )
            for each in ordered[:CASES_MAX]
        ),
    )


def _names_of_cases(
    cases: Sequence[alerts.Case], contract: documents.ContractWhole
) -> dict[object, str]:
    titles = {each.commitment_id: each.title for each in contract.commitments}
    names = {each.id: each.name or each.id for each in contract.suppliers}
    return {each.case_id: _case(each, titles, names) for each in cases}


def _case(case: alerts.Case, titles: Mapping[str, str], names: Mapping[str, str]) -> str:
    month = formats.month(case.period)
    if case.kind == "no_data":
        name = names.get(case.party_id or "", "a supplier")
        return f"The return of {name} for {month} is missing"
    return f"{titles.get(case.commitment_id or '', case.commitment_id)}: behind since {month}"


def _changes(found: Gathered, names: Mapping[str, str]) -> tuple[Happening, ...]:
    contract = found.contract
    named = _names_of_cases(found.cases, contract)
    return changes.show(
        [
            *changes.of_versions(contract),
            *changes.of_filings(found.filings, names if len(names) > 1 else {}),
            *changes.of_ratings(contract, found.assessed),
            *changes.of_cases(found.cases, named, contract.contract_id),
        ]
    )


def _facts(contract: documents.ContractWhole, people: tuple[Fact, ...]) -> tuple[Fact, ...]:
    contract_id = contract.contract_id
    return (
        Fact("Reference", contract_id),
        Fact("Supplier", ", ".join(each.name or each.id for each in contract.suppliers)),
        Fact("Runs", formats.days(contract.starts_on, contract.ends_on)),
        *people,
        Fact("Returns", "Returns of this contract", f"supplier:/?contract={contract_id}"),
        Fact("Record", "What happened, entry by entry", f"record:/contracts/{contract_id}"),
    )
