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
from services.ledger.domain.entries.offsets import Listed, Stream
from services.ledger.domain.entries.recording import Entry
from services.ledger.domain.log import tree
from shared import sql
from shared.delivery.messages import Message

INDEX_COLUMNS: Final = ("idx", *IndexRow._fields)


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


def day_row(message: Message) -> DayRow:
    return DayRow(
        message.topic, message.incarnation, message.partition, message.offset, message.event.day
    )


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
    return Tip(row["seq"], row["leaf_hash"])


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
    """An entry, whose it is, and its event unless that was forgotten."""

    idx: int
    leaf: bytes
    authority_id: str
    party_id: str | None
    disclosed: payloads.Disclosed | None


def read_entry(row: sql.Record) -> StoredEntry:
    """The entry, with its event unsealed."""
    disclosed = None
    if row["key"] is not None:
        sealed = payloads.Sealed(row["commitment"].hex(), row["ciphertext"])
        secrets = payloads.Secrets(row["salt"], row["key"], row["nonce"])
        event = payloads.unseal(sealed, row["event_id"], secrets)
        disclosed = payloads.Disclosed(event, row["salt"])
    return StoredEntry(row["idx"], row["leaf"], row["authority_id"], row["party_id"], disclosed)


@dataclass(frozen=True, slots=True)
class ShownLeaf:
    """A leaf in a list; with `occurred_at` if the list is in that order."""

    idx: int
    leaf: bytes
    leaf_hash: bytes
    occurred_at: datetime | None = None


def read_shown_leaf(row: sql.Record) -> ShownLeaf:
    return ShownLeaf(*row)


def read_index_row(row: sql.Record) -> IndexRow | None:
    """The index row that fsck reads with its entry; None if the entry has none."""
    if row["listed"] is None:
        return None
    names = IndexRow._fields[1:]
    return IndexRow(row["listed_event_id"], *(row[name] for name in names))


def read_listed(row: sql.Record) -> Listed:
    stream = Stream(row["topic"], row["incarnation"], row["partition"])
    return Listed(stream, row["first"], row["next"], row["why"], row["event_id"])
