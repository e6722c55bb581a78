"""One promise of a month's return: its lines, who is still in post, and whether that is all.

Promises: pure. Each line has what is wrong with it beside it. Fifty lines on a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.intake.domain import carrying, drafts
from services.intake.domain.carrying import Carried
from services.intake.drafts import months
from services.intake.pages import addresses, fields, line_form
from services.intake.pages import month as month_page
from shared import calendar, catalogue, formats
from shared.pages import listing
from shared.pages.names import Names
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Pages, Table

ROSTER_MAX: Final = 5
"""People who are asked about at once, as a page has 60 kB; after them come the others."""
WHYS_MAX: Final = 3
"""Faults that stand beside a line in the list."""
LEFT: Final = "left"
"""The answer about somebody who is no longer in post."""
ANSWER: Final = "answer"
"""The name of the field with the answer."""
ANSWERS: Final[tuple[tuple[drafts.Answer, str], ...]] = (
    ("finished", "Yes"),
    ("nothing", "Nothing this month"),
    ("in_progress", "I’ll come back"),
)


class Stay(NamedTuple):
    """One person who was in post last month: the question, and the day if the answer is no."""

    question: Field
    left_on: Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A promise."""

    title: str
    heading: str
    month: str
    back: str
    sentences: tuple[str, ...]
    """The first says what there is."""
    faults: tuple[Fault, ...]
    lines: Table | None
    pages: Pages
    add: str
    """Where another line is added; empty if its measure is not known."""
    roster: tuple[Stay, ...]
    answer: Field
    action: str
    seen: str
    """The mark of the answer that the form was filled with."""


class Form(NamedTuple):
    """A form as it was sent, and what was wrong with it, by field."""

    values: Mapping[str, str] = MappingProxyType({})
    faults: Mapping[str, str] = MappingProxyType({})
    start: int = 0
    """From which of the promise's lines on they are listed."""


EMPTY: Final = Form()


def find_faults(
    values: Mapping[str, str], task: drafts.Task, roster: Iterable[Carried], period: str
) -> dict[str, str]:
    """Why the form of this page cannot be saved, by field."""
    found = {}
    added = 0
    for each in roster:
        stays, day = values.get(stay_name(each), ""), values.get(left_name(each), "").strip()
        added += bool(stays)
        if stays == LEFT and line_form.day(line_form.read_day(day)) is None:
            found[left_name(each)] = (
                "Give the day on which the person left, such as 6 October 2026."
            )
    said, count = values.get(ANSWER, ""), len(task.indexes) + added
    if said not in dict(ANSWERS):
        found[ANSWER] = f"Say whether you have finished this for {formats.month(period)}."
    elif said == "finished" and not count:
        found[ANSWER] = "Add a line first, or choose “Nothing this month”."
    elif said == "nothing" and count:
        lines = formats.count(count, "line")
        is_one = count == 1
        them = ("is", "it") if is_one else ("are", "them")
        found[ANSWER] = f"There {them[0]} {lines}: remove {them[1]} first."
    return found


_GIVE_DAY: Final = "Give the day on which the person left, such as 6 October 2026."


def answer_of(values: Mapping[str, str]) -> drafts.Answer:
    """The answer of a form without faults."""
    return next(code for code, _ in ANSWERS if code == values[ANSWER])


def stays(
    content: drafts.Content, values: Mapping[str, str], roster: Iterable[Carried]
) -> drafts.Content:
    """With a line for each person about whom there is an answer."""
    lines = []
    for each in roster:
        if values.get(stay_name(each)) == LEFT:
            day = line_form.read_day(values.get(left_name(each), "").strip())
            lines.append(carrying.leave(each, day))
        elif values.get(stay_name(each)):
            lines.append(dict(each.line))
    return drafts.add_lines(content, lines) if lines else content


def show(
    month: months.Month,
    task: drafts.Task,
    names: Names,
    roster: Sequence[Carried],
    form: Form = EMPTY,
) -> Page:
    """The page of a promise. `roster`: who goes on from the month
    before."""
    place = month.place
    here = addresses.promise(place.contract_id, place.period, task.commitment_id)
    heading = month_page.promise_title(names, place.contract_id, task.commitment_id, task.measure)
    said = month.content.answers.get(task.commitment_id)
    start = form.start
    shown = task.indexes[start : start + listing.ROWS]
    rest = start + listing.ROWS
    return Page(
        title=f"{'Error: ' if form.faults else ''}{heading}",
        heading=heading,
        month=month_page.heading(month),
        back=addresses.month(place.contract_id, place.period),
        sentences=tuple(_sentences(month, task)),
        faults=tuple(Fault(name, text) for name, text in form.faults.items()),
        lines=_table(month, task, here, shown) if shown else None,
        pages=listing.pages(
            here,
            str(start) if start else None,
            str(rest) if rest < len(task.indexes) else None,
        ),
        add=addresses.new_line(place.contract_id, place.period, task.commitment_id)
        if task.measure
        else "",
        roster=tuple(_stay(each, month, form) for each in roster[:ROSTER_MAX]),
        answer=_answer(month, form.values.get(ANSWER, said or ""), form.faults.get(ANSWER)),
        action=here,
        seen=drafts.mark(said),
    )


def _sentences(month: months.Month, task: drafts.Task) -> list[str]:
    name = formats.month(month.place.period)
    if not task.indexes:
        first = f"No line yet for {name}."
    else:
        count = formats.count(len(task.indexes), "line")
        total = month_page.total(task, month.content.lines)
        first = f"{count}: {total}." if total else f"{count}."
    unit = f"Counted in {formats.unit(task.measure.unit)}." if task.measure else _UNKNOWN
    problem = "What is wrong stands beside the line." if task.faults else ""
    return [each for each in (first, unit, problem) if each]


_UNKNOWN: Final = "This promise is not in force, or what it counts is not known here."


# --- its lines -----------------------------------------------------------------------------------


def _table(month: months.Month, task: drafts.Task, here: str, shown: Iterable[int]) -> Table:
    lines = month.content.lines
    whys = {index: tuple(_whys(task, index)) for index in shown}
    return Table(
        caption="Lines",
        heads=(
            Head("Line"),
            Head("When"),
            Head("What"),
            Head("Quantity", is_number=True),
            Head("Evidence"),
            Head("Remove"),
        ),
        rows=tuple(
            _row(lines[index], f"{here}/lines/{index + 1}", why, task.measure)
            for index, why in whys.items()
        ),
    )


def _row(
    line: Mapping[str, Any], href: str, why: tuple[str, ...], measure: catalogue.Measure | None
) -> tuple[Cell, ...]:
    number = str(line.get("line_id") or "?")
    pieces = len(line.get("evidence") or ())
    return (
        Cell(f"Change line {number}", href if measure else None, why=why),
        Cell(when(line)),
        Cell(what(line)),
        Cell(quantity(line, measure)),
        Cell(formats.count(pieces, "piece") if pieces else "None"),
        Cell(f"Remove line {number}", f"{href}/remove"),
    )


def _whys(task: drafts.Task, index: int) -> list[str]:
    own = [each for each in task.faults if drafts.line_of(each.pointer) == index]
    labels = {} if task.measure is None else labels_of(task.measure)
    return [fields.word(each, labels.get(fields.name(each.pointer))) for each in own[:WHYS_MAX]]


def labels_of(measure: catalogue.Measure) -> dict[str, str]:
    """What the fields of a measure's form are called, by name."""
    return {each.name: each.label for each in line_form.fields_of(measure)}


def when(line: Mapping[str, Any]) -> str:
    """The days of a line, as far as they can be read."""
    first, last = line_form.day(line.get("from")), line_form.day(line.get("to"))
    if first is None:
        return str(line.get("from") or "Not given")
    return formats.days(first, last)


def what(line: Mapping[str, Any]) -> str:
    """What tells a line from others: the person's number, the invoice, the school, the place."""
    told = [
        line_form.get(line, "/person/ref"),
        line_form.get(line, "/invoice/payee"),
        line_form.get(line, "/invoice/number"),
        line_form.get(line, "/place/school"),
        line_form.get(line, "/place/postcode"),
    ]
    return ", ".join(str(each) for each in told if each)


def quantity(line: Mapping[str, Any], measure: catalogue.Measure | None) -> str:
    """The quantity of a line, as far as it can be read."""
    text = str(line.get("quantity") or "Not given")
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    is_shown = measure is not None and number.is_finite()
    return formats.amount(number, measure.unit, has_pence=True) if measure and is_shown else text


# --- who is still in post, and whether that is all -----------------------------------------------


def stay_name(carried: Carried) -> str:
    """The name of the question about one person."""
    return f"stay-{_key(carried)}"


def left_name(carried: Carried) -> str:
    """The name of the day on which this person left."""
    return f"left-{_key(carried)}"


def _key(carried: Carried) -> str:
    """Of a person, whoever else is asked about."""
    return drafts.mark(carried.line["person"])


def _stay(carried: Carried, month: months.Month, form: Form) -> Stay:
    last = formats.day(calendar.last_day(month.place.period))
    ref = str(line_form.get(carried.line, "/person/ref"))
    asked, left = stay_name(carried), left_name(carried)
    return Stay(
        Field(
            name=asked,
            label=f"{ref}: still in post on {last}?",
            kind="radios",
            choices=(Choice("yes", "Yes"), Choice(LEFT, "Left")),
            value=form.values.get(asked, ""),
            fault=form.faults.get(asked),
        ),
        Field(
            name=left,
            label=f"{ref}: if not, left on",
            hint="For example 6 October 2026 or 6/10/2026.",
            value=form.values.get(left, ""),
            width=20,
            fault=form.faults.get(left),
        ),
    )


def _answer(month: months.Month, value: str, fault: str | None) -> Field:
    return Field(
        name=ANSWER,
        label=f"Have you finished this for {formats.month(month.place.period)}?",
        kind="radios",
        choices=tuple(Choice(code, text) for code, text in ANSWERS),
        value=value,
        fault=fault,
    )
