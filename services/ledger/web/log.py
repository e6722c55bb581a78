"""The log itself, for everyone: what it is, and that it only grew."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.ledger import store
from services.ledger.api import log as api
from services.ledger.api import refusals
from services.ledger.api.dependencies import Injected
from services.ledger.domain.log import consistencyfile
from services.ledger.pages import log
from services.ledger.web import answers
from shared.pages import site

router = APIRouter()


@router.get("/log")
async def show_log(
    request: Request, dependencies: Injected, query: Annotated[log.Asked, Query()]
) -> Response:
    """The log, and whether one of its trees is the beginning of another."""
    asked = log.sizes(query)
    async with dependencies.pool.acquire() as conn:
        head = await store.log.get_head(conn)
        signed = await store.checkpoints.list_signed(conn, asked or (), log.SHOWN_MAX)
        faults = log.check(query, signed[0].size if signed else 0)
        found = await api.consistency(conn, *asked, signed) if asked and not faults else None
    told = [log.Signed(each.size, each.root.hex(), each.signed_at) for each in signed]
    page = log.show(
        log.Log(head.origin, head.verifier_key, told),
        query,
        faults,
        found,
        now=dependencies.clock.now(),
    )
    who = site.of(request.app).session(request)
    return site.show(request, "log.html", page, who, 422 if faults else 200)


@router.get("/log/consistency")
async def get_consistency(dependencies: Injected, query: Annotated[log.Asked, Query()]) -> Response:
    """The proof as a file, which ends with the later checkpoint."""
    asked = log.sizes(query)
    async with dependencies.pool.acquire() as conn:
        signed = await store.checkpoints.list_signed(conn, asked or (), 1)
        if asked is None or log.check(query, signed[0].size if signed else 0):
            raise refusals.no_proof()
        found = await api.consistency(conn, *asked, signed)
    if found.checkpoint is None:
        raise refusals.no_proof()
    proof = tuple(map(bytes.fromhex, found.proof))
    file = consistencyfile.ConsistencyFile(found.older.size, proof, found.checkpoint)
    name = f"log-{found.older.size}-{found.newer.size}.txt"
    return answers.file(consistencyfile.write(file), name)
