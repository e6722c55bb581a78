"""All returns that were sent, and what was refused: the newest first, narrowed down by a form whose
answers stand in the address.

Promises: pure. A field that is left empty asks for nothing. Every fault is named at once, beside
its field, and what was written stays there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, TypeAlias
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.intake.api import documents
from services.intake.domain import drafts, faults
from services.intake.pages import fields, home
from shared import formats
from shared.pages import listing
from shared.pages.names import NONE, Names
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Pages, Table

TITLE: Final = "All returns"
AT: Final = "/returns"
CHARACTERS_MAX: Final = 200
"""Of one field: more than any id has."""
FAULTS_SHOWN: Final = 3
"""Of one refusal: a list says what was wrong, not all of it."""
YEAR_FIRST: Final = 2013
"""The Public Services (Social Value) Act 2012 came into force in January 2013."""

Text: TypeAlias = Annotated[
    str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)
]


class Asked(BaseModel):
    """The form as it was sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    contract: Text = ""
    year: Text = ""
    status: Text = ""
    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by name."""
        values = {name: getattr(self, name) for name in LABELS}
        return {name: value for name, value in values.items() if value}


LABELS: Final = {
    "contract": "Contract (reference)",
    "year": "Year of the month",
    "status": "Status",
}
STATUSES: Final[Mapping[str, str]] = {
    **{status: tag.word for status, tag in home.TAGS.items()},
    "refused": "Not accepted",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    heading: str
    faults: tuple[Fault, ...]
    """Of the form: then there is no list."""
    form: tuple[Field, ...]
    is_narrowed: bool
    nothing: str
    """What stands here if there is no row."""
    table: Table | None
    pages: Pages
    csv: str | None
    """Where the list is as CSV; None where there is none."""


def show(
    asked: Asked,
    items: Sequence[documents.ReturnSummary | documents.Refusal],
    next_cursor: str | None,
    names: Names = NONE,
    *,
    is_supplier: bool,
) -> Page:
    """The page of these returns, or of these refusals."""
    sent = [each for each in items if isinstance(each, documents.ReturnSummary)]
    refused = [each for each in items if isinstance(each, documents.Refusal)]
    query = f"?{urlencode(asked.given)}" if asked.given else ""
    table = None
    if refused:
        table = _refused(refused, names, is_supplier=is_supplier)
    elif sent:
        table = home.sent(sent, "Returns", names, is_supplier=is_supplier)
    return Page(
        title=TITLE,
        heading=TITLE,
        faults=(),
        form=_form(asked),
        is_narrowed=bool(asked.given),
        nothing=_nothing(asked, is_supplier=is_supplier),
        table=table,
        pages=listing.pages(AT, asked.cursor, next_cursor, **asked.given),
        csv=f"{AT}.csv{query}" if table is not None else None,
    )


def show_faults(asked: Asked, faults: tuple[Fault, ...]) -> Page:
    """The page of a form that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        heading=TITLE,
        faults=faults,
        form=_form(asked, faults),
        is_narrowed=True,
        nothing="",
        table=None,
        pages=Pages(None, None),
        csv=None,
    )


def query(asked: Asked, limit: int = listing.ROWS) -> documents.ReturnsQuery:
    """What the API is asked for. Only where `check` finds nothing."""
    months = {}
    if asked.year:
        months = {"period_from": f"{asked.year}-01", "period_to": f"{asked.year}-12"}
    given = {name: value for name, value in asked.given.items() if name != "year"}
    return documents.ReturnsQuery.model_validate(
        {**given, **months, "limit": limit, "cursor": asked.cursor}
    )


# --- the form ------------------------------------------------------------------------------------


def check(asked: Asked, today: date, *, has_contract: bool) -> tuple[Fault, ...]:
    """Every field that asks for what cannot be. `has_contract`: there is such a contract, which
    this person may see."""
    found = []
    if asked.contract and not has_contract:
        unknown = f"You have no contract '{asked.contract}'. Write its reference as the list does."
        found.append(Fault("contract", unknown))
    if asked.year and not _is_year(asked.year, today):
        years = f"Write a year from {YEAR_FIRST} to {today.year}."
        found.append(Fault("year", f"Year of the month cannot be '{asked.year}'. {years}"))
    if asked.status and asked.status not in STATUSES:
        found.append(Fault("status", f"Status cannot be '{asked.status}'. Choose one of the list."))
    return tuple(found)


def _is_year(text: str, today: date) -> bool:
    return bool(re.fullmatch("[0-9]{4}", text)) and YEAR_FIRST <= int(text) <= today.year


def _form(asked: Asked, faults: Sequence[Fault] = ()) -> tuple[Field, ...]:
    wrong = dict(faults)
    choices = (Choice("", "All"), *(Choice(value, word) for value, word in STATUSES.items()))
    return tuple(
        Field(
            name=name,
            label=label,
            value=asked.given.get(name, ""),
            kind="select" if name == "status" else "text",
            choices=choices if name == "status" else (),
            fault=wrong.get(name),
        )
        for name, label in LABELS.items()
    )


def _nothing(asked: Asked, *, is_supplier: bool) -> str:
    if asked.cursor is not None:
        return "There is nothing further on."
    if asked.status == "refused":
        return "Nothing was refused." if len(asked.given) == 1 else "Nothing of these was refused."
    if asked.given:
        return "No return matches these filters."
    return "You have sent no return yet." if is_supplier else "No return has come yet."


# --- what was refused ----------------------------------------------------------------------------


def _refused(refused: Sequence[documents.Refusal], names: Names, *, is_supplier: bool) -> Table:
    whose = () if is_supplier else ("Supplier",)
    return Table(
        caption="What was not accepted",
        heads=tuple(map(Head, ("Sent", "Contract", *whose, "Month", "What was wrong"))),
        rows=tuple(_refused_row(each, names, is_supplier=is_supplier) for each in refused),
    )


def _refused_row(each: documents.Refusal, names: Names, *, is_supplier: bool) -> tuple[Cell, ...]:
    whose = () if is_supplier else (Cell(names.party(each.party_id)),)
    how = "by program" if each.route == "http" else "on your topic" if is_supplier else "on a topic"
    return (
        Cell(formats.moment(each.refused_at), why=(how,)),
        Cell(each.contract_id or "Not readable", is_whole=each.contract_id is not None),
        *whose,
        Cell(formats.month(each.period) if each.period else "Not readable"),
        Cell(_wrong(each), why=_first(each)),
    )


def _wrong(each: documents.Refusal) -> str:
    problems = formats.count(each.faults_count, "problem")
    return problems if each.count == 1 else f"{each.count:,} returns with {problems} in all"


def _first(each: documents.Refusal) -> tuple[str, ...]:
    first = [_word(fault) for fault in each.faults[:FAULTS_SHOWN]]
    more = each.faults_count - len(first)
    if first and more > 0:
        first.append(f"And {more:,} more.")
    return tuple(first)


def _word(told: documents.RefusedFault) -> str:
    fault = faults.Fault(told.pointer, None, told.rule, told.message, told.fix)
    line = drafts.line_of(told.pointer)
    return f"{'' if line is None else f'Line {line + 1}: '}{fields.word(fault)}"


# --- as a file -----------------------------------------------------------------------------------

HEADINGS: Final = (
    "Month",
    "Contract",
    "Supplier",
    "Revision",
    "Receipt",
    "Received",
    "Due",
    "Late",
    "Status",
    "Number of the return",
)
HEADINGS_OF_REFUSED: Final = ("Sent", "Contract", "Supplier", "Month", "Problems", "The first")

Cells: TypeAlias = tuple[str | bool | int | date | None, ...]


def row(each: documents.ReturnSummary | documents.Refusal) -> Cells:
    """A row of the file, under `HEADINGS` or `HEADINGS_OF_REFUSED`."""
    if isinstance(each, documents.Refusal):
        first = " ".join(_first(each))
        sent = formats.moment(each.refused_at)
        return sent, each.contract_id, each.party_id, each.period, each.faults_count, first
    return (
        each.period,
        each.contract_id,
        each.party_id,
        each.revision,
        each.receipt_no,
        formats.moment(each.received_at),
        each.due_on,
        each.late,
        home.TAGS[each.status].word,
        str(each.return_id),
    )
