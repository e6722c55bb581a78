"""The ledger's pages: the routes. What a page says is in `pages`, what it looks up is the API's.

A page is asked for by a person who is signed in (`access`), and shows what the API would answer to
this person's role, authority and party.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.ledger import store
from services.ledger.api import entries
from services.ledger.api.dependencies import Injected
from services.ledger.api.entries import Index
from services.ledger.pages import entry, home
from shared import fields
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import lists, scope

TEMPLATES: Final = Path(__file__).with_name("pages")

router = APIRouter(include_in_schema=False)


@router.get("/")
async def show_home(
    request: Request,
    who: Reader,
    dependencies: Injected,
    contract: fields.ContractId | None = None,
    cursor: lists.Cursor = None,
) -> Response:
    """The newest entries that this person may see."""
    before = None if cursor is None else lists.decode_cursor(cursor, int)[0]
    async with dependencies.pool.acquire() as conn:
        seen_by, count = scope.of(who.caller), listing.ROWS + 1
        rows = await store.newest.list_newest(conn, seen_by, contract, before, count)
        newest = await store.checkpoints.find_checkpoint(conn)
    shown, next_cursor = lists.cut(rows, listing.ROWS, lambda row: [row.idx])
    page = home.show(
        [home.Leaf(row.idx, row.leaf) for row in shown],
        listing.pages("/", cursor, next_cursor, contract=contract),
        contract_id=contract,
        size=newest.size if newest else 0,
        signed_at=newest.signed_at if newest else None,
    )
    return site.show(request, "home.html", page, who)


@router.get("/entries/{index}")
async def show_entry(
    request: Request, index: Index, who: Reader, dependencies: Injected
) -> Response:
    """One entry, and how to verify it."""
    found = await entries.get_entry(dependencies, who.caller, index)
    caused_by = found.leaf.get("caused_by")
    async with dependencies.pool.acquire() as conn:
        cause = caused_by and await store.reading.find_index(conn, UUID(caused_by))
        covering = await store.checkpoints.find_checkpoint(conn, over=index)
        head = await store.log.get_head(conn)
    page = entry.show(
        found,
        cause=cause,
        is_covered=covering is not None,
        verifier_key=head.verifier_key,
    )
    return site.show(request, "entry.html", page, who)


@router.get("/entries/{index}/leaf")
async def get_leaf(index: Index, who: Reader, dependencies: Injected) -> Response:
    """The exact bytes of a leaf, as a file."""
    found = await entries.get_entry(dependencies, who.caller, index)
    return _file(base64.b64decode(found.leaf_base64), f"entry-{index}.leaf.json")


@router.get("/entries/{index}/proof")
async def get_proof(index: Index, who: Reader, dependencies: Injected) -> Response:
    """The proof of an entry, as a file."""
    answer = await entries.get_proof(dependencies, who.caller, index)
    return _file(bytes(answer.body), f"entry-{index}.tlog-proof")


def _file(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
