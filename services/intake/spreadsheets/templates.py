"""The template of a month's return: a spreadsheet that is filled in already as far as we know.

Promises: pure. Every promise in force has a row; posts and weeks have one for each person of the
month before, who is still there as far as we know. A row to which nothing is added is passed over
when the file comes back, so an untouched template reports nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from services.intake.domain import field_help, measures
from services.intake.spreadsheets import columns, filling
from shared import catalogue, formats
from shared.spreadsheets import writing

ROSTER_MAX: Final = 2_000
"""People of the month before. With more, they are listed by whoever keeps the list."""
HOW: Final = "How to fill this in"
ABOUT: Final = "Columns"
_UNITS_WITH_SESSION: Final = frozenset({"visits", "sessions", "people", "hours"})


class Month(NamedTuple):
    """What a template is for."""

    contract_id: str
    party_id: str
    period: str
    promises: Mapping[str, catalogue.Measure | None]
    before: Sequence[Mapping[str, Any]]
    """The lines of the month before, as JSON."""
    titles: Mapping[str, str] = MappingProxyType({})
    """Of the promises that have one of their own."""


def xlsx(month: Month) -> bytes:
    """The template as a workbook."""
    headings = [each.heading for each in columns.OFFERED]
    at = {name: index for index, name in enumerate(headings)}
    count = len(month.promises)
    choices: dict[int, str | Sequence[str]] = {at[columns.NOTHING]: ["yes"]}
    if count:
        choices[at[columns.PROMISE]] = writing.cells_of(HOW, 1, 2, count + 1)
    kinds = {index: each.kind for index, each in enumerate(columns.OFFERED)}
    lines = writing.Sheet(
        name=columns.SHEET,
        headings=headings,
        rows=list(_rows(month)),
        widths={at[columns.PROMISE]: 44, at[columns.CONTRACT]: 20},
        choices=choices,
        texts=frozenset(n for n, kind in kinds.items() if kind not in _FIGURES),
        days=frozenset(n for n, kind in kinds.items() if kind == "day"),
    )
    how = writing.Sheet(
        name=HOW,
        headings=["Promise", "Counted in", "A line needs", "It waits without", "Evidence"],
        rows=[_how(_named(month, name, each), each) for name, each in month.promises.items()],
        widths={0: 44, 1: 12, 2: 60, 3: 40, 4: 40},
        is_wrapped=True,
    )
    about = writing.Sheet(
        name=ABOUT,
        headings=["Column", "What goes in it"],
        rows=[(each.heading, each.about) for each in columns.OFFERED],
        widths={0: 30, 1: 70},
        is_wrapped=True,
    )
    return writing.xlsx_file([lines, how, about])


_FIGURES: Final = frozenset({"number", "share", "whole", "day", "clock"})


def csv(month: Month) -> bytes:
    """The template as CSV: the lines alone."""
    return writing.csv_file([each.heading for each in columns.OFFERED], _rows(month))


def file_name(contract_id: str, period: str) -> str:
    """`KMBC-2026-0117-2026-10`, without what a file's name cannot have."""
    return f"{contract_id}-{period}".replace(":", "-")


def _rows(month: Month) -> Iterable[writing.Cells]:
    for commitment_id, measure in month.promises.items():
        title = _named(month, commitment_id, measure)
        shared: dict[str, writing.Value] = {
            columns.CONTRACT: month.contract_id,
            columns.MONTH: formats.month(month.period),
            columns.PROMISE: title,
            "Unit": measure.unit if measure else None,
        }
        if measure is not None and (measure.needs_person or measure.unit == "weeks"):
            for person in _roster(month, commitment_id):
                yield _row(shared | person)
        yield _row(shared | _usual(month.party_id, measure))


def _row(cells: Mapping[str, writing.Value]) -> writing.Cells:
    return [cells.get(each.heading) for each in columns.OFFERED]


def _usual(party_id: str, measure: catalogue.Measure | None) -> dict[str, writing.Value]:
    """What is nearly always so: the supplier itself employs, pays and delivers."""
    if measure is None:
        return {}
    usual: dict[str, writing.Value] = {}
    if measure.needs_person or measure.unit == "weeks":
        usual["Employer's company number"] = party_id
    if measure.needs_invoice:
        usual["Payer's company number"] = party_id
    if measure.unit in _UNITS_WITH_SESSION:
        usual["Deliverer's company number"] = party_id
    return usual


def _roster(month: Month, commitment_id: str) -> Iterable[dict[str, writing.Value]]:
    """The people of the month before, each once, without those who left."""
    seen: set[str] = set()
    for line in month.before:
        person = line.get("person") or {}
        reference = str(person.get("ref") or "")
        is_of = line.get("commitment_id") == commitment_id and reference
        if not is_of or person.get("left_on") or reference in seen or len(seen) >= ROSTER_MAX:
            continue
        seen.add(reference)
        yield {name: _at(line, columns.BY_HEADING[name].pointer) for name in sorted(_KEPT)}


_KEPT: Final = columns.PREFILLED & {
    "Person's number", "Employer's company number", "Hours a week", "Learner number", "Postcode",
}  # fmt: skip
"""What stays so from month to month."""


def _at(line: Mapping[str, Any], pointer: str) -> writing.Value:
    value: Any = line
    for step in pointer.split("/")[1:]:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


def _named(month: Month, commitment_id: str, measure: catalogue.Measure | None) -> str:
    """The id with the title behind it: either alone may be two promises'."""
    return f"{commitment_id}: {filling.title(month.titles, commitment_id, measure)}"


def _how(named: str, measure: catalogue.Measure | None) -> writing.Cells:
    if measure is None:
        return (named, None, None, None, None)
    described = measures.describe(measure)
    return (
        named,
        measure.unit,
        _listed(each.pointer for each in described.needs if each.pointer not in _GIVEN),
        _listed(each.pointer for each in described.waits_without),
        "; ".join(measure.evidence),
    )


_GIVEN: Final = frozenset({"/line_id", "/commitment_id", "/unit"})
"""Filled in for them."""


def _listed(pointers: Iterable[str]) -> str:
    """The headings of the columns, each once."""
    found = [columns.heading(each) or field_help.FORMS[each[1:]].wanted for each in pointers]
    return ", ".join(dict.fromkeys(found))
