"""An export of the log: one file that can be checked offline, without any database.

Promises: JSON Lines (docs/ledger.md, The export). The first line names the log and has its signed
checkpoint, its verifier key and the next offsets at that moment. Then comes every leaf under the
checkpoint, in order, with the events that its reader may see; then the offsets that are no leaf of
their own. `read` gives what `audit.check` needs, line by line, so that a file of any length fits in
memory.

Refuses, with ExportRefusedError: a file that is not an export, or of another version; a line that
is too long; a last line that is not whole, for then the download was cut off.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, get_args
from uuid import UUID

from services.ledger import store
from services.ledger.audit import audit
from services.ledger.domain.entries.offsets import Listed, Stream, Why
from services.ledger.domain.entries.payloads import Disclosed
from shared import sql
from shared.web.scope import Scope

KIND: Final = "makegood-export"
VERSION: Final = 1
MEDIA_TYPE: Final = "application/x-ndjson"
LINE_BYTES_MAX: Final = 8_000_000
"""Of a line: the base64 of the largest event and of the largest leaf take 5.7 MB. So a file without
lines does not fill the memory."""

_BEGINNING: Final = f'{{"kind":"{KIND}"'.encode()
CUT_OFF: Final = "the file ends in the middle of this line: the download was cut off"


class ExportRefusedError(ValueError):
    """The file is not an export. The message names the line."""


# --- writing -----------------------------------------------------------------------------------


async def write(
    pool: sql.Pool,
    head: store.log.Head,
    checkpoint: store.rows.StoredCheckpoint,
    seen_by: Scope | None,
) -> AsyncIterator[bytes]:
    """The lines of the export. Events are disclosed if `seen_by` covers them; without a scope none
    are."""
    yield _encode(_header(head, checkpoint))
    async for step in store.reading.stream_entries(pool, checkpoint.size):
        for stored in step:
            yield _encode(_entry(stored, seen_by))
    async with pool.acquire() as conn:
        listed = await store.reading.list_offsets(conn, checkpoint.next_offsets)
    for each in listed:
        yield _encode(_listed(each))


def _header(head: store.log.Head, checkpoint: store.rows.StoredCheckpoint) -> dict[str, object]:
    return {
        "kind": KIND,
        "version": VERSION,
        "origin": head.origin,
        "verifier_key": head.verifier_key,
        "checkpoint": checkpoint.note,
        "next_offsets": [
            [*stream, next_offset] for stream, next_offset in checkpoint.next_offsets.items()
        ],
    }


def _entry(stored: store.rows.StoredEntry, seen_by: Scope | None) -> dict[str, object]:
    fields: dict[str, object] = {
        "index": stored.idx,
        "leaf": base64.b64encode(stored.leaf).decode(),
    }
    if seen_by is None or not seen_by.covers(stored.authority_id, stored.party_id):
        return fields
    if stored.disclosed is None:
        return fields | {"damaged": True}
    fields["event"] = base64.b64encode(stored.disclosed.event).decode()
    fields["salt"] = base64.b64encode(stored.disclosed.salt).decode()
    return fields


def _listed(listed: Listed) -> dict[str, object]:
    fields: dict[str, object] = {
        "why": listed.why,
        **listed.stream._asdict(),
        "first": listed.first,
        "next": listed.next,
    }
    return fields if listed.event_id is None else fields | {"event_id": str(listed.event_id)}


def _encode(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pack:
    """What a file says of its log, and its content, which can be audited once."""

    origin: str
    verifier_key: str
    export: audit.Export


class _Line(NamedTuple):
    number: int
    fields: dict[str, Any]


def read(path: Path, advance: Callable[[int], object] = lambda _: None) -> Pack:
    """The export in `path`. Its lines are read while it is audited, and `advance` is told the bytes
    of each. Raises ExportRefusedError, here and during the audit, and OSError."""
    return read_lines(_opened(path), advance)


def read_lines(found: Iterable[bytes], advance: Callable[[int], object] = lambda _: None) -> Pack:
    """The export that these lines are (`pieces`). Raises ExportRefusedError, here and during the
    audit."""
    lines = _lines(found, advance)
    number, header = next(lines, _Line(1, {}))
    if header.get("kind") != KIND:
        raise ExportRefusedError(f"line {number}: this is not the header of a {KIND}")
    if header.get("version") != VERSION:
        what = f"this is version {str(header.get('version'))[:20]} of a {KIND}"
        raise ExportRefusedError(f"line {number}: {what}, and only {VERSION} can be read here")
    disclosed: dict[int, Disclosed | None] = {}
    listed: list[Listed] = []
    with _refusing(number):
        next_offsets = {
            Stream(str(topic), int(incarnation), int(partition)): int(next_offset)
            for topic, incarnation, partition, next_offset in header["next_offsets"]
        }
        entries = _entries(lines, disclosed, listed)
        export = audit.Export(str(header["checkpoint"]), entries, listed, next_offsets, disclosed)
        return Pack(str(header["origin"]), str(header["verifier_key"]), export)


def _entries(
    lines: Iterator[_Line], disclosed: dict[int, Disclosed | None], listed: list[Listed]
) -> Iterator[bytes]:
    """The leaves. Fills the other two meanwhile: `disclosed` has only the event of the present
    leaf, and `listed` gets what follows the leaves."""
    for index, (number, fields) in enumerate(lines):
        with _refusing(number):
            if "leaf" not in fields:
                listed.append(_parse_listed(fields))
                continue
            if fields["index"] != index or listed:
                raise ExportRefusedError(f"line {number}: entry {index} is missing or out of order")
            leaf = _decode(fields["leaf"])
            disclosed.clear()
            if fields.get("damaged"):
                disclosed[index] = None
            elif "event" in fields:
                disclosed[index] = Disclosed(_decode(fields["event"]), _decode(fields["salt"]))
        yield leaf


def _decode(encoded: str) -> bytes:
    return base64.b64decode(encoded, validate=True)


def _parse_listed(fields: dict[str, Any]) -> Listed:
    if fields["why"] not in get_args(Why):
        raise ValueError(fields["why"])
    stream = Stream(str(fields["topic"]), int(fields["incarnation"]), int(fields["partition"]))
    event_id = UUID(fields["event_id"]) if "event_id" in fields else None
    return Listed(stream, int(fields["first"]), int(fields["next"]), fields["why"], event_id)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, none longer than one that is refused."""
    while line := file.readline(LINE_BYTES_MAX + 1):
        yield line


def _opened(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from pieces(file)


def _lines(found: Iterable[bytes], advance: Callable[[int], object]) -> Iterator[_Line]:
    for number, line in enumerate(found, 1):
        advance(len(line))
        if len(line) > LINE_BYTES_MAX:
            what = f"it has more than {LINE_BYTES_MAX:,} bytes, so it is no line of an export"
            raise ExportRefusedError(f"line {number}: {what}")
        try:
            with _refusing(number):
                fields = json.loads(line)
                if not isinstance(fields, dict):
                    raise TypeError("not an object")
        except ExportRefusedError:
            if not line.endswith(b"\n") and (number > 1 or line.startswith(_BEGINNING)):
                raise ExportRefusedError(f"line {number}: {CUT_OFF}") from None
            raise
        yield _Line(number, fields)


@contextmanager
def _refusing(number: int) -> Iterator[None]:
    """Turns whatever is wrong with a line into a refusal of that line."""
    try:
        yield
    except ExportRefusedError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,  # brackets in brackets
        OverflowError,  # an offset that is Infinity
    ) as error:
        raise ExportRefusedError(f"line {number}: this is not a line of an export") from error
