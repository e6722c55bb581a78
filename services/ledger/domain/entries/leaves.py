"""A leaf of the log: what is public for ever of one event (docs/ledger.md, The leaf).

Promises: `build` and `parse` are inverse. A leaf has one spelling: UTF-8 JSON, keys sorted, no
blanks, no floats (decimals are strings), times in UTC. Its bytes are hashed and kept as they are.
It holds nothing personal: `facts` are figures and codes, `payload` is a salted commitment to the
event (`payloads.py`), and `prev` chains the leaves of one contract in the order of recording.

Refuses: a leaf that does not fit an entry bundle (LeafTooLargeError); bytes that are not a leaf, or
a leaf in another spelling, floats included (LeafRefusedError). `build` does not look for floats in
the facts: those of recorded events have none, which a test shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

import msgspec

from services.ledger.domain.log import tiles
from shared.wire import events


class LeafRefusedError(ValueError):
    """The bytes are not a leaf."""


class LeafTooLargeError(ValueError):
    """The leaf is longer than the 65,535 bytes that an entry bundle can hold."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The place at which the event was first read."""

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
    """The fields of a leaf. Its bytes leave out those that do not apply."""

    type: str
    event_id: UUID
    caused_by: UUID | None = None
    contract_id: str | None = None
    contract_seq: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """Order of recording within the contract, from 1."""
    prev: events.Digest | None = None
    """The hash of the contract's leaf before this one. Its first leaf has none."""
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
            raise ValueError("a leaf has a number if, and only if, it has a contract")
        if (self.prev is None) != (self.contract_seq is None or self.contract_seq == 1):
            raise ValueError("a leaf has prev if, and only if, it is not the first of its contract")
        if self.occurred_at.tzinfo is not UTC:
            raise ValueError("the time of a leaf is in UTC")


def _refuse_float(spelt: str) -> NoReturn:
    """A float has many spellings. A decimal string has one."""
    raise ValueError(f"{spelt} is a float; in a leaf decimals are strings")


_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(Leaf, float_hook=_refuse_float).decode


def build(leaf: Leaf) -> bytes:
    """The leaf's exact bytes. Inverse of `parse`. Raises LeafTooLargeError."""
    encoded = _encode(leaf)
    if len(encoded) > tiles.ENTRY_BYTES_MAX:
        raise LeafTooLargeError(f"{len(encoded)} bytes")
    return encoded


def parse(encoded: bytes) -> Leaf:
    """The leaf in `encoded`. Inverse of `build`. Raises LeafRefusedError."""
    try:
        leaf = _decode(encoded)
        has_one_spelling = build(leaf) == encoded  # no key twice, none without effect
    except (ValueError, RecursionError) as error:
        raise LeafRefusedError("the bytes are not a leaf") from error
    if not has_one_spelling:
        raise LeafRefusedError("the bytes are a leaf in another spelling")
    return leaf


def encode_facts(facts: dict[str, Any]) -> bytes:
    """The facts alone, spelt as in a leaf."""
    return _encode(facts)
