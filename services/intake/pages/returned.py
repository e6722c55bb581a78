"""A return, as the supplier and the council see it: what counts, and why not the rest.

Promises: pure. Both sides read the same figures in the same words; only whom a sentence speaks to
differs. To correct or to withdraw is offered to the supplier of the current return alone; what it
can mend stands first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from services.intake.api import documents
from services.intake.pages import home
from shared import findings, formats
from shared.pages import listing, names
from shared.pages.parts import Cell, Fact, Happening, Head, Link, Pages, Table, Tag

OUTCOMES: Final[dict[str, Tag]] = {
    "not_counted": Tag("Does not count", "red"),
    "queried": Tag("Waits for the council", "yellow"),
    "provisional": Tag("Counts for now", "turquoise"),
    "counted": Tag("Counts", "green"),
    "received": Tag("Not checked yet", "blue"),
    "superseded": Tag("Replaced", "grey"),
    "withdrawn": Tag("Withdrawn", "grey"),
}
"""What became of a line. What does not count comes first."""
CURRENT: Final = frozenset({"received", "held", "checked"})
"""With these a return can be corrected and withdrawn."""
REASONS_SHOWN: Final = 5
"""Of one line: more than the rules find of nearly any."""
ENTRIES_SHOWN: Final = 20
"""Of the decisions on its lines."""
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
    ways: tuple[Link, ...]
    """What its supplier can do with it."""
    lines: Table | None
    pages: Pages
    revisions: Table | None
    """All of the month, if there are several."""
    facts: tuple[Fact, ...]
    happenings: tuple[Happening, ...]


def show(  # noqa: PLR0913  the last two by keyword
    found: documents.Return,
    promises: Mapping[str, str],
    revisions: Sequence[documents.ReturnSummary] = (),
    lines_from: int = 0,
    *,
    is_supplier: bool,
    known: names.Names = names.NONE,
) -> Page:
    """The page of a return. `promises`: what each commitment is about, by id, as far as known;
    `known`: what it, the contract and the supplier are called. `revisions`: of its month, the
    newest first. `lines_from`: how many lines are passed over."""
    promises = {**promises, **known.promises_of(found.contract_id)}
    return Page(
        title=f"Return for {formats.month(found.period)}",
        contract_id=found.contract_id,
        tag=home.TAGS[found.status],
        sentences=tuple(_sentences(found, is_supplier=is_supplier)),
        newer=Link("See the revision that replaced it", f"/returns/{found.superseded_by}")
        if found.superseded_by
        else None,
        ways=_ways(found) if is_supplier else (),
        lines=_lines(found, promises, lines_from, is_supplier=is_supplier)
        if found.lines[lines_from:]
        else None,
        pages=_pages(found, lines_from),
        revisions=_revisions(found, revisions) if len(revisions) > 1 else None,
        facts=_facts(found, known, is_supplier=is_supplier),
        happenings=_happenings(found),
    )


def is_current(found: documents.Return) -> bool:
    """Whether it is the one of its month that stands."""
    return found.status in CURRENT and found.withdrawal is None


def _ways(found: documents.Return) -> tuple[Link, ...]:
    if not is_current(found):
        return ()
    at = f"/returns/{found.return_id}"
    return Link("Correct", f"{at}/revise"), Link("Withdraw", f"{at}/withdraw")


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


def _lines(
    found: documents.Return, promises: Mapping[str, str], passed: int, *, is_supplier: bool
) -> Table:
    def place(line: documents.Line) -> tuple[bool, int]:
        return not (is_supplier and _is_to_mend(line)), _ORDER[line.status]

    shown = sorted(found.lines, key=place)[passed : passed + listing.ROWS]
    return Table(
        caption="Lines",
        heads=(
            Head("Promise"),
            Head("When"),
            Head("Reported", is_number=True),
            Head("Counted", is_number=True),
            Head("What became of it"),
        ),
        rows=tuple(_row(line, promises) for line in shown),
    )


def _is_to_mend(line: documents.Line) -> bool:
    """Whether its supplier can do something about it."""
    return line.status in ("not_counted", "queried") and any(map(_to_do, line.reasons))


def _pages(found: documents.Return, passed: int) -> Pages:
    at = f"/returns/{found.return_id}"
    after = passed + listing.ROWS
    return Pages(
        first=at if passed else None,
        next=f"{at}?lines_from={after}" if after < len(found.lines) else None,
    )


def _row(line: documents.Line, promises: Mapping[str, str]) -> tuple[Cell, ...]:
    return (
        Cell(promises.get(line.commitment_id, line.commitment_id), why=(f"Line {line.line_id}",)),
        Cell(formats.days(line.from_, line.to)),
        Cell(_amount(line.quantity, line.unit)),
        Cell("" if line.counted is None else _amount(_counted(line), line.unit)),
        Cell("", tag=OUTCOMES[line.status], why=tuple(map(_why, line.reasons[:REASONS_SHOWN]))),
    )


def _counted(line: documents.Line) -> str:
    """What counts for good or for now."""
    assert line.counted is not None
    return format(Decimal(line.counted) + Decimal(line.provisional or 0), "f")


def _why(reason: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (str(reason["words"]), _to_do(reason))))


def _to_do(reason: Mapping[str, Any]) -> str:
    """What the reader can do about it; empty if nothing."""
    to_do = str(reason.get("what_to_do", ""))
    return "" if to_do == findings.NOTHING else to_do


def _amount(quantity: str, unit: str) -> str:
    return formats.amount(Decimal(quantity), unit, has_pence=True)


# --- its receipt and its life --------------------------------------------------------------------


def _facts(found: documents.Return, known: names.Names, *, is_supplier: bool) -> tuple[Fact, ...]:
    contract_id = found.contract_id
    title = known.contracts.get(contract_id)
    contract = contract_id if title is None else f"{title} ({contract_id})"
    receipt = f"/returns/{found.return_id}/receipt" if is_supplier else None
    reason = (Fact("Why it was sent again", found.reason),) if found.reason else ()
    return (
        Fact("Contract", contract, f"council:/contracts/{contract_id}"),
        Fact("Supplier", known.party(found.party_id)),
        *reason,
        Fact("Receipt number", str(found.receipt_no), receipt),
        Fact("Revision", str(found.revision)),
        Fact("SHA-256 of what was sent", found.receipt.sha256),
        Fact("Number of the return", str(found.return_id)),
    )


def _revisions(found: documents.Return, revisions: Sequence[documents.ReturnSummary]) -> Table:
    """The month's; the one on this page has no link."""
    heads = ("Revision", "Receipt", "Received", "Status")
    return Table(
        caption=f"Revisions for {formats.month(found.period)}",
        heads=tuple(map(Head, heads)),
        rows=tuple(
            (
                Cell(f"Revision {each.revision}, on this page")
                if each.return_id == found.return_id
                else Cell(f"Revision {each.revision}", f"/returns/{each.return_id}"),
                Cell(str(each.receipt_no)),
                Cell(formats.moment(each.received_at)),
                Cell("", tag=home.TAGS[each.status]),
            )
            for each in revisions
        ),
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
    happened += _decided(found)
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


def _decided(found: documents.Return) -> list[Happening]:
    """Where the record says what became of its lines: the last word on each."""
    of = Counter(line.entry for line in found.lines if line.entry is not None)
    return [
        Happening(f"{formats.count(of[entry], 'line')} decided", "", _entry(entry))
        for entry in sorted(of)[-ENTRIES_SHOWN:]
    ]


def _entry(index: int | None) -> Link | None:
    if index is None:
        return None
    return Link(f"Entry {index} of the record", f"record:/entries/{index}")
