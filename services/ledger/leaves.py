"""A leaf of the log: what is said for ever of one event, without its content.

Promises: `build` and `parse` are inverse, and a leaf has one spelling: UTF-8 JSON, keys sorted, no
blanks, no floats (decimals are strings), times in UTC. Its bytes are hashed and kept as they are.
Nothing personal is in it: `facts` are figures and codes, `payload` is a salted commitment to the
event (`payloads.py`), and `prev` chains the leaves of one contract in the order of recording.

Refuses: a leaf that would not fit an entry bundle (LeafTooLargeError), and bytes that are no leaf
or another spelling of one (LeafRefusedError).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import pydantic

from services.ledger import tiles
from shared import events

_CONFIG = pydantic.ConfigDict(extra="forbid")
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False, allow_nan=False
).encode
_PLAIN = frozenset({str, int, bool, type(None)})
_CONTAINERS = frozenset({dict, list, tuple})


class LeafRefusedError(ValueError):
    """The bytes are no leaf."""


class LeafTooLargeError(ValueError):
    """The leaf is longer than the 65,535 bytes that an entry bundle can hold."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the event stood when it was first read."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _CONFIG

    topic: str
    incarnation: int
    partition: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """The fields of a leaf; what does not apply is left out of its bytes."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _CONFIG

    v: Literal[1] = 1
    type: str
    event_id: UUID
    caused_by: UUID | None = None
    contract_id: str | None = None
    contract_seq: Annotated[int, pydantic.Field(ge=1)] | None = None
    """Order of recording within the contract, from 1."""
    prev: events.Digest | None = None
    """Hash of this contract's leaf before this one; none for its first."""
    period: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    rule_set: str | None = None
    source: Source
    occurred_at: pydantic.AwareDatetime
    supersedes: UUID | None = None
    payload: events.Digest
    """SHA-256(0x02 || salt || event bytes)."""

    def __post_init__(self) -> None:
        if (self.contract_id is None) != (self.contract_seq is None):
            raise ValueError("a leaf of a contract is numbered, and no other is")
        if (self.prev is None) != (self.contract_seq is None or self.contract_seq == 1):
            raise ValueError("every leaf of a contract but its first names the one before")


_READER = pydantic.TypeAdapter(Leaf)


def build(leaf: Leaf) -> bytes:
    """The leaf's exact bytes. Raises LeafTooLargeError. Inverse of `parse`."""
    _refuse_floats(leaf.facts)
    fields: dict[str, object] = {
        "v": leaf.v,
        "type": leaf.type,
        "event_id": str(leaf.event_id),
        "facts": leaf.facts,
        "source": {
            "topic": leaf.source.topic,
            "incarnation": leaf.source.incarnation,
            "partition": leaf.source.partition,
            "offset": leaf.source.offset,
        },
        "occurred_at": events.utc(leaf.occurred_at.astimezone(UTC)),
        "payload": leaf.payload,
    }
    if leaf.caused_by is not None:
        fields["caused_by"] = str(leaf.caused_by)
    if leaf.contract_id is not None:
        fields["contract_id"] = leaf.contract_id
        fields["contract_seq"] = leaf.contract_seq
    if leaf.prev is not None:
        fields["prev"] = leaf.prev
    if leaf.period is not None:
        fields["period"] = leaf.period
    if leaf.rule_set is not None:
        fields["rule_set"] = leaf.rule_set
    if leaf.supersedes is not None:
        fields["supersedes"] = str(leaf.supersedes)
    encoded = _encode(fields).encode()
    if len(encoded) > tiles.ENTRY_BYTES_MAX:
        raise LeafTooLargeError(f"{len(encoded)} bytes")
    return encoded


def parse(encoded: bytes) -> Leaf:
    """The leaf in `encoded`. Raises LeafRefusedError. Inverse of `build`."""
    try:
        leaf = _READER.validate_json(encoded)
        has_one_spelling = build(leaf) == encoded  # also: no key twice, none that means nothing
    except (ValueError, TypeError) as error:
        raise LeafRefusedError("the bytes are no leaf") from error
    if not has_one_spelling:
        raise LeafRefusedError("the bytes are another spelling of a leaf")
    return leaf


def encode_facts(facts: dict[str, Any]) -> bytes:
    """Facts alone, spelt as in a leaf."""
    _refuse_floats(facts)
    return _encode(facts).encode()


def _refuse_floats(facts: dict[str, Any]) -> None:
    """A float has many spellings, a decimal string has the one that was meant."""
    containers: list[Any] = [facts]
    for container in containers:  # grows as it goes
        for each in container.values() if isinstance(container, dict) else container:
            kind = type(each)
            if kind in _CONTAINERS:
                containers.append(each)
            elif kind not in _PLAIN:
                raise TypeError(f"a leaf holds no {kind.__name__}; decimals are strings in it")
