"""The status of each line of a return: the last result that verification sent for it.

Promises: the latest status of a line wins. It comes from the check of its own return, or from
another return or an assessment that changed it. A line of a return that has ended no longer counts,
whatever was said of it before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

import msgspec

from services.intake.domain import return_status
from shared.wire import events


class LineStatus(msgspec.Struct, frozen=True, array_like=True):
    """The last result of a line. It is stored as an array: its fields keep their order."""

    event_id: UUID
    """The event that had it."""
    outcome: events.Outcome
    counted: Decimal
    provisional: Decimal
    queried: Decimal
    findings: tuple[events.Finding, ...]


def ended(end: return_status.End, by: UUID | None) -> events.Finding:
    """Why no line of a return counts any more; `by`: the revision that has taken its place."""
    return events.Finding(rule="I3", code=f"return_{end}", found=None if by is None else str(by))


ByReturn: TypeAlias = Mapping[UUID, Mapping[str, LineStatus]]
"""By return and line id."""


def latest(incoming: Iterable[object]) -> ByReturn:
    """The latest status of each line in these events, which come in order. A return that was
    checked is among them even if it has no line."""
    lines: defaultdict[UUID, dict[str, LineStatus]] = defaultdict(dict)
    for event in incoming:
        if isinstance(event, events.ReturnChecked):
            lines.setdefault(event.return_id, {})
            for result in event.results:
                lines[result.return_id or event.return_id][result.line_id] = _status(event, result)
        if isinstance(event, events.ReturnChecked | events.CommitmentAssessed):
            for result in event.changed:
                if result.return_id is not None:
                    lines[result.return_id][result.line_id] = _status(event, result)
    return lines


def _status(event: events.Event, result: events.LineResult) -> LineStatus:
    return LineStatus(
        event_id=event.event_id,
        outcome=result.outcome,
        counted=result.counted,
        provisional=result.provisional,
        queried=result.queried,
        findings=result.findings,
    )
