"""A file of OCDS releases, from bytes to rows: one release each.

Promises: pure. A file is one JSON text (a package, a list, a release) or JSON Lines, one of these a
line. Lines end at \\n and nowhere else. It is JSON Lines if its first line is JSON by itself and
others follow; then a line that cannot be read is a faulty row, and the others are read.
Refuses, as a whole: an encoding other than UTF-8; a text that is no JSON, so that no fragment of it
can pass for a release; what can be read in two ways, such as a key given twice (rule I13); a file
above the limits.
"""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from services.verification.register.things import Fault, shown

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
"""More than a year of a large council's notices. Larger imports come in several files."""
COMMAS_MAX: Final = 1_000_000
"""Limits the number of values, and so the memory, before a file is decoded. 32 MB of real notices
have 700,000."""
LINES_MAX: Final = 2_000_000
"""Blank ones too: a file of nothing else is not even decoded. 32 MB of notices, printed with one
value a line, have half as many."""
RELEASES_MAX: Final = 20_000
DIGITS_MAX: Final = 100
"""Of one number."""
NEAR_CHARACTERS: Final = 20
"""What is shown of a text at the place where it stops to be JSON."""

_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""How files of other encodings begin."""
_TWO_BYTES: Final = re.compile(rb"[^\x00]\x00|\x00[^\x00]")
"""How UTF-16 without a mark begins: JSON begins with an ASCII character."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file of which nothing is imported."""

    reason: str
    """A sentence without its full stop."""


class Row(NamedTuple):
    """What should be a release."""

    place: str
    value: Any
    fault: Fault | None = None
    """The line cannot be read; there is no value."""


def read(body: bytes | bytearray) -> list[Row] | Unreadable:
    """The rows of a file, in order."""
    if body.count(b",") > COMMAS_MAX:
        return Unreadable(f"The file has more than {COMMAS_MAX:,} values: send it in parts")
    if body.count(b"\n") > LINES_MAX:
        return Unreadable(f"The file has more than {LINES_MAX:,} lines: send it in parts")
    text = _text(body)
    if isinstance(text, Unreadable):
        return text
    rows: list[Row] = []
    for row in _lines(text) if _is_lines(text) else _whole(text):
        if isinstance(row, Unreadable):
            return row
        if len(rows) == RELEASES_MAX:
            return Unreadable(f"The file has more than {RELEASES_MAX:,} releases: send it in parts")
        rows.append(row)
    return rows


def _text(body: bytes | bytearray) -> str | Unreadable:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return Unreadable(f"The file is {name}: save it as UTF-8")
    if _TWO_BYTES.match(body):
        return Unreadable("The file is UTF-16: save it as UTF-8")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        byte = error.start - body.rfind(b"\n", 0, error.start)
        return Unreadable(
            f"The file is not UTF-8: line {line}, byte {byte} is 0x{body[error.start]:02X}, as in"
            " Windows-1252 or a damaged file. Save it as UTF-8"
        )
    return text if _WRITTEN.search(text) else Unreadable("The file is empty")


def _written(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers. Never all lines at once: a file may have
    millions of them, and nothing in them."""
    number, before, end = 1, 0, 0
    while found := _WRITTEN.search(text, end):
        start = text.rfind("\n", end, found.start()) + 1 or end
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += text.count("\n", before, start)
        before = start
        yield number, text[start:end]


_WRITTEN: Final = re.compile(r"\S")


def _is_lines(text: str) -> bool:
    lines = _written(text)
    _, first = next(lines)
    if next(lines, None) is None:
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _whole(text: str) -> Iterator[Row | Unreadable]:
    value = _value(text)
    if isinstance(value, _Broken):
        near = f", at {value.near}" if value.near else ""
        where = f"line {value.line}, column {value.column}: " if value.line else ""
        yield Unreadable(f"The file is not JSON: {where}{value.reason}{near}")
    else:
        yield from _unpacked("", value)


def _lines(text: str) -> Iterator[Row]:
    for number, line in _written(text):
        value, place = _value(line), f"line {number} "
        if isinstance(value, _Broken):
            column = f"column {value.column}: " if value.line else ""
            reason = f"this line is not JSON: {column}{value.reason}"
            fault = Fault(place.strip(), value.near, reason, "Correct the line.")
            yield Row(place, None, fault)
        else:
            yield from _unpacked(place, value)


def _unpacked(place: str, value: object) -> Iterator[Row]:
    """The releases of a package or a list, or the release itself."""
    if isinstance(value, list):
        yield from (Row(f"{place}/{number}", each) for number, each in enumerate(value))
    elif isinstance(value, dict) and isinstance(value.get("releases"), list):
        for number, each in enumerate(value["releases"]):
            yield Row(f"{place}/releases/{number}", each)
    else:
        yield Row(place, value)


# --- JSON that can be read in one way ------------------------------------------------------------


class _Broken(NamedTuple):
    reason: str
    line: int | None = None
    column: int | None = None
    near: str | None = None


class _TwoWaysError(ValueError):
    """Raised while JSON is read, at what can be read in two ways or not at all."""


def _value(text: str) -> Any | _Broken:
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        near = shown(text[error.pos : error.pos + NEAR_CHARACTERS].split("\n", maxsplit=1)[0])
        return _Broken(_words(error.msg), error.lineno, error.colno, near or None)
    except _TwoWaysError as error:
        return _Broken(str(error))
    except RecursionError:
        return _Broken("it is nested too deeply")


def _words(message: str) -> str:
    """The parser's reason, as part of a sentence."""
    return message[0].lower() + message[1:]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        ((twice, _),) = collections.Counter(key for key, _ in pairs).most_common(1)
        raise _TwoWaysError(f"the key {json.dumps(twice)} is given twice")
    return read


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise _TwoWaysError(f"a number has more than {DIGITS_MAX} digits")
    return int(text)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text if len(text) <= DIGITS_MAX else "")
    except InvalidOperation:
        raise _TwoWaysError(f"the number {text[:NEAR_CHARACTERS]}… cannot be read") from None


def _constant(text: str) -> Any:
    raise _TwoWaysError(f"{text} is no number of JSON")
