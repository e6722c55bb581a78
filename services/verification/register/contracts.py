"""Contracts, as people register them: by hand, or from what was published. Gather, decide, apply.

Promises: a contract is registered once; the same again changes nothing. Names and titles stay here;
its events carry a salted digest of them.
Refuses (http.Problem): an id, or an award, that another contract has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import asyncpg
from aiokafka.partitioner import DefaultPartitioner

from services.verification import store
from services.verification.api import documents
from services.verification.domain import fold, state
from services.verification.domain.lines import Lines
from services.verification.domain.state import Facts
from services.verification.register import publication
from shared import sql
from shared.delivery import topics
from shared.web import problems
from shared.wire import events

SALT_BYTES: Final = 16

_partition_of: Final = DefaultPartitioner()


@dataclass(frozen=True, slots=True)
class Registration:
    """A contract as it is to stand: figures, and words that stay in this service."""

    contract_id: str
    supplier_ids: tuple[str, ...]
    starts_on: date
    ends_on: date
    words: dict[str, Any]
    """`title`, and names by party: `suppliers`, `buyer`."""
    ocid: str | None = None
    award_id: str | None = None
    buyer_id: str | None = None
    published_at: datetime | None = None
    """When the award was published, so that an older notice changes nothing."""


def registration(given: documents.ContractRequest) -> Registration:
    """A contract from the API. Raises a `422` problem."""
    if given.ends_on < given.starts_on:
        raise problems.Problem(422, "The contract ends before it starts")
    suppliers = tuple(dict.fromkeys(given.supplier_ids))
    buyer = given.buyer.model_dump(exclude_none=True) if given.buyer else None
    names = {each: given.supplier_names.get(each) for each in suppliers}
    return Registration(
        given.contract_id,
        suppliers,
        given.starts_on,
        given.ends_on,
        {"title": given.title, "suppliers": names, "buyer": buyer},
        ocid=given.ocid,
        buyer_id=given.buyer.id if given.buyer else None,
    )


async def register(conn: sql.Connection, given: Registration, acting: publication.Acting) -> bool:
    """A new contract; False where it stands here already, just so."""
    row = await store.fold.lock_contract(conn, given.contract_id)
    if row is not None:
        if row["authority_id"] == acting.who.authority_id and is_same(row, given):
            return False
        raise problems.Problem(409, "A contract with this id is registered already")
    await _add(conn, given, acting)
    return True


async def register_again(
    conn: sql.Connection, row: sql.Record, given: Registration, acting: publication.Acting
) -> None:
    """Later figures and words of a contract, whose row is locked."""
    before = state.from_bytes(row["state"])
    salt = os.urandom(SALT_BYTES)
    event = _registered(given, acting, row["version"] + 1, salt)
    after, decided = fold.fold(before, event, Facts(), Lines())
    stood = store.rows.state_row(after)
    with _once_only():
        await store.fold.change_contract(
            conn, **(stood._asdict() | _columns(given, salt)), version=after.version
        )
    moved = [m for m in decided.outcomes if isinstance(m, events.CaseMoved)]
    await store.fold.move_cases(conn, [store.rows.case_row(each, None) for each in moved])
    rows = await store.fold.commitments(conn, [given.contract_id])
    await publication.post(conn, after, event, rows, moved)


def is_same(row: sql.Record, given: Registration) -> bool:
    """Whether a contract stands here with these figures and words."""
    names = ("starts_on", "ends_on", "ocid", "award_id", "buyer_id")
    return (
        all(row[name] == getattr(given, name) for name in names)
        and tuple(row["supplier_ids"]) == given.supplier_ids
        and row["words"] == _words(given.words)
    )


async def _add(conn: sql.Connection, given: Registration, acting: publication.Acting) -> None:
    salt = os.urandom(SALT_BYTES)
    event = _registered(given, acting, 1, salt)
    after, _ = fold.fold(None, event, Facts(), Lines())
    with _once_only():
        await store.fold.add_contract(
            conn,
            **(store.rows.state_row(after)._asdict() | _columns(given, salt)),
            authority_id=acting.who.authority_id,
            partition=partition(given.contract_id),
            version=1,
        )
    await publication.post(conn, after, event, [])


@contextlib.contextmanager
def _once_only() -> Iterator[None]:
    """Refuses what is here already: somebody was quicker, or the award has another id here."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise problems.Problem(409, "This contract is registered already") from error


def _columns(given: Registration, salt: bytes) -> dict[str, Any]:
    return {
        "supplier_ids": list(given.supplier_ids),
        "starts_on": given.starts_on,
        "ends_on": given.ends_on,
        "ocid": given.ocid,
        "award_id": given.award_id,
        "published_at": given.published_at,
        "buyer_id": given.buyer_id,
        "words": _words(given.words),
        "words_salt": salt,
    }


def _registered(
    given: Registration, acting: publication.Acting, version: int, salt: bytes
) -> events.ContractRegistered:
    return events.ContractRegistered(
        **publication.head(acting),
        contract_id=given.contract_id,
        version=version,
        supplier_ids=given.supplier_ids,
        starts_on=given.starts_on,
        ends_on=given.ends_on,
        ocid=given.ocid,
        buyer_id=given.buyer_id,
        words_digest=hashlib.sha256(salt + _words(given.words)).hexdigest(),
    )


def _words(words: dict[str, Any]) -> bytes:
    return json.dumps(words, ensure_ascii=False, sort_keys=True).encode()


def partition(contract_id: str) -> int:
    """The partition of `returns` on which the contract lives: as producers choose it by key."""
    every = list(range(topics.PARTITIONS))
    return int(_partition_of(contract_id.encode(), every, every))
