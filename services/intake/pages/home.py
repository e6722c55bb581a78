"""Intake's first page: what is due, then what was sent, the newest first.

Promises: pure. A supplier sees what it has to send; the others see what is overdue, of all
suppliers. Every number and day is one that the API gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from services.intake.api import documents, due
from services.intake.domain.due import DueState
from services.intake.domain.return_status import ReturnStatus
from services.intake.pages import addresses
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Head, Pages, Table, Tag

TAGS: Final[dict[ReturnStatus, Tag]] = {
    "received": Tag("Received", "blue"),
    "held": Tag("We are looking at it", "yellow"),
    "checked": Tag("Checked", "green"),
    "superseded": Tag("Replaced", "grey"),
    "withdrawn": Tag("Withdrawn", "grey"),
}
"""How far a return has come."""
STATES_OF_SUPPLIER: Final[tuple[DueState, ...]] = ("overdue", "open", "not_yet")
"""What a supplier is told of."""
STATES_OF_OTHERS: Final[tuple[DueState, ...]] = ("overdue",)
LATELY_ROWS: Final = 20
"""Returns below what is due, and to the council what is overdue, of all suppliers: with fifty of
both, a page would be above its 60 kB and its 100 ms."""
_OPEN: Final = Tag("Open", "blue")
_NOT_YET: Final = Tag("Not yet", "grey")


Saved: TypeAlias = Mapping[tuple[str, str], datetime]
"""When a draft was saved, by contract and month."""


class ToSend(NamedTuple):
    """What is outstanding, and what the reader has begun of it."""

    outstanding: due.Outstanding
    saved: Saved = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The first page, or a later one of the list of what was sent."""

    title: str
    of: str | None
    """The contract that the page is narrowed down to."""
    sentences: tuple[str, ...]
    """The first says what is due; empty on a later page."""
    is_sender: bool
    """Whether to say how returns are sent: to whoever sends them."""
    due: Table | None
    """None: nothing is outstanding."""
    nothing: str
    """What stands here if there is no return."""
    sent: Table | None
    pages: Pages


def show(  # noqa: PLR0913  the last three are named
    returns: Sequence[documents.ReturnSummary],
    pages: Pages,
    to_send: ToSend | None,
    *,
    contract_id: str | None,
    is_supplier: bool,
    known: names.Names = names.NONE,
) -> Page:
    """The page of these returns. `to_send`: None on a later page of the list. `known`: what their
    contracts and suppliers are called."""
    whose = _Whose(known, is_supplier=is_supplier)
    outstanding = to_send.outstanding if to_send else None
    nothing = "You have sent no return yet." if is_supplier else "No return has come yet."
    return Page(
        title="Returns",
        of=contract_id and known.contract(contract_id),
        sentences=tuple(_sentences(outstanding, is_supplier=is_supplier)) if outstanding else (),
        is_sender=is_supplier and outstanding is not None,
        due=_due(to_send.outstanding.first, to_send.saved, whose)
        if to_send and to_send.outstanding.first
        else None,
        nothing=nothing if contract_id is None else "Nothing was sent for this contract.",
        sent=sent(
            returns,
            "Sent lately" if outstanding else "Sent before",
            whose.known,
            is_supplier=is_supplier,
        )
        if returns
        else None,
        pages=pages,
    )


# --- what stands first ---------------------------------------------------------------------------


def _sentences(found: due.Outstanding, *, is_supplier: bool) -> list[str]:
    sentences = []
    is_sure = found.is_whole and not found.unknown
    end = "." if is_sure else ", as far as is known here."
    overdue = found.counts.get("overdue", 0)
    if overdue:
        sentences.append(f"{formats.count(overdue, 'return')} {_are(overdue)} overdue.")
    if found.counts.get("open"):
        sentences.append(_can_be_sent(found))
    if not sentences and is_supplier:
        sentences.append(f"Nothing to send{end}{_next(found)}")
    elif not sentences:
        sentences.append(f"No return is overdue{end}")
    total = sum(found.counts.values())
    if total > len(found.first):
        sentences.append(f"The first {len(found.first):,} of {total:,} returns are shown.")
    if not found.is_whole:
        contracts = formats.count(due.OUTSTANDING_CONTRACTS_MAX, "contract")
        sentences.append(f"Only the first {contracts} are looked at here.")
    if found.unknown:
        contracts = formats.count(found.unknown, "contract")
        verb = "asks" if found.unknown == 1 else "ask"
        sentences.append(f"It is not known here yet which returns {contracts} {verb} for.")
    return sentences


def _can_be_sent(found: due.Outstanding) -> str:
    """The day stands here if it is known: nothing open is shown where much is overdue."""
    number = found.counts["open"]
    days = [each.due_on for each in found.first if each.state == "open"]
    is_one_day = len(days) == number and len(set(days)) == 1
    by = f", {'by' if is_one_day else 'the first by'} {formats.day(days[0])}" if days else ""
    return f"{formats.count(number, 'return')} can be sent now{by}."


def _next(found: due.Outstanding) -> str:
    if not found.first:
        return ""
    return f" Next: {formats.month(found.first[0].period)}, between {_between(found.first[0])}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


# --- the tables ----------------------------------------------------------------------------------


class _Whose(NamedTuple):
    """The contract of a row; to others than the supplier itself also who it is."""

    known: names.Names
    is_supplier: bool

    def heads(self, month: str, contract: str, *rest: str) -> tuple[Head, ...]:
        whose = () if self.is_supplier else ("Supplier",)
        return tuple(map(Head, (month, contract, *whose, *rest)))

    def cells(self, contract_id: str, party_id: str) -> tuple[Cell, ...]:
        contract = self.known.contract_cell(contract_id)
        return (contract,) if self.is_supplier else (contract, self.known.party_cell(party_id))


def _due(outstanding: Sequence[documents.Due], saved: Saved, whose: _Whose) -> Table:
    heads = whose.heads("Month", "Contract", "Send between", "Status")
    return Table(
        caption="Returns to send" if whose.is_supplier else "Returns that are overdue",
        heads=(*heads, Head("Fill in")) if whose.is_supplier else heads,
        rows=tuple(_due_row(each, saved, whose) for each in outstanding),
    )


def _due_row(each: documents.Due, saved: Saved, whose: _Whose) -> tuple[Cell, ...]:
    return (
        Cell(formats.month(each.period)),
        *whose.cells(each.contract_id, each.party_id),
        Cell(_between(each)),
        Cell("", tag=status(each)),
        *((_way(each, saved),) if whose.is_supplier else ()),
    )


def _way(each: documents.Due, saved: Saved) -> Cell:
    """To the draft, or to a new one. A month that has not ended has none."""
    href = addresses.month(each.contract_id, each.period)
    of = f" {formats.month(each.period)}, {each.contract_id}"
    at = saved.get((each.contract_id, each.period))
    if at is not None:
        return Cell("Continue", href, hidden=of, why=(f"Saved {formats.moment(at)}",))
    return Cell("") if each.state == "not_yet" else Cell("Start", href, hidden=of)


def _between(each: documents.Due) -> str:
    return formats.days(each.send_from, each.due_on, "and")


def status(each: documents.Due) -> Tag:
    """Of a return that is not in. If its due day was a Friday, it is overdue on Saturday, by no
    working day."""
    if each.state != "overdue":
        return _OPEN if each.state == "open" else _NOT_YET
    if not each.overdue_working_days:
        return Tag("Overdue", "red")
    return Tag(f"Overdue by {formats.count(each.overdue_working_days, 'working day')}", "red")


def sent(
    returns: Sequence[documents.ReturnSummary],
    caption: str,
    known: names.Names = names.NONE,
    *,
    is_supplier: bool,
) -> Table:
    """Returns as they are listed."""
    whose = _Whose(known, is_supplier)
    return Table(
        caption=caption,
        heads=whose.heads("Month", "Contract", "Receipt", "Sent", "Status"),
        rows=tuple(_sent_row(each, whose) for each in returns),
    )


def _sent_row(each: documents.ReturnSummary, whose: _Whose) -> tuple[Cell, ...]:
    month = formats.month(each.period)
    if each.revision > 1:
        month += f", revision {each.revision}"
    return (
        Cell(month, f"/returns/{each.return_id}"),
        *whose.cells(each.contract_id, each.party_id),
        Cell(str(each.receipt_no)),
        Cell(formats.moment(each.received_at)),
        Cell("", tag=TAGS[each.status]),
    )
