"""A contract in the record: who changed what, which returns came, and its chain from 1 to n.

Promises: pure; says what entries say. What the log does not tell (which returns were due, who was
let off) is said, not guessed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.ledger.api import documents
from services.ledger.domain.entries import words
from services.ledger.pages import steps
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Fault, Field, Head, Pages, Table

VERSIONS_SHOWN_MAX: Final = 10
RETURNS_SHOWN_MAX: Final = 12
"""A year of one supplier. A page weighs at most 60 kB; the lists of entries have the rest."""


class Asked(BaseModel):
    """As of which day, and which part of the chain."""

    model_config = ConfigDict(extra="forbid")

    as_at: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    cursor: Annotated[str | None, StringConstraints(max_length=2000)] = None

    @property
    def day(self) -> date | None:
        """The day, if it is one."""
        try:
            return date.fromisoformat(self.as_at)
        except ValueError:
            return None


class Asking(NamedTuple):
    """Which contract is asked for, how, and what is known of names."""

    contract_id: str
    asked: Asked
    known: names.Names = names.NONE


class Link(NamedTuple):
    """An entry of the chain."""

    idx: int
    encoded: bytes


class Version(NamedTuple):
    """A version of a promise: before and after, and who did it."""

    idx: int
    leaf: Mapping[str, Any]
    before: Mapping[str, Any] | None
    """What was approved before, as the leaf says it."""
    event: Mapping[str, Any] | None
    """The event, for those who may see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the record tells of a contract, beside its chain."""

    versions: Sequence[Version]
    has_more_versions: bool
    is_open: bool
    """Whether this reader may see events, in which alone is who proposed and approved."""
    returns: documents.Returns


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One contract; on later pages of the chain only this."""

    title: str
    heading: str
    reference: str | None
    """If the heading is not it."""
    sentence: str
    contract_id: str
    as_at: str
    faults: tuple[Fault, ...]
    form: Field
    has_told: bool
    versions: Table | None
    versions_left_out: str | None
    is_open: bool
    returns: Table | None
    returns_left_out: str | None
    not_told: tuple[str, ...]
    chain: Table
    pages: Pages


def check(asked: Asked) -> tuple[Fault, ...]:
    """A day that is none."""
    if asked.as_at and asked.day is None:
        return (Fault("as_at", f"'{asked.as_at}' is no day. Write one such as 2026-10-31."),)
    return ()


def officer_ids(told: Told) -> set[str]:
    """Who proposed and approved, as far as this reader may see it."""
    found = {
        (each.event or {}).get(name)
        for each in told.versions
        for name in ("proposed_by", "approved_by")
    }
    return {each for each in found if each is not None}


def show(asking: Asking, told: Told | None, chain: Sequence[Link], pages: Pages) -> Page:
    """The page of a contract. `told` is None on later pages of the chain."""
    contract_id, asked, known = asking
    faults = check(asked)
    days = [] if told is None else _returns(told.returns)
    title = known.contracts.get(contract_id)
    heading = title or f"Contract {contract_id}"
    return Page(
        title=f"Error: {heading}" if faults else heading,
        heading=heading,
        reference=contract_id if title else None,
        sentence=_sentence(asked.day, chain, pages),
        contract_id=contract_id,
        as_at=asked.as_at,
        faults=faults,
        form=_form(asked, faults),
        has_told=told is not None,
        versions=_versions(told, asking) if told is not None and told.versions else None,
        versions_left_out=f"/?contract={contract_id}&type=CommitmentChanged"
        if told is not None and told.has_more_versions
        else None,
        is_open=bool(told and told.is_open),
        returns=_months(days[:RETURNS_SHOWN_MAX], known) if days else None,
        returns_left_out=f"/?contract={contract_id}&type=ReturnReceived"
        if told is not None and (told.returns.next or len(days) > RETURNS_SHOWN_MAX)
        else None,
        not_told=() if told is None else tuple(told.returns.not_told),
        chain=_chain(chain),
        pages=pages,
    )


def _sentence(day: date | None, chain: Sequence[Link], pages: Pages) -> str:
    numbers = [json.loads(each.encoded)["contract_seq"] for each in chain]
    first, last = numbers[0], numbers[-1]
    as_at = "" if day is None else f", of what had occurred by the end of {formats.day(day)}"
    if numbers != list(range(first, last + 1)):
        some = formats.count(len(chain), "entry", "entries")
        return f"{some} of its chain that you may see, numbered {first:,} to {last:,}{as_at}."
    if pages.first is None and pages.next is None and first == 1:
        return f"{formats.count(last, 'entry', 'entries')}, numbered without a gap{as_at}."
    return f"Entries {first:,} to {last:,} of its chain, without a gap{as_at}."


def _form(asked: Asked, faults: Sequence[Fault]) -> Field:
    return Field(
        name="as_at",
        label="As at the end of the day",
        value=asked.as_at,
        hint="For example 2026-10-31. Leave it empty for now.",
        width=10,
        fault=dict(faults).get("as_at"),
    )


# --- who changed what ----------------------------------------------------------------------------


def _versions(told: Told, asking: Asking) -> Table:
    people = ["Proposed by", "Approved by"] if told.is_open else []
    return Table(
        caption="Who changed what",
        heads=tuple(map(Head, ["Promise", "Before", "After", *people, "Entry"])),
        rows=tuple(_version(each, asking, is_open=told.is_open) for each in told.versions),
    )


def _version(each: Version, asking: Asking, *, is_open: bool) -> tuple[Cell, ...]:
    after = documents.Version.model_validate(each.leaf["facts"]["commitment"])
    before = each.before and steps.version(documents.Version.model_validate(each.before))
    promise = steps.promise(after.commitment_id, asking.known.promises_of(asking.contract_id))
    cells = (promise, Cell(before or "–"), Cell(steps.version(after)))
    return (*cells, *(_officers(each.event, asking.known) if is_open else ()), _entry(each.idx))


def _officers(event: Mapping[str, Any] | None, known: names.Names) -> tuple[Cell, Cell]:
    if event is None:
        return Cell("The event does not open"), Cell("")
    proposed, approved = event.get("proposed_by"), event.get("approved_by")
    return (
        Cell(known.person(str(proposed))),
        Cell(known.person(str(approved)) if approved else "Nobody yet"),
    )


# --- its returns ---------------------------------------------------------------------------------


class _Row(NamedTuple):
    period: str
    party_id: str
    received: documents.ReturnReceived | None
    slot: documents.ReturnsOfSupplier


def _returns(told: documents.Returns) -> list[_Row]:
    """A row for each supplier and month, the newest month first."""
    return [
        _Row(month.period, slot.party_id, slot.received[-1] if slot.received else None, slot)
        for month in reversed(told.items)
        for slot in month.suppliers
    ]


def _months(rows: Sequence[_Row], known: names.Names) -> Table:
    return Table(
        caption="Returns",
        heads=tuple(map(Head, ("Month", "Supplier", "Received", "Late", "Entry"))),
        rows=tuple(_month(each, known) for each in rows),
    )


def _month(row: _Row, known: names.Names) -> tuple[Cell, ...]:
    month, party = Cell(formats.month(row.period)), known.party_cell(row.party_id)
    last = row.received
    if last is None:
        entry = row.slot.reminders[-1].entry
        said = Cell("Nothing: it was reminded")
        return month, party, said, Cell("–"), _entry(entry)
    receipt = "" if last.receipt_no is None else f", receipt {last.receipt_no}"
    href = None if last.return_id is None else f"/returns/{last.return_id}"
    text = f"{formats.moment(last.received_at)}{receipt}"
    return month, party, Cell(text, href, why=_fate(row)), _late(last), _entry(last.entry)


def _entry(idx: int) -> Cell:
    return Cell(f"Entry {idx}", f"/entries/{idx}", is_whole=True)


def _fate(row: _Row) -> tuple[str, ...]:
    """What became of it, and what came before."""
    before = len(row.slot.received) - 1
    said = ["Withdrawn."] if row.slot.state == "withdrawn" else []
    if before:
        said.append(f"{formats.count(before, 'earlier revision')} replaced or withdrawn.")
    return tuple(said)


def _late(last: documents.ReturnReceived) -> Cell:
    if last.is_late is None or last.due_on is None:
        return Cell("Not told")
    due = formats.day(last.due_on)
    return Cell("Yes" if last.is_late else "No", why=(f"It was due by {due}.",))


# --- its chain -----------------------------------------------------------------------------------


def _chain(chain: Sequence[Link]) -> Table:
    return Table(
        caption="Its chain",
        heads=tuple(map(Head, ("Number", "Entry", "When", "What happened"))),
        rows=tuple(map(_link, chain)),
    )


def _link(each: Link) -> tuple[Cell, ...]:
    leaf = json.loads(each.encoded)
    when = formats.moment(datetime.fromisoformat(leaf["occurred_at"]))
    return Cell(str(leaf["contract_seq"])), _entry(each.idx), Cell(when), Cell(words.of(leaf))
