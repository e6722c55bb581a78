"""A month's draft before it is sent: its figures beside last month's, what may be missing, and the
declaration.

Promises: pure. What is wrong leads to where it can be put right, and nothing is sent before it is.
What only looks odd is a warning, never a fault. The figures are what is reported: quantity times
share.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.intake.domain import drafts, faults
from services.intake.drafts import months
from services.intake.pages import addresses, fields
from services.intake.pages import month as month_page
from shared import calendar, formats
from shared import fields as kinds
from shared.pages.names import NONE, Names
from shared.pages.parts import Cell, Choice, Fault, Field, Head, Table

STATEMENTS: Final[Mapping[str, str]] = {
    "this_contract_and_period_only": "The figures are of this contract and this month only",
    "answers_a_commitment": "Each line answers a promise of this contract",
}
"""What is declared (rule I11), by its name in a return."""
TIMES_ODD: Final = 10
"""A figure that is more than so many times last month's may have a slipped point."""
FAULTS_SHOWN: Final = 50
WARNINGS_SHOWN: Final = 50


class Typed(NamedTuple):
    """What was typed into the form."""

    name: str
    role: str = ""
    reason: str = ""
    statements: tuple[str, ...] = ()


class Hidden(NamedTuple):
    """What the form carries along: which draft it is of, as which version and revision."""

    key: str
    version: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page."""

    title: str
    heading: str
    of: str
    """Which contract."""
    at: str
    """Where the draft is."""
    faults: tuple[Fault, ...]
    sentences: tuple[str, ...]
    """What this would replace, or why it was not sent."""
    promises: Table
    warnings: tuple[str, ...]
    form: tuple[Field, ...]
    """Empty while the draft has faults."""
    hidden: Hidden


def show(
    month: months.Month,
    checked: months.Checked,
    before: Sequence[Mapping[str, Any]],
    typed: Typed,
    names: Names = NONE,
) -> Page:
    """The page of a month with a draft. `before`: the lines of the month before."""
    draft, place = month.draft, month.place
    assert draft is not None, "there is something to check"
    heading = (
        f"Check your return for {formats.month(place.period)} "
        f"{_REVISED[month.revision > 0]}before you send it"
    )
    found = faults_of(month, checked, names)
    return Page(
        title=f"Error: {heading}" if found else heading,
        heading=heading,
        of=names.contract(place.contract_id),
        at=addresses.month(place.contract_id, place.period),
        faults=found,
        sentences=_replaced(month),
        promises=_promises(month, checked, before, names),
        warnings=() if found else tuple(_warnings(month, checked, before, names))[:WARNINGS_SHOWN],
        form=() if found else _form(month, typed, {}),
        hidden=Hidden(str(draft.key), draft.version, month.revision + 1),
    )


_REVISED: Final = {False: "", True: "again "}


def _replaced(month: months.Month) -> tuple[str, ...]:
    """What stands for the month now."""
    if month.sent is None or not month.is_in:
        return ()
    received = formats.moment(month.sent.received_at)
    return (f"This will take the place of receipt {month.sent.receipt_no}, received {received}.",)


# --- what is wrong -------------------------------------------------------------------------------


def faults_of(month: months.Month, checked: months.Checked, names: Names) -> tuple[Fault, ...]:
    """What keeps the draft from being sent: faults, and promises that are not answered."""
    found = [_fault(month, each, names) for each in checked.faults if not _is_of_form(each)]
    found += [
        Fault(
            _promise(month, task.commitment_id),
            f"{_title(month, task, names)}: this is not finished.",
        )
        for task in checked.tasks
        if task.status not in (*drafts.DONE, "problem")
    ]
    if len(found) > FAULTS_SHOWN:
        more = len(found) - FAULTS_SHOWN
        found = [*found[:FAULTS_SHOWN], Fault(_month(month), f"And {more:,} more.")]
    return tuple(found)


def _is_of_form(fault: faults.Fault) -> bool:
    """Whether a fault is of what this page asks for, or carries along."""
    return fault.pointer.split("/")[1:2] in (["declaration"], ["revision"], ["reason"])


def _fault(month: months.Month, fault: faults.Fault, names: Names) -> Fault:
    """In words, with the way to the field."""
    index = drafts.line_of(fault.pointer)
    lines = month.content.lines
    if index is None or index >= len(lines):
        return Fault(f"{_month(month)}#{fields.name(fault.pointer)}", fields.word(fault))
    commitment_id = str(lines[index].get("commitment_id") or "")
    measure = month.promises.get(commitment_id)
    title = month_page.promise_title(names, month.place.contract_id, commitment_id, measure)
    place = month.place
    at = addresses.line(place.contract_id, place.period, commitment_id, index)
    text = f"{title}, line {lines[index].get('line_id')}: {fields.word(fault)}"
    return Fault(f"{at}#{fields.name(fault.pointer)}", text)


def _month(month: months.Month) -> str:
    return addresses.month(month.place.contract_id, month.place.period)


def _promise(month: months.Month, commitment_id: str) -> str:
    return addresses.promise(month.place.contract_id, month.place.period, commitment_id)


# --- its figures ---------------------------------------------------------------------------------


class _Figure(NamedTuple):
    amount: Decimal
    unit: str


def _figures(lines: Iterable[Mapping[str, Any]]) -> dict[str, _Figure]:
    """What is reported, by commitment: the sum of quantity times share. A line that cannot be read
    adds nothing; it has a fault."""
    found: dict[str, _Figure] = {}
    for line in lines:
        quantity, share = _number(line.get("quantity")), _number(line.get("attribution") or "1")
        if quantity is not None and share is not None:
            commitment_id = str(line.get("commitment_id") or "")
            before = found.get(commitment_id)
            amount = quantity * share + (before.amount if before else 0)
            found[commitment_id] = _Figure(amount, str(line.get("unit") or ""))
    return found


def _number(text: object) -> Decimal | None:
    return Decimal(text) if isinstance(text, str) and _WRITTEN.fullmatch(text) else None


_WRITTEN: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
"""How a number is written in a return."""


def _promises(
    month: months.Month,
    checked: months.Checked,
    before: Sequence[Mapping[str, Any]],
    names: Names,
) -> Table:
    now, then = _figures(month.content.lines), _figures(before)
    earlier = calendar.previous_period(month.place.period)
    return Table(
        caption="What you report",
        heads=(
            Head("Promise"),
            Head("Lines", is_number=True),
            Head(formats.month(month.place.period), is_number=True),
            Head(formats.month(earlier), is_number=True),
            Head("Change"),
        ),
        rows=tuple(_row(month, task, (now, then), names) for task in checked.tasks),
    )


def _row(
    month: months.Month,
    task: drafts.Task,
    figures: tuple[Mapping[str, _Figure], Mapping[str, _Figure]],
    names: Names,
) -> tuple[Cell, ...]:
    title, (now, then) = _title(month, task, names), figures
    return (
        Cell(title),
        Cell(f"{len(task.indexes):,}"),
        Cell(_amount(now.get(task.commitment_id))),
        Cell(_amount(then.get(task.commitment_id))),
        Cell("Change", _promise(month, task.commitment_id), hidden=f" {title}"),
    )


def _amount(figure: _Figure | None) -> str:
    return "nothing" if figure is None else formats.amount(figure.amount, figure.unit)


def _title(month: months.Month, task: drafts.Task, names: Names) -> str:
    contract_id = month.place.contract_id
    return month_page.promise_title(names, contract_id, task.commitment_id, task.measure)


# --- what looks odd ------------------------------------------------------------------------------


def _warnings(
    month: months.Month,
    checked: months.Checked,
    before: Sequence[Mapping[str, Any]],
    names: Names,
) -> Iterator[str]:
    now, then = _figures(month.content.lines), _figures(before)
    lines = month.content.lines
    earlier = formats.month(calendar.previous_period(month.place.period))
    if not lines:
        yield f"You report that nothing was delivered in {formats.month(month.place.period)}."
        return
    for task in checked.tasks:
        title = _title(month, task, names)
        figure, last = now.get(task.commitment_id), then.get(task.commitment_id)
        if not task.indexes:
            yield f"{title}: you report nothing this month."
        if figure and last and figure.amount > TIMES_ODD * last.amount > 0:
            yield (
                f"{title}: {_amount(figure)} is more than {TIMES_ODD} times {earlier}’s "
                f"{_amount(last)}."
            )
        bare = sum(not lines[index].get("evidence") for index in task.indexes)
        if bare:
            verb = "has" if bare == 1 else "have"
            yield f"{title}: {formats.count(bare, 'line')} {verb} no evidence."


# --- the form ------------------------------------------------------------------------------------


def show_again(
    month: months.Month, page: Page, typed: Typed, why: str, wrong: Mapping[str, str]
) -> Page:
    """The same page with what was typed: why it was not sent, and what is wrong, by field."""
    form = _form(month, typed, wrong)
    found = tuple(Fault(field.name, field.fault) for field in form if field.fault)
    return dataclasses.replace(
        page,
        title=f"Error: {page.heading}" if found or page.faults else page.heading,
        faults=(*page.faults, *found),
        sentences=(why, *page.sentences) if why else page.sentences,
        form=form if page.form else (),
    )


def refused(found: Sequence[faults.Fault]) -> str:
    """Why a return was not accepted that had no fault on this page."""
    words = [fields.word(each) for each in found[:REFUSED_SHOWN]]
    return " ".join(["It was not accepted.", *words, "Your draft is kept."])


REFUSED_SHOWN: Final = 3


def _form(month: months.Month, typed: Typed, wrong: Mapping[str, str]) -> tuple[Field, ...]:
    reason = Field(
        name="reason",
        label="Why do you report this month again?",
        hint="The council reads this. Do not name people.",
        kind="area",
        value=typed.reason,
        characters_max=kinds.TEXT_CHARACTERS_MAX,
        fault=wrong.get("reason"),
    )
    return (
        *((reason,) if month.revision else ()),
        Field(
            name="statements",
            label="You declare",
            kind="checkboxes",
            value=" ".join(typed.statements),
            choices=tuple(Choice(name, text) for name, text in STATEMENTS.items()),
            fault=wrong.get("statements"),
        ),
        Field(name="name", label="Your name", value=typed.name, fault=wrong.get("name")),
        Field(
            name="role",
            label="Your role",
            hint="For example, contract director",
            value=typed.role,
            fault=wrong.get("role"),
        ),
    )


def check(typed: Typed, *, is_again: bool) -> dict[str, str]:
    """What is wrong with what was typed, by field (rules I3 and I11)."""
    found = {}
    if is_again and not typed.reason.strip():
        found["reason"] = "Say why you report this month again."
    if set(typed.statements) != set(STATEMENTS):
        found["statements"] = "Tick both statements, if they are true: we need them."
    for name, label in (("name", "your name"), ("role", "your role")):
        if not getattr(typed, name).strip():
            found[name] = f"Give {label}."
    return found


def of_form(found: Iterable[faults.Fault]) -> dict[str, str]:
    """The faults of what was typed, by field."""
    return {
        each.pointer.rpartition("/")[2]: fields.word(each)
        for each in found
        if _is_of_form(each) and each.pointer != "/revision"
    }


def declaration(typed: Typed) -> dict[str, Any]:
    """As a return has it."""
    made = dict.fromkeys(STATEMENTS, True)
    return {**made, "name": typed.name.strip(), "role": typed.role.strip()}
