"""The log for clients of C2SP tlog-tiles: its checkpoint, tiles and entry bundles; and proofs that
it only grew.

Promises: all of it is public, as in any transparency log, and holds no person and no line of a
return. A full tile never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from services.ledger import store
from services.ledger.api import documents, refusals
from services.ledger.api.dependencies import Injected
from services.ledger.domain.log import tiles, tree, verifier
from shared import sql
from shared.web import routes

router = APIRouter(route_class=routes.Route)

FOREVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
A_MINUTE: Final = {"cache-control": "public, max-age=60"}
"""For partial tiles: they never change, but wider ones soon replace them."""
NOW: Final = {"cache-control": "no-cache"}


@router.get("/api/v1/log")
async def get_log(dependencies: Injected) -> documents.Log:
    """Which log this is, and how large it was when it was last signed."""
    async with dependencies.pool.acquire() as conn:
        head = await store.log.get_head(conn)
        newest = await store.checkpoints.find_checkpoint(conn)
    return documents.Log(
        origin=head.origin,
        size=newest.size if newest else 0,
        root=(newest.root if newest else tree.EMPTY_ROOT).hex(),
        verifier_key=head.verifier_key,
        verifier_keys=[head.verifier_key],
        witnesses=[],
        checkpoint_at=newest.signed_at if newest else None,
    )


@router.get("/api/v1/log/consistency")
async def get_consistency(
    dependencies: Injected, query: Annotated[documents.ConsistencyQuery, Query()]
) -> documents.Consistency:
    """The proof that the log of `to` entries begins with the log of `from` entries: that nothing
    was changed and nothing taken back in between. Compare the root of `from` with the checkpoint
    that you kept."""
    async with dependencies.pool.acquire() as conn:
        signed = await store.checkpoints.list_signed(conn, (query.older, query.newer), 1)
        size = signed[0].size if signed else 0
        if query.newer > size:
            raise refusals.not_signed_yet(query.newer, size)
        if query.older > query.newer:
            raise refusals.sizes_reversed(query.older, query.newer)
        return await consistency(conn, query.older, query.newer, signed)


async def consistency(
    conn: sql.Connection,
    older: int,
    newer: int,
    signed: Sequence[store.rows.StoredCheckpoint],
) -> documents.Consistency:
    """The proof between two sizes, `0 < older <= newer`, of which the newer is at most the newest
    of `signed`. It is checked before it is handed out."""
    grown = await store.log.get_growth(conn, older, newer)
    verifier.check_consistency(older, newer, grown.proof, grown.old_root, grown.new_root)
    known = {each.size: each for each in signed}

    def tree_of(size: int, root: bytes) -> documents.Tree:
        at = known[size].signed_at if size in known else None
        return documents.Tree(size=size, root=root.hex(), signed_at=at)

    return documents.Consistency(
        **{"from": tree_of(older, grown.old_root), "to": tree_of(newer, grown.new_root)},
        proof=[each.hex() for each in grown.proof],
        checkpoint=known[newer].note if newer in known else None,
    )


@router.get("/checkpoint", response_class=Response)
async def get_checkpoint(dependencies: Injected) -> Response:
    """The newest checkpoint, a signed note."""
    async with dependencies.pool.acquire() as conn:
        newest = await get_newest(conn)
    return Response(newest.note, media_type="text/plain", headers=NOW)


@router.get("/tile/{path:path}", response_class=Response)
async def get_tile(dependencies: Injected, path: Annotated[str, Path(max_length=100)]) -> Response:
    """A tile or an entry bundle (C2SP tlog-tiles)."""
    try:
        address = tiles.parse(f"tile/{path}")
    except tiles.PathRefusedError:
        raise refusals.no_tile_path() from None
    async with dependencies.pool.acquire() as conn:
        content = await _tile(conn, address)
    return Response(
        content,
        media_type="application/octet-stream",
        headers=FOREVER if address.is_full else A_MINUTE,
    )


async def get_newest(conn: sql.Connection) -> store.rows.StoredCheckpoint:
    """The newest checkpoint. Raises a `404` problem before the first one."""
    newest = await store.checkpoints.find_checkpoint(conn)
    if newest is None:
        raise refusals.no_checkpoint()
    return newest


async def _tile(conn: sql.Connection, address: tiles.Address) -> bytes:
    """The bytes of a tile. Raises a `404` problem for a tile beyond the tree."""
    head = await store.log.get_head(conn)
    past = address.first + address.width
    if past > head.size >> tree.TILE_HEIGHT * max(address.level, 0):
        raise refusals.no_tile()
    if address.level == tiles.ENTRIES:
        return await store.checkpoints.get_bundle(conn, address)
    return (await store.log.load_tiles(conn, [address]))[address]
