"""A month's return while it is filled in: a task for each promise, and the way to send it.

Promises: pure. What a task says follows from the draft's lines and the rules' faults. A month that
cannot be filled in says why, and what there is instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from services.intake.domain import drafts, faults
from services.intake.drafts import months
from services.intake.pages import addresses, fields
from shared import catalogue, formats
from shared.pages.names import Names, Promise
from shared.pages.parts import Fault, Field, Link, Tag

TAGS: Final[Mapping[drafts.Status, Tag]] = {
    "not_started": Tag("Not started", "blue"),
    "in_progress": Tag("In progress", "light-blue"),
    "problem": Tag("There is a problem", "red"),
}
"""What is still to do. What is done has a word without a colour."""
DONE: Final[Mapping[drafts.Status, str]] = {
    "nothing": "Nothing this month",
    "completed": "Completed",
}
FAULTS_SHOWN_MAX: Final = 10
"""Of those that are of no promise."""
_LATER: Final = ("/declaration", "/revision", "/reason", "/lines")
"""What is asked when the return is checked, or by its promises."""


class Row(NamedTuple):
    """One task. Without an address it cannot be started yet; a tag says what is to do."""

    title: str
    hint: str
    href: str | None
    tag: Tag | None
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A month."""

    title: str
    heading: str
    contract: str
    sentences: tuple[str, ...]
    """The first says till when to send."""
    faults: tuple[Fault, ...]
    """Of the form on this page."""
    instead: Link | None
    """Where to go if there is nothing to fill in here."""
    problems: tuple[str, ...]
    """What is wrong with the return itself."""
    tasks: tuple[Row, ...]
    invoiced: Field | None
    action: str
    seen: str
    """The mark of what the form was filled with."""
    sending: Row | None
    ways: tuple[Link, ...]
    gone: str
    """Until when the draft is kept."""


def show(
    month: months.Month,
    checked: months.Checked,
    names: Names,
    *,
    typed: str | None = None,
    fault: str | None = None,
) -> Page:
    """The page of a month. `typed` and `fault`: what the form on it was sent with, and why that
    could not be saved."""
    place = month.place
    here = addresses.month(place.contract_id, place.period)
    is_open = month.is_open
    said = month.content.document.get("invoiced_to_date")
    return Page(
        title=f"{'Error: ' if fault else ''}{heading(month)}",
        heading=heading(month),
        contract=names.contract(place.contract_id),
        sentences=tuple(_sentences(month)),
        faults=(Fault("invoiced_to_date", fault),) if fault else (),
        instead=_instead(month),
        problems=_problems(checked.faults) if month.draft is not None else (),
        tasks=tuple(_task(month, each, names) for each in checked.tasks) if is_open else (),
        invoiced=_invoiced(str(said or "") if typed is None else typed, fault) if is_open else None,
        action=f"{here}/invoiced",
        seen=drafts.mark(said),
        sending=_sending(f"{here}/check", checked.tasks) if is_open else None,
        ways=_ways(here, month) if is_open else (),
        gone=_gone(month.draft),
    )


def heading(month: months.Month) -> str:
    """What every page of a month is about."""
    return f"Return for {formats.month(month.place.period)}"


def promise_title(
    names: Names, contract_id: str, commitment_id: str, measure: catalogue.Measure | None
) -> str:
    """A promise's own title; until that is known, its measure's."""
    known = names.promises.get(Promise(contract_id, commitment_id))
    return known or (measure.title if measure else commitment_id)


def titles(names: Names, month: months.Month) -> dict[str, str]:
    """The titles of all promises in force, by commitment."""
    contract_id = month.place.contract_id
    return {
        each: promise_title(names, contract_id, each, measure)
        for each, measure in month.promises.items()
    }


def total(task: drafts.Task, lines: list[dict[str, Any]]) -> str:
    """What the lines of a promise come to: `6 weeks`; empty if that cannot be added up."""
    try:
        numbers = [Decimal(str(lines[index].get("quantity"))) for index in task.indexes]
    except InvalidOperation:
        return ""
    if not numbers or task.measure is None or not all(each.is_finite() for each in numbers):
        return ""
    return formats.amount(sum(numbers, Decimal(0)), task.measure.unit)


def saved(draft: drafts.Draft) -> str:
    """`Saved 5 November 2026, 09:14, by Asha Rowntree.`"""
    return f"Saved {formats.moment(draft.saved_at)}, by {draft.saved_by}."


# --- what stands first ---------------------------------------------------------------------------


def _sentences(month: months.Month) -> list[str]:
    name = formats.month(month.place.period)
    if month.is_open:
        by = f"Send it by {formats.day(month.due_on)}."
        if month.today > month.due_on:
            by = f"It was due on {formats.day(month.due_on)}. Send it as soon as you can."
        said = "Nothing is saved yet." if month.draft is None else saved(month.draft)
        again = f"It is revision {month.revision + 1}: it replaces the one before."
        again = again if month.revision else ""
        return [each for each in (by, again, said) if each]
    if month.is_in and month.sent is not None:
        return [f"You sent the return for {name}: receipt {month.sent.receipt_no}."]
    if month.asked is not None:
        between = formats.days(month.asked.send_from, month.asked.due_on, "and")
        return [f"{name} has not ended. Fill in its return between {between}."]
    return [f"This contract asks for no return for {name}."]


def _instead(month: months.Month) -> Link | None:
    if month.is_open or month.sent is None or not month.is_in:
        return None
    return Link("See what counts, or correct it", f"/returns/{month.sent.return_id}")


def _problems(found: Iterable[faults.Fault]) -> tuple[str, ...]:
    """Faults that are of no line, and are not asked about later."""
    own = [
        fields.word(each)
        for each in found
        if drafts.line_of(each.pointer) is None and not each.pointer.startswith(_LATER)
    ]
    return tuple(own[:FAULTS_SHOWN_MAX])


def _gone(draft: drafts.Draft | None) -> str:
    if draft is None:
        return ""
    return f"The draft is kept until {formats.day(draft.gone_on)}, and deleted then."


# --- the tasks -----------------------------------------------------------------------------------


def _task(month: months.Month, task: drafts.Task, names: Names) -> Row:
    place = month.place
    lines = month.content.lines
    count = formats.count(len(task.indexes), "line") if task.indexes else ""
    return Row(
        title=promise_title(names, place.contract_id, task.commitment_id, task.measure),
        hint=", ".join(filter(None, (count, total(task, lines)))),
        href=addresses.promise(place.contract_id, place.period, task.commitment_id),
        tag=TAGS.get(task.status),
        word=DONE.get(task.status, ""),
    )


def _sending(href: str, tasks: Iterable[drafts.Task]) -> Row:
    left = sum(task.status not in drafts.DONE for task in tasks)
    if not left:
        return Row("Check and send", "", href, Tag("Not started", "blue"))
    hint = f"{formats.count(left, 'promise')} to finish first"
    return Row("Check and send", hint, None, None, "Cannot start yet")


def _invoiced(value: str, fault: str | None) -> Field:
    return Field(
        name="invoiced_to_date",
        label=fields.label("/invoiced_to_date"),
        hint="All that you have invoiced under this contract, without VAT. You may leave it empty.",
        value=value,
        kind="number",
        before="£",
        width=10,
        fault=fault,
    )


def _ways(here: str, month: months.Month) -> tuple[Link, ...]:
    ways = [
        Link("Copy last month", f"{here}/copy"),
        Link("Upload a spreadsheet", f"{here}/upload"),
        Link("Nothing to report", f"{here}/nothing"),
    ]
    if month.draft is not None:
        ways.append(Link("Delete draft", f"{here}/delete"))
    return tuple(ways)
