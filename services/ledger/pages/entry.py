"""An entry of the record: what it says, and how to check it without trusting us.

Promises: pure. What is shown is the leaf itself, byte for byte where bytes count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.ledger.api import documents
from shared import formats
from shared.pages.parts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One entry."""

    title: str
    sentence: str
    facts: tuple[Fact, ...]
    leaf: str
    """Its JSON, for reading; the exact bytes are downloaded."""
    leaf_hash: str
    event: str | None
    """The event, for reading, if it may be seen."""
    is_damaged: bool
    index: int
    is_covered: bool
    """Whether a checkpoint covers it, so that there is a proof."""
    verifier_key: str


def show(found: documents.Entry, *, cause: int | None, is_covered: bool, verifier_key: str) -> Page:
    """The page of an entry. `cause`: the entry of the event that caused it, if there is one."""
    return Page(
        title=f"Entry {found.index}",
        sentence=found.words,
        facts=tuple(_facts(found.leaf, cause)),
        leaf=_pretty(found.leaf),
        leaf_hash=found.leaf_hash,
        event=None if found.payload is None else _pretty(found.payload.event),
        is_damaged=found.is_damaged,
        index=found.index,
        is_covered=is_covered,
        verifier_key=verifier_key,
    )


def _facts(leaf: dict[str, Any], cause: int | None) -> list[Fact]:
    facts = [
        Fact("Type", leaf["type"]),
        Fact("When", formats.moment(datetime.fromisoformat(leaf["occurred_at"]))),
    ]
    if contract_id := leaf.get("contract_id"):
        place = f"{contract_id}, number {leaf['contract_seq']} of its entries"
        facts.append(Fact("Contract", place, f"council:/contracts/{contract_id}"))
    if period := leaf.get("period"):
        facts.append(Fact("Month", formats.month(period)))
    if return_id := leaf["facts"].get("return_id"):
        receipt_no = leaf["facts"].get("receipt_no")
        text = "The return" if receipt_no is None else f"Receipt {receipt_no}"
        facts.append(Fact("Return", text, f"supplier:/returns/{return_id}"))
    if cause is not None:
        facts.append(Fact("Caused by", f"Entry {cause}", f"/entries/{cause}"))
    return facts


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
