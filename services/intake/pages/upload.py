"""A spreadsheet of lines, checked: what is wrong cell by cell, or what it reports.

Promises: pure. Nothing of a file is stored by looking at it, and the page says so. At most
`FAULTS_SHOWN_MAX` problems are shown; the marked file has all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.intake.api import files
from services.intake.domain import drafts
from services.intake.drafts import months
from services.intake.pages import fields
from services.intake.spreadsheets import filling, using
from shared import calendar, catalogue, formats
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Link, Table, Tag
from shared.spreadsheets import tables

FILE: Final = "file"
"""The name of the field."""
FAULTS_SHOWN_MAX: Final = 40
"""The page stays below 60 kB."""
NOTES_SHOWN_MAX: Final = 10
CHARACTERS_SHOWN_MAX: Final = 60
"""Of what somebody wrote in a cell."""
MONTHS_OFFERED: Final = 13
_SIZE: Final = f"XLSX or CSV, at most {tables.BYTES_MAX >> 20} MB."
_NOTHING_STORED: Final = "Nothing was stored."


class Use(NamedTuple):
    """The form that puts a checked file into the draft."""

    action: str
    checked: str
    """The name under which the file is kept."""
    seen: str
    """The mark of the draft that was looked at."""
    text: str
    warning: str
    """What the draft has that the file replaces; empty if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form for a file, and what was found in the last one."""

    title: str
    heading: str
    contract: str
    sentences: tuple[str, ...]
    faults: tuple[Fault, ...]
    wrong: Table | None
    totals: Table | None
    notes: tuple[str, ...]
    use: Use | None
    action: str
    fields: tuple[Field, ...]
    templates: tuple[Link, ...]
    back: Link


class Offer(NamedTuple):
    """What may be checked, where the address does not say it: contracts and months to choose."""

    contracts: Sequence[str]
    today_period: str
    contract: str = ""
    period: str = ""
    """As they were chosen."""


class Sent(NamedTuple):
    """A file that came: its name, and what was found in it or why it could not be read."""

    name: str
    found: files.Checked | tables.Unreadable
    kept_as: str | None = None
    """Under which name it is kept; None if it cannot be used."""


def for_month(month: months.Month, sent: Sent | None = None, wrong: str | None = None) -> Page:
    """The page of one month. `wrong`: why there is no file."""
    place = month.place
    here = f"/drafts/{place.contract_id}/{place.period}"
    of = formats.month(place.period)
    template = f"/contracts/{place.contract_id}/template/{place.period}"
    return Page(
        contract=f"{place.contract_id}, {of}",
        action=f"{here}/upload",
        templates=(
            Link(f"Spreadsheet for {of}", f"{template}.xlsx"),
            Link("The same as CSV", f"{template}.csv"),
        ),
        back=Link(f"Return for {of}", here),
        **_said(_look(sent, wrong, f"Upload a spreadsheet for {of}", _ASKING)),
    )


def for_any(offer: Offer, sent: Sent | None = None, wrong: str | None = None) -> Page:
    """The page of any file, of which nothing is stored."""
    checked = sent.found if sent is not None else None
    place = checked.month.place if isinstance(checked, files.Checked) else None
    return Page(
        contract=f"{place.contract_id}, {formats.month(place.period)}" if place else "",
        action="/check-file",
        templates=(),
        back=Link("Returns", "/"),
        **_said(_look(sent, wrong, "Check a file", _ASKING_ANY), tuple(_choices(offer))),
    )


_ASKING: Final = (
    "We check it first. Nothing goes into your return before you have seen what it has."
)
_ASKING_ANY: Final = (
    "We tell you what is wrong in a spreadsheet of lines, cell by cell. Nothing is stored."
)


def _choices(offer: Offer) -> Iterable[Field]:
    as_said = Choice("", "As the file says")
    yield Field(
        name="contract",
        label="Contract",
        kind="select",
        value=offer.contract,
        choices=(as_said, *(Choice(each, each) for each in offer.contracts)),
    )
    periods = [offer.today_period]
    while len(periods) < MONTHS_OFFERED:
        periods.append(calendar.previous_period(periods[-1]))
    yield Field(
        name="period",
        label="Month",
        kind="select",
        value=offer.period,
        choices=(as_said, *(Choice(each, formats.month(each)) for each in periods)),
    )


# --- what was found ------------------------------------------------------------------------------


class _Found(NamedTuple):
    """What the page says of a file."""

    heading: str
    sentences: tuple[str, ...] = ()
    fault: str | None = None
    wrong: Table | None = None
    totals: Table | None = None
    notes: tuple[str, ...] = ()
    use: Use | None = None


def _said(found: _Found, choices: tuple[Field, ...] = ()) -> dict[str, Any]:
    """What the page has of it."""
    file = Field(name=FILE, label="Your file", kind="file", hint=_SIZE, fault=found.fault)
    return {
        "title": f"{'Error: ' if found.fault else ''}{found.heading}",
        "heading": found.heading,
        "sentences": found.sentences,
        "faults": (Fault(FILE, found.fault),) if found.fault else (),
        "wrong": found.wrong,
        "totals": found.totals,
        "notes": found.notes,
        "use": found.use,
        "fields": (*choices, file),
    }


def _look(sent: Sent | None, wrong: str | None, asked: str, asking: str) -> _Found:
    if sent is None:
        return _Found(asked, (asking,), wrong)
    if isinstance(sent.found, tables.Unreadable):
        why = f"{sent.found.message}. {sent.found.fix}"
        return _Found(asked, (_NOTHING_STORED,), f"{sent.name}: {why}")
    judged = sent.found.judged
    notes = tuple(judged.filled.notes[:NOTES_SHOWN_MAX])
    if judged.faults:
        count = formats.count(len(judged.faults), "problem")
        return _Found(
            f"{count} in {sent.name}",
            (_NOTHING_STORED, "Mend them in your file, then send it again on this page."),
            f"{sent.name} has {count}. Mend them in the file, then send it again here.",
            wrong=_wrong(judged.faults),
            notes=notes,
        )
    return _Found(
        f"No problem in {sent.name}",
        tuple(_good(sent.found)),
        totals=_totals(sent.found),
        notes=notes,
        use=_use(sent, sent.found),
    )


def _good(found: files.Checked) -> Iterable[str]:
    judged = found.judged
    lines = formats.count(len(judged.content.lines), "line")
    nothing = sum(answer == "nothing" for answer in judged.content.answers.values())
    more = f"; of {formats.count(nothing, 'promise')} nothing this month" if nothing else ""
    yield f"{lines}{more}. {_NOTHING_STORED}"
    if judged.unanswered:
        yield (
            f"Of {formats.count(len(judged.unanswered), 'promise')} the file says nothing. "
            "You are asked about that before you send."
        )


_WRONG_HEADS: Final = (
    Head("Cell"), Head("You wrote"), Head("What is wrong"), Head("What to do")
)  # fmt: skip


def _wrong(found: Sequence[filling.CellFault]) -> Table:
    shown = found[:FAULTS_SHOWN_MAX]
    more = len(found) - len(shown)
    caption = "What is wrong" + (
        f": the first {len(shown)} of {len(found):,}; the marked file has all" if more else ""
    )
    return Table(caption, _WRONG_HEADS, tuple(_wrong_row(each) for each in shown))


def _wrong_row(each: filling.CellFault) -> tuple[Cell, ...]:
    place, fault = each.place, each.fault
    where = place.address or (f"Row {place.row}" if place.row else "The file")
    said = fields.dated(fault.message).rstrip(".")
    return (
        Cell(where, why=(place.heading,) if place.heading else (), is_whole=True),
        Cell((fault.value or "")[:CHARACTERS_SHOWN_MAX] or _blank(place)),
        Cell(f"{said}."),
        Cell(fields.dated(fault.fix)),
    )


def _blank(place: filling.Place) -> str:
    return "(not shown)" if place.text else "–"


def _totals(found: files.Checked) -> Table:
    month, lines = found.month, found.judged.content.lines
    now, before = files.totals(lines), files.totals(found.before)
    last = formats.month(calendar.previous_period(month.place.period))
    heads = (Head("Promise"), Head("Lines", True), Head("This file", True), Head(last, True))
    rows = []
    for name, measure in month.promises.items():
        count = sum(line.get("commitment_id") == name for line in lines)
        rows.append(
            (
                Cell(filling.title(found.titles, name, measure)),
                Cell(f"{count:,}"),
                _reported(now.get(name), measure, found.judged.content.answers.get(name)),
                Cell(_amount(before.get(name), measure)),
            )
        )
    return Table("What the file reports", heads, tuple(rows))


def _reported(
    total: Decimal | None, measure: catalogue.Measure | None, answer: drafts.Answer | None
) -> Cell:
    if answer == "nothing":
        return Cell("Nothing this month")
    if answer is None:
        return Cell("", tag=Tag("Not said", "yellow"))
    return Cell(_amount(total, measure))


def _amount(total: Decimal | None, measure: catalogue.Measure | None) -> str:
    if total is None:
        return "–"
    return formats.amount(total, measure.unit) if measure else f"{total:f}"


def _use(sent: Sent, found: files.Checked) -> Use | None:
    count = len(found.judged.content.lines)
    if sent.kept_as is None:
        return None
    place = found.month.place
    text = "Use this line" if count == 1 else f"Use these {count:,} lines"
    return Use(
        action=f"/drafts/{place.contract_id}/{place.period}/use-file",
        checked=sent.kept_as,
        seen=drafts.mark(found.month.content.lines),
        text=text if count else "Use this file",
        warning=_warning(found),
    )


def _warning(found: files.Checked) -> str:
    """What the draft has that the file replaces."""
    replaced = using.replaced(found.month.content, found.judged.content)
    if not replaced:
        return ""
    count = len(replaced)
    return (
        f"Your draft has {formats.count(count, 'line')} of the promises in this file. "
        f"{'It is' if count == 1 else 'They are'} replaced. Lines of other promises stay."
    )
