"""Replies: what intake answers a party on the party's own topic. No service reads them.

Promises: a reply has the shape of an event, and says of one record on the inbound topic what
`POST /api/v1/returns` would have answered: the signed receipt, or why the return was refused. It
repeats nothing of what was sent but the Idempotency-Key.
Refuses: more than so many faults in one reply; it says how many more there are.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from shared.wire import bounds
from shared.wire.parts import Digest, Event, Frozen, Identifier, Period

Prose = Annotated[str, msgspec.Meta(max_length=5_000)]
"""Sentences of our own, or a statement that is signed."""


Result: TypeAlias = Literal["accepted", "again", "refused"]


class Receipt(Frozen, frozen=True, kw_only=True):
    """A receipt, as over HTTP (docs/ledger.md, Receipts). Moments are written as in `statement`."""

    kind: Literal["return", "withdrawal"]
    receipt_no: bounds.ReceiptNumber
    return_id: UUID
    contract_id: Identifier
    party_id: Identifier
    period: Period
    revision: bounds.Number
    sha256: Digest
    salt: bounds.Text
    received_at: bounds.Text
    merge_by: bounds.Text
    statement: Prose
    signature: bounds.Text
    public_key: bounds.Text


class Fault(Frozen, frozen=True, kw_only=True):
    """One thing that is wrong. `pointer` is a JSON pointer, as far as its names are ours; if a
    header is wrong, that is named instead."""

    pointer: bounds.Text
    rule: bounds.Code
    message: Prose
    fix: Prose
    header: bounds.Text | None = None


class ReturnAnswered(Event, frozen=True, kw_only=True):
    """What became of one record on a party's inbound topic."""

    party_id: Identifier
    result: Result
    """`again`: it was sent before, and has the same receipt."""
    offset: bounds.Position
    """Of the record, on the party's inbound topic."""
    idempotency_key: bounds.Text | None = None
    """As sent, if it can be kept."""
    receipt: Receipt | None = None
    faults: tuple[Fault, ...] = ()
    """The first of them."""
    faults_more: bounds.Count = 0
    """How many are not listed."""
