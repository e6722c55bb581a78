"""A leaf of the log: what is said for ever of one event, without its content.

Promises: `build` and `parse` are inverse, and a leaf has one spelling: UTF-8 JSON, keys sorted, no
blanks, no floats (decimals are strings), times in UTC. Its bytes are hashed and kept as they are.
Nothing personal is in it: `facts` are figures and codes, `payload` is a salted commitment to the
event (`payloads.py`), and `prev` chains the leaves of one contract in the order of recording.

Refuses: a leaf that would not fit an entry bundle (LeafTooLargeError); bytes that are no leaf or
another spelling of one, floats among them (LeafRefusedError). `build` is trusted with facts that
hold none: no event that is recorded has a float in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

import msgspec

from services.ledger.domain.log import tiles
from shared.wire import events


class LeafRefusedError(ValueError):
    """The bytes are no leaf."""


class LeafTooLargeError(ValueError):
    """The leaf is longer than the 65,535 bytes that an entry bundle can hold."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the event stood when it was first read."""

    topic: str
    incarnation: int
    partition: int
    offset: int


class Leaf(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="v",
    tag=1,
):
    """The fields of a leaf; what does not apply is left out of its bytes."""

    type: str
    event_id: UUID
    caused_by: UUID | None = None
    contract_id: str | None = None
    contract_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Order of recording within the contract, from 1."""
    prev: events.Digest | None = None
    """Hash of this contract's leaf before this one; none for its first."""
    period: str | None = None
    facts: dict[str, Any]
    rule_set: str | None = None
    source: Source
    occurred_at: datetime
    """In UTC."""
    supersedes: UUID | None = None
    payload: events.Digest
    """SHA-256(0x02 || salt || event bytes)."""

    def __post_init__(self) -> None:
        if (self.contract_id is None) != (self.contract_seq is None):
            raise ValueError("a leaf of a contract is numbered, and no other is")
        if (self.prev is None) != (self.contract_seq is None or self.contract_seq == 1):
            raise ValueError("every leaf of a contract but its first names the one before")
        if self.occurred_at.tzinfo is not UTC:
            raise ValueError("the times of leaves are in UTC")


def _refuse_float(spelt: str) -> NoReturn:
    """A float has many spellings, a decimal string has the one that was meant."""
    raise ValueError(f"{spelt} is a float; decimals are strings in a leaf")


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Leaf, float_hook=_refuse_float).decode


def build(leaf: Leaf) -> bytes:
    """The leaf's exact bytes. Raises LeafTooLargeError. Inverse of `parse`."""
    encoded = _encode(leaf)
    if len(encoded) > tiles.ENTRY_BYTES_MAX:
        raise LeafTooLargeError(f"{len(encoded)} bytes")
    return encoded


def parse(encoded: bytes) -> Leaf:
    """The leaf in `encoded`. Raises LeafRefusedError. Inverse of `build`."""
    try:
        leaf = _decode(encoded)
        has_one_spelling = build(leaf) == encoded  # also: no key twice, none that means nothing
    except (ValueError, RecursionError) as error:
        raise LeafRefusedError("the bytes are no leaf") from error
    if not has_one_spelling:
        raise LeafRefusedError("the bytes are another spelling of a leaf")
    return leaf


def encode_facts(facts: dict[str, Any]) -> bytes:
    """Facts alone, spelt as in a leaf."""
    return _encode(facts)
