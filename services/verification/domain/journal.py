"""A contract's journal: its inputs in order, and what they come to when they are folded from zero.

Promises: pure. The same entries give the same state, lines and decisions to the byte, so the first
n entries answer what was known after them ("as at"), and a replay can be compared with the tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.verification.domain import fold
from services.verification.domain.lines import Line, LineKey, Lines
from services.verification.domain.state import Decisions, Facts, State


@dataclass(frozen=True, slots=True)
class Entry:
    """One input, with the foreign facts that it used."""

    event: fold.Input
    facts: Facts


@dataclass(slots=True)
class Folded:
    """What a journal comes to."""

    state: State | None = None
    """None: the journal is empty."""
    lines: dict[LineKey, Line] = field(default_factory=dict)
    """The current lines by `Line.id`."""
    decisions: list[Decisions] = field(default_factory=list)
    """One for each entry."""


def refold(entries: Iterable[Entry]) -> Folded:
    """Folds a journal from zero."""
    folded, lines = Folded(), Lines()
    for entry in entries:
        folded.state, decisions = fold.fold(folded.state, entry.event, entry.facts, lines)
        lines.drop(decisions.lines_gone)
        lines.put(decisions.lines_put)
        for line in decisions.lines_gone:
            del folded.lines[line.id]
        folded.lines.update((line.id, line) for line in decisions.lines_put)
        decisions.alerts = list(decisions.alerts)  # they are looked at more than once
        folded.decisions.append(decisions)
    return folded
