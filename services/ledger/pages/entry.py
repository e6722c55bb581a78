"""An entry of the record: what it says and changed, and how to check it without trusting us.

Promises: pure. What is shown is the leaf itself, byte for byte where bytes count. The commands on
the page work word for word, in the folder where the two files were saved.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from services.ledger.api import documents
from services.ledger.domain.entries import words
from services.ledger.pages import steps
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Fact, Head, Table

CHANGES_SHOWN_MAX: Final = 40
"""Of what one entry changed; programs get all of it from `GET /api/v1/changes`."""

CHARACTERS_SHOWN_MAX: Final = 8_000
"""Of a leaf, and of an event: what is longer is for programs, and can be saved."""


class Near(NamedTuple):
    """An entry near this one."""

    kind: Literal["cause", "effect", "before", "after"]
    idx: int
    encoded: bytes


class Cover(NamedTuple):
    """Whether a checkpoint covers the entry, so that there is a proof; and the log's key."""

    is_covered: bool
    verifier_key: str


class Event(NamedTuple):
    """The event, for those who may see it."""

    shown: str | None
    """None if it is too long to be read on a page."""
    salt: str
    """In hexadecimal."""
    commitment: str
    """What the leaf says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One entry."""

    title: str
    sentence: str
    facts: tuple[Fact, ...]
    changed: Table | None
    changes_left_out: str | None
    near: Table | None
    leaf: str | None
    """Its JSON, for reading, unless it is too long; the exact bytes are downloaded."""
    leaf_hash: str
    event: Event | None
    is_damaged: bool
    index: int
    cover: Cover


def show(
    found: documents.Entry,
    change: documents.Change | None,
    around: Sequence[Near],
    cover: Cover,
    known: names.Names = names.NONE,
) -> Page:
    """The page of an entry. `change`: what it changed, if it is of a kind that does."""
    titles = known.promises_of(str(found.leaf.get("contract_id")))
    rows = [] if change is None else list(_changed(change, titles))
    left = len(rows) - CHANGES_SHOWN_MAX
    return Page(
        title=f"Entry {found.index}",
        sentence=found.words,
        facts=tuple(_facts(found, known)),
        changed=_changes(rows[:CHANGES_SHOWN_MAX]) if rows else None,
        changes_left_out=f"And {formats.count(left, 'further change')}." if left > 0 else None,
        near=_near(around) if around else None,
        leaf=_pretty(found.leaf),
        leaf_hash=found.leaf_hash,
        event=None if found.payload is None else _event(found, found.payload),
        is_damaged=found.is_damaged or bool(change and change.is_damaged),
        index=found.index,
        cover=cover,
    )


def _facts(found: documents.Entry, known: names.Names) -> Iterator[Fact]:
    leaf = found.leaf
    yield Fact("Type", words.NOUNS.get(leaf["type"], leaf["type"]))
    yield Fact("When", formats.moment(datetime.fromisoformat(leaf["occurred_at"])))
    if contract_id := leaf.get("contract_id"):
        place = f"{known.contract(contract_id)}, number {leaf['contract_seq']} of its entries"
        yield Fact("Contract", place, f"/contracts/{contract_id}")
    if period := leaf.get("period"):
        yield Fact("Month", formats.month(period))
    if return_id := leaf["facts"].get("return_id"):
        receipt_no = leaf["facts"].get("receipt_no")
        text = "Its life" if receipt_no is None else f"Receipt {receipt_no}"
        yield Fact("Return", text, f"/returns/{return_id}")
    if rule_set := leaf.get("rule_set"):
        yield Fact("Decided by", rule_set)
    size = len(base64.b64decode(found.leaf_base64))
    yield Fact("Leaf", f"{size:,} bytes, hash {found.leaf_hash}")


# --- what it changed -----------------------------------------------------------------------------


def _changes(rows: Sequence[tuple[Cell, ...]]) -> Table:
    heads = ("Promise", "Month", "What", "Before", "After")
    return Table("What it changed", tuple(map(Head, heads)), tuple(rows))


def _changed(change: documents.Change, titles: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    """A row for each thing that is otherwise than before."""
    for figure in change.figures:
        month, was = formats.month(figure.period), figure.before
        for what, say in _FIGURES.items():
            before, after = None if was is None else say(was), say(figure.after)
            if before != after:
                yield _row(steps.promise(figure.commitment_id, titles), month, what, before, after)
    for lines in change.lines or ():
        before, after = steps.lines(lines.before), steps.lines(lines.after)
        yield _row(
            steps.promise(lines.commitment_id, titles), "", "Counted of this return", before, after
        )
    for elsewhere in change.lines_elsewhere:
        counted = steps.lines(elsewhere.now)
        yield _row(
            steps.promise(elsewhere.commitment_id, titles),
            "",
            "Counted of earlier returns",
            None,
            counted,
        )
    if change.commitment is not None:
        old, new = change.commitment.before, change.commitment.after
        before = None if old is None else steps.version(old)
        yield _row(
            steps.promise(new.commitment_id, titles), "", "Promise", before, steps.version(new)
        )


_FIGURES: Final[Mapping[str, Callable[[documents.Figure], str]]] = {
    "Rating": steps.rated,
    "Due": lambda figure: steps.amount(figure.expected),
    "Counted": lambda figure: steps.amount(figure.counted),
}


def _row(promise: Cell, month: str, what: str, before: str | None, after: str) -> tuple[Cell, ...]:
    return promise, Cell(month), Cell(what), Cell(before or "–"), Cell(after)


# --- what is near it -----------------------------------------------------------------------------

_RELATIONS: Final = {
    "cause": "It caused this entry",
    "effect": "This entry caused it",
    "before": "Before this one on its contract",
    "after": "After this one on its contract",
}


def _near(around: Sequence[Near]) -> Table:
    by_entry: dict[int, list[Near]] = {}
    for each in around:
        by_entry.setdefault(each.idx, []).append(each)
    return Table(
        caption="What led to it, and what followed",
        heads=(Head("Entry"), Head("How it relates"), Head("What happened")),
        rows=tuple(
            (
                Cell(f"Entry {idx}", f"/entries/{idx}", is_whole=True),
                Cell(". ".join(_RELATIONS[each.kind] for each in found)),
                Cell(words.of(json.loads(found[0].encoded))),
            )
            for idx, found in by_entry.items()
        ),
    )


# --- its bytes -----------------------------------------------------------------------------------


def _event(found: documents.Entry, payload: documents.Payload) -> Event:
    salt = base64.b64decode(payload.salt).hex()
    return Event(_pretty(payload.event), salt, found.leaf["payload"])


def _pretty(value: Any) -> str | None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= CHARACTERS_SHOWN_MAX else None
