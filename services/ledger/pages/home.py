"""The record: its entries, the newest first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.ledger.domain.entries import words
from shared import formats
from shared.pages.parts import Cell, Head, Pages, Table


class Leaf(NamedTuple):
    """An entry in the list."""

    idx: int
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    of: str | None
    """The contract that the list is narrowed down to."""
    log: str
    """How large the record is, and when it was signed."""
    table: Table | None
    pages: Pages


def show(
    leaves: Sequence[Leaf],
    pages: Pages,
    *,
    contract_id: str | None,
    size: int,
    signed_at: datetime | None,
) -> Page:
    """The page of these leaves. `size` and `signed_at` are of the newest checkpoint."""
    heads = ("What happened", "Entry", "When", "Contract")
    table = Table(
        caption="Entries, the newest first",
        heads=tuple(map(Head, heads)),
        rows=tuple(map(_row, leaves)),
        is_caption_shown=False,
    )
    log = (
        "Nothing is signed yet."
        if signed_at is None
        else f"{formats.count(size, 'entry', 'entries')}, signed at {formats.moment(signed_at)}."
    )
    return Page(
        title="The record",
        of=contract_id,
        log=log,
        table=table if leaves else None,
        pages=pages,
    )


def _row(each: Leaf) -> tuple[Cell, ...]:
    leaf = json.loads(each.encoded)
    return (
        Cell(words.of(leaf), f"/entries/{each.idx}"),
        Cell(str(each.idx)),
        Cell(formats.moment(datetime.fromisoformat(leaf["occurred_at"]))),
        Cell(leaf.get("contract_id", ""), is_whole=True),
    )
