"""A line of a return as a form, and a form as a line: the same both ways.

Promises: pure. A value that people may write in several ways (a day, an amount, a company number)
becomes the one that JSON has for it. What cannot be read stays as it was typed, and the reader of
returns says what is wrong with it: there is no second reader. Of a line that was made elsewhere,
what the form does not ask is kept.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from services.intake.pages import line_asked
from services.intake.pages.line_asked import Asked
from shared import catalogue, formats, identifiers

_GROUPED: Final = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
"""Commas between thousands; elsewhere a comma may be a decimal one, and is not guessed at."""
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_WHOLE: Final = re.compile(r"\d{1,9}")
_COMPANY: Final = re.compile(r"[A-Za-z]{0,2}\d{4,8}[A-Za-z]?")
_TIME: Final = re.compile(r"(\d{1,2})[:.](\d{2})\s*(am|pm)?|(\d{1,2})\s*(am|pm)", re.IGNORECASE)
_DAYS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y", "%d/%m/%y")
"""The forms in which people write a day."""
_OWN: Final = ("/person/employer_id", "/invoice/payer_id", "/session/deliverer_id")
"""Filled in with the party's own number; alone they say nothing."""


def fields_of(measure: catalogue.Measure) -> tuple[Asked, ...]:
    """Every field of a line's form."""
    return (
        *line_asked.asked(measure),
        *line_asked.EVIDENCE,
        line_asked.NOTE,
        line_asked.LATE,
        *line_asked.MORE,
    )


# --- a line as a form ----------------------------------------------------------------------------


def write(line: Mapping[str, Any], measure: catalogue.Measure) -> dict[str, str]:
    """What stands in the fields, by name."""
    return {each.name: _text(get(line, each.pointer), each) for each in fields_of(measure)}


def begin(measure: catalogue.Measure, party_id: str) -> dict[str, str]:
    """What stands in the fields of a new line."""
    line: dict[str, Any] = {}
    pointers = {each.pointer for each in fields_of(measure)}
    for pointer in _OWN:
        if pointer in pointers:
            _put(line, pointer, party_id)
    if measure.unit in ("visits", "sessions") and line_asked.worked_out(measure) is None:
        line["quantity"] = "1"
    return write(line, measure)


def get(line: Mapping[str, Any], pointer: str) -> Any:
    """What stands at a place of a line; None if nothing does."""
    found: Any = line
    for step in pointer.split("/")[1:]:
        if isinstance(found, list):
            found = found[int(step)] if int(step) < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _text(value: Any, field: Asked) -> str:
    if value is None:
        return ""
    text = str(value)
    if field.kind == "day":
        found = day(text)
        return text if found is None else formats.day(found)
    if field.kind == "time":
        return text.partition("T")[2] or text
    if field.kind == "org":
        return text.removeprefix("GB-COH-")
    if field.kind == "school":
        return text.removeprefix("GB-EDU-")
    if field.kind == "share" and _NUMBER.fullmatch(text):
        return _plain(Decimal(text) * 100)
    return text


def day(value: object) -> date | None:
    """A day as JSON has it; None if it is none."""
    text = str(value)
    try:
        return date.fromisoformat(text) if len(text) == len("2026-10-06") else None
    except ValueError:
        return None


def _plain(number: Decimal) -> str:
    """Without an exponent, and without zeros behind the last place that matters."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- a form as a line ----------------------------------------------------------------------------


def read(
    values: Mapping[str, str],
    commitment_id: str,
    measure: catalogue.Measure,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The line that a form says. `before`: the line that it was filled with."""
    line: dict[str, Any] = copy.deepcopy(dict(before or {}))
    line |= {"commitment_id": commitment_id, "unit": measure.unit}
    fields = fields_of(measure)
    typed = {each.pointer: _typed(values.get(each.name, "")) for each in fields}
    for each in fields:
        _put(line, each.pointer, _value(typed[each.pointer], each))
    _drop_own(line, measure)
    _drop_empty(line)
    _work_out(line, measure)
    _date_start(line, before or {})
    return line


def _typed(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _value(text: str, field: Asked) -> Any:
    """A text as JSON has it; as it was typed, if it cannot be read."""
    if not text:
        return None
    if field.kind == "day":
        return read_day(text)
    if field.kind in ("number", "share"):
        number = read_number(text)
        is_share = field.kind == "share" and _NUMBER.fullmatch(number)
        return _plain(Decimal(number) / 100) if is_share else number
    if field.kind == "whole":
        return int(text) if _WHOLE.fullmatch(text) else text
    if field.kind == "time":
        return read_time(text)
    if field.kind == "org":
        return f"GB-COH-{text.upper()}" if _COMPANY.fullmatch(text) else text
    if field.kind == "school":
        return text if identifiers.urn(text) is None else f"GB-EDU-{identifiers.urn(text)}"
    return text


def read_day(text: str) -> str:
    """`6/10/2026` → `2026-10-06`. A day comes before its month, as it does in Britain."""
    spaced = " ".join(text.replace(",", " ").split())
    for form in _DAYS:
        try:
            return f"{datetime.strptime(spaced, form):%Y-%m-%d}"  # noqa: DTZ007  a day, no moment
        except ValueError:
            continue
    return text


def read_number(text: str) -> str:
    """`£18,250.00` → `18250.00`."""
    bare = text.replace("£", "").replace("%", "").replace(" ", "").replace("−", "-")
    return bare.replace(",", "") if _GROUPED.fullmatch(bare) else bare


def read_time(text: str) -> str:
    """`9.30am` → `09:30`."""
    found = _TIME.fullmatch(text)
    if found is None:
        return text
    hour, minute = int(found[1] or found[4]), found[2] or "00"
    half = (found[3] or found[5] or "").lower()
    if half and not 1 <= hour <= 12:
        return text
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{minute}"


def _put(line: dict[str, Any], pointer: str, value: Any) -> None:
    """Puts a value at a place; None takes away what is there."""
    *outer, last = pointer.split("/")[1:]
    if outer[:1] == ["evidence"]:
        _put_evidence(line, last, value)
        return
    holder = line
    for step in outer:
        inner = holder.get(step)
        holder[step] = inner if isinstance(inner, dict) else {}
        holder = holder[step]
    if value is None:
        holder.pop(last, None)
    else:
        holder[last] = value


def _put_evidence(line: dict[str, Any], name: str, value: Any) -> None:
    """Into the first piece. Others were given elsewhere, and stay."""
    pieces = line.get("evidence")
    pieces = pieces if isinstance(pieces, list) and pieces else [{}]
    first = pieces[0] if isinstance(pieces[0], dict) else {}
    first = {key: each for key, each in first.items() if key != name}
    line["evidence"] = [first if value is None else {**first, name: value}, *pieces[1:]]


def _drop_own(line: dict[str, Any], measure: catalogue.Measure) -> None:
    """Takes away an object that has nothing but the party's own number, unless it is needed."""
    needed = {
        "/invoice/payer_id": measure.needs_invoice,
        "/person/employer_id": measure.needs_person,
        "/session/deliverer_id": False,
    }
    for pointer, is_needed in needed.items():
        _, outer, inner = pointer.split("/")
        if not is_needed and set(line.get(outer) or ()) == {inner}:
            del line[outer]


def _drop_empty(line: dict[str, Any]) -> None:
    for name in [name for name, each in line.items() if each in ({}, [{}], None)]:
        del line[name]
    evidence = line.get("evidence")
    if evidence and not evidence[0]:
        line["evidence"] = evidence[1:]


def _work_out(line: dict[str, Any], measure: catalogue.Measure) -> None:
    """The quantity that is not asked, if what it is made of is there. Else it stays as it was."""
    how = line_asked.worked_out(measure)
    if how == "one":
        line["quantity"] = "1"
    elif how == "post" and (hours := _amount(get(line, "/person/weekly_hours"))) is not None:
        line["quantity"] = _plain(line_asked.post(hours))
    elif how == "people" and (people := _amount(get(line, "/session/attendees"))) is not None:
        line["quantity"] = _plain(people)
    elif how == "product":
        hours = _amount(get(line, "/session/hours"))
        people = _amount(get(line, "/session/attendees"))
        if hours is not None and people is not None:
            line["quantity"] = _plain(hours * people)


def _amount(value: Any) -> Decimal | None:
    text = str(value)
    is_number = value is not None and _NUMBER.fullmatch(text) and not text.startswith("-")
    return Decimal(text) if is_number else None


def _date_start(line: dict[str, Any], before: Mapping[str, Any]) -> None:
    """A session is on the day of its line; in a line of several days, on the one that it was."""
    start, first = get(line, "/session/start"), line.get("from")
    if not isinstance(start, str) or "T" in start or not isinstance(first, str):
        return
    was_on = str(get(before, "/session/start") or "").partition("T")[0]
    is_within = first <= was_on <= str(line.get("to") or first)
    line["session"]["start"] = f"{was_on if is_within else first}T{start}"
