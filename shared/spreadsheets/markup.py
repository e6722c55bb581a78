"""The XML inside of an XLSX file, read as it streams by.

Promises: nothing outside of the text is opened, and no entity is known but XML's own five.
Refuses (`tables.RefusedError`): what is not well formed; a document type, which could define
entities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol
from xml.parsers import expat

from shared.spreadsheets import tables

_PIECE_BYTES: Final = 64 * 1024
"""Between two pieces other threads have their turn."""
_DAMAGED: Final = "The file is damaged: its XML cannot be read"
_SAVE_AGAIN: Final = "Open it in a spreadsheet program, save it as XLSX, and send that."


class Reader(Protocol):
    """What is told of a document. Names are without their namespaces' prefixes."""

    def start(self, name: str, attributes: Mapping[str, str], /) -> None:
        """An element begins."""

    def end(self, name: str, /) -> None:
        """An element ends."""

    def data(self, text: str, /) -> None:
        """Text, in pieces."""


ELEMENTS_MAX: Final = 1_500_000
"""Of all parts of a file together: 250,000 filled cells are 600,000. Each takes a microsecond."""


def read(body: bytes, reader: Reader, elements_max: int) -> int:
    """Tells `reader` what is in an XML document. How many elements more may come."""
    left = elements_max
    parser = expat.ParserCreate()
    parser.buffer_text = True
    names: dict[str, str] = {}

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise tables.RefusedError("The file has too many cells, filled or not", _FEWER)
        local = names.get(name)
        if local is None:
            local = names[name] = name.rpartition(":")[2]
        reader.start(local, attributes)

    def end(name: str) -> None:
        reader.end(names[name])

    def refuse(*_: object) -> None:
        raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        for at in range(0, len(body), _PIECE_BYTES):
            parser.Parse(body[at : at + _PIECE_BYTES], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN) from error
    return left


_FEWER: Final = "Copy what you filled in to a new file, or send CSV."


def attribute(attributes: Mapping[str, str], name: str) -> str | None:
    """An attribute, with whatever prefix its namespace has in this document."""
    for key, value in attributes.items():
        if key == name or key.endswith(f":{name}"):
            return value
    return None
