"""Single entries: the page of one, and the files to verify it with."""

from __future__ import annotations

import base64

from fastapi import APIRouter, Request, Response

from services.ledger import store
from services.ledger.api import changes, entries, refusals
from services.ledger.api.dependencies import Injected
from services.ledger.api.entries import Index
from services.ledger.pages import entry
from services.ledger.web import answers
from shared.pages import site
from shared.pages.access import Reader
from shared.web import scope

router = APIRouter()


@router.get("/entries/{index}")
async def show_entry(
    request: Request, index: Index, who: Reader, dependencies: Injected
) -> Response:
    """One entry, what it changed, and how to verify it."""
    found = await entries.get_entry(dependencies, who.caller, index)
    async with dependencies.pool.acquire() as conn:
        around = await store.around.list_around(conn, scope.of(who.caller), index)
        cover = await store.checkpoints.get_cover(conn, index)
        change = await changes.find(conn, found)
        ids = [found.leaf["contract_id"]] if "contract_id" in found.leaf else []
        known = await store.names.load_names(conn, scope.of(who.caller), ids)
    page = entry.show(
        found,
        change,
        [entry.Near(each.kind, each.idx, each.leaf) for each in around],
        entry.Cover(is_covered=cover.is_covered, verifier_key=cover.verifier_key),
        known,
    )
    return site.show(request, "entry.html", page, who)


@router.get("/entries/{index}/leaf")
async def get_leaf(index: Index, who: Reader, dependencies: Injected) -> Response:
    """The exact bytes of a leaf, as a file."""
    found = await entries.get_entry(dependencies, who.caller, index)
    return answers.file(base64.b64decode(found.leaf_base64), f"entry-{index}.leaf.json")


@router.get("/entries/{index}/event")
async def get_event(index: Index, who: Reader, dependencies: Injected) -> Response:
    """The exact bytes of an event, as a file."""
    found = await entries.get_entry(dependencies, who.caller, index)
    if found.payload is None:
        raise refusals.no_event()
    return answers.file(base64.b64decode(found.payload.event_base64), f"entry-{index}.event.json")


@router.get("/entries/{index}/proof")
async def get_proof(index: Index, who: Reader, dependencies: Injected) -> Response:
    """The proof of an entry, as a file."""
    answer = await entries.get_proof(dependencies, who.caller, index)
    return answers.file(bytes(answer.body), f"entry-{index}.tlog-proof")
