"""Search: what one text names exactly, among all that the caller may see.

Promises: a number is looked up as that of an entry and of a receipt; a UUID as the id of an event
and of a return; 64 hexadecimal digits as the hash of an entry, as a leaf's commitment to its event
and as the root of a checkpoint; and any text as the reference of a contract or a supplier's org-id.
What the log holds only salted (the SHA-256 of a return or of evidence) nobody can look up here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query

from services.ledger import store
from services.ledger.api import documents
from services.ledger.api.dependencies import Dependencies, Injected, Reader
from services.ledger.domain.entries import sought, words
from shared import sql
from shared.web import auth, lists, routes, scope

router = APIRouter(route_class=routes.Route)


@router.get("/api/v1/search")
async def search(
    dependencies: Injected, who: Reader, query: Annotated[documents.SearchQuery, Query()]
) -> lists.Page[documents.Hit]:
    """Everything that `q` names: entries, receipts, returns, contracts, suppliers, checkpoints. An
    empty list means that the caller may see nothing of this name."""
    return lists.Page(items=await find(dependencies, who, query.q), next=None)


async def find(dependencies: Dependencies, who: auth.Caller, text: str) -> list[documents.Hit]:
    """What a text names."""
    wanted = sought.read(text)
    async with dependencies.pool.acquire() as conn:
        return [hit async for hit in _hits(conn, who, wanted)]


async def _hits(
    conn: sql.Connection, who: auth.Caller, wanted: sought.Sought
) -> AsyncIterator[documents.Hit]:
    seen_by = scope.of(who)
    if not wanted.is_reference:
        for each in await store.search.list_hits(conn, seen_by, wanted):
            yield documents.Hit(
                kind=each.kind,
                entry=each.idx,
                return_id=None if each.return_id is None else str(each.return_id),
                words=words.of(json.loads(each.leaf)),
            )
    if wanted.digest is not None:
        size = await store.checkpoints.find_root(conn, wanted.digest)
        if size is not None:
            yield documents.Hit(kind="root", size=size, words=f"The root of tree {size}.")
    if wanted.contract is not None:
        narrowed = store.reading.Filter(contract=wanted.contract)
        if await store.newest.list_newest(conn, seen_by, narrowed, None, 1):
            words_of = f"Contract {wanted.contract}."
            yield documents.Hit(kind="contract", contract_id=wanted.contract, words=words_of)
    if wanted.party is not None:
        narrowed = store.reading.Filter(party=wanted.party)
        if await store.newest.list_newest(conn, seen_by, narrowed, None, 1):
            words_of = f"Supplier {wanted.party}."
            yield documents.Hit(kind="supplier", party_id=wanted.party, words=words_of)
