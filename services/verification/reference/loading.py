"""Loading an edition of the postcode directory, from a file into the database.

Promises: all of a file or nothing. Loading it again changes nothing; rows that differ are updated.
Refuses: a file with a row that cannot be read, or with a postcode twice in one edition; the first
faults are listed, the others counted.
"""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.verification import store
from services.verification.reference import postcodes
from shared import formats, sql
from shared.settings import Settings

ROWS_AT_ONCE: Final = 5_000
"""Rows that are sent to the database together: a megabyte."""
FAULTS_LISTED_MAX: Final = 20


class FileRefusedError(Exception):
    """Nothing was loaded. The text says why, line by line."""


@dataclass(slots=True)
class Loaded:
    """What became of the rows of a file, and how many each edition has in it."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    editions: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """The same in words."""
        each = [
            f"Edition {name}: {formats.count(count, 'postcode')} in the file"
            for name, count in sorted(self.editions.items())
        ]
        fates = f"{self.new:,} new, {self.changed:,} changed, {self.unchanged:,} as they were"
        return [*each, fates]


async def load(
    settings: Settings, path: Path, edition: str | None, advance: Callable[[float], object]
) -> Loaded:
    """Loads a file. `advance` is told how many of its bytes were read. Raises FileRefusedError."""
    conn = await sql.connect_alone(settings, "verification")
    try:
        async with conn.transaction():
            with path.open("rb") as file:
                return await _load(conn, _read(file, edition, advance))
    finally:
        await conn.close()


def _read(
    file: io.BufferedReader, edition: str | None, advance: Callable[[float], object]
) -> Iterator[list[postcodes.Row | postcodes.Fault]]:
    """The rows, many at once."""
    try:
        rows, done = postcodes.read(file, edition), 0
        while found := list(itertools.islice(rows, ROWS_AT_ONCE)):
            advance(file.tell() - done)
            done = file.tell()
            yield found
    except postcodes.HeadRefusedError as error:
        raise FileRefusedError(f"{error}.") from None


async def _load(
    conn: sql.Connection, pieces: Iterator[list[postcodes.Row | postcodes.Fault]]
) -> Loaded:
    loaded = Loaded()
    faults: list[postcodes.Fault] = []
    count = 0
    await store.postcodes.add_incoming_table(conn)
    for piece in pieces:
        wrong = [each for each in piece if isinstance(each, postcodes.Fault)]
        count += len(wrong)
        faults += wrong[: FAULTS_LISTED_MAX - len(faults)]
        rows = [each for each in piece if isinstance(each, postcodes.Row)]
        loaded.editions.update(row.edition for row in rows)
        if not count:
            await store.postcodes.add_incoming(conn, rows)
    if not count:
        twice = await store.postcodes.list_twice(conn)
        count = len(twice)
        faults = [
            postcodes.Fault(row["line"], f"{row['postcode']} is given twice in {row['edition']}")
            for row in twice[:FAULTS_LISTED_MAX]
        ]
    if count:
        raise FileRefusedError(_listed(faults, count))
    total = loaded.editions.total()
    loaded.new, loaded.changed = await store.postcodes.apply_incoming(conn)
    loaded.unchanged = total - loaded.new - loaded.changed
    return loaded


def _listed(faults: list[postcodes.Fault], count: int) -> str:
    lines = [f"  line {fault.line}: {fault.what}" for fault in faults]
    if count > len(faults):
        lines.append(f"  and {count - len(faults):,} more")
    head = f"{count:,} line{' is' if count == 1 else 's are'} wrong, and nothing was loaded:"
    return "\n".join([head, *lines, "Correct the file, then load it again."])
