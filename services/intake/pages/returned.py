"""A return, as the supplier and the council see it: what counts, and why not the rest.

Promises: pure. Both sides read the same figures in the same words; only whom a sentence speaks to
differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from services.intake.api import documents
from services.intake.pages import home
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Fact, Happening, Head, Link, Table, Tag

OUTCOMES: Final[dict[str, Tag]] = {
    "not_counted": Tag("Does not count", "red"),
    "queried": Tag("Waits for the council", "yellow"),
    "provisional": Tag("Counts for now", "turquoise"),
    "counted": Tag("Counts", "green"),
    "received": Tag("Not checked yet", "blue"),
    "superseded": Tag("Replaced", "grey"),
    "withdrawn": Tag("Withdrawn", "grey"),
}
"""What became of a line. What the supplier can mend comes first."""
_ORDER: Final = {outcome: place for place, outcome in enumerate(OUTCOMES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One return."""

    title: str
    contract_id: str
    tag: Tag
    sentences: tuple[str, ...]
    """The first says what became of it."""
    newer: Link | None
    """The revision that has taken its place."""
    lines: Table | None
    facts: tuple[Fact, ...]
    happenings: tuple[Happening, ...]


def show(
    found: documents.Return,
    promises: Mapping[str, str],
    *,
    is_supplier: bool,
    known: names.Names = names.NONE,
) -> Page:
    """The page of a return. `promises`: what each commitment is about, by id, as far as known;
    `known`: what it, the contract and the supplier are called."""
    promises = {**promises, **known.promises_of(found.contract_id)}
    return Page(
        title=f"Return for {formats.month(found.period)}",
        contract_id=found.contract_id,
        tag=home.TAGS[found.status],
        sentences=tuple(_sentences(found, is_supplier=is_supplier)),
        newer=Link("See the revision that replaced it", f"/returns/{found.superseded_by}")
        if found.superseded_by
        else None,
        lines=_lines(found, promises) if found.lines else None,
        facts=_facts(found, known),
        happenings=_happenings(found),
    )


def _sentences(found: documents.Return, *, is_supplier: bool) -> list[str]:
    if found.differs is not None:
        return [found.differs]
    if found.status == "withdrawn":
        return ["This return was withdrawn. Nothing of it counts."]
    if found.status == "superseded":
        return ["A later revision has taken the place of this return. Nothing of this one counts."]
    if found.held is not None:
        return [f"{found.held[:1].upper()}{found.held[1:]}."]
    if not found.lines:
        return ["Nothing was delivered in this month, as this return says."]
    if found.status == "received":
        return ["This return was received. It is checked within minutes."]
    return _counts(found, is_supplier=is_supplier)


def _counts(found: documents.Return, *, is_supplier: bool) -> list[str]:
    of = Counter(line.status for line in found.lines)
    count = of["counted"] + of["provisional"]
    total = len(found.lines)
    if count == total:
        sentences = ["The line counts." if total == 1 else f"All {total:,} lines count."]
    else:
        verb = "counts" if count == 1 else "count"
        sentences = [f"{count:,} of {formats.count(total, 'line')} {verb}."]
    if of["provisional"]:
        verb = "counts" if of["provisional"] == 1 else "count"
        sentences.append(f"{of['provisional']:,} {verb} for now.")
    if of["queried"]:
        verb = "waits" if of["queried"] == 1 else "wait"
        rest = "; you need not do anything" if is_supplier else ""
        sentences.append(f"{of['queried']:,} {verb} for the council{rest}.")
    if of["not_counted"]:
        verb = "does" if of["not_counted"] == 1 else "do"
        sentences.append(f"{of['not_counted']:,} {verb} not count: the reason is beside it.")
    return sentences


# --- its lines -----------------------------------------------------------------------------------


def _lines(found: documents.Return, promises: Mapping[str, str]) -> Table:
    return Table(
        caption="Lines",
        heads=(
            Head("Promise"),
            Head("When"),
            Head("Reported", is_number=True),
            Head("Counted", is_number=True),
            Head("What became of it"),
        ),
        rows=tuple(
            _row(line, promises)
            for line in sorted(found.lines, key=lambda line: _ORDER[line.status])
        ),
    )


def _row(line: documents.Line, promises: Mapping[str, str]) -> tuple[Cell, ...]:
    return (
        Cell(promises.get(line.commitment_id, line.commitment_id), why=(f"Line {line.line_id}",)),
        Cell(formats.days(line.from_, line.to)),
        Cell(_amount(line.quantity, line.unit)),
        Cell("" if line.counted is None else _amount(_counted(line), line.unit)),
        Cell("", tag=OUTCOMES[line.status], why=tuple(map(_why, line.reasons))),
    )


def _counted(line: documents.Line) -> str:
    """What counts for good or for now."""
    assert line.counted is not None
    return format(Decimal(line.counted) + Decimal(line.provisional or 0), "f")


def _why(reason: Mapping[str, Any]) -> str:
    return str(reason["words"])


def _amount(quantity: str, unit: str) -> str:
    return formats.amount(Decimal(quantity), unit, has_pence=True)


# --- its receipt and its life --------------------------------------------------------------------


def _facts(found: documents.Return, known: names.Names) -> tuple[Fact, ...]:
    contract_id = found.contract_id
    title = known.contracts.get(contract_id)
    contract = contract_id if title is None else f"{title} ({contract_id})"
    return (
        Fact("Contract", contract, f"council:/contracts/{contract_id}"),
        Fact("Supplier", known.party(found.party_id)),
        Fact("Receipt number", str(found.receipt_no)),
        Fact("Revision", str(found.revision)),
        Fact("SHA-256 of what was sent", found.receipt.sha256),
        Fact("Number of the return", str(found.return_id)),
    )


def _happenings(found: documents.Return) -> tuple[Happening, ...]:
    """What happened to it, in order."""
    happened = [
        Happening(
            f"Received, receipt {found.receipt_no}",
            formats.moment(found.received_at),
            _entry(found.entry),
        )
    ]
    if found.entry is None:
        by = formats.day(found.receipt.merge_by)
        happened.append(Happening("In the record", f"at latest on {by}"))
    if found.withdrawal is not None:
        withdrawn = found.withdrawal
        happened.append(
            Happening(
                f"Withdrawn, receipt {withdrawn.receipt_no}: {withdrawn.reason}",
                formats.moment(withdrawn.withdrawn_at),
                _entry(withdrawn.entry),
            )
        )
    return tuple(happened)


def _entry(index: int | None) -> Link | None:
    if index is None:
        return None
    return Link(f"Entry {index} of the record", f"record:/entries/{index}")
