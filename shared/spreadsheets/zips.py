"""A packed file (ZIP), opened with care.

Promises: before anything is unpacked, the sizes that it announces are within bounds; a part never
becomes larger than it announces.
Refuses (`tables.RefusedError`): what is damaged, protected, packed in another way than ZIP's usual
one, or becomes far larger than it is.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from shared.spreadsheets import markup, tables

PARTS_MAX: Final = 1_000
UNPACKED_BYTES_MAX: Final = 40 * 1024 * 1024
"""250,000 filled cells are 15 MB."""
RATIO_MAX: Final = 200
"""Sheets shrink to a tenth, very uniform ones to a hundredth."""
RATIO_FREE_BYTES: Final = 1024 * 1024
"""Below this size any ratio will do."""
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1
_DAMAGED: Final = "The file is damaged: it cannot be unpacked"
_SAVE_AGAIN: Final = "Open it in a spreadsheet program, save it as XLSX, and send that."


class Parts:
    """The parts of a packed file, by name."""

    def __init__(self, body: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(body))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN) from error
        infos = self._zip.infolist()
        self._check(infos, len(body))
        self.elements_left = markup.ELEMENTS_MAX
        """Of XML, in what is still to be read."""
        self._infos = {info.filename: info for info in infos}

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def unpack(self, name: str) -> bytes | None:
        """A part; None if there is none of this name."""
        info = self._infos.get(name)
        if info is None:
            return None
        try:
            with self._zip.open(info) as part:
                return part.read(info.file_size)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError,
        ) as error:  # fmt: skip
            raise tables.RefusedError(_DAMAGED, _SAVE_AGAIN) from error

    def _check(self, infos: list[zipfile.ZipInfo], packed: int) -> None:
        unpacked = sum(info.file_size for info in infos)
        if len(infos) > PARTS_MAX or len({info.filename for info in infos}) < len(infos):
            raise tables.RefusedError("The file has too many parts, or one twice", _SAVE_AGAIN)
        is_bomb = unpacked > RATIO_FREE_BYTES and unpacked > RATIO_MAX * packed
        if unpacked > UNPACKED_BYTES_MAX or is_bomb:
            message = f"The file unpacks to {unpacked / 1024 / 1024:,.0f} MB, which is too much"
            raise tables.RefusedError(message, "Remove pictures and empty rows, or send CSV.")
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            raise tables.RefusedError(
                "The file is protected by a password", "Save it without a password."
            )
        if any(info.compress_type not in _PACKINGS for info in infos):
            raise tables.RefusedError("The file is packed in an unusual way", _SAVE_AGAIN)
