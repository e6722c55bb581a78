"""Cases: what is followed up, the worst first (rule C2).

Promises: pure. Every figure is one that the API gives. What has ended stands behind what is open,
and is listed only if it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.verification.api.documents import cases as documents
from services.verification.domain import cases
from services.verification.pages import ratings
from shared import calendar, formats
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Pages, Table

TITLE: Final = "Cases"
ROWS: Final = 40
"""On one page. A row says more than those of other lists: fifty would weigh over 60 kB."""
CHARACTERS_MAX: Final = 200
"""Of one field: more than any id has."""
_OPEN: Final = tuple(each for each in cases.MOVES if each and cases.is_open(each))
_ENDED: Final = tuple(each for each in cases.MOVES if each and not cases.is_open(each))
STATES: Final[Mapping[str, tuple[cases.CaseState, ...]]] = {
    "": _OPEN,
    "ended": _ENDED,
    **{each: (each,) for each in (*_OPEN, *_ENDED)},
}
"""What can be asked for, and the states that it means."""
_CHOICES: Final = (
    Choice("", "All that are open"),
    *(Choice(each, ratings.STATES[each]) for each in _OPEN),
    Choice("ended", "All that have ended"),
    *(Choice(each, ratings.STATES[each]) for each in _ENDED),
)


class Asked(BaseModel):
    """The form as it was sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    state: Annotated[str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)] = ""
    contract: Annotated[
        str, StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)
    ] = ""
    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by name."""
        return {
            name: value
            for name, value in (("state", self.state), ("contract", self.contract))
            if value
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    heading: str
    sentence: str
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    is_narrowed: bool
    table: Table | None
    pages: Pages


def check(asked: Asked, *, has_contract: bool) -> tuple[Fault, ...]:
    """Every field that asks for what cannot be. `has_contract`: there is such a contract, which
    this person may see."""
    found = []
    if asked.state not in STATES:
        found.append(Fault("state", f"There is no state '{asked.state}'. Choose one of the list."))
    if asked.contract and not has_contract:
        unknown = f"You have no contract '{asked.contract}'. Write its reference as the list does."
        found.append(Fault("contract", unknown))
    return tuple(found)


def show(asked: Asked, found: Sequence[documents.CaseWhole], count: int, pages: Pages) -> Page:
    """The page of these cases. `count`: of all pages together."""
    return Page(
        title=TITLE,
        heading=TITLE,
        sentence=_sentence(asked, count),
        faults=(),
        form=_form(asked),
        is_narrowed=bool(asked.given),
        table=_table(found) if found else None,
        pages=pages,
    )


def show_faults(asked: Asked, faults: tuple[Fault, ...]) -> Page:
    """The page of a form that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        heading=TITLE,
        sentence="",
        faults=faults,
        form=_form(asked, faults),
        is_narrowed=True,
        table=None,
        pages=Pages(None, None),
    )


def _sentence(asked: Asked, count: int) -> str:
    of = " of this contract" if asked.contract else ""
    if asked.state == "":
        if not count:
            return f"No case{of} is open."
        return f"{formats.count(count, 'case')}{of} {'is' if count == 1 else 'are'} open."
    if not count:
        return f"No case{of} matches these filters."
    verb = "matches" if count == 1 else "match"
    return f"{formats.count(count, 'case')}{of} {verb} these filters."


def _form(asked: Asked, faults: Sequence[Fault] = ()) -> tuple[Field, ...]:
    wrong = dict(faults)
    return (
        Field(
            name="state",
            label="Where it stands",
            value=asked.state,
            kind="select",
            choices=_CHOICES,
            fault=wrong.get("state"),
        ),
        Field(
            name="contract",
            label="Contract (reference)",
            value=asked.contract,
            fault=wrong.get("contract"),
        ),
    )


# --- the cases -----------------------------------------------------------------------------------


def _table(found: Sequence[documents.CaseWhole]) -> Table:
    return Table(
        caption="Cases, the worst first",
        heads=(
            Head("Case"),
            Head("Contract"),
            Head("Rating"),
            Head("Behind", is_number=True),
            Head("Where it stands"),
            Head("Opened on"),
        ),
        rows=tuple(map(_row, found)),
        is_caption_shown=False,
    )


def _row(case: documents.CaseWhole) -> tuple[Cell, ...]:
    step = (case.next_step.words,) if case.next_step else ()
    return (
        Cell(name(case), f"/cases/{case.case_id}"),
        Cell(
            case.contract_title,
            f"/contracts/{case.contract_id}",
            why=(f"{case.contract_id}, {suppliers(case)}",),
        ),
        _rating(case),
        _gap(case),
        Cell(ratings.case_state(case.kind, case.state), why=step),
        Cell(formats.day(calendar.london_day(case.opened_at))),
    )


def name(case: documents.CaseWhole) -> str:
    """What a case is called everywhere: `Spend with firms in Knowsley: behind since June 2026`."""
    month = formats.month(case.period)
    if case.kind == "no_data":
        return f"The return of {suppliers(case)} for {month} is missing"
    return f"{case.commitment_title}: behind since {month}"


def suppliers(case: documents.CaseWhole) -> str:
    """Whom it concerns, by name where it is known."""
    return formats.listed([each.name or each.id for each in case.suppliers])


def _rating(case: documents.CaseWhole) -> Cell:
    if case.rating is None or not case.is_open:
        return Cell("–")
    return Cell("", tag=ratings.tag(case.rating))


def _gap(case: documents.CaseWhole) -> Cell:
    if not case.is_open or not case.gap or case.gap_share is None:
        return Cell("–")
    share = formats.share(Decimal(case.gap_share))
    return Cell(formats.amount(case.gap, case.unit), why=(f"{share} of the whole target",))
