"""An export of the log: one file that can be checked offline, without any database.

Promises: JSON Lines. The first line says which log and holds its signed checkpoint, verifier key
and where reading stood; then every leaf under it, in order, with the events that its reader may
see; then the offsets that are no leaf of their own. `read` gives what `audit.check` takes, line by
line.

Refuses, with ExportRefusedError: a file that is no export, or of another version.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.ledger import store
from services.ledger.audit import audit
from services.ledger.domain.entries.offsets import Listed, Stream
from services.ledger.domain.entries.payloads import Disclosed
from shared import sql

KIND: Final = "makegood-export"
VERSION: Final = 1
_WHY: Final = {"repeat", "day", "parked", "hole"}
MEDIA_TYPE: Final = "application/x-ndjson"


class ExportRefusedError(ValueError):
    """The file is no export. The message says where."""


# --- writing -----------------------------------------------------------------------------------


async def write(
    pool: sql.Pool,
    head: store.log.Head,
    checkpoint: store.rows.StoredCheckpoint,
    seen_by: store.reading.Scope | None,
) -> AsyncIterator[bytes]:
    """The export's lines, one by one. Events are disclosed where `seen_by` covers them; none
    where there is no scope."""
    yield _line(_header(head, checkpoint))
    async for step in store.reading.stream_entries(pool, checkpoint.size):
        for stored in step:
            yield _line(_entry(stored, seen_by))
    async with pool.acquire() as conn:
        listed = await store.reading.list_offsets(conn, checkpoint.next_offsets)
    for each in listed:
        yield _line(_listed(each))


def _header(head: store.log.Head, checkpoint: store.rows.StoredCheckpoint) -> dict[str, object]:
    return {
        "kind": KIND,
        "version": VERSION,
        "origin": head.origin,
        "verifier_key": head.verifier_key,
        "checkpoint": checkpoint.note,
        "next_offsets": [[*stream, n] for stream, n in checkpoint.next_offsets.items()],
    }


def _entry(
    stored: store.rows.StoredEntry, seen_by: store.reading.Scope | None
) -> dict[str, object]:
    said: dict[str, object] = {"index": stored.idx, "leaf": base64.b64encode(stored.leaf).decode()}
    may_see = seen_by is not None and seen_by.covers(stored.authority_id, stored.party_id)
    if may_see and stored.disclosed is not None:
        said["event"] = base64.b64encode(stored.disclosed.event).decode()
        said["salt"] = base64.b64encode(stored.disclosed.salt).decode()
    return said


def _listed(listed: Listed) -> dict[str, object]:
    said: dict[str, object] = {
        "why": listed.why,
        **listed.stream._asdict(),
        "first": listed.first,
        "next": listed.next,
    }
    return said if listed.event_id is None else said | {"event_id": str(listed.event_id)}


def _line(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


# --- reading -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pack:
    """What a file says of its log, and what of it can be audited, once."""

    origin: str
    verifier_key: str
    export: audit.Export


def read(path: Path, advance: Callable[[int], object] = lambda _: None) -> Pack:
    """The export in `path`, whose lines are read while it is audited; `advance` hears of the bytes
    of each. Raises ExportRefusedError, then and now, and OSError."""
    lines = _lines(path, advance)
    number, header = next(lines, (1, {}))
    if header.get("kind") != KIND or header.get("version") != VERSION:
        raise ExportRefusedError(f"line 1: this is no {KIND} of version {VERSION}")
    disclosed: dict[int, Disclosed] = {}
    listed: list[Listed] = []
    with _refusing(number):
        next_offsets = {
            Stream(str(topic), int(incarnation), int(partition)): int(reached)
            for topic, incarnation, partition, reached in header["next_offsets"]
        }
        entries = _entries(lines, disclosed, listed)
        export = audit.Export(str(header["checkpoint"]), entries, listed, next_offsets, disclosed)
        return Pack(str(header["origin"]), str(header["verifier_key"]), export)


def _entries(
    lines: Iterator[tuple[int, dict[str, Any]]],
    disclosed: dict[int, Disclosed],
    listed: list[Listed],
) -> Iterator[bytes]:
    """The leaves. Fills the other two as it goes: `disclosed` with the event of the leaf in hand
    alone, so that a file of any length fits in memory; `listed` with what follows the leaves."""
    for index, (number, said) in enumerate(lines):
        with _refusing(number):
            if "leaf" not in said:
                listed.append(_parse_listed(said))
                continue
            if said["index"] != index or listed:
                raise ExportRefusedError(f"line {number}: entry {index} should stand here")
            leaf = base64.b64decode(said["leaf"], validate=True)
            disclosed.clear()
            if "event" in said:
                event, salt = (base64.b64decode(said[f], validate=True) for f in ("event", "salt"))
                disclosed[index] = Disclosed(event, salt)
        yield leaf


def _parse_listed(said: dict[str, Any]) -> Listed:
    if said["why"] not in _WHY:
        raise ValueError(said["why"])
    stream = Stream(str(said["topic"]), int(said["incarnation"]), int(said["partition"]))
    event_id = UUID(said["event_id"]) if "event_id" in said else None
    return Listed(stream, int(said["first"]), int(said["next"]), said["why"], event_id)


def _lines(path: Path, advance: Callable[[int], object]) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            advance(len(line))
            with _refusing(number):
                said = json.loads(line)
                if not isinstance(said, dict):
                    raise TypeError("no object")
            yield number, said


@contextmanager
def _refusing(number: int) -> Iterator[None]:
    """Turns what can be wrong with a line into a refusal of that line."""
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
        raise ExportRefusedError(f"line {number}: it is no line of an export") from error
