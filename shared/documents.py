"""JSON documents that can be read in one way only (rule I13).

Promises: `read` accepts any bytes and never raises. It passes over a byte-order mark. Each key that
is given twice, and each text with a NUL or half a surrogate pair, is named by its path, and is not
in the value: so no text with them gets through any door.
Refuses (Unreadable): bytes that are not UTF-8, with the encoding that they seem to have; what is
not JSON; `NaN` and its like.
"""

from __future__ import annotations

import codecs
import collections
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes that lead to a value."""

_SUSPECT: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""A NUL or a surrogate can only come as an escape: raw ones are no JSON or no UTF-8."""
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Repair(NamedTuple):
    """What had to be left out of the value: why, and what to do, in words."""

    path: Path
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Document:
    """The value, and what is missing in it."""

    value: Any
    left_out: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nothing could be read, in words."""

    message: str


def read(body: bytes) -> Document | Unreadable:
    """The JSON value in `body`."""
    repeated: list[tuple[dict[str, Any], list[str]]] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            counts = collections.Counter(name for name, _ in pairs)
            repeated.append((made, [name for name, count in counts.items() if count > 1]))
        return made

    try:
        text = body.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=build, parse_constant=_refuse, parse_float=_read_float
        )
    except (ValueError, RecursionError) as error:
        return Unreadable(_explain(body, error))
    if not repeated and not _SUSPECT.search(body):
        return Document(value)
    left_out = list(_odd_ones(value, {id(made): names for made, names in repeated}))
    for repair in left_out:
        if not repair.path:
            value = None
        else:
            prune(value, repair.path)
    return Document(value, tuple(left_out))


def prune(value: Any, path: Path) -> None:
    """Takes what is at `path` out of a value. An item of a list becomes an empty object, so that
    the others keep their places."""
    *above, last = path
    for step in above:
        value = value[step]
    if isinstance(value, list):
        value[int(last)] = {}
    else:
        value.pop(last, None)


def _refuse(constant: str) -> float:
    """Raises ValueError: `NaN` and its like are no JSON."""
    raise ValueError(f"{constant} is not a number that can be read")


def _read_float(text: str) -> float:
    """Raises ValueError for what is too large to be a float. What was sent is not repeated."""
    found = float(text)
    if not math.isfinite(found):
        raise ValueError("it has a number that is too large to be read")
    return found


def _explain(body: bytes, error: Exception) -> str:
    encoding = json.detect_encoding(body)
    if not encoding.startswith("utf-8"):
        return f"This is {encoding[:6].upper()}, not UTF-8"
    if isinstance(error, UnicodeDecodeError):
        place = error.start + (len(codecs.BOM_UTF8) if encoding == "utf-8-sig" else 0)
        return f"This is not UTF-8: byte {place} is 0x{body[place]:02x}"
    if isinstance(error, RecursionError):
        return "This is not JSON that can be read: it is nested too deeply"
    return f"This is not JSON: {error}"


def _odd_ones(whole: Any, repeated: dict[int, list[str]]) -> Iterator[Repair]:
    """Everything that must be left out, the outermost first and nothing inside it."""
    if isinstance(whole, str) and (why := _why_odd(whole)):
        yield Repair((), why, _LEAVE_OUT)
    left: list[tuple[Path, Any]] = [((), whole)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            inner: Any = list(value.items())
        elif isinstance(value, list):
            inner = enumerate(value)
        else:
            continue
        twice = repeated.get(id(value), ())
        for step, each in inner:
            place = (*path, step)
            if step in twice:
                yield Repair(place, "This key is given twice", "Send it once.")
            elif why := _why_odd(step) or _why_odd(each):
                yield Repair(place, why, _LEAVE_OUT)
            else:
                left.append((place, each))


_LEAVE_OUT: Final = "Send it without that character."


def _why_odd(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    if "\x00" in value:
        return "This holds a NUL character"
    return "This holds half a surrogate pair" if _SURROGATE.search(value) else None
