"""A row of a promise.

Promises: pure. A promise has all that the fold needs, or every fault of its row is told. A row with
a title and without measure and target is prose: it needs structuring.
Refuses: to guess a measure or a unit.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from services.verification.register import published, terms
from services.verification.register.agreed_metrics import (
    TARGET_MAX,
    TARGET_MIN,
    WORDS_CHARACTERS_MAX,
    Figures,
    Metric,
)
from services.verification.register.refusals import Refusal
from services.verification.register.spreadsheets import cells, columns
from services.verification.register.terms import Life, Terms
from services.verification.register.things import Thing
from shared import catalogue, fields, formats
from shared.spreadsheets import headings, tables, values

CODES_MAX: Final = 200
"""Of a local area: what fits in a cell."""
_LIKENESS: Final = 0.6
_GSS: Final = re.compile(r"[A-Z][0-9]{8}")
_ID: Final[TypeAdapter[str]] = TypeAdapter(fields.CommitmentId)
_UNITS: Final = {"£": "GBP", "pounds": "GBP", "gbp": "GBP", "fte": "FTE", "full time posts": "FTE"}
"""Other spellings of units."""
_BY_NAME: Final = {
    name: measure
    for measure in catalogue.CATALOGUE_ENTRIES
    for name in (headings.normal(measure.code), headings.normal(measure.title))
}
_CHOOSE: Final = "Choose one of the sheet “Measures” in the template."


def read(
    row: cells.Row, thing: Thing, life: Life | None, window: published.Window
) -> Metric | None:
    """The promise of a row; None: the row has faults. `life`: of its contract, if the file has
    it."""
    measure = _measure(row)
    title = row.text(columns.PROMISE) or (measure.title if measure else None)
    evidence = row.text(columns.EVIDENCE, fields.TEXT_CHARACTERS_MAX)
    commitment_id = _commitment_id(row, measure)
    is_prose = measure is None and not row.has(columns.TARGET) and title is not None
    if is_prose and not row.has(columns.MEASURE):
        figures, reason = None, "it has no measure and no target"
    else:
        figures, reason = _figures(row, measure, life, window), None
    if row.faults or commitment_id is None or title is None:
        return None
    return Metric(
        thing=thing,
        commitment_id=commitment_id,
        title=title,
        figures=figures,
        words=_words(row, title, evidence)[:WORDS_CHARACTERS_MAX],
        reason=reason,
    )


def _commitment_id(row: cells.Row, measure: catalogue.Measure | None) -> str | None:
    """Its own reference; without one, the code of its measure."""
    written = row.text(columns.PROMISE_REFERENCE)
    if written is None:
        if measure is None and not row.has(columns.MEASURE):
            fix = "Give the promise a reference of its own, such as KPI-1."
            row.fail(columns.PROMISE_REFERENCE, "There is no measure and no reference", fix)
        return None if measure is None else measure.code
    try:
        return _ID.validate_python(written)
    except ValidationError:
        reason = "A reference has letters, digits, and the signs . _ - alone"
        row.fail(columns.PROMISE_REFERENCE, reason, "Write it as KPI-1, for instance.")
        return None


def _measure(row: cells.Row) -> catalogue.Measure | None:
    written = row.text(columns.MEASURE)
    if written is None:
        if row.has(columns.TARGET):
            row.fail(columns.MEASURE, "There is no measure", _CHOOSE)
        return None
    name = headings.normal(written)
    measure = _BY_NAME.get(name)
    if measure is None:
        close = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=_LIKENESS)
        fix = f"Write “{_BY_NAME[close[0]].title}”, or choose another." if close else _CHOOSE
        row.fail(columns.MEASURE, "There is no such measure", fix)
    elif measure.code in catalogue.NEVER_COUNTED:
        row.fail(columns.MEASURE, catalogue.NEVER_COUNTED[measure.code], "Choose another measure.")
    return measure


def _words(row: cells.Row, title: str, evidence: str | None) -> str:
    """All that the row says, in prose: rows with the same words promise the same."""
    said = [title]
    for heading in _SAID:
        written = row.text(heading, fields.TEXT_CHARACTERS_MAX)
        if written is not None:
            said.append(f"{heading}: {written}")
    if evidence is not None:
        said.append(f"{columns.EVIDENCE}: {evidence}")
    return "\n".join(said)


_SAID: Final = (
    *(columns.MEASURE, columns.TARGET, columns.UNIT, columns.FALLS_DUE, columns.FROM),
    *(columns.UNTIL, columns.STEPS, columns.AREA, columns.EDITION),
)


# --- figures -------------------------------------------------------------------------------------


class _Days(NamedTuple):
    """From the first day on which something falls due to the last."""

    first: date
    last: date


def _figures(
    row: cells.Row, measure: catalogue.Measure | None, life: Life | None, window: published.Window
) -> Figures | None:
    target = _target(row)
    _check_unit(row, measure)
    days = _days(row, life, window)
    area = _area(row)
    if target is None or days is None or measure is None or row.faults:
        return None
    profile = _profile(row, target, days)
    if profile is None:
        return None
    wanted = Terms(
        measure=measure.code, target=target, profile=profile, area=area, from_on=days.first
    )
    _check(row, wanted, life or Life(*days))
    return Figures(
        measure=measure.code,
        target=target,
        starts_on=days.first,
        ends_on=days.last,
        profile=profile,
        area=area,
    )


def _target(row: cells.Row) -> Decimal | None:
    if not row.has(columns.TARGET):
        row.fail(columns.TARGET, "There is no target", "Write how much is promised in all.")
        return None
    target = row.number_of(columns.TARGET)
    if target is None:
        return None
    if not TARGET_MIN <= target <= TARGET_MAX:
        fix = "Write how much is promised in all."
        row.fail(columns.TARGET, "A target is more than nothing, and at most 10¹²", fix)
        return None
    return target


def _check_unit(row: cells.Row, measure: catalogue.Measure | None) -> None:
    """The unit is the measure's: a wrong one is the largest silent error."""
    written = row.needed(columns.UNIT, f"Write {_unit(measure)}.")
    if written is None or measure is None:
        return
    name = headings.normal(written)
    if _UNITS.get(name, name) != headings.normal(measure.unit) and _UNITS.get(name) != measure.unit:
        reason = f"{measure.title} is counted in {_unit(measure)}"
        row.fail(columns.UNIT, reason, f"Write {_unit(measure)}, or choose another measure.")


def _unit(measure: catalogue.Measure | None) -> str:
    return "the unit of the measure" if measure is None else formats.unit(measure.unit)


def _days(row: cells.Row, life: Life | None, window: published.Window) -> _Days | None:
    first = row.day(columns.FROM, window.ends)
    last = row.day(columns.UNTIL, window.ends)
    for heading, day in ((columns.FROM, first), (columns.UNTIL, last)):
        if life is None and day is None and not row.has(heading):
            reason = "The file does not say when the contract runs"
            row.fail(heading, reason, "Write the day, or add the contract's own row.")
    first = first or (life and life.starts_on)
    last = last or (life and life.ends_on)
    if first is None or last is None:
        return None
    if last < first:
        row.fail(columns.UNTIL, "It ends before it begins", "Correct the days.")
    if life is not None and first < life.starts_on:
        reason = f"The contract begins on {formats.day(life.starts_on)}"
        row.fail(columns.FROM, reason, "Write that day, or a later one.")
    return _Days(first, last)


def _profile(row: cells.Row, target: Decimal, days: _Days) -> dict[str, Any] | None:
    written = row.text(columns.FALLS_DUE)
    way = _WAYS.get(headings.normal(written or columns.EVENLY))
    if way == columns.IN_STEPS:
        steps = _steps(row, target)
        if steps is None:
            return None
        return {"kind": "steps", "from": str(days.first), "steps": steps}
    if row.has(columns.STEPS):
        row.fail(columns.STEPS, "There are steps, but it does not fall due in steps", _WAY)
    if way == columns.AT_THE_END:
        return {"kind": "milestone", "from": str(days.first), "by": str(days.last)}
    if way == columns.EVENLY:
        return {"kind": "linear", "from": str(days.first), "to": str(days.last)}
    row.fail(columns.FALLS_DUE, "There is no such way to fall due", _WAY)
    return None


_WAYS: Final = {headings.normal(each): each for each in columns.WAYS}
_WAY: Final = f"Write “{'”, “'.join(columns.WAYS)}”."


def _steps(row: cells.Row, target: Decimal) -> list[list[str]] | None:
    """`31 March 2027: 4; 30 September 2027: 10`."""
    written = row.text(columns.STEPS, fields.TEXT_CHARACTERS_MAX)
    if written is None:
        if not row.has(columns.STEPS):
            row.fail(columns.STEPS, "There are no steps", _STEP)
        return None
    found = []
    for part in filter(None, (each.strip() for each in written.split(";"))):
        day, amount = (_cell(each) for each in (part.rpartition(":")[0], part.rpartition(":")[2]))
        read_day = values.day(day, tables.Habits())
        read_amount = values.number(amount, tables.Habits())
        if isinstance(read_day, tables.Misread) or isinstance(read_amount, tables.Misread):
            row.fail(columns.STEPS, f"“{part[:40]}” is no step", _STEP)
            return None
        found.append((read_day, read_amount))
    if not found or found[-1][1] != target:
        row.fail(columns.STEPS, "The last step is not the target", _STEP)
        return None
    return [[str(day), format(amount, "f")] for day, amount in found]


def _cell(text: str) -> tables.Cell:
    return tables.Cell(1, 1, text.strip(), text.strip())


_STEP: Final = (
    "Write how much is due by when, all before included, such as 31 March 2027: 4; 30 June 2027: 10"
)


def _area(row: cells.Row) -> Mapping[str, Any] | None:
    written = row.text(columns.AREA, fields.TEXT_CHARACTERS_MAX)
    edition = row.text(columns.EDITION, fields.CODE_CHARACTERS_MAX)
    if written is None:
        if edition is not None:
            row.fail(columns.EDITION, "There is no local area", "Write its GSS codes, or nothing.")
        return None
    if edition is None:
        fix = "Write the edition of the postcode directory, such as 2026-08."
        row.fail(columns.EDITION, "It is not said by which boundaries", fix)
        return None
    codes = [part.strip().upper() for part in written.split(";") if part.strip()]
    odd = [each for each in codes if not _GSS.fullmatch(each)]
    if odd or len(codes) > CODES_MAX:
        reason = f"“{odd[0][:20]}” is no GSS code" if odd else f"There are over {CODES_MAX} codes"
        row.fail(columns.AREA, reason, "Write codes such as E08000011, parted by ;")
        return None
    return {"gss": codes, "edition": edition}


def _check(row: cells.Row, wanted: Terms, life: Life) -> None:
    """What the register would refuse, at the cell that it is about."""
    refused = terms.structure("promise", 1, wanted, life)
    if isinstance(refused, Refusal):
        heading = _COLUMNS.get(refused.pointer or "", columns.TARGET)
        row.fail(heading, refused.detail or "The register refuses this", "Correct the promise.")


_COLUMNS: Final = {
    "/measure": columns.MEASURE,
    "/unit": columns.UNIT,
    "/profile": columns.FALLS_DUE,
    "/area": columns.AREA,
}
"""The column of a field."""
