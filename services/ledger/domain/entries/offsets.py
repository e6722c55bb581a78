"""Streams of offsets, from which events are read, and the offsets that are no leaf of their own."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID


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
