"""A contract: is it on course? A sentence first, then each promise with its figures.

Promises: pure. Every figure is one that the API gives; none is computed again but the gap, which is
what was expected less what counts, if positive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.verification.api import documents
from services.verification.api.documents import alerts
from services.verification.pages import contracts, ratings
from shared import calendar, formats
from shared.pages.parts import Cell, Fact, Head, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One contract."""

    title: str
    contract_id: str
    sentences: tuple[str, ...]
    """The first says whether it is on course."""
    promises: Table | None
    months: tuple[Table, ...]
    """Each promise's months."""
    cases: Table | None
    facts: tuple[Fact, ...]


def show(
    contract: documents.ContractWhole,
    performance: documents.Performance,
    cases: Sequence[alerts.Case],
) -> Page:
    """The page of a contract with its figures and cases."""
    promises = performance.commitments
    return Page(
        title=contract.title,
        contract_id=contract.contract_id,
        sentences=(_sentence(promises), *_waiting(contract)),
        promises=_table(promises) if promises else None,
        months=tuple(_months(each) for each in promises if each.assessments),
        cases=_cases(cases, contract) if cases else None,
        facts=_facts(contract),
    )


# --- what stands first ---------------------------------------------------------------------------


def _sentence(promises: Sequence[documents.Performed]) -> str:
    if not promises:
        return "Nothing is promised yet."
    rated = [each for each in promises if each.rating not in (None, "Other")]
    if not rated:
        return "Nothing can be rated yet."
    behind = [each for each in rated if each.rating in ratings.BEHIND]
    of = formats.count(len(promises), "promise", "promises")
    if not behind:
        if len(rated) < len(promises):
            return f"{len(rated)} of {of} {_is(len(rated))} on course; the rest is not rated."
        return "The promise is on course." if len(rated) == 1 else f"All {of} are on course."
    gaps = "; ".join(f"{each.title}, {_gap(each)}" for each in behind)
    return f"{len(behind)} of {of} {_is(len(behind))} behind: {gaps}."


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


def _table(promises: Sequence[documents.Performed]) -> Table:
    return Table(
        caption="Promises",
        heads=(
            Head("Promise"),
            Head("Promised", is_number=True),
            Head("Due", is_number=True),
            Head("Counted", is_number=True),
            Head("Behind", is_number=True),
            Head("Rating"),
        ),
        rows=tuple(map(_row, promises)),
    )


def _row(promise: documents.Performed) -> tuple[Cell, ...]:
    target = formats.amount(promise.target, promise.unit)
    if not promise.assessments:
        counted = formats.amount(promise.counted + promise.provisional, promise.unit)
        blank = Cell("")
        return Cell(promise.title), Cell(target), blank, Cell(counted), blank, Cell("Not rated yet")
    last = promise.assessments[-1]
    by = f"by {formats.day(calendar.last_day(last.period))}"
    waits = formats.amount(last.queried, promise.unit)
    behind = _behind(last)
    return (
        Cell(promise.title),
        Cell(target),
        Cell(formats.amount(last.expected, promise.unit), why=(by,)),
        Cell(
            formats.amount(last.low, promise.unit),
            why=(f"Waiting for the council: {waits}",) if last.queried else (),
        ),
        Cell(formats.amount(behind, promise.unit) if behind else "–"),
        Cell("", tag=ratings.tag(last.rating), why=ratings.reason(last.reason)),
    )


def _months(promise: documents.Performed) -> Table:
    return Table(
        caption=promise.title,
        heads=(
            Head("By the end of"),
            Head("Due", is_number=True),
            Head("Counted", is_number=True),
            Head("Delivered of what was due", is_number=True),
            Head("Rating"),
        ),
        rows=tuple(_month(each, promise.unit) for each in reversed(promise.assessments)),
        is_caption_shown=False,
    )


def _month(made: documents.AssessmentShown, unit: str) -> tuple[Cell, ...]:
    return (
        Cell(formats.month(made.period)),
        Cell(formats.amount(made.expected, unit)),
        Cell(formats.amount(made.low, unit)),
        Cell("" if made.attainment is None else formats.share(Decimal(made.attainment))),
        Cell("", tag=ratings.tag(made.rating), why=ratings.reason(made.reason)),
    )


# --- its cases, and what it is -------------------------------------------------------------------


def _cases(cases: Sequence[alerts.Case], contract: documents.ContractWhole) -> Table:
    titles = {each.commitment_id: each.title for each in contract.commitments}
    names = {each.id: each.name or each.id for each in contract.suppliers}
    return Table(
        caption="Cases",
        heads=(Head("Case"), Head("Opened on"), Head("Where it stands")),
        rows=tuple(
            (
                Cell(_case(each, titles, names)),
                Cell(formats.day(calendar.london_day(each.opened_at))),
                Cell(ratings.STATES.get(each.state, each.state)),
            )
            for each in cases
        ),
    )


def _case(case: alerts.Case, titles: Mapping[str, str], names: Mapping[str, str]) -> str:
    month = formats.month(case.period)
    if case.kind == "no_data":
        name = names.get(case.party_id or "", "a supplier")
        return f"The return of {name} for {month} is missing"
    return f"{titles.get(case.commitment_id or '', case.commitment_id)}: behind since {month}"


def _facts(contract: documents.ContractWhole) -> tuple[Fact, ...]:
    contract_id = contract.contract_id
    return (
        Fact("Reference", contract_id),
        Fact("Supplier", contracts.suppliers(contract)),
        Fact("Runs", formats.days(contract.starts_on, contract.ends_on)),
        Fact("Returns", "Returns of this contract", f"supplier:/?contract={contract_id}"),
        Fact("Record", "What happened, entry by entry", f"record:/?contract={contract_id}"),
    )
