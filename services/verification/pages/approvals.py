"""Approvals: what waits for a second person, each beside what is in force now (rule P3).

Promises: pure. Whoever proposed something is not offered to approve it, and is told who can.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from services.verification.api.documents import proposals as documents
from services.verification.pages import terms
from shared import formats
from shared.pages import names
from shared.pages.parts import Fault, Pages

TITLE: Final = "Approvals"
ROWS: Final = 15
"""On one page: whoever approves reads every figure, and all ticks of a page are one change. More
would weigh over 60 kB."""
WORDS_CHARACTERS_MAX: Final = 500
"""Of the prose of one. Some have 20,000."""
OWN: Final = "You proposed this. Another approver decides."
FIELD: Final = "approve"
"""The name of the tick-boxes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that a proposal sets or changes."""

    label: str
    now: str
    proposed: str
    is_other: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One proposal."""

    id: str
    """Of its tick-box."""
    title: str
    contract: str
    href: str
    changes: tuple[Change, ...]
    is_first: bool
    """Nothing is in force yet."""
    words: str | None
    """The target in prose, as published."""
    by: tuple[str, ...]
    """Who proposed it, when and why."""
    value: str | None
    """What its tick-box sends; None: this person may not approve it."""
    is_ticked: bool
    label: str
    why_not: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    heading: str
    sentence: str
    faults: tuple[Fault, ...]
    rows: tuple[Row, ...]
    has_button: bool
    pages: Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the page."""

    may_approve: bool
    known: names.Names = names.NONE


def show(
    found: Sequence[documents.Proposal],
    counts: tuple[int, int],
    reader: Reader,
    pages: Pages,
    refused: Refused | None = None,
) -> Page:
    """The page of these proposals. `counts`: of all pages together how many there are, and how many
    the reader proposed."""
    ticked = refused.ticked if refused else frozenset[str]()
    rows = tuple(_row(number, each, reader, ticked) for number, each in enumerate(found, 1))
    faults = (Fault(_place(rows, refused), refused.sentence),) if refused else ()
    return Page(
        title=f"Error: {TITLE}" if refused else TITLE,
        heading=TITLE,
        sentence=_sentence(*counts, reader),
        faults=faults,
        rows=rows,
        has_button=any(each.value is not None for each in rows),
        pages=pages,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why nothing was approved."""

    sentence: str
    ticked: Collection[str] = frozenset()
    """What was ticked, which stays ticked."""
    value: str | None = None
    """The one that is refused."""
    status: int = 422


def value(contract_id: str, commitment_id: str, version: int) -> str:
    """What a tick-box sends: which version of what was read. None of its parts has a slash."""
    return f"{contract_id}/{commitment_id}/{version}"


def _place(rows: Sequence[Row], refused: Refused) -> str:
    """The tick-box that a fault is about; else the first."""
    at = [row.id for row in rows if row.value is not None and row.value == refused.value]
    boxes = [row.id for row in rows if row.value is not None]
    return (at or boxes or [""])[0]


def _sentence(count: int, own: int, reader: Reader) -> str:
    if not count:
        return "Nothing waits for a second person."
    verb = "waits" if count == 1 else "wait"
    said = f"{formats.count(count, 'proposal')} {verb} for a second person"
    if not reader.may_approve or not own:
        return f"{said}."
    if own == count:
        return f"{said}: another approver decides, since you proposed {_all(count)}."
    return f"{said}. You proposed {own:,} of them: another approver decides."


def _all(count: int) -> str:
    return "it" if count == 1 else "all of them"


# --- a proposal ----------------------------------------------------------------------------------


def _row(number: int, each: documents.Proposal, reader: Reader, ticked: Collection[str]) -> Row:
    suppliers = formats.listed([one.name or one.id for one in each.suppliers])
    sent = value(each.contract_id, each.commitment_id, each.proposed.version)
    can = reader.may_approve and not each.is_own
    return Row(
        id=FIELD if number == 1 else f"{FIELD}-{number}",
        title=each.title,
        contract=f"{each.contract_title}, {each.contract_id}, {suppliers}",
        href=f"/contracts/{each.contract_id}",
        changes=_changes(each),
        is_first=each.active is None,
        words=_cut(each.proposed.words),
        by=_by(each, reader.known),
        value=sent if can else None,
        is_ticked=sent in ticked,
        label=f"Approve {each.title}",
        why_not=_why_not(each, reader),
    )


def _cut(words: str | None) -> str | None:
    if words is None or len(words) <= WORDS_CHARACTERS_MAX:
        return words
    return f"{words[:WORDS_CHARACTERS_MAX]}…"


def _why_not(each: documents.Proposal, reader: Reader) -> str | None:
    if not reader.may_approve:
        return "An approver decides."
    return OWN if each.is_own else None


def _by(each: documents.Proposal, known: names.Names) -> tuple[str, ...]:
    proposed = each.proposed
    when = formats.moment(proposed.proposed_at)
    said = [f"Proposed by {known.person(proposed.proposed_by)}, {when}."]
    if proposed.reason:
        said.append(f"Why: {proposed.reason}")
    if proposed.is_backdated:
        said.append("It begins before the day on which it was proposed.")
    return tuple(said)


def _changes(each: documents.Proposal) -> tuple[Change, ...]:
    now, then = each.active, each.proposed
    assert then.target is not None
    assert then.profile is not None
    pairs = (
        ("Promise", now and now.title, each.title),
        (
            "Target",
            now and formats.amount(now.target, now.unit),
            formats.amount(then.target, then.unit),
        ),
        ("Falls due", now and terms.due(now.profile, now.unit), terms.due(then.profile, then.unit)),
        ("Counts where", now and terms.area(now.area), terms.area(then.area)),
        (
            "In force from",
            now and (formats.day(now.from_) if now.from_ else "its beginning"),
            formats.day(then.from_) if then.from_ else "its beginning",
        ),
    )
    return tuple(
        Change(label=label, now=before or "Nothing", proposed=after, is_other=before != after)
        for label, before, after in pairs
    )
