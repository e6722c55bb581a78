"""A file of OCDS releases, from bytes to rows: one release each.

Promises: pure. A file is one JSON text (a package, a list, a release) or JSON Lines, one of these a
line. Lines end at \\n and nowhere else. It is JSON Lines if its first line is JSON by itself and
others follow; then a line that cannot be read is a faulty row, and the others are read. One release
at a time is in memory (`pieces`).
Refuses, as a whole: an encoding other than UTF-8; a text that is no JSON, so that no fragment of it
can pass for a release; what can be read in two ways, such as a key given twice (rule I13); a file
or a release above the limits.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from services.verification.register import pieces
from services.verification.register.things import Fault, shown

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
"""More than a year of a large council's notices. Larger imports come in several files."""
VALUES_MAX: Final = 2_000_000
"""Limits the time that a file takes. 32 MB of real notices have 1,000,000."""
LINES_MAX: Final = 2_000_000
"""Blank ones too. 32 MB of notices, printed with one value a line, have half as many."""
RELEASES_MAX: Final = 20_000
NEAR_CHARACTERS: Final = 20
"""What is shown of a text at the place where it stops to be JSON."""
CHECKED_BYTES: Final = 64 * 1024
"""What is looked at in one go."""

_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
"""How files of other encodings begin."""
_TWO_BYTES: Final = re.compile(rb"[^\x00]\x00|\x00[^\x00]")
"""How UTF-16 without a mark begins: JSON begins with an ASCII character."""
_WRITTEN: Final = re.compile(rb"\S")
_INSIDE: Final = bytes(range(0x80, 0xC0))
"""Bytes that go on with a character."""


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


def stream(body: bytes | bytearray) -> Iterator[Row | Unreadable]:
    """The rows of a file, in order. If one of them is Unreadable, the file is, with all that came
    before; it is the last."""
    refusal = _why_unreadable(body)
    if refusal is not None:
        yield Unreadable(refusal)
        return
    start = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    rows = _lines(body, start) if _is_lines(body, start) else _whole(body, start)
    for number, row in enumerate(rows):
        if number == RELEASES_MAX:
            yield Unreadable(f"The file has more than {RELEASES_MAX:,} releases: send it in parts")
            return
        yield row


def _why_unreadable(body: bytes | bytearray) -> str | None:
    """Why a file is refused before anything is read of it."""
    counts = (
        (pieces.count_values(body), VALUES_MAX, "values"),
        (body.count(b"\n"), LINES_MAX, "lines"),
    )
    for count, count_max, of_what in counts:
        if count > count_max:
            return (
                f"The file has {count:,} {of_what}, and {count_max:,} are the limit: send it in"
                " parts"
            )
    for mark, name in _MARKS:
        if body.startswith(mark):
            return f"The file is {name}: save it as UTF-8"
    if _TWO_BYTES.match(body):
        return "The file is UTF-16: save it as UTF-8"
    at = _find_other_encoding(body)
    if at is not None:
        line = body.count(b"\n", 0, at) + 1
        byte = at - body.rfind(b"\n", 0, at)
        return (
            f"The file is not UTF-8: line {line}, byte {byte} is 0x{body[at]:02X}, as in"
            " Windows-1252 or a damaged file. Save it as UTF-8"
        )
    is_marked = body.startswith(codecs.BOM_UTF8)
    is_written = _WRITTEN.search(body, len(codecs.BOM_UTF8) if is_marked else 0)
    return None if is_written else "The file is empty"


def _find_other_encoding(body: bytes | bytearray) -> int | None:
    """The first byte that is not UTF-8. Never decodes the file as a whole: a text may take four
    times as much memory as its bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(body), CHECKED_BYTES):
        before, _ = decoder.getstate()
        piece = body[start : start + CHECKED_BYTES]
        try:
            decoder.decode(piece, final=start + len(piece) == len(body))
        except UnicodeDecodeError as error:
            return start - len(before) + error.start
    return None


class _Line(NamedTuple):
    number: int
    start: int
    end: int


def _written(body: bytes | bytearray, start: int) -> Iterator[_Line]:
    """The lines that are not blank. Never all lines at once: a file may have millions of them, and
    nothing in them."""
    number, before, end = 1, start, start
    while found := _WRITTEN.search(body, end):
        start = body.rfind(b"\n", end, found.start()) + 1 or end
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        number += body.count(b"\n", before, start)
        before = start
        yield _Line(number, start, end)


def _is_lines(body: bytes | bytearray, start: int) -> bool:
    lines = _written(body, start)
    first = next(lines)
    return next(lines, None) is not None and _is_json(body, first)


def _is_json(body: bytes | bytearray, line: _Line) -> bool:
    """Whether a line is JSON by itself, if perhaps not such as we take."""
    try:
        _read_through(body, line)
    except pieces.BrokenError as error:
        return error.is_json
    return True


def _read_through(body: bytes | bytearray, line: _Line) -> None:
    """Raises BrokenError unless all of a line can be read. One with more releases than a file may
    have is refused with the file."""
    for _ in itertools.islice(pieces.read(body, line.start, line.end), RELEASES_MAX + 1):
        pass


def _whole(body: bytes | bytearray, start: int) -> Iterator[Row | Unreadable]:
    try:
        for place, value in pieces.read(body, start, len(body)):
            yield Row(place, value)
    except pieces.BrokenError as error:
        yield Unreadable(_explain(body, start, error))


def _explain(body: bytes | bytearray, start: int, error: pieces.BrokenError) -> str:
    reason, where = error.reason, ""
    if error.at is not None:
        line_start = max(start, body.rfind(b"\n", 0, error.at) + 1)
        column = _count_characters(body, line_start, error.at) + 1
        number = body.count(b"\n", 0, error.at) + 1
        where = f"line {number}, column {column}: "
        if error.is_json:
            return f"The file cannot be read, {where}{reason}. Send it in parts, or shorten it"
        near = _near(body, error.at)
        reason = f"{reason}, at {near}" if near else reason
    return f"The file is not JSON: {where}{reason}"


def _near(body: bytes | bytearray, at: int) -> str | None:
    near = body[at : at + 4 * NEAR_CHARACTERS].decode(errors="ignore")
    return shown(near[:NEAR_CHARACTERS].split("\n", maxsplit=1)[0]) or None


def _count_characters(body: bytes | bytearray, start: int, end: int) -> int:
    cuts = range(start, end, CHECKED_BYTES)
    return sum(
        len(body[cut : min(end, cut + CHECKED_BYTES)].translate(None, _INSIDE)) for cut in cuts
    )


def _lines(body: bytes | bytearray, start: int) -> Iterator[Row]:
    for line in _written(body, start):
        place = f"line {line.number} "
        try:
            _read_through(body, line)  # a line that breaks off has no rows
            for piece in pieces.read(body, line.start, line.end):
                yield Row(place + piece.place, piece.value)
        except pieces.BrokenError as error:
            column, near = "", None
            if error.at is not None:
                column = f"column {_count_characters(body, line.start, error.at) + 1}: "
                near = None if error.is_json else _near(body, error.at)
            is_large = error.is_json and error.at is not None
            what = "this line cannot be read" if is_large else "this line is not JSON"
            fix = "Shorten the release." if is_large else "Correct the line."
            fault = Fault(place.strip(), near, f"{what}: {column}{error.reason}", fix)
            yield Row(place, None, fault)
