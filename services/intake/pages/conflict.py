"""Somebody saved meanwhile what a form would replace: both are shown, and one of them is kept.

Promises: pure. Nothing typed is lost: the form is here again, to be sent once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.intake.domain import drafts
from shared import formats
from shared.pages.parts import Cell, Head, Table


class Row(NamedTuple):
    """One field, as both have it."""

    label: str
    mine: str
    theirs: str


class Hidden(NamedTuple):
    """A field of the form that comes back."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Both, and the way on with either."""

    title: str
    heading: str
    sentence: str
    both: Table
    hidden: tuple[Hidden, ...]
    action: str
    theirs: str
    """Where the page goes on with what the other one saved."""


def show(
    draft: drafts.Draft,
    rows: Sequence[Row],
    typed: Mapping[str, str],
    *,
    action: str,
    theirs: str,
) -> Page:
    """The page of two versions. `typed`: the form as it was sent, with the mark of what is there
    now."""
    at = formats.moment(draft.saved_at)
    return Page(
        title=f"Error: {draft.saved_by} saved this meanwhile",
        heading=f"{draft.saved_by} saved this meanwhile",
        sentence=f"It was saved on {at}. What you typed is not saved yet.",
        both=Table(
            caption="Yours and theirs",
            heads=(Head("Field"), Head("Yours"), Head("Theirs")),
            rows=tuple(
                (Cell(row.label), Cell(row.mine or "Empty"), Cell(row.theirs or "Empty"))
                for row in rows
            ),
        ),
        hidden=tuple(Hidden(name, value) for name, value in typed.items()),
        action=action,
        theirs=theirs,
    )
