"""Entries: lists of them, a contract's history, a return's life, single entries and their proofs.

Promises: a supplier sees its own entries, others their authority's. What a caller may not see is
answered with `404`, as if it did not exist. Auditors see the events of the entries too, and a
supplier those of its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from services.ledger import store
from services.ledger.api import documents, refusals
from services.ledger.api.dependencies import Dependencies, Injected, Reader, may_open
from services.ledger.domain.entries import words
from services.ledger.domain.log import prooffile, proofs, tree
from shared import calendar, fields, sql
from shared.web import auth, lists, routes, scope

router = APIRouter(route_class=routes.Route)

Index = Annotated[fields.Whole, Path(ge=0, lt=2**63)]

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("/api/v1/entries")
async def list_entries(
    dependencies: Injected, who: Reader, query: Annotated[documents.EntriesQuery, Query()]
) -> lists.Page[documents.Item]:
    """Entries in the order of recording. With `from` or `to`, in the order of occurrence. With
    `receipt`, the one that keeps the receipt of this number."""
    if query.receipt is not None:
        return await _of_receipt(dependencies, who, query)
    if query.digest is not None:
        raise refusals.digest_alone(query.digest)
    if query.since and query.until and query.since > query.until:
        raise refusals.days_reversed(query.since, query.until)
    narrowed = store.reading.Filter(
        party=query.supplier,
        contract=query.contract,
        commitment=query.commitment,
        type=query.type,
        period=query.period,
        until=_midnight(query.until, days_later=1),
    )
    if query.since is None and query.until is None:
        return await _page(dependencies, who, narrowed, query)
    since = _midnight(query.since) or BEGINNING
    start = store.reading.Occurrence(since, -1)
    after = start if query.cursor is None else decode_occurrence(query.cursor)
    async with dependencies.pool.acquire() as conn:
        seen_by, count = scope.of(who), query.limit + 1
        rows = await store.reading.list_occurrences(conn, seen_by, narrowed, after, count)
        if not rows:
            await refuse_unknown(conn, who, query.contract, query.supplier)
    shown, next_cursor = lists.cut(rows, query.limit, lambda row: [str(row.occurred_at), row.idx])
    return lists.Page(items=_items(shown), next=next_cursor)


@router.get("/api/v1/contracts/{contract_id}/history")
async def list_history(
    dependencies: Injected,
    who: Reader,
    contract_id: Annotated[str, Path(max_length=200)],
    query: Annotated[documents.HistoryQuery, Query()],
) -> lists.Page[documents.Item]:
    """One contract's chain: `contract_seq` counts from 1, `prev` is the hash of the leaf before.
    With `as_at`, only what had occurred by the end of that day."""
    narrowed = store.reading.Filter(
        contract=contract_id, until=_midnight(query.as_at, days_later=1)
    )
    return await _page(dependencies, who, narrowed, query)


@router.get("/api/v1/returns/{return_id}/life")
async def list_life(
    dependencies: Injected, who: Reader, return_id: UUID
) -> lists.Page[documents.Item]:
    """One return's life: its receipt, its checks, its withdrawal, and what they caused; and the
    revisions that have taken its place."""
    async with dependencies.pool.acquire() as conn:
        rows = await store.reading.list_life(conn, return_id, scope.of(who))
    if not rows:
        raise refusals.no_return()
    return lists.Page(items=_items(rows), next=None)


@router.get("/api/v1/entries/{index}")
async def get_entry(dependencies: Injected, who: Reader, index: Index) -> documents.Entry:
    """One entry: its exact bytes, and its event if the caller may see it."""
    async with dependencies.pool.acquire() as conn:
        return _document(await _get(conn, who, index), who)


@router.get("/api/v1/events/{event_id}")
async def get_event(dependencies: Injected, who: Reader, event_id: UUID) -> documents.Entry:
    """The entry that records an event."""
    async with dependencies.pool.acquire() as conn:
        index = await store.reading.find_index(conn, event_id)
        if index is None:
            raise refusals.no_entry()
        return _document(await _get(conn, who, index), who)


@router.get("/api/v1/entries/{index}/proof", response_class=Response)
async def get_proof(dependencies: Injected, who: Reader, index: Index) -> Response:
    """A C2SP tlog-proof file. It shows that the entry is in the tree of a signed checkpoint."""
    async with dependencies.pool.acquire() as conn:
        await _get(conn, who, index)
        checkpoint = await store.checkpoints.find_checkpoint(conn, over=index)
        if checkpoint is None:
            raise refusals.not_covered()
        proof = await store.log.get_proof(conn, proofs.inclusion(index, checkpoint.size))
    text = prooffile.write(prooffile.ProofFile(index, tuple(proof), checkpoint.note))
    return Response(text, media_type="text/plain")


# --- parts of the above ------------------------------------------------------------------------


def _midnight(day: date | None, days_later: int = 0) -> datetime | None:
    """The beginning of that day in London."""
    return None if day is None else calendar.midnight(day + timedelta(days=days_later))


def decode_occurrence(cursor: str) -> store.reading.Occurrence:
    """The last entry of the page before."""
    at, index = lists.decode_cursor(cursor, str, int)
    return store.reading.Occurrence(max(lists.read_moment(at), BEGINNING), index)


async def _page(
    dependencies: Dependencies,
    who: auth.Caller,
    narrowed: store.reading.Filter,
    query: lists.PageQuery,
) -> lists.Page[documents.Item]:
    after = -1 if query.cursor is None else lists.decode_cursor(query.cursor, int)[0]
    async with dependencies.pool.acquire() as conn:
        seen_by, count = scope.of(who), query.limit + 1
        rows = await store.reading.list_entries(conn, seen_by, narrowed, after, count)
        if not rows:
            await refuse_unknown(conn, who, narrowed.contract, narrowed.party)
    shown, next_cursor = lists.cut(rows, query.limit, lambda row: [row.idx])
    return lists.Page(items=_items(shown), next=next_cursor)


async def _of_receipt(
    dependencies: Dependencies, who: auth.Caller, query: documents.EntriesQuery
) -> lists.Page[documents.Item]:
    """The entry of a receipt; more only if intake gave its number twice. Raises a `404` problem if
    there is none that the caller may see."""
    for name, field in documents.EntriesQuery.model_fields.items():
        if name in query.model_fields_set - {"receipt", "digest", "limit"}:
            raise refusals.not_with_receipt(field.alias or name)
    assert query.receipt is not None
    async with dependencies.pool.acquire() as conn:
        indexes = await store.reading.list_receipts(conn, query.receipt, query.limit)
        found = [await store.reading.find_entry(conn, index) for index in indexes]
    seen_by = scope.of(who)
    seen = [each for each in found if each and seen_by.covers(each.authority_id, each.party_id)]
    if not seen:
        raise refusals.no_receipt()
    if query.digest is not None:
        seen = [each for each in seen if _has_digest(each, query.digest)]
        if not seen:
            raise refusals.other_digest()
    rows = [store.rows.ShownLeaf(each.idx, each.leaf, tree.leaf_hash(each.leaf)) for each in seen]
    return lists.Page(items=_items(rows), next=None)


def _has_digest(entry: store.rows.StoredEntry, digest: str) -> bool:
    """Whether it is the salted digest of the entry's return. Nobody can say so of an event that
    does not open."""
    if entry.disclosed is None:
        return False
    event = json.loads(entry.disclosed.event)
    return bool(event.get("words_digest") == digest.lower())


async def refuse_unknown(
    conn: sql.Connection, who: auth.Caller, contract: str | None, party: str | None
) -> None:
    """Raises a `404` problem if there is no such contract or supplier that the caller may see: an
    empty list would say that nothing happened there."""
    for narrowed, refusal in (
        (store.reading.Filter(contract=contract), refusals.no_contract()),
        (store.reading.Filter(party=party), refusals.no_supplier()),
    ):
        if narrowed == store.reading.Filter():
            continue
        if not await store.reading.list_entries(conn, scope.of(who), narrowed, -1, 1):
            raise refusal


def _items(rows: Sequence[store.rows.ShownLeaf]) -> list[documents.Item]:
    return [_item(row) for row in rows]


def _item(row: store.rows.ShownLeaf) -> documents.Item:
    leaf = json.loads(row.leaf)
    return documents.Item(
        index=row.idx, words=words.of(leaf), leaf_hash=row.leaf_hash.hex(), leaf=leaf
    )


async def _get(conn: sql.Connection, who: auth.Caller, index: int) -> store.rows.StoredEntry:
    """The entry. Raises a `404` problem if there is none that the caller may see."""
    entry = await store.reading.find_entry(conn, index)
    if entry is None or not scope.of(who).covers(entry.authority_id, entry.party_id):
        raise refusals.no_entry()
    return entry


def _document(entry: store.rows.StoredEntry, who: auth.Caller) -> documents.Entry:
    payload, opens = None, may_open(who)
    if opens and entry.disclosed is not None:
        payload = documents.Payload(
            event=json.loads(entry.disclosed.event),
            event_base64=base64.b64encode(entry.disclosed.event).decode(),
            salt=base64.b64encode(entry.disclosed.salt).decode(),
        )
    leaf = json.loads(entry.leaf)
    return documents.Entry(
        index=entry.idx,
        words=words.of(leaf),
        leaf_hash=tree.leaf_hash(entry.leaf).hex(),
        leaf=leaf,
        leaf_base64=base64.b64encode(entry.leaf).decode(),
        payload=payload,
        is_damaged=opens and payload is None,
    )
