"""What was said last of each line of a return, by verification, as it is kept and shown.

Promises: the last word on a line stands, whether its own return's check said it or, of a line that
it changed, another one's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

import msgspec

from shared.wire import events


class Said(msgspec.Struct, frozen=True, array_like=True):
    """The last word on a line. Its fields are kept by their order."""

    event_id: UUID
    """The event that said it."""
    outcome: events.Outcome
    counted: Decimal
    provisional: Decimal
    queried: Decimal
    findings: tuple[events.Finding, ...]


Lines: TypeAlias = Mapping[UUID, Mapping[str, Said]]
"""By return and line."""


def last(heard: Iterable[object]) -> Lines:
    """The last word on each line that `heard` speaks of, in its order."""
    lines: defaultdict[UUID, dict[str, Said]] = defaultdict(dict)
    for event in heard:
        if isinstance(event, events.ReturnChecked):
            _ = lines[event.return_id]  # it is checked, though it may have no line
            for result in event.results:
                lines[result.return_id or event.return_id][result.line_id] = _said(event, result)
        if isinstance(event, events.ReturnChecked | events.CommitmentAssessed):
            for result in event.changed:
                if result.return_id is not None:
                    lines[result.return_id][result.line_id] = _said(event, result)
    return lines


def _said(event: events.Event, result: events.LineResult) -> Said:
    return Said(
        event.event_id,
        result.outcome,
        result.counted,
        result.provisional,
        result.queried,
        result.findings,
    )


def written(lines: Mapping[str, Said]) -> str:
    """The lines of one return as JSON: an object by line, each an array."""
    return msgspec.json.encode(lines).decode()


def read(said: str) -> Said:
    """One line of `written`."""
    return msgspec.json.decode(said, type=Said)
