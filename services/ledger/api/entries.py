"""The ledger for programs. What is public in any transparency log is public here: checkpoint, tiles
and entry bundles, which hold no person and no line. The rest is for callers with a token.

Promises: a supplier sees its own entries, others their authority's; what a caller may not see is
`404`, as if there were none. Events themselves are for auditors, and for a supplier its own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import pydantic
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.ledger import store
from services.ledger.audit import export
from services.ledger.domain.log import prooffile, proofs, tiles, tree
from shared import calendar, sql
from shared.web import auth, lists, problems

router = APIRouter()

Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]
Text = Annotated[str | None, pydantic.Field(min_length=1, max_length=200)]
Day = Annotated[date | None, pydantic.Field(ge=date(1970, 1, 1), le=date(2999, 12, 31))]
Index = Annotated[int, Path(ge=0, lt=2**63)]

BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
A_MINUTE: Final = {"cache-control": "public, max-age=60"}
"""For partial tiles: never wrong, but soon replaced by wider ones."""
NOW: Final = {"cache-control": "no-cache"}
SIGNED_SOON: Final = {"retry-after": "2"}


class Item(pydantic.BaseModel):
    """An entry. `leaf` is what its bytes say; the bytes themselves are with the single entry."""

    index: int
    leaf_hash: str
    leaf: dict[str, Any]


class Payload(pydantic.BaseModel):
    """The event, and what shows that it is the one that the leaf committed to:
    `SHA-256(0x02 || salt || event_base64)`."""

    event: dict[str, Any]
    event_base64: str
    salt: str


class Entry(Item):
    leaf_base64: str
    payload: Payload | None
    """None where the caller may not see it, or it is forgotten."""


class Log(pydantic.BaseModel):
    """The log as it was signed last."""

    origin: str
    size: int
    root: str
    verifier_key: str
    verifier_keys: list[str]
    witnesses: list[str]
    checkpoint_at: datetime | None


class Health(pydantic.BaseModel):
    status: str
    alarm: str | None


class Piece(pydantic.BaseModel):
    """Which piece of a list."""

    model_config = pydantic.ConfigDict(extra="forbid")  # a filter misspelt would show too much

    cursor: str | None = None
    limit: int = pydantic.Field(default=lists.ITEMS_DEFAULT, ge=1, le=lists.ITEMS_MAX)


class Narrowed(Piece):
    """What a list of entries can be narrowed down to. `from` and `to` are days, both included, on
    which what is recorded occurred; with them the list is in the order of occurrence."""

    contract: Text = None
    supplier: Text = None
    commitment: Text = None
    type: Text = None
    period: str | None = pydantic.Field(default=None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    since: Day = pydantic.Field(default=None, alias="from")
    until: Day = pydantic.Field(default=None, alias="to")


class AsAt(Piece):
    """A chain as it was at the end of a day."""

    as_at: Day = None


# --- entries -----------------------------------------------------------------------------------


@router.get("/api/v1/entries")
async def list_entries(
    request: Request, who: Reader, asked: Annotated[Narrowed, Query()]
) -> lists.Page[Item]:
    """Entries in the order of recording; between days, in that of occurrence."""
    narrowed = store.lookup.Filter(
        party=asked.supplier,
        contract=asked.contract,
        commitment=asked.commitment,
        type=asked.type,
        period=asked.period,
        until=_midnight(asked.until, days_later=1),
    )
    if asked.since is None and asked.until is None:
        return await _page(request, who, narrowed, asked)
    since = _midnight(asked.since) or BEGINNING
    after = (since, -1) if asked.cursor is None else _decode_occurrence(asked.cursor)
    async with _pool(request).acquire() as conn:
        seen_by, count = store.lookup.scope(who), asked.limit + 1
        rows = await store.lookup.list_occurrences(conn, seen_by, narrowed, after, count)
    shown, further = lists.cut(rows, asked.limit, lambda row: [str(row.occurred_at), row.idx])
    return lists.Page(items=_items(shown), next=further)


@router.get("/api/v1/contracts/{contract_id}/history")
async def list_history(
    request: Request,
    who: Reader,
    contract_id: Annotated[str, Path(max_length=200)],
    asked: Annotated[AsAt, Query()],
) -> lists.Page[Item]:
    """One contract's chain: `contract_seq` counts from 1, `prev` is the hash of the leaf before."""
    narrowed = store.lookup.Filter(contract=contract_id, until=_midnight(asked.as_at, days_later=1))
    return await _page(request, who, narrowed, asked)


@router.get("/api/v1/returns/{return_id}/life")
async def list_life(request: Request, who: Reader, return_id: UUID) -> lists.Page[Item]:
    """One return's life: its receipt, its checks, its withdrawal, and what they caused."""
    async with _pool(request).acquire() as conn:
        rows = await store.lookup.list_life(conn, return_id, store.lookup.scope(who))
    if not rows:
        raise _unknown("No return of that id is recorded")
    return lists.Page(items=_items(rows), next=None)


@router.get("/api/v1/entries/{index}")
async def get_entry(request: Request, who: Reader, index: Index) -> Entry:
    """One entry: its exact bytes, and its event where the caller may see it."""
    async with _pool(request).acquire() as conn:
        return _entry(await _find(conn, who, index), who)


@router.get("/api/v1/events/{event_id}")
async def get_event(request: Request, who: Reader, event_id: UUID) -> Entry:
    """The entry that records an event."""
    async with _pool(request).acquire() as conn:
        index = await store.lookup.get_index(conn, event_id)
        return _entry(await _find(conn, who, -1 if index is None else index), who)


@router.get("/api/v1/entries/{index}/proof", response_class=Response)
async def get_proof(request: Request, who: Reader, index: Index) -> Response:
    """A C2SP tlog-proof file: that the entry is in the tree of a signed checkpoint."""
    async with _pool(request).acquire() as conn:
        await _find(conn, who, index)
        checkpoint = await store.log.get_checkpoint(conn, over=index)
        if checkpoint is None:
            words = "It is recorded. The next checkpoint, in a second or so, will cover it."
            raise problems.Problem(404, "Not under a checkpoint yet", words, headers=SIGNED_SOON)
        proof = await store.log.get_proof(conn, proofs.inclusion(index, checkpoint.size))
    text = prooffile.write(prooffile.ProofFile(index, tuple(proof), checkpoint.note))
    return Response(text, media_type="text/plain")


@router.get("/api/v1/export.jsonl", response_class=Response)
async def export_lines(request: Request, who: Reader) -> Response:
    """All leaves under the newest checkpoint, with the events that the caller may see: the file
    that `makegood verify` takes."""
    async with _pool(request).acquire() as conn:
        head = await store.log.get_head(conn)
        checkpoint = await _newest(conn)
    seen_by = store.lookup.scope(who) if _may_open(who) else None
    lines = export.write(_pool(request), head, checkpoint, seen_by)
    name = f'attachment; filename="makegood-{checkpoint.size}.jsonl"'
    headers = {"content-disposition": name}
    return StreamingResponse(lines, media_type=export.MEDIA_TYPE, headers=headers)


# --- the log, as any client of tlog-tiles reads it ----------------------------------------------


@router.get("/api/v1/log")
async def get_log(request: Request) -> Log:
    """Which log this is, and how large it was when it was signed last."""
    async with _pool(request).acquire() as conn:
        head = await store.log.get_head(conn)
        newest = await store.log.get_checkpoint(conn)
    return Log(
        origin=head.origin,
        size=newest.size if newest else 0,
        root=(newest.root if newest else tree.EMPTY_ROOT).hex(),
        verifier_key=head.verifier_key,
        verifier_keys=[head.verifier_key],
        witnesses=[],
        checkpoint_at=newest.signed_at if newest else None,
    )


@router.get("/checkpoint", response_class=Response)
async def get_checkpoint(request: Request) -> Response:
    """The newest checkpoint, a signed note."""
    async with _pool(request).acquire() as conn:
        newest = await _newest(conn)
    return Response(newest.note, media_type="text/plain", headers=NOW)


@router.get("/tile/{path:path}", response_class=Response)
async def get_tile(request: Request, path: Annotated[str, Path(max_length=100)]) -> Response:
    """A tile or an entry bundle (C2SP tlog-tiles)."""
    try:
        address = tiles.parse(f"tile/{path}")
    except tiles.PathRefusedError:
        raise _unknown("That is no tile's address") from None
    async with _pool(request).acquire() as conn:
        content = await _tile(conn, address)
    return Response(
        content,
        media_type="application/octet-stream",
        headers=FOREVER if address.is_full else A_MINUTE,
    )


@router.get("/health")
async def get_health(request: Request) -> Health:
    """Why nothing is appended or signed, in words; an operator's first look."""
    alarm = request.app.state.alarm.words or request.app.state.service.consumer.alarm
    return Health(status="ok" if alarm is None else "stands still", alarm=alarm)


# --- parts of the above ------------------------------------------------------------------------


def _pool(request: Request) -> sql.Pool:
    pool: sql.Pool = request.app.state.pool
    return pool


def _unknown(title: str) -> problems.Problem:
    return problems.Problem(404, title)


def _midnight(day: date | None, days_later: int = 0) -> datetime | None:
    """When that day begins, in London."""
    if day is None:
        return None
    return calendar.midnight(day + timedelta(days=days_later))


def _decode_occurrence(cursor: str) -> tuple[datetime, int]:
    at, index = lists.decode_cursor(cursor, str, int)
    try:
        return max(datetime.fromisoformat(at), BEGINNING), index
    except (ValueError, TypeError):  # no time, or one without a zone
        raise problems.Problem(400, "The cursor cannot be read") from None


async def _page(
    request: Request, who: auth.Caller, narrowed: store.lookup.Filter, piece: Piece
) -> lists.Page[Item]:
    after = -1 if piece.cursor is None else lists.decode_cursor(piece.cursor, int)[0]
    async with _pool(request).acquire() as conn:
        seen_by, count = store.lookup.scope(who), piece.limit + 1
        rows = await store.lookup.list_entries(conn, seen_by, narrowed, after, count)
    shown, further = lists.cut(rows, piece.limit, lambda row: [row.idx])
    return lists.Page(items=_items(shown), next=further)


def _items(rows: Sequence[store.lookup.Row]) -> list[Item]:
    return [
        Item(index=row.idx, leaf_hash=row.leaf_hash.hex(), leaf=json.loads(row.leaf))
        for row in rows
    ]


async def _find(conn: sql.Connection, who: auth.Caller, index: int) -> store.lookup.Kept:
    """The entry, if there is one and the caller may see it."""
    kept = await store.lookup.get_entry(conn, index)
    if kept is None or not store.lookup.scope(who).covers(kept.authority_id, kept.party_id):
        raise _unknown("There is no such entry")
    return kept


def _may_open(who: auth.Caller) -> bool:
    """Whether events themselves are shown to it, of those that it sees."""
    return who.role in ("auditor", "supplier")


def _entry(kept: store.lookup.Kept, who: auth.Caller) -> Entry:
    payload = None
    if _may_open(who) and kept.disclosed is not None:
        payload = Payload(
            event=json.loads(kept.disclosed.event),
            event_base64=base64.b64encode(kept.disclosed.event).decode(),
            salt=base64.b64encode(kept.disclosed.salt).decode(),
        )
    return Entry(
        index=kept.idx,
        leaf_hash=tree.leaf_hash(kept.leaf).hex(),
        leaf=json.loads(kept.leaf),
        leaf_base64=base64.b64encode(kept.leaf).decode(),
        payload=payload,
    )


async def _newest(conn: sql.Connection) -> store.log.Checkpoint:
    newest = await store.log.get_checkpoint(conn)
    if newest is None:
        words = "Nothing is signed yet; the first checkpoint follows in a second or so."
        raise problems.Problem(404, "No checkpoint yet", words, headers=SIGNED_SOON)
    return newest


async def _tile(conn: sql.Connection, address: tiles.Address) -> bytes:
    """Its bytes. Raises a `404` problem beyond the tree."""
    head = await store.log.get_head(conn)
    past = address.first + address.width
    if past > head.size >> tree.TILE_HEIGHT * max(address.level, 0):
        raise _unknown("The tree has no such tile")
    if address.level == tiles.ENTRIES:
        return await store.log.get_bundle(conn, address)
    return (await store.log.get_tiles(conn, [address]))[address]
