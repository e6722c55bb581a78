"""A JSON text in pieces: a package or list of releases, of which one at a time is in memory.

Promises: pure. Each release is decoded by itself, then what is around them, so that all of the text
is JSON that can be read in one way. A piece has at most `BYTES_MAX` and `VALUES_MAX`; both are
looked at before it is decoded.
Refuses (BrokenError): what is no JSON; what can be read in two ways, such as a key given twice
(rule I13); a piece above its bounds.
"""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Generator, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

BYTES_MAX: Final = 1024 * 1024
"""Of one release, and of what is around them. A real one with 40 lots has 45,000."""
VALUES_MAX: Final = 50_000
"""Of the same: every comma, and every bracket that opens. A real one with 40 lots has 2,000; 1,000
suppliers, each described in full, have 20,000."""
DIGITS_MAX: Final = 100
"""Of one number."""
DIGITS_SHOWN: Final = 20

_SHALLOW: Final = re.compile(rb'(?:[^",\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""Up to the next comma or bracket, past strings."""
_DEEP: Final = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
"""Up to the next bracket, past strings."""
_RELEASES: Final = re.compile(rb'\s*"releases"\s*:\s*(?=\[)')
_WRITTEN: Final = re.compile(rb"\S")
_COMMA, _QUOTE, _LIST, _LIST_END, _OBJECT, _OBJECT_END = b',"[]{}'


class BrokenError(ValueError):
    """What is wrong, as part of a sentence, and at which byte of the text, if that is known."""

    def __init__(self, reason: str, at: int | None = None, *, is_json: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.at, self.is_json = reason, at, is_json


class Piece(NamedTuple):
    """What should be a release."""

    place: str
    """A JSON pointer."""
    value: Any


def read(body: bytes | bytearray, start: int, end: int) -> Iterator[Piece]:
    """The releases of a package or a list, or the release itself, in the text between two bytes,
    which is not blank. Raises BrokenError, perhaps after some of them."""
    written = _WRITTEN.search(body, start, end)
    assert written is not None, "the text is not blank"
    place, found = "", None
    if body[written.start()] == _LIST:
        found = written.start()
    elif body[written.start()] == _OBJECT:
        place, found = "/releases", _find_releases(body, written.start(), end)
    if found is None:
        yield from _unpacked(_value(body, start, end))
    else:
        list_end = yield from _items(body, found, end, place)
        _read_around(body, (start, found), (list_end + 1, end))


def _find_releases(body: bytes | bytearray, start: int, end: int) -> int | None:
    """Where the list of a package begins. None: the object at `start` is none, or it is too large
    before its list begins."""
    at = start + 1
    while at - start <= BYTES_MAX:
        if found := _RELEASES.match(body, at, end):
            return found.end()
        at = _stop(body, at, end) + 1
        if at > end or body[at - 1] != _COMMA:
            break
    return None


def _items(
    body: bytes | bytearray, start: int, end: int, place: str
) -> Generator[Piece, None, int]:
    """What is in the list that begins at `start`. Returns where it ends."""
    at, number, is_last = start + 1, 0, False
    while not is_last:
        stop = _stop(body, at, end)
        is_last = stop == end or body[stop] != _COMMA
        if number or not is_last or body[at:stop].strip():
            yield Piece(f"{place}/{number}", _value(body, at, stop))
        at, number = stop + 1, number + 1
    if stop == end or body[stop] != _LIST_END:
        raise BrokenError("expecting ',' delimiter", stop)
    return stop


def _stop(body: bytes | bytearray, start: int, end: int) -> int:
    """Where what begins at `start` stops: the place of the comma or bracket that follows, or the
    end of the text. Of a faulty text, some place behind the fault."""
    limit = min(end, start + BYTES_MAX + 1)
    at, depth = start, 0
    while True:
        at = (_DEEP if depth else _SHALLOW).match(body, at, limit).end()  # type: ignore[union-attr]
        if at == limit or body[at] == _QUOTE:  # a string without an end
            if limit < end:
                raise _too_large(start)
            return end
        if body[at] in (_LIST, _OBJECT):
            depth += 1
        elif not depth:
            return at
        else:
            depth -= 1
        at += 1


def _unpacked(value: object) -> Iterator[Piece]:
    if isinstance(value, dict) and isinstance(value.get("releases"), list):  # by an escaped key
        yield from (Piece(f"/releases/{n}", each) for n, each in enumerate(value["releases"]))
    else:
        yield Piece("", value)


def _read_around(body: bytes | bytearray, head: tuple[int, int], tail: tuple[int, int]) -> None:
    """Raises BrokenError unless a text is JSON with an empty list between head and tail."""
    size = head[1] - head[0]
    if size + tail[1] - tail[0] > BYTES_MAX:
        raise _too_large(head[0])
    text = body[slice(*head)] + b"[]" + body[slice(*tail)]
    _check_values(text, head[0])
    try:
        _decode(text)
    except BrokenError as error:
        is_in_head = error.at is None or error.at < size
        moved = head[0] if is_in_head else tail[0] - size - len("[]")
        raise _moved(error, moved) from None


# --- one piece -----------------------------------------------------------------------------------


def _value(body: bytes | bytearray, start: int, end: int) -> Any:
    if end - start > BYTES_MAX:
        raise _too_large(start)
    text = body[start:end]
    _check_values(text, start)
    try:
        return _decode(text)
    except BrokenError as error:
        raise _moved(error, start) from None


def _too_large(at: int) -> BrokenError:
    return BrokenError(f"what begins here has more than {BYTES_MAX:,} bytes", at, is_json=True)


def _check_values(text: bytes | bytearray, at: int) -> None:
    values = count_values(text)
    if values > VALUES_MAX:
        reason = f"what begins here has {values:,} values, and {VALUES_MAX:,} are the limit"
        raise BrokenError(reason, at, is_json=True)


def count_values(text: bytes | bytearray) -> int:
    """How many values a text has, at most: each but the first comes after one of these."""
    return sum(map(text.count, (b",", b"[", b"{")))


def _moved(error: BrokenError, by: int) -> BrokenError:
    at = None if error.at is None else error.at + by
    return BrokenError(error.reason, at, is_json=error.is_json)


def _decode(text: bytes | bytearray) -> Any:
    decoded = text.decode()
    try:
        return json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:]
        raise BrokenError(reason, len(decoded[: error.pos].encode())) from None
    except RecursionError:
        raise BrokenError("it is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        ((twice, _),) = collections.Counter(key for key, _ in pairs).most_common(1)
        raise BrokenError(f"the key {json.dumps(twice)} is given twice", is_json=True)
    return read


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise BrokenError(f"a number has more than {DIGITS_MAX} digits", is_json=True)
    return int(text)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text if len(text) <= DIGITS_MAX else "")
    except InvalidOperation:
        reason = f"the number {text[:DIGITS_SHOWN]}… cannot be read"
        raise BrokenError(reason, is_json=True) from None


def _constant(text: str) -> Any:
    raise BrokenError(f"{text} is no number of JSON", is_json=True)
