"""The export: the file that `makegood verify` checks offline."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from services.ledger import store
from services.ledger.api import log
from services.ledger.api.dependencies import Injected, Reader, may_open
from services.ledger.audit import export
from shared.web import routes, scope

router = APIRouter(route_class=routes.Route)


@router.get("/api/v1/export.jsonl", response_class=Response)
async def export_lines(dependencies: Injected, who: Reader) -> Response:
    """All leaves under the newest checkpoint, with the events that the caller may see. `makegood
    verify` checks this file offline."""
    async with dependencies.pool.acquire() as conn:
        head = await store.log.get_head(conn)
        checkpoint = await log.get_newest(conn)
    seen_by = scope.of(who) if may_open(who) else None
    lines = export.write(dependencies.pool, head, checkpoint, seen_by)
    disposition = f'attachment; filename="makegood-{checkpoint.size}.jsonl"'
    headers = {"content-disposition": disposition}
    return StreamingResponse(lines, media_type=export.MEDIA_TYPE, headers=headers)
