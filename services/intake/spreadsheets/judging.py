"""What is wrong with a spreadsheet of lines, cell by cell.

Promises: pure. There is no second definition of what is right: the lines are made into the return
that they mean, and `submission` and `returns` judge it as they judge any. Each of their faults is
told with the cell that it is about.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.intake.domain import drafts, faults, returns, submission
from services.intake.spreadsheets import columns, filling

ASKED_LATER: Final = ("/declaration", "/revision", "/reason", "/invoiced_to_date")
"""What a file of lines does not say: it is asked when the return is sent."""
_NOT_JSON: Final = " (in JSON "


@dataclass(frozen=True, slots=True)
class Judged:
    """A file, as the return that it means."""

    content: drafts.Content
    body: bytes
    """The return's own bytes."""
    reading: submission.Reading
    faults: tuple[filling.CellFault, ...]
    """By row and column."""
    filled: filling.Filled
    promises: tuple[str, ...]
    """Those in force."""

    @property
    def unanswered(self) -> frozenset[str]:
        """Promises in force of which the file says nothing."""
        return frozenset(self.promises) - self.content.answers.keys()


def judge(
    filled: filling.Filled, wanted: filling.Wanted, own: Mapping[str, Any], context: returns.Context
) -> Judged:
    """The lines together with the return's own fields (`own`), checked against `context`."""
    has_nothing = not filled.lines and all(
        filled.answers.get(each) == "nothing" for each in wanted.promises
    )
    document = {
        **own,
        "contract_id": wanted.contract_id,
        "period": wanted.period,
        "nil": has_nothing and bool(wanted.promises),
        "lines": filled.lines,
    }
    content = drafts.Content(document, dict(filled.answers))
    body = content.body
    reading = submission.read(body)
    misread = frozenset(each.fault.pointer for each in filled.faults if each.fault.pointer)
    misread |= {  # the unit follows from the promise
        f"/lines/{index}/unit"
        for index, line in enumerate(filled.lines)
        if "commitment_id" not in line
    }
    reading = dataclasses.replace(reading, faulty=reading.faulty | misread)
    found = [*filled.faults, *_placed(filled, returns.check(reading, context))]
    found.sort(key=lambda each: (each.place.row, each.place.column))
    return Judged(
        content=content,
        body=body,
        reading=reading,
        faults=tuple(found),
        filled=filled,
        promises=tuple(wanted.promises),
    )


def without(judged: Judged, pointers: Iterable[str] = ASKED_LATER) -> Judged:
    """The same, without the faults of fields that are asked later."""
    later = tuple(pointers)
    kept = tuple(each for each in judged.faults if not each.fault.pointer.startswith(later))
    return dataclasses.replace(judged, faults=kept)


def _placed(filled: filling.Filled, found: Iterable[faults.Fault]) -> Iterable[filling.CellFault]:
    has_headings = columns.PROMISE in filled.columns
    for fault in found:
        index = drafts.line_of(fault.pointer)
        if index is None or index >= len(filled.rows):
            if has_headings or not fault.pointer.startswith("/lines"):
                yield filling.CellFault(_NOWHERE, fault)
            continue
        inside = "/" + fault.pointer.split("/", 3)[3] if fault.pointer.count("/") > 2 else ""
        place = filled.place(index, inside)
        yield filling.CellFault(place, _worded(fault))


_NOWHERE: Final = filling.Place("", "", "", 0, 0)


def _worded(fault: faults.Fault) -> faults.Fault:
    """Without what is said to those who write JSON."""
    message, in_json, _ = fault.message.partition(_NOT_JSON)
    return dataclasses.replace(fault, message=message) if in_json else fault
