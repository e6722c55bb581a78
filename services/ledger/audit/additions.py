"""What an export has that an earlier one had not: entries, receipts, and figures that changed.

Promises: pure; it reads each leaf once, while the audit reads it. It tells what the leaves say;
that they are those of the log is the audit's to show. Figures of which the leaf has only a digest
are read from the disclosed event; if that is not there either, the entry is named.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.ledger.audit import audit
from services.ledger.domain.entries import figures, leaves
from services.ledger.domain.entries.payloads import Disclosed, commit


@dataclass(slots=True)
class Added:
    """The new entries of one type on one contract (None: on no contract)."""

    contract_id: str | None
    type: str
    entries: int = 0
    newest: int = 0
    """The index of the last one."""
    newest_at: datetime | None = None
    """When that occurred, as its service says."""


class Receipt(NamedTuple):
    """A receipt whose entry is new."""

    receipt_no: int
    entry: int
    type: str
    contract_id: str
    party_id: str
    period: str
    revision: int


class By(NamedTuple):
    """An entry that stated a figure anew, and what led to it."""

    entry: int
    cause: figures.Cause
    cause_entry: int | None
    """The entry of the return or withdrawal; None if the cause is no entry, or not here."""


@dataclass(slots=True)
class Changed:
    """One figure: as it was stated last among the earlier entries, and as it is now."""

    key: figures.Key
    before: figures.Stated | None
    after: figures.Stated
    by: list[By] = field(default_factory=list)


class Additions:
    """Follows the leaves of an export in order. The first `size` are the earlier ones."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0
        """How many entries are new."""
        self.receipts: list[Receipt] = []
        self.unread: list[int] = []
        """Entries whose figures are in an event that this export does not show, or cannot be
        read."""
        self._added: dict[tuple[str, str], Added] = {}
        self._changed: dict[figures.Key, Changed] = {}
        self._causes: list[tuple[Changed, int, figures.Cause]] = []
        self._returns: dict[UUID, int] = {}
        """The entries of returns and withdrawals, by their event."""
        self._figures = figures.Figures()

    def watch(self, export: audit.Export) -> audit.Export:
        """The same export. While its leaves are read, they are taken in."""
        return dataclasses.replace(export, entries=self._watched(export))

    def _watched(self, export: audit.Export) -> Iterator[bytes]:
        for index, encoded in enumerate(export.entries):
            with contextlib.suppress(leaves.LeafRefusedError):  # the audit says so
                self._follow(index, leaves.parse(encoded), export.disclosed.get(index))
            yield encoded

    def _follow(self, index: int, leaf: leaves.Leaf, disclosed: Disclosed | None) -> None:
        is_new = index >= self.size
        if is_new:
            self._add(index, leaf)
        if leaf.type in ("ReturnReceived", "ReturnWithdrawn"):
            self._returns[leaf.event_id] = index
        if leaf.type in figures.DECIDED and leaf.contract_id is not None:
            said = _facts(leaf, disclosed)
            if said is None:
                self.unread.append(index)
                return
            try:
                stated = figures.read(said)
            except figures.FactsRefusedError:
                self.unread.append(index)
                return
            steps = self._figures.follow(index, leaf.contract_id, stated)
            if is_new:
                self._change(index, steps, figures.cause(leaf, said))

    def added(self) -> list[Added]:
        """By contract and type, in this order; what is of no contract comes first."""
        return [self._added[key] for key in sorted(self._added)]

    def changed(self) -> list[Changed]:
        """Figures that the new entries state, by contract, commitment and month: what is stated
        first, and what was stated otherwise before. Each with the entries that did it."""
        for each in self._changed.values():
            each.by.clear()
        for each, index, cause in self._causes:
            entry = None if cause.event_id is None else self._returns.get(cause.event_id)
            each.by.append(By(index, cause, entry))
        found = (self._changed[key] for key in sorted(self._changed))
        return [
            each for each in found if figures.Step(each.key, each.before, each.after).has_changed
        ]

    def _add(self, index: int, leaf: leaves.Leaf) -> None:
        self.count += 1
        key = leaf.contract_id or "", leaf.type
        added = self._added.setdefault(key, Added(leaf.contract_id, leaf.type))
        added.entries += 1
        added.newest, added.newest_at = index, leaf.occurred_at
        if leaf.type in ("ReturnReceived", "ReturnWithdrawn"):
            self.receipts += _receipts(index, leaf)

    def _change(self, index: int, steps: Iterable[figures.Step], cause: figures.Cause) -> None:
        for key, before, after in steps:
            changed = self._changed.get(key)
            if changed is None:
                changed = self._changed[key] = Changed(key, before, after)
            changed.after = after
            self._causes.append((changed, index, cause))


def _facts(leaf: leaves.Leaf, disclosed: Disclosed | None) -> Mapping[str, Any] | None:
    """The facts of a decision, from its event if the leaf has only a digest; None if that is not
    here, or another one."""
    if not figures.is_digest(leaf.facts):
        return leaf.facts
    if disclosed is None or commit(disclosed.salt, disclosed.event) != leaf.payload:
        return None
    return figures.facts_of(disclosed.event)


def _receipts(index: int, leaf: leaves.Leaf) -> list[Receipt]:
    """The receipt of a leaf. None if its facts are strange, or only a digest."""
    said = leaf.facts
    match said.get("receipt_no"), said.get("party_id"), said.get("revision"):
        case int(receipt_no), str(party_id), int(revision):
            return [
                Receipt(
                    receipt_no=receipt_no,
                    entry=index,
                    type=leaf.type,
                    contract_id=leaf.contract_id or "",
                    party_id=party_id,
                    period=leaf.period or "",
                    revision=revision,
                )
            ]
    return []
