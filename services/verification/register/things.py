"""The things of a file that is imported, and what becomes of each.

Promises: every release, award, contract, metric, sheet and row is one `Thing`, made as soon as it
is seen and never removed. What becomes of it is said once: whoever says it first, knows best.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

from services.verification.register.refusals import Refusal
from shared import identifiers

VALUE_CHARACTERS_MAX: Final = 100
"""A wrong value is shown, so that it can be found in the file, but cut to this length."""

Kind: TypeAlias = Literal["release", "award", "contract", "metric", "sheet", "commitment"]
"""Of a spreadsheet: a sheet, and its rows of contracts and commitments."""
Fate: TypeAlias = Literal[
    "read",  # a release: its awards and contracts say what became of them
    "new",
    "changed",
    "unchanged",
    "draft",
    "needs_structuring",  # a draft whose target is prose
    "skipped",
    "faulty",
]


class Fault(NamedTuple):
    """What is wrong: where in the file, what is there, why it cannot stand, and what to do."""

    place: str
    value: object
    reason: str
    fix: str | None = None


@dataclass(slots=True, eq=False)
class Thing:
    """A release, award, contract or metric of a file; a sheet or a row of a spreadsheet."""

    kind: Kind
    place: str
    """A JSON pointer; after its number if the file has a release a line. In a spreadsheet the
    sheet, or a cell of the row."""
    published: object
    """The JSON, until it is forgotten."""
    id: str | None = None
    ocid: str | None = None
    parts: list[Thing] = field(default_factory=list)
    """Of a release its awards and contracts, of these their metrics."""
    fate: Fate | None = None
    """None until it is known."""
    contract_id: str | None = None
    """The contract of the register."""
    value: str | None = None
    """What is wrong; of what is told elsewhere, the place."""
    reason: str | Refusal | None = None
    fix: str | None = None
    more: list[Fault] = field(default_factory=list)
    """What else is wrong with it."""
    _digest: bytes | None = None

    def becomes(self, fate: Fate, reason: str | Refusal | None = None) -> None:
        """Says what becomes of it, unless that is known."""
        if self.fate is None:
            self.fate, self.reason = fate, reason

    def skip_alone(self, reason: str, place: str) -> None:
        """It is left out because of what is at another place; its parts speak for themselves."""
        if self.fate is None:
            self.becomes("skipped", reason)
            self.value = place.strip()

    def skip(self, reason: str) -> None:
        """It is left out, and so are its parts."""
        self.becomes("skipped", reason)
        self.skip_parts(reason)

    def skip_parts(self, reason: str) -> None:
        """Its parts are left out."""
        for part in self.parts:
            part.skip(reason)

    def fault(self, fault: Fault) -> None:
        """It cannot be imported as it is; its parts speak for themselves."""
        if self.fate is None:
            self.becomes("faulty", fault.reason)
            self.place, self.value, self.fix = fault.place, shown(fault.value), fault.fix

    def fail(self, fault: Fault) -> None:
        """It cannot be imported as it is; its parts are left out."""
        self.fault(fault)
        self.skip(f"its {self.kind} is faulty")

    def fail_with(self, faults: Sequence[Fault]) -> None:
        """The same, with every fault."""
        if self.fate is None:
            self.more = list(faults[1:])
        self.fail(faults[0])

    def digest(self) -> bytes:
        """Of what was published: two things with one digest say the same."""
        if self._digest is None:
            text = json.dumps(self.published, sort_keys=True, default=str)
            self._digest = hashlib.sha256(text.encode()).digest()
        return self._digest

    def forget(self) -> None:
        """Lets go of the JSON, of its own and of its parts: of a file one release at a time is in
        memory."""
        if self.kind in ("release", "metric"):
            self.digest()
        self.published = None
        self.id, self.ocid = _cut(self.id), _cut(self.ocid)
        for part in self.parts:
            part.forget()

    def all(self) -> Iterator[Thing]:
        """It and its parts."""
        yield self
        for part in self.parts:
            yield from part.all()


def _cut(text: str | None) -> str | None:
    """Ids that can stand are shorter."""
    return text and text[: identifiers.CHARACTERS_MAX]


def shown(value: object, characters_max: int = VALUE_CHARACTERS_MAX) -> str | None:
    """A value as one line of text."""
    if value is None:
        return None
    is_plain = isinstance(value, str) and value.isprintable()
    text = str(value) if is_plain else json.dumps(value, default=str)
    return text[:characters_max]
