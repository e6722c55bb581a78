"""Rows and values, both ways: what a table keeps of a value, and the value of a row.

A value becomes a row with `<noun>_row`, a row becomes a value with `read_<noun>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.ledger.domain.entries import payloads
from services.ledger.domain.entries.chains import Tip
from services.ledger.domain.entries.index_row import IndexRow
from services.ledger.domain.entries.offsets import Listed, Stream, Why
from services.ledger.domain.entries.recording import Entry
from services.ledger.domain.entries.returns import Told
from services.ledger.domain.log import tree
from shared import sql
from shared.delivery import marks
from shared.delivery.messages import Message

INDEX_COLUMNS: Final = ("idx", *IndexRow._fields)


class Place(NamedTuple):
    """One offset of a stream."""

    topic: str
    incarnation: int
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{Stream(*self[:3])} offset {self.offset}"


# --- what a batch writes -------------------------------------------------------------------------


class EntryRow(NamedTuple):
    """A row of `entry`."""

    idx: int
    event_id: UUID
    leaf: bytes
    leaf_hash: bytes
    commitment: bytes
    ciphertext: bytes


def entry_row(index: int, entry: Entry) -> EntryRow:
    # by position, for this runs for every entry: keywords would take twice as long
    return EntryRow._make(
        (
            index,
            entry.event_id,
            entry.encoded,
            entry.leaf_hash,
            bytes.fromhex(entry.sealed.commitment),
            entry.sealed.ciphertext,
        )
    )


class KeyRow(NamedTuple):
    """A row of `payload_key`."""

    idx: int
    salt: bytes
    key: bytes
    nonce: bytes


def key_row(index: int, entry: Entry) -> KeyRow:
    secrets = entry.secrets
    return KeyRow(index, secrets.salt, secrets.key, secrets.nonce)


class DayRow(NamedTuple):
    """A row of `passed_day`."""

    topic: str
    incarnation: int
    partition: int
    offset: int
    day: date
    mark: bytes


def day_row(message: Message, key: bytes) -> DayRow:
    day: date = message.event.day
    return DayRow(
        *_place(message), day=day, mark=marks.make(key, "day", *_place(message), str(day))
    )


class RepeatRow(NamedTuple):
    """A row of `repeat`."""

    topic: str
    incarnation: int
    partition: int
    offset: int
    idx: int
    mark: bytes


def repeat_row(message: Message, entry: sql.Record, key: bytes) -> RepeatRow:
    """`entry`: the one that came again, whose commitment is also that of the record's bytes."""
    what = repeated(entry["event_id"], entry["commitment"])
    mark = marks.make(key, "repeat", *_place(message), what)
    return RepeatRow(*_place(message), idx=entry["idx"], mark=mark)


def repeated(event_id: UUID, commitment: bytes) -> str:
    """What the mark of a repeat says of the record: its event, and the commitment to its bytes."""
    return f"{event_id} {commitment.hex()}"


def _place(message: Message) -> Place:
    return Place(message.topic, message.incarnation, message.partition, message.offset)


# --- what is read back ---------------------------------------------------------------------------


class StoredHead(NamedTuple):
    """The row of `head`. Its edge may have been tampered with."""

    origin: str
    verifier_key: str
    size: int
    edge: bytes


def read_head(row: sql.Record) -> StoredHead:
    return StoredHead(*row)


def read_tip(row: sql.Record) -> Tip:
    return Tip(row["seq"], row["leaf_hash"], row["authority_id"])


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """What was signed, and the next offset of every stream when the tree had that size."""

    size: int
    root: bytes
    note: str
    next_offsets: Mapping[Stream, int]
    signed_at: datetime

    @property
    def head(self) -> tree.TreeHead:
        return tree.TreeHead(self.size, self.root)


def read_checkpoint(row: sql.Record) -> StoredCheckpoint:
    next_offsets = {
        Stream(topic, incarnation, partition): next_offset
        for topic, incarnation, partition, next_offset in json.loads(row["next_offsets"])
    }
    return StoredCheckpoint(row["size"], row["root"], row["note"], next_offsets, row["signed_at"])


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry, whose it is, and its event."""

    idx: int
    leaf: bytes
    authority_id: str
    party_id: str | None
    disclosed: payloads.Disclosed | None
    """None if it cannot be opened: it was damaged, or its key is missing. fsck tells which."""


def read_entry(row: sql.Record) -> StoredEntry:
    """The entry, with its event unsealed."""
    return StoredEntry(row["idx"], row["leaf"], row["authority_id"], row["party_id"], _unseal(row))


def _unseal(row: sql.Record) -> payloads.Disclosed | None:
    if row["key"] is None:
        return None
    sealed = payloads.Sealed(row["commitment"].hex(), row["ciphertext"])
    secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
    try:
        return payloads.Disclosed(payloads.unseal(sealed, row["event_id"], secrets), row["salt"])
    except payloads.PayloadRefusedError:
        return None


@dataclass(frozen=True, slots=True)
class ShownLeaf:
    """A leaf in a list; with `occurred_at` if the list is in that order."""

    idx: int
    leaf: bytes
    leaf_hash: bytes
    occurred_at: datetime | None = None


def read_shown_leaf(row: sql.Record) -> ShownLeaf:
    return ShownLeaf(*row)


def read_told(row: sql.Record) -> Told:
    """What an entry tells of a return."""
    return Told(
        entry=row["idx"],
        type=row["type"],
        party_id=row["party_id"],
        period=row["period"],
        occurred_at=row["occurred_at"],
        facts=json.loads(row["leaf"])["facts"],
    )


def read_index_row(row: sql.Record) -> IndexRow | None:
    """The index row that fsck reads with its entry; None if the entry has none."""
    if row["listed"] is None:
        return None
    names = IndexRow._fields[1:]
    return IndexRow(row["listed_event_id"], *(row[name] for name in names))


class MarkedRow(NamedTuple):
    """What is listed of offsets `[place.offset, next)`, with the ledger's mark on it."""

    why: Why
    place: Place
    next: int
    event_id: UUID | None
    """The event that a repeat repeats; None if there is no such entry."""
    said: str | int
    """What the mark says beside the place."""
    mark: bytes | None

    def is_own(self, key: bytes) -> bool:
        """Whether the ledger has listed this itself."""
        return marks.holds(self.mark, key, self.why, *self.place, self.said)


def read_marked(row: sql.Record) -> MarkedRow:
    said: dict[Why, str | int] = {
        "repeat": repeated(row["event_id"], row["commitment"] or b""),
        "day": str(row["day"]),
        "hole": row["next"],
    }
    place = Place(row["topic"], row["incarnation"], row["partition"], row["first"])
    return MarkedRow(
        why=row["why"],
        place=place,
        next=row["next"],
        event_id=row["event_id"],
        said=said[row["why"]],
        mark=row["mark"],
    )


class ParkedRow(NamedTuple):
    """A parked record, as it was sealed."""

    place: Place
    salt: bytes
    sealed: bytes


def read_listed(row: sql.Record) -> Listed:
    stream = Stream(row["topic"], row["incarnation"], row["partition"])
    return Listed(stream, row["first"], row["next"], row["why"], row["event_id"])
