"""A return's life in the record: received, checked, what it caused, withdrawn or replaced.

Promises: pure; says what entries say, in the order of recording. A check may be recorded before the
return that it judges, since topics are read side by side.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from services.ledger.domain.entries import words
from shared import formats
from shared.pages import names
from shared.pages.parts import Cell, Fact, Head, Table

SHOWN_MAX: Final = 60
"""Of the entries of one return: far more than it leads to, and no more than a page may weigh."""


class Leaf(NamedTuple):
    """An entry of the life."""

    idx: int
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One return's life."""

    title: str
    sentence: str
    facts: tuple[Fact, ...]
    table: Table
    left_out: str | None


class _Step(NamedTuple):
    idx: int
    leaf: Mapping[str, Any]
    name: str


def contract_ids(leaves: Sequence[Leaf]) -> set[str]:
    """Of which contract the return is."""
    found = {json.loads(each.encoded).get("contract_id") for each in leaves}
    return {each for each in found if each is not None}


def show(
    return_id: str, leaves: Sequence[Leaf], *, size: int, known: names.Names = names.NONE
) -> Page:
    """The page of a return. `size`: how many entries are under the newest checkpoint."""
    steps = list(_steps(return_id, leaves))
    own = next((each for each in steps if each.name == _RECEIVED), steps[0])
    left = len(steps) - SHOWN_MAX
    return Page(
        title=f"Return for {formats.month(own.leaf['period'])}",
        sentence=_sentence(own, steps),
        facts=tuple(_facts(return_id, own.leaf, known)),
        table=_table(steps[:SHOWN_MAX], size),
        left_out=f"And {formats.count(left, 'later entry', 'later entries')}."
        if left > 0
        else None,
    )


_RECEIVED: Final = "Received"
_CHECKED: Final = "Checked"
_WITHDRAWN: Final = "Withdrawn"
_REPLACED: Final = "Replaced"
_CAUSED: Final = "What it caused"


def _steps(return_id: str, leaves: Sequence[Leaf]) -> Iterator[_Step]:
    for idx, encoded in leaves:
        leaf = json.loads(encoded)
        # facts that were too long are a digest: then only the return itself can be meant
        is_own = leaf["facts"].get("return_id", return_id) == return_id
        match leaf["type"]:
            case "ReturnReceived":
                name = _RECEIVED if is_own else _REPLACED
            case "ReturnChecked":
                name = _CHECKED if is_own else _CAUSED
            case "ReturnWithdrawn":
                name = _WITHDRAWN if is_own else _CAUSED
            case _:
                name = _CAUSED
        yield _Step(idx, leaf, name)


def _sentence(own: _Step, steps: Sequence[_Step]) -> str:
    """`Receipt 24: received on 5 November 2026, 09:00, checked and withdrawn.`"""
    found = {each.name for each in steps}
    receipt_no = own.leaf["facts"].get("receipt_no")
    first = "" if receipt_no is None else f"Receipt {receipt_no}: "
    said = [f"received on {_when(own.leaf)}"]
    said.append("checked" if _CHECKED in found else "not checked yet")
    if _REPLACED in found:
        said.append("replaced by a later revision")
    if _WITHDRAWN in found:
        said.append("withdrawn")
    sentence = f"{first}{formats.listed(said)}."
    return sentence[:1].upper() + sentence[1:]


def _facts(return_id: str, leaf: Mapping[str, Any], known: names.Names) -> Iterator[Fact]:
    said = leaf["facts"]
    contract_id = leaf["contract_id"]
    yield Fact("Contract", known.contract(contract_id), f"/contracts/{contract_id}")
    if party_id := said.get("party_id"):
        yield Fact("Supplier", known.party(party_id), f"/?supplier={party_id}")
    if revision := said.get("revision"):
        yield Fact("Revision", str(revision))
    if supersedes := leaf.get("supersedes"):
        yield Fact("Took the place of", "The revision before", f"/returns/{supersedes}")
    yield Fact("What counts, and why not the rest", "The return", f"supplier:/returns/{return_id}")


def _table(steps: Sequence[_Step], size: int) -> Table:
    heads = ("Step", "What happened", "When", "Entry", "Proof")
    return Table(
        caption="Its life, in the order of recording",
        heads=tuple(map(Head, heads)),
        rows=tuple(_row(each, size) for each in steps),
    )


def _row(step: _Step, size: int) -> tuple[Cell, ...]:
    entry = f"/entries/{step.idx}"
    is_signed = step.idx < size
    return (
        Cell(step.name),
        Cell(words.of(step.leaf), _other(step)),
        Cell(_when(step.leaf)),
        Cell(f"Entry {step.idx}", entry, is_whole=True),
        Cell(f"Proof of {step.idx}", f"{entry}/proof") if is_signed else Cell("In a second"),
    )


def _other(step: _Step) -> str | None:
    """The life of a return that took its place."""
    other = step.leaf["facts"].get("return_id")
    return f"/returns/{other}" if step.name == _REPLACED and other else None


def _when(leaf: Mapping[str, Any]) -> str:
    return formats.moment(datetime.fromisoformat(leaf["occurred_at"]))
