"""The log: its name, key and size, and whether one of its trees is the beginning of another.

Promises: pure. A proof is shown only after it was checked (`api.log.consistency`). What a proof
cannot show is said beside it: whose key it is, and which root the reader kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic import Field as Alias

from services.ledger.api import documents
from shared import formats
from shared.pages.parts import Cell, Fact, Fault, Field, Head, Table

TITLE: Final = "The log"
SHOWN_MAX: Final = 10
"""Of the newest checkpoints: about one a second is signed while entries come."""
SIZE_MAX: Final = 2**63 - 1
DIGITS_MAX: Final = 20

Text: TypeAlias = Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)]


class Asked(BaseModel):
    """The form as it was sent: two sizes."""

    model_config = ConfigDict(extra="forbid")

    older: Text = Alias("", alias="from")
    newer: Text = Alias("", alias="to")


class Signed(NamedTuple):
    """A checkpoint."""

    size: int
    root: str
    signed_at: datetime


class Log(NamedTuple):
    """What the log says of itself."""

    origin: str
    verifier_key: str
    signed: Sequence[Signed]
    """The newest checkpoints, and those that were asked for; the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """That a tree begins with another."""

    sentence: str
    facts: tuple[Fact, ...]
    hashes: tuple[str, ...]
    href: str | None
    """The proof as a file; None if the later tree was not signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The log, and what was asked of it."""

    title: str
    sentence: str
    facts: tuple[Fact, ...]
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    answer: Answer | None
    table: Table | None


class Sizes(NamedTuple):
    """Two sizes of the log."""

    older: int
    newer: int


def sizes(asked: Asked) -> Sizes | None:
    """The two sizes; None if they are not two whole numbers of entries."""
    older, newer = _size(asked.older), _size(asked.newer)
    return Sizes(older, newer) if older and newer else None


def check(asked: Asked, size: int) -> tuple[Fault, ...]:
    """What is wrong with the two sizes, of a log of which `size` entries are signed."""
    if not asked.older and not asked.newer:
        return ()
    faults = []
    for name, value in (("from", asked.older), ("to", asked.newer)):
        found = _size(value)
        if found is None:
            faults.append(Fault(name, f"{_LABELS[name]} must be a whole number, such as 50."))
        elif found == 0:
            faults.append(Fault(name, "Every tree begins with the empty one. Write 1 or more."))
        elif found > size:
            faults.append(
                Fault(name, f"Only {formats.count(size, 'entry', 'entries')} are signed.")
            )
    asked_for = sizes(asked)
    if not faults and asked_for is not None and asked_for.older > asked_for.newer:
        faults.append(
            Fault("from", "The earlier tree cannot have more entries than the later one.")
        )
    return tuple(faults)


def show(
    log: Log,
    asked: Asked,
    faults: tuple[Fault, ...],
    found: documents.Consistency | None,
    *,
    now: datetime,
) -> Page:
    """The page of the log. `found`: the proof that was asked for."""
    newest = log.signed[0] if log.signed else None
    return Page(
        title=f"Error: {TITLE}" if faults else TITLE,
        sentence=signed(newest.size, newest.signed_at, now) if newest else NOTHING,
        facts=tuple(_facts(log, newest)),
        faults=faults,
        form=_form(asked, faults, newest),
        answer=None if found is None else _answer(found),
        table=_table(log.signed) if newest else None,
    )


NOTHING: Final = "Nothing is signed yet."


def signed(size: int, at: datetime, now: datetime) -> str:
    """`104 entries, signed 12 seconds ago.`"""
    return f"{formats.count(size, 'entry', 'entries')}, signed {formats.ago(at, now)}."


_LABELS: Final = {"from": "Entries of the earlier tree", "to": "Entries of the later tree"}


def _size(text: str) -> int | None:
    """A size, also as the page writes it: `1,204`."""
    plain = text.replace(",", "")
    is_number = plain.isascii() and plain.isdigit() and len(plain) <= DIGITS_MAX
    return min(int(plain), SIZE_MAX) if is_number else None


def _facts(log: Log, newest: Signed | None) -> list[Fact]:
    facts = [Fact("Name", log.origin), Fact("Key", log.verifier_key)]
    if newest is not None:
        facts += [
            Fact("Size", formats.count(newest.size, "entry", "entries")),
            Fact("Root", newest.root),
            Fact("Signed at", formats.moment(newest.signed_at)),
        ]
    return [*facts, Fact("Witnesses", "None yet")]


def _form(asked: Asked, faults: Sequence[Fault], newest: Signed | None) -> tuple[Field, ...]:
    wrong = dict(faults)
    newer = asked.newer or (str(newest.size) if newest else "")
    return tuple(
        Field(
            name=name,
            label=_LABELS[name],
            value=value,
            kind="number",
            width=10,
            fault=wrong.get(name),
        )
        for name, value in (("from", asked.older), ("to", newer))
    )


# --- the answer ----------------------------------------------------------------------------------


def _answer(found: documents.Consistency) -> Answer:
    older, newer = found.older, found.newer
    is_same = older.size == newer.size
    href = f"/log/consistency?from={older.size}&to={newer.size}"
    return Answer(
        sentence=f"Yes: both are tree {newer.size}. There is nothing to prove."
        if is_same
        else f"Yes: tree {older.size} is the beginning of tree {newer.size}.",
        facts=tuple(
            Fact(label, text)
            for each in (older, newer)[is_same:]
            for label, text in (
                (f"Root of tree {each.size}", each.root),
                (f"Tree {each.size} signed at", _when(each)),
            )
        ),
        hashes=tuple(found.proof),
        href=href if found.checkpoint is not None and not is_same else None,
    )


def _when(each: documents.Tree) -> str:
    if each.signed_at is None:
        return "Not signed at this size: about one checkpoint a second is signed"
    return formats.moment(each.signed_at)


def _table(shown: Sequence[Signed]) -> Table:
    newest = shown[0].size
    heads = (Head("Entries"), Head("Signed at"), Head("Root"))
    return Table(
        caption="Newest checkpoints",
        heads=heads,
        rows=tuple(
            (
                # of the empty tree there is nothing to prove
                Cell(f"{each.size:,}", f"/log?from={each.size}&to={newest}" if each.size else None),
                Cell(formats.moment(each.signed_at)),
                Cell(f"{each.root[:16]}…", is_whole=True),
            )
            for each in shown[:SHOWN_MAX]
        ),
    )
