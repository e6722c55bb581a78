"""What is wrong with a return, so that its sender can put it right.

Promises: a fault names the place (a JSON pointer), the value, the rule and what to do. The value is
left out if it is of a person (rule I7), and unless it is short and plain.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.intake.domain import field_help
from shared.wire import replies

VALUE_CHARACTERS_MAX: Final = 100
"""A value is shown so that its sender can find it, but cut to this length."""
FAULTS_MAX: Final = 1_000
"""More faults are counted, not listed. 5,000 lines could break ten rules each."""

TOLD_MAX: Final = 20
"""Faults of a refusal that are kept and told to its sender later: enough to see what is wrong."""

_INDEX: Final = re.compile("[0-9]{1,4}")

FORM: Final = "form"
"""The rule that faults name if no I rule applies: unreadable JSON, unknown fields."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `value` is None if there is none or if it must not be repeated."""

    pointer: str
    value: str | None
    rule: str
    message: str
    fix: str
    header: str | None = None
    """The header that is wrong, if it is none of the document's places."""


@dataclass(slots=True)
class FaultList:
    """The faults of a return, as they are found."""

    faults: list[Fault]
    unreadable: frozenset[str] = field(default_factory=frozenset)
    """Places that could not be read. They are not missing as well."""

    def add(self, rule: str, place: str, value: object, message: str, fix: str) -> None:
        """Adds a fault at a place, with its value as it may be shown."""
        self.faults.append(Fault(place, shown(value), rule, message, fix))

    def add_missing(self, rule: str, place: str, fix: str) -> None:
        """Adds that nothing is at a place, unless it or what it is in could not be read."""
        if self.unreadable and not self.unreadable.isdisjoint(_at_and_above(place)):
            return
        self.faults.append(Fault(place, None, rule, "This is missing", fix))


def _at_and_above(place: str) -> list[str]:
    """The pointers of a place and of everything that it is in."""
    steps = place.split("/")
    return ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path into the document."""
    return "".join(
        "/" + str(step)[:VALUE_CHARACTERS_MAX].replace("~", "~0").replace("/", "~1")
        for step in path
    )


def shown(value: object) -> str | None:
    """`value` as a fault may show it: only plain values, cut to a limit."""
    if value is None or isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:VALUE_CHARACTERS_MAX]


def bounded(found: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults, at most `FAULTS_MAX` of them; the last one then says how many more there are."""
    if len(found) <= FAULTS_MAX:
        return tuple(found)
    more = len(found) - FAULTS_MAX
    last = Fault("", None, FORM, f"{more:,} more faults are not listed", "Fix these first.")
    return (*found[:FAULTS_MAX], last)


def told(found: Sequence[Fault]) -> tuple[replies.Fault, ...]:
    """The first faults as they are kept and told later: without anything that was sent. Messages
    and fixes repeat nothing; of a place only what is ours is left, since an unknown field may have
    any name."""
    return tuple(
        replies.Fault(
            pointer=_ours(each.pointer),
            rule=each.rule,
            message=each.message,
            fix=each.fix,
            header=each.header,
        )
        for each in found[:TOLD_MAX]
    )


def _ours(place: str) -> str:
    """A pointer up to the first name that is not a field of ours."""
    steps = place.split("/")[1:]
    known = itertools.takewhile(_is_ours, steps)
    return "".join(f"/{step}" for step in known)


def _is_ours(step: str) -> bool:
    """Whether a step of a pointer is a field of a return, or the index of a line or of evidence."""
    return step in field_help.FORMS or bool(_INDEX.fullmatch(step))


def rules(found: Iterable[Fault]) -> tuple[str, ...]:
    """The rules that were broken, each once, in order: all that is kept of a refused return."""
    return tuple(sorted({fault.rule for fault in found}))
