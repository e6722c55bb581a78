"""Streams of offsets, from which events are read, and the offsets that are no leaf of their own."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

FOR_DISPLAY: Final = frozenset({"makegood.contracts.v1", "makegood.people.v1"})
"""Topics that are read only to show names. They are compacted and no part of the log, so that their
offsets prove nothing (docs/ledger.md, Completeness 2)."""


class Stream(NamedTuple):
    """One incarnation of one partition."""

    topic: str
    incarnation: int
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}] (incarnation {self.incarnation})"


Why: TypeAlias = Literal["repeat", "day", "parked", "hole"]


class Listed(NamedTuple):
    """Offsets `[first, next)` of a stream that are no leaf of their own, and why not."""

    stream: Stream
    first: int
    next: int
    why: Why
    event_id: UUID | None = None
    """The event that a repeat repeats."""
