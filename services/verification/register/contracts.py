"""Contracts, as people register them: by hand, or from what was published. Gather, decide, apply.

Promises: a contract is registered once; registering it again with the same values changes nothing.
What is recorded of names and titles is a salted digest; they are published for display only.
Refuses: an id or an award that another contract has; an end before the start.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal, TypeAlias

import asyncpg
from aiokafka.partitioner import DefaultPartitioner

from services.verification import store
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts
from services.verification.register import publication
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.delivery import topics
from shared.wire import events

SALT_BYTES: Final = 16

_partition_of: Final = DefaultPartitioner()

Registered: TypeAlias = Literal["new", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A contract as it is to be registered: figures, and words that are not recorded."""

    contract_id: str
    supplier_ids: tuple[str, ...]
    starts_on: date
    ends_on: date
    words: dict[str, Any]
    """`title`; `suppliers`, a name by id; `buyer`, with id and name."""
    ocid: str | None = None
    award_id: str | None = None
    buyer_id: str | None = None
    published_at: datetime | None = None
    """When the award was published: an older notice changes nothing."""


async def lock(conn: sql.Connection, contract_id: str, acting: Acting) -> sql.Record | Refusal:
    """The row of a contract, locked until the transaction ends. To another authority the contract
    is unknown."""
    row = await store.register.lock_contract(conn, contract_id)
    if row is None or row["authority_id"] != acting.authority_id:
        return Refusal("contract_unknown")
    return row


async def register(
    conn: sql.Connection, wanted: Registration, acting: Acting
) -> Registered | Refusal:
    """A new contract; `unchanged` if it is registered already with the same values."""
    if wanted.ends_on < wanted.starts_on:
        return Refusal("contract_ends_before_start")
    row = await store.register.lock_contract(conn, wanted.contract_id)
    if row is None:
        return await _add(conn, wanted, acting)
    if row["authority_id"] == acting.authority_id and is_same(row, wanted):
        return "unchanged"
    return Refusal("contract_known")


async def register_again(
    conn: sql.Connection, row: sql.Record, wanted: Registration, acting: Acting
) -> Refusal | None:
    """Later figures and words of a contract. `row`: the contract's, locked."""
    before, salt = state.from_bytes(row["state"]), os.urandom(SALT_BYTES)
    event = _registered(wanted, acting, row["version"] + 1, salt)
    after, decisions = fold.fold(before, event, Facts(), Lines())
    moved = [each for each in decisions.outcomes if isinstance(each, events.CaseMoved)]
    values = store.rows.state_row(after)._asdict() | _columns(wanted, salt)
    refusal = await _write(
        conn, store.register.change_contract(conn, **values, version=after.version)
    )
    if refusal is not None:
        return refusal
    await store.batches.move_cases(conn, [store.rows.case_row(each, None) for each in moved])
    commitments = await store.register.list_commitments(conn, wanted.contract_id)
    await publication.post(conn, after, event, commitments, moved)
    return None


def is_same(row: sql.Record, wanted: Registration) -> bool:
    """Whether a contract is registered with these figures and words. `row`: the contract's."""
    names = ("starts_on", "ends_on", "ocid", "award_id", "buyer_id")
    return (
        all(row[name] == getattr(wanted, name) for name in names)
        and tuple(row["supplier_ids"]) == wanted.supplier_ids
        and row["words"] == _words(wanted.words)
    )


def partition(contract_id: str) -> int:
    """The partition of `returns` that has the contract's returns and days: producers choose it by
    the key."""
    every = list(range(topics.PARTITIONS))
    return int(_partition_of(contract_id.encode(), every, every))


async def _add(conn: sql.Connection, wanted: Registration, acting: Acting) -> Registered | Refusal:
    salt = os.urandom(SALT_BYTES)
    event = _registered(wanted, acting, 1, salt)
    after, _ = fold.fold(None, event, Facts(), Lines())
    values = store.rows.state_row(after)._asdict() | _columns(wanted, salt)
    refusal = await _write(
        conn,
        store.register.add_contract(
            conn,
            **values,
            authority_id=acting.authority_id,
            partition=partition(wanted.contract_id),
            version=1,
        ),
    )
    if refusal is not None:
        return refusal
    await publication.post(conn, after, event, [])
    return "new"


async def _write(conn: sql.Connection, write: Awaitable[None]) -> Refusal | None:
    """Writes the row of a contract. Refused if someone else was quicker to register the id, or if
    the award has a contract with another id."""
    try:
        async with conn.transaction():  # a savepoint: the caller's transaction lives on
            await write
    except asyncpg.UniqueViolationError as error:
        is_award = error.constraint_name == "contract_award_once"
        return Refusal("award_known" if is_award else "contract_known")
    return None


def _columns(wanted: Registration, salt: bytes) -> dict[str, Any]:
    return {
        "supplier_ids": list(wanted.supplier_ids),
        "starts_on": wanted.starts_on,
        "ends_on": wanted.ends_on,
        "ocid": wanted.ocid,
        "award_id": wanted.award_id,
        "published_at": wanted.published_at,
        "buyer_id": wanted.buyer_id,
        "words": _words(wanted.words),
        "words_salt": salt,
    }


def _registered(
    wanted: Registration, acting: Acting, version: int, salt: bytes
) -> events.ContractRegistered:
    return events.ContractRegistered(
        **publication.head(acting),
        contract_id=wanted.contract_id,
        version=version,
        supplier_ids=wanted.supplier_ids,
        starts_on=wanted.starts_on,
        ends_on=wanted.ends_on,
        ocid=wanted.ocid,
        buyer_id=wanted.buyer_id,
        award_id=wanted.award_id,
        words_digest=words_digest(salt, _words(wanted.words)),
    )


def words_digest(salt: bytes, words: bytes) -> str:
    """What an event says of words that stay in this service: SHA-256(salt || words)."""
    return hashlib.sha256(salt + words).hexdigest()


def _words(words: dict[str, Any]) -> bytes:
    return json.dumps(words, ensure_ascii=False, sort_keys=True).encode()
