"""From events to entries: the fold that a batch goes through before it is appended.

Promises: entries are in the order of their events. Those of a contract are numbered from 1 without
a gap and chained by hash (docs/ledger.md, Completeness 3), also within a batch: a batch of n gives
what n batches of one give. No clock and no randomness: secrets are passed in, one set an event.

Refuses no event: facts too long for a leaf are replaced by a salted digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.ledger.domain.entries import facts, leaves, payloads
from services.ledger.domain.entries.chains import Tip
from services.ledger.domain.log import tree
from shared.wire import events


class Arrival(NamedTuple):
    """An event to record: its exact bytes, and where they were read."""

    event: facts.Recorded
    body: bytes
    source: leaves.Source


class Entry(msgspec.Struct, frozen=True):
    """One entry, ready to be written: the leaf, the sealed event, and its secrets."""

    leaf: leaves.Leaf
    encoded: bytes
    leaf_hash: bytes
    sealed: payloads.Sealed
    secrets: payloads.Secrets

    @property
    def event_id(self) -> UUID:
        """The event that this entry records."""
        return self.leaf.event_id


def record(
    arrivals: Iterable[Arrival],
    tips: Mapping[str, Tip],
    secrets: Iterable[payloads.Secrets],
) -> tuple[list[Entry], dict[str, Tip]]:
    """The entries of `arrivals`, and the tips that they move.

    `tips` has the tip of every contract of the arrivals that has entries already.
    """
    entries: list[Entry] = []
    moved: dict[str, Tip] = {}
    for arrival, own in zip(arrivals, secrets, strict=True):
        contract_id: str | None = getattr(arrival.event, "contract_id", None)
        tip = None
        if contract_id is not None:
            tip = moved.get(contract_id) or tips.get(contract_id)
        entry = _entry(arrival, contract_id, tip, own)
        if contract_id is not None:
            moved[contract_id] = Tip.after(tip, entry.leaf, entry.leaf_hash)
        entries.append(entry)
    return entries, moved


def _entry(
    arrival: Arrival, contract_id: str | None, tip: Tip | None, secrets: payloads.Secrets
) -> Entry:
    event = arrival.event
    sealed = payloads.seal(arrival.body, event.event_id, secrets)
    next_seq = 1 if tip is None else tip.seq + 1
    leaf = leaves.Leaf(
        type=event.type,
        event_id=event.event_id,
        caused_by=event.caused_by,
        contract_id=contract_id,
        contract_seq=None if contract_id is None else next_seq,
        prev=None if tip is None else tip.leaf_hash.hex(),
        period=getattr(event, "period", None),
        facts=facts.of(event),
        rule_set=getattr(event, "rule_set", None),
        source=arrival.source,
        occurred_at=event.occurred_at.astimezone(UTC),
        supersedes=getattr(event, "supersedes", None),
        payload=sealed.commitment,
    )
    try:
        encoded = leaves.build(leaf)
    except leaves.LeafTooLargeError:
        leaf = msgspec.structs.replace(leaf, facts=_digest(leaf.facts, event, secrets.salt))
        encoded = leaves.build(leaf)
    return Entry(leaf, encoded, tree.leaf_hash(encoded), sealed, secrets)


def _digest(full: dict[str, Any], event: events.Event, salt: bytes) -> dict[str, Any]:
    """Stands in for facts too long for a leaf: SHA-256(0x03 || salt || facts). Anyone who has the
    event and its salt can check it."""
    digest = hashlib.sha256(b"\x03" + salt + leaves.encode_facts(full)).hexdigest()
    return {"authority_id": event.authority_id, "digest": digest}
