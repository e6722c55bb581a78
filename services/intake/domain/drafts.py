"""Drafts: the return of a month while its supplier fills it in.

Promises: pure. The content of a draft is the return's own JSON, faulty or not, and an answer for
each promise; `submission` and `returns` judge it as they judge any return. Every change makes a new
content. A draft goes 60 days after the due day, or after it was saved last if that is later.

Refuses: nothing for its content. How much a draft may hold is the acts' business.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from services.intake.domain import faults
from shared import calendar, catalogue
from shared.wire import events

KEPT_DAYS: Final = 60
"""How long a draft is kept after the due day, or after it was saved last."""

Answer: TypeAlias = Literal["in_progress", "nothing", "finished"]
"""What a supplier said of a promise: it comes back to it, there is nothing, or that is all."""
Status: TypeAlias = Literal["not_started", "in_progress", "nothing", "problem", "completed"]
DONE: Final[frozenset[Status]] = frozenset({"nothing", "completed"})
"""With these a return can be checked and sent."""


class Place(NamedTuple):
    """What there is one draft of."""

    authority_id: str
    party_id: str
    contract_id: str
    period: str


class Content(NamedTuple):
    """What a draft says. `document`: the return's JSON; its lines are objects."""

    document: Mapping[str, Any]
    answers: Mapping[str, Answer]
    """By commitment."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines, in their order."""
        return list(self.document.get("lines") or ())

    @property
    def body(self) -> bytes:
        """The return's bytes, as they are checked and sent."""
        return msgspec.json.encode(self.document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft as it was saved last."""

    place: Place
    key: UUID
    """Under which it is sent: sent twice, it is one return (the Idempotency-Key)."""
    content: Content
    version: int
    """From 1; 0 if nothing was saved yet."""
    saved_by: str
    saved_at: datetime
    gone_on: date
    """The day at whose beginning it is deleted."""


def begin(contract_id: str, period: str, revision: int) -> Content:
    """A draft of which nothing is known yet."""
    document = {"contract_id": contract_id, "period": period, "revision": revision, "lines": []}
    return Content(document, {})


def fill(document: Mapping[str, Any], promises: Iterable[str]) -> Content:
    """The content of a return that was sent before, or made elsewhere: each promise is answered by
    whether it has lines. What was declared is declared anew."""
    lines = [each for each in document.get("lines") or () if isinstance(each, dict)]
    kept = {name: each for name, each in document.items() if name != "declaration"}
    content = Content(kept | {"lines": lines}, {})
    named = {line.get("commitment_id") for line in lines}
    answers = {each: _answer(each in named) for each in promises}
    return content._replace(answers=answers)


def _answer(has_lines: bool) -> Answer:
    return "finished" if has_lines else "nothing"


def settle(content: Content, promises: Collection[str]) -> Content:
    """The same, as a return that says whether it is nil: nothing is reported, and every promise is
    answered so."""
    has_nothing = not content.lines and bool(promises)
    is_nil = has_nothing and all(content.answers.get(each) == "nothing" for each in promises)
    return content._replace(document=dict(content.document) | {"nil": is_nil})


def save(draft: Draft, content: Content, saved_by: str, at: datetime) -> Draft:
    """The draft with this content, as its next version."""
    kept_until = calendar.london_day(at) + timedelta(days=KEPT_DAYS)
    return dataclasses.replace(
        draft,
        content=content,
        version=draft.version + 1,
        saved_by=saved_by,
        saved_at=at,
        gone_on=max(draft.gone_on, kept_until),
    )


def gone_on(due_on: date) -> date:
    """The day on which a draft goes that is not saved after its due day."""
    return due_on + timedelta(days=KEPT_DAYS)


def mark(thing: object) -> str:
    """A short digest of a part of a draft. A form carries the one of what it was filled with: if it
    differs when the form comes back, somebody saved that part meanwhile."""
    packed = msgspec.json.encode(thing, order="deterministic")
    return hashlib.sha256(packed).hexdigest()[:16]


# --- changes -------------------------------------------------------------------------------------


def add_lines(content: Content, lines: Sequence[Mapping[str, Any]]) -> Content:
    """With more lines, numbered on. A promise of which there was nothing is in progress now."""
    number = _last_number(content.lines)
    new = [{"line_id": str(number + n), **_unnumbered(line)} for n, line in enumerate(lines, 1)]
    named = {line.get("commitment_id") for line in new}
    answers = {
        each: "in_progress" if each in named and answer == "nothing" else answer
        for each, answer in content.answers.items()
    }
    return _with_lines(content, [*content.lines, *new])._replace(answers=answers)


def put_line(content: Content, index: int, line: Mapping[str, Any]) -> Content:
    """With another line in the place of one."""
    lines = content.lines
    lines[index] = dict(line)
    return _with_lines(content, lines)


def drop_line(content: Content, index: int) -> Content:
    """Without a line. A promise that has no more lines is not finished."""
    lines = content.lines
    commitment_id = lines.pop(index).get("commitment_id")
    left = _with_lines(content, lines)
    if any(line.get("commitment_id") == commitment_id for line in lines):
        return left
    return left._replace(answers={k: v for k, v in left.answers.items() if k != commitment_id})


def answer(content: Content, commitment_id: str, said: Answer) -> Content:
    """With an answer for a promise."""
    return content._replace(answers={**content.answers, commitment_id: said})


def clear(content: Content, promises: Iterable[str]) -> Content:
    """Without lines: of each promise there is nothing this month."""
    return _with_lines(content, [])._replace(answers=dict.fromkeys(promises, _answer(False)))


def put(content: Content, name: str, value: object) -> Content:
    """With another value of a field of the return itself; None takes the field away."""
    rest = {key: each for key, each in content.document.items() if key != name}
    return content._replace(document=rest if value is None else {**rest, name: value})


def declare(
    content: Content, revision: int, reason: str, declaration: Mapping[str, Any]
) -> Content:
    """As it is sent: as this revision, with a reason if it is not the first, and declared."""
    again = put(content, "reason", reason.strip() or None if revision > 1 else None)
    return put(put(again, "revision", revision), "declaration", dict(declaration))


def _with_lines(content: Content, lines: list[dict[str, Any]]) -> Content:
    return put(content, "lines", lines)


def _unnumbered(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in line.items() if name != "line_id"}


def _last_number(lines: Iterable[Mapping[str, Any]]) -> int:
    """The highest line id that is a number. Those that others gave may be anything."""
    numbers = [str(line.get("line_id")) for line in lines]
    return max((int(each) for each in numbers if _is_number(each)), default=0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX


_DIGITS_MAX: Final = 18
"""A longer number would make the next line ids long."""


# --- tasks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One promise of a month's return: what there is of it, and how far it is."""

    commitment_id: str
    measure: catalogue.Measure | None
    """None if the catalogue has no such measure, or the contract no such commitment."""
    status: Status
    indexes: tuple[int, ...]
    """Of its lines in the return."""
    faults: tuple[faults.Fault, ...]
    """Of its lines."""


def promises(published: events.ContractPublished) -> dict[str, catalogue.Measure | None]:
    """What is in force: what each active commitment of a contract counts, by its id."""
    return {
        each.commitment_id: catalogue.by_code.get(each.measure)
        for each in published.commitments
        if each.state == "active"
    }


def tasks(
    content: Content,
    in_force: Mapping[str, catalogue.Measure | None],
    found: Iterable[faults.Fault],
) -> tuple[Task, ...]:
    """A task for each promise in force, and for each other that has lines. `found`: what
    `returns.check` says of the content."""
    by_line: defaultdict[int, list[faults.Fault]] = defaultdict(list)
    for fault in found:
        index = line_of(fault.pointer)
        if index is not None:
            by_line[index].append(fault)
    indexes: defaultdict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(content.lines):
        indexes[str(line.get("commitment_id") or "")].append(index)
    return tuple(
        _task(content, (name, in_force.get(name)), indexes[name], by_line)
        for name in dict.fromkeys((*in_force, *indexes))
    )


def _task(
    content: Content,
    promise: tuple[str, catalogue.Measure | None],
    indexes: Sequence[int],
    by_line: Mapping[int, Sequence[faults.Fault]],
) -> Task:
    commitment_id, measure = promise
    found = tuple(fault for index in indexes for fault in by_line.get(index, ()))
    said = content.answers.get(commitment_id)
    status: Status
    if found:
        status = "problem"
    elif indexes:
        status = "completed" if said == "finished" else "in_progress"
    elif said == "nothing":
        status = "nothing"
    else:
        status = "not_started" if said is None else "in_progress"
    return Task(
        commitment_id=commitment_id,
        measure=measure,
        status=status,
        indexes=tuple(indexes),
        faults=found,
    )


def line_of(pointer: str) -> int | None:
    """The index of the line that a fault is about; None if it is about none."""
    steps = pointer.split("/")
    is_of_line = len(steps) > 2 and steps[1] == "lines" and _is_number(steps[2])
    return int(steps[2]) if is_of_line else None
