"""What is wrong with a return, said so that its sender can put it right.

Promises: a fault names the place (a JSON pointer), the value, the rule and what to do. The value is
left out for persons (rule I7), and for anything but a short plain value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

VALUE_CHARACTERS_MAX: Final = 100
"""A longer value is cut: it is shown so that its sender finds it, not so that it is kept."""
FAULTS_MAX: Final = 1_000
"""More faults than this are counted, not listed: 5,000 lines could break ten rules each."""

FORM: Final = "form"
"""The rule of what is not a return at all: unreadable JSON, a field that nobody knows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`value` is None where there is none or where it must not be repeated."""

    pointer: str
    value: str | None
    rule: str
    message: str
    fix: str


@dataclass(slots=True)
class Findings:
    """Faults as they are found. A place that could not be read is not found missing as well."""

    faults: list[Fault]
    unreadable: frozenset[str] = field(default_factory=frozenset)

    def add(self, rule: str, place: str, value: object, message: str, fix: str) -> None:
        self.faults.append(Fault(place, shown(value), rule, message, fix))

    def missing(self, rule: str, place: str, fix: str) -> None:
        if self.unreadable and not self.unreadable.isdisjoint(_at_and_above(place)):
            return
        self.faults.append(Fault(place, None, rule, "This is missing", fix))


def _at_and_above(place: str) -> list[str]:
    """The pointers of a place and of everything that it lies in."""
    steps = place.split("/")
    return ["/".join(steps[:count]) for count in range(1, len(steps) + 1)]


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path into the document."""
    return "".join(
        "/" + str(part)[:VALUE_CHARACTERS_MAX].replace("~", "~0").replace("/", "~1")
        for part in path
    )


def shown(value: object) -> str | None:
    """`value` as a fault may show it: plain values only, cut to a bound."""
    if value is None or isinstance(value, dict | list | tuple):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:VALUE_CHARACTERS_MAX]


def bounded(found: Sequence[Fault]) -> tuple[Fault, ...]:
    """The faults, at most `FAULTS_MAX` of them; how many more there are is said at the end."""
    if len(found) <= FAULTS_MAX:
        return tuple(found)
    more = len(found) - FAULTS_MAX
    last = Fault("", None, FORM, f"{more:,} more faults are not listed", "Mend these first.")
    return (*found[:FAULTS_MAX], last)


def rules(found: Iterable[Fault]) -> tuple[str, ...]:
    """The rules that were broken, each once, in order: all that is kept of a refusal."""
    return tuple(sorted({fault.rule for fault in found}))
