"""A line of a month's return as a form: only the fields that its measure needs.

Promises: pure. What was typed comes back as it was typed, with what is wrong beside each field.
What is worked out is told and not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from services.intake.domain import drafts, faults
from services.intake.drafts import months
from services.intake.pages import addresses, conflict, fields, line_asked, line_form
from services.intake.pages import month as month_page
from services.intake.pages.line_asked import Asked
from shared import calendar, catalogue, identifiers
from shared import fields as data
from shared.pages.names import Names
from shared.pages.parts import Fault, Field

_WORKED_OUT: Final[Mapping[line_asked.WorkedOut, str]] = {
    "one": "It counts as one.",
    "post": f"A post is hours a week / {line_asked.FULL_WEEK_HOURS}, at most 1: it is worked out.",
    "product": "The hours are worked out: length times people.",
    "people": "It counts the people who came.",
}
_ASKED_FOR: Final[Mapping[line_asked.WorkedOut, str]] = {
    "post": "/person/weekly_hours",
    "product": "/session/hours",
    "people": "/session/attendees",
}
"""The field that a quantity comes from which is not asked: its faults stand there."""
_OF_OBJECTS: Final[Mapping[str, str]] = {
    "/person": "/person/ref",
    "/invoice": "/invoice/number",
    "/session": "/session/start",
    "/place": "/place/postcode",
    "/evidence": "/evidence/0/reference",
}
"""Where the fault of an object that is missing as a whole stands."""
_NUMBERS: Final = frozenset({"number", "whole", "share"})
VALUE_CHARACTERS_MAX: Final = identifiers.CHARACTERS_MAX
TEXT_CHARACTERS_MAX: Final = data.TEXT_CHARACTERS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form of one line."""

    title: str
    heading: str
    month: str
    promise: str
    back: str
    worked_out: str
    faults: tuple[Fault, ...]
    fields: tuple[Field, ...]
    more: tuple[Field, ...]
    is_more_open: bool
    action: str
    seen: str
    """The mark of the line that the form was filled with; empty for a new one."""
    may_be_kept: bool
    """Whether it can be saved although something is wrong with it."""


class Form(NamedTuple):
    """The form of a line: of the one at the index `at` of the return, or of a new one."""

    at: int | None
    values: Mapping[str, str]
    """What stands in it, by field."""
    faults: tuple[faults.Fault, ...] = ()
    seen: str = ""
    may_be_kept: bool = False


def show(month: months.Month, task: drafts.Task, names: Names, form: Form) -> Page:
    """The page of a form."""
    assert task.measure is not None, "a line of an unknown measure has no form"
    place = month.place
    promise = (place.contract_id, place.period, task.commitment_id)
    told = _faults(form.faults, task.measure)
    wrong = {each.name: each.text for each in told}
    values, index = form.values, form.at
    asked = _drawn(task.measure, values, wrong, month.place.period)
    more = tuple(_field(each, task.measure, values, wrong) for each in line_asked.MORE)
    word = "Add a line" if index is None else "Change the line"
    title = month_page.promise_title(names, place.contract_id, task.commitment_id, task.measure)
    how = line_asked.worked_out(task.measure)
    return Page(
        title=f"{'Error: ' if told else ''}{word}: {title}",
        heading=f"{word}: {title}",
        month=month_page.heading(month),
        promise=title,
        back=addresses.promise(*promise),
        worked_out=_WORKED_OUT[how] if how else "",
        faults=told,
        fields=tuple(_field(each, task.measure, values, wrong) for each in asked),
        more=more,
        is_more_open=any(each.value or each.fault for each in more),
        action=addresses.new_line(*promise) if index is None else addresses.line(*promise, index),
        seen=form.seen,
        may_be_kept=form.may_be_kept,
    )


def _drawn(
    measure: catalogue.Measure,
    values: Mapping[str, str],
    wrong: Mapping[str, str],
    period: str,
) -> tuple[Asked, ...]:
    """The fields that are always drawn; after the date why it is late, if it is or says so."""
    fixed = (*line_asked.asked(measure), *line_asked.EVIDENCE, line_asked.NOTE)
    name = line_asked.LATE.name
    if not (values.get(name) or name in wrong or is_late(values, period)):
        return fixed
    place = next(n for n, each in enumerate(fixed, 1) if each.pointer == "/from")
    return (*fixed[:place], line_asked.LATE, *fixed[place:])


def is_late(values: Mapping[str, str], period: str) -> bool:
    """Whether the date lies before the month."""
    first = line_form.day(line_form.read_day(values.get("from", "").strip()))
    return first is not None and first < calendar.first_day(period)


def _field(
    asked: Asked,
    measure: catalogue.Measure,
    values: Mapping[str, str],
    wrong: Mapping[str, str],
) -> Field:
    is_money = asked.pointer == "/invoice/net_total" or (
        asked.pointer == "/quantity" and measure.unit == "GBP"
    )
    is_text = asked.kind == "words"
    return Field(
        name=asked.name,
        label=asked.label,
        hint=asked.hint,
        value=values.get(asked.name, ""),
        kind="area" if is_text else "number" if asked.kind in _NUMBERS else "text",
        before="£" if is_money else "",
        after="%" if asked.kind == "share" else "",
        width=asked.width,
        characters_max=TEXT_CHARACTERS_MAX if is_text else VALUE_CHARACTERS_MAX,
        fault=wrong.get(asked.name),
    )


# --- what is wrong -------------------------------------------------------------------------------


def _faults(found: Iterable[faults.Fault], measure: catalogue.Measure) -> tuple[Fault, ...]:
    """The faults in words, each with the field at which it stands. A field has one, the first:
    what cannot be read is not missing as well."""
    labels = {each.name: each.label for each in line_form.fields_of(measure)}
    told: list[Fault] = []
    for fault in found:
        name = _place(fields.name(fault.pointer), measure, labels)
        if not name or all(each.name != name for each in told):
            told.append(Fault(name, fields.word(fault, labels.get(name))))
    return tuple(told)


def _place(name: str, measure: catalogue.Measure, labels: Mapping[str, str]) -> str:
    how = line_asked.worked_out(measure)
    if name == "quantity" and how is not None and how in _ASKED_FOR:
        return fields.name(_ASKED_FOR[how])
    name = fields.name(_OF_OBJECTS.get(f"/{name}", "")) or name
    return name if name in labels else ""


# --- two versions --------------------------------------------------------------------------------


def compare(
    mine: Mapping[str, str], theirs: Mapping[str, Any] | None, measure: catalogue.Measure
) -> list[conflict.Row]:
    """The fields in which two forms of a line differ. `theirs`: None if it was removed."""
    other = {} if theirs is None else line_form.write(theirs, measure)
    return [
        conflict.Row(each.label, mine.get(each.name, ""), other.get(each.name, ""))
        for each in line_form.fields_of(measure)
        if mine.get(each.name, "") != other.get(each.name, "")
    ]
