"""A contract as its supplier must know it: what was promised, and a return for each month.

Promises: pure. What became of each month is what the API says is due; what was reached is the
council's page.
Refuses: to guess. Of a contract that was published without its obligations, no month is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.intake.api import documents, due
from services.intake.pages import addresses, home
from shared import catalogue, formats
from shared.pages.names import NONE, Names
from shared.pages.parts import Cell, Fact, Head, Link, Table, Tag
from shared.wire import events

STATES: Final[dict[str, Tag]] = {
    "draft": Tag("Not agreed yet", "grey"),
    "active": Tag("In force", "green"),
    "closed": Tag("Ended", "grey"),
}
"""Of a promise."""

PROMISES_MAX: Final = 50
"""On the page; the rest is on the council's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One contract."""

    title: str
    contract_id: str
    sentence: str
    """What is missing."""
    facts: tuple[Fact, ...]
    months: Table | None
    before: Link | None
    """The months before these."""
    no_months: str
    promises: Table | None
    no_promises: str
    more: Link | None
    """Where the promises are that do not fit."""


def show(
    found: due.OfContract,
    names: Names = NONE,
    *,
    is_supplier: bool,
    is_newest: bool = True,
) -> Page:
    """The page of a contract. `is_newest`: its months are the newest, not earlier ones."""
    contract = found.contract
    contract_id = contract.contract_id
    is_known = contract.obligations is not None
    return Page(
        title=names.contract(contract_id),
        contract_id=contract_id,
        sentence=_sentence(found) if is_known and is_newest else "",
        facts=_facts(contract, names),
        months=_months(found.months, names, is_supplier=is_supplier) if found.months else None,
        before=Link("Earlier months", f"/contracts/{contract_id}?until={found.before}")
        if found.before
        else None,
        no_months="No return has been asked for yet."
        if is_known
        else "It is not known here yet which returns this contract asks for.",
        promises=_promises(contract, names) if contract.commitments else None,
        no_promises="No promise is active yet.",
        more=Link(
            f"All {len(contract.commitments):,} promises", f"council:/contracts/{contract_id}"
        )
        if len(contract.commitments) > PROMISES_MAX
        else None,
    )


def _sentence(found: due.OfContract) -> str:
    overdue, can_be_sent = (found.counts.get(state, 0) for state in ("overdue", "open"))
    if overdue:
        return f"{formats.count(overdue, 'return')} {'is' if overdue == 1 else 'are'} overdue."
    if can_be_sent:
        return f"{formats.count(can_be_sent, 'return')} can be sent now."
    return "Every return that is due has come." if found.counts.get("received") else _NONE_DUE


_NONE_DUE: Final = "Nothing is due yet."


def _facts(contract: events.ContractPublished, names: Names) -> tuple[Fact, ...]:
    return (
        Fact("Reference", contract.contract_id),
        Fact("Runs", formats.days(contract.starts_on, contract.ends_on)),
        *(Fact("Supplier", names.party(party_id)) for party_id in contract.supplier_ids),
    )


# --- its months ----------------------------------------------------------------------------------


def _months(months: Sequence[documents.Due], names: Names, *, is_supplier: bool) -> Table:
    whose = () if is_supplier else ("Supplier",)
    to_do = ("What to do",) if is_supplier else ()
    return Table(
        caption="Months",
        heads=tuple(map(Head, ("Month", *whose, "Send between", "Status", *to_do))),
        rows=tuple(_month(each, names, is_supplier=is_supplier) for each in months),
    )


def _month(each: documents.Due, names: Names, *, is_supplier: bool) -> tuple[Cell, ...]:
    at = None if each.return_id is None else f"/returns/{each.return_id}"
    return (
        Cell(formats.month(each.period), at),
        *(() if is_supplier else (Cell(names.party(each.party_id)),)),
        Cell(formats.days(each.send_from, each.due_on, "and")),
        _status(each),
        *((_to_do(each),) if is_supplier else ()),
    )


def _status(each: documents.Due) -> Cell:
    if each.state != "received":
        return Cell("", tag=home.status(each))
    tag = Tag("Received late", "yellow") if each.late else Tag("Received", "green")
    revision = f", revision {each.revision}" if each.revision != 1 else ""
    return Cell("", tag=tag, why=(f"Receipt {each.receipt_no}{revision}",))


def _to_do(each: documents.Due) -> Cell:
    if each.state not in ("open", "overdue"):
        return Cell("")
    of = f" {formats.month(each.period)}"
    return Cell("Start", addresses.month(each.contract_id, each.period), hidden=of)


# --- its promises --------------------------------------------------------------------------------


def _promises(contract: events.ContractPublished, names: Names) -> Table:
    return Table(
        caption="Promises",
        heads=tuple(map(Head, ("Promise", "Counted in", "Until", "State", "Figures"))),
        rows=tuple(_promise(contract, each, names) for each in contract.commitments[:PROMISES_MAX]),
    )


def _promise(
    contract: events.ContractPublished, each: events.PublishedCommitment, names: Names
) -> tuple[Cell, ...]:
    measure = catalogue.by_code.get(each.measure)
    what = measure.title if measure else each.measure
    title = names.promise(contract.contract_id, each.commitment_id)
    if title == each.commitment_id:  # no title has arrived yet
        first = Cell(what, why=(each.commitment_id,))
    else:
        first = Cell(title, why=() if title == what else (what,))
    at = f"council:/contracts/{contract.contract_id}/commitments/{each.commitment_id}"
    return (
        first,
        Cell(formats.unit(each.unit)),
        Cell(formats.day(contract.ends_on)),
        Cell("", tag=STATES[each.state]),
        Cell("Figures", at, hidden=f" of {first.text}"),
    )
