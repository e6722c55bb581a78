"""The council's people of a contract: who holds which part now, a form to change it, and who held
it before (rule P6).

Promises: pure. Who has no name here, or was forgotten, stands as `Officer 3F9A`; an id may hold a
name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.verification.api.documents.people import Held
from services.verification.domain.telling import PARTS, Officers, Part
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Choice, Fact, Fault, Field, Head, Table

TITLE: Final = "People of this contract"
CHOICES_MAX: Final = 60
"""Offered for each part: the four lists with more would weigh over 60 kB."""
ROWS_MAX: Final = 30
"""Of the history, the newest; programs can read more."""
NOBODY: Final = "Nobody"
LABELS: Final[Mapping[Part, str]] = {
    "owner": "Owner",
    "deputy": "Deputy",
    "category_lead": "Category lead",
    "director": "Director",
}
_HINTS: Final[Mapping[Part, str]] = {
    "owner": "Answers for the contract. Is told of its alerts at once.",
    "deputy": "Stands in for the owner. Is told with the owner.",
    "category_lead": "Is told of what nobody has answered for 10 working days.",
    "director": "Is told of what nobody has answered for 20 working days.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The people of one contract."""

    title: str
    heading: str
    contract: str
    back: str
    faults: tuple[Fault, ...]
    sentences: tuple[str, ...]
    now: tuple[Fact, ...]
    form: tuple[Field, ...]
    """Empty for who may only read."""
    before: Table | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the page is made of."""

    contract_id: str
    contract_title: str
    held: Sequence[Held]
    """All, what is held now first."""
    known: names.Names
    """Names of those who hold or held a part, and of who set it."""
    choices: Sequence[Choice]
    """Officers who can hold a part; one more than are offered, if there are more."""
    may_change: bool

    @property
    def now(self) -> Officers:
        """Who holds which part."""
        return _holders([each for each in self.held if each.until is None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why nothing was changed."""

    part: str
    sentence: str
    wanted: Officers
    """What was sent, which stays as it is."""


def show(found: Gathered, refused: Refused | None = None) -> Page:
    """The page. `refused`: a change that was not made."""
    faults = (Fault(refused.part, refused.sentence),) if refused else ()
    return Page(
        title=f"Error: {TITLE}" if refused else TITLE,
        heading=TITLE,
        contract=f"{found.contract_title}, {found.contract_id}",
        back=f"/contracts/{found.contract_id}",
        faults=faults,
        sentences=tuple(_sentences(found)),
        now=facts(found.now, found.known),
        form=_form(found, refused) if found.may_change else (),
        before=_before(found),
    )


def facts(now: Officers, known: names.Names) -> tuple[Fact, ...]:
    """Who holds which part."""
    return tuple(
        Fact(LABELS[part], NOBODY if holder is None else known.person(holder))
        for part in PARTS
        for holder in (now.holder(part),)
    )


def of_contract(contract_id: str, held: Sequence[Held], known: names.Names) -> tuple[Fact, ...]:
    """What the page of a contract says of its people: owner and deputy, and where the others
    are. `held`: at one moment."""
    owner, deputy, *_ = facts(_holders(held), known)
    return (owner, deputy, Fact("People", TITLE, f"/contracts/{contract_id}/people"))


def _holders(held: Sequence[Held]) -> Officers:
    """Who holds which part, at one moment."""
    return Officers(**{str(each.part): each.officer_id for each in held})


def _sentences(found: Gathered) -> Sequence[str]:
    owner, said = found.now.owner, []
    if owner is None:
        said.append("Nobody owns this contract: every contract manager is told of its alerts.")
    else:
        said.append(f"{found.known.person(owner)} owns this contract.")
    if found.may_change and len(found.choices) > CHOICES_MAX:
        said.append(f"The first {CHOICES_MAX} officers are offered here; programs can name others.")
    return said


def _form(found: Gathered, refused: Refused | None) -> tuple[Field, ...]:
    chosen = found.now if refused is None else refused.wanted
    offered = [Choice("", NOBODY), *found.choices[:CHOICES_MAX]]
    return tuple(
        Field(
            name=part,
            label=LABELS[part],
            kind="select",
            value=chosen.holder(part) or "",
            choices=(*offered, *_further(found, part)),
            hint=_HINTS[part],
            fault=refused.sentence if refused and refused.part == part else None,
        )
        for part in PARTS
    )


def _further(found: Gathered, part: Part) -> tuple[Choice, ...]:
    """Who holds a part and is not among those that are offered."""
    holder = found.now.holder(part)
    if holder is None or holder in {each.value for each in found.choices[:CHOICES_MAX]}:
        return ()
    return (Choice(holder, found.known.person(holder)),)


def _before(found: Gathered) -> Table | None:
    """What was set when, the newest first; also what is held now."""
    if not found.held:
        return None
    ordered = sorted(found.held, key=lambda each: each.from_, reverse=True)[:ROWS_MAX]
    return Table(
        caption=f"Who held which part: the last {ROWS_MAX} changes",
        heads=(Head("Part"), Head("Who"), Head("From"), Head("Until"), Head("Set by")),
        rows=tuple(_row(each, found.known) for each in ordered),
    )


def _row(each: Held, known: names.Names) -> tuple[Cell, ...]:
    until = Cell("Now")
    if each.until is not None:
        ended = () if each.ended_by is None else (f"Ended by {known.person(each.ended_by)}",)
        until = Cell(formats.moment(each.until), why=ended)
    return (
        Cell(LABELS[each.part]),
        Cell(known.person(each.officer_id)),
        Cell(formats.moment(each.from_)),
        until,
        Cell(known.person(each.set_by)),
    )
