"""Imports for programs: contracts from a file, and all that became of it.

Promises: what the file is, its first bytes show. Each contract is a transaction of its own, and its
messages to ledger and intake are posted with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from services.verification.api import refusals
from services.verification.api.dependencies import Injected, Manager
from services.verification.api.documents import imports as imported
from services.verification.register import imports
from services.verification.register.refusals import Code, Refusal
from services.verification.register.releases import Unreadable
from services.verification.register.things import Fault, Thing, shown
from shared import fields
from shared.web import problems, routes
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

OUTCOMES_AT_ONCE: Final = 200
"""Of an import: so many are put into words together."""


@router.post("/contracts/import", response_model=imported.ImportSummary)
async def import_contracts(
    request: Request,
    authority: fields.OrgId,
    who: Manager,
    dependencies: Injected,
    *,
    commit: bool = False,
) -> Response:
    """Contracts from OCDS 1.1 releases, or from a spreadsheet (XLSX or CSV); a dry run unless
    `commit=true`. A file that cannot be read as a whole is refused."""
    if authority != who.authority_id:
        raise problems.Problem(403, "You may import for your own authority only")
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    body = await _body(request)
    try:
        file = await asyncio.to_thread(imports.read, body, acting.at)
    finally:
        body.clear()  # at once: it is not needed any more, and large
    if isinstance(file, Unreadable):
        raise problems.Problem(422, file.reason)
    done = await imports.run(delivery, file, acting, is_committed=commit)
    pieces = summary(done, is_committed=commit)
    return StreamingResponse(pieces, media_type="application/json")


async def _body(request: Request) -> bytearray:
    """The body, in memory once: the framework would hold its pieces and the whole."""
    body, end = bytearray(int(request.headers.get("content-length", 0))), 0
    async for piece in request.stream():
        body[end : end + len(piece)] = piece
        end += len(piece)
    return body


def summary(done: imports.Summary, *, is_committed: bool) -> Iterator[str]:
    """An ImportSummary as JSON, in pieces: it tells of very many things."""
    whole = imported.ImportSummary(
        committed=is_committed,
        contracts=imported.ImportCounts(**done.contracts()),
        counts={kind: dict(counts) for kind, counts in done.counts().items()},
        outcomes=[],
    )
    yield whole.model_dump_json().removesuffix("]}")
    for start in range(0, len(done.things), OUTCOMES_AT_ONCE):
        some = done.things[start : start + OUTCOMES_AT_ONCE]
        yield "," * bool(start) + ",".join(outcome(each).model_dump_json() for each in some)
    yield "]}"


def outcome(thing: Thing) -> imported.ImportOutcome:
    reason, fix = thing.reason, thing.fix
    if isinstance(reason, Refusal):
        fix = _FIXES.get(reason.code, _BY_HAND)
        reason = refusals.sentence(reason)
    assert thing.fate is not None, "everything has become something"
    return imported.ImportOutcome(
        kind=thing.kind,
        fate=thing.fate,
        place=thing.place.strip(),
        ocid=shown(thing.ocid, events.TEXT_LENGTH_MAX),
        id=shown(thing.id, events.TEXT_LENGTH_MAX),
        contract_id=thing.contract_id,
        value=thing.value,
        reason=reason,
        fix=fix,
        more=[_fault(each) for each in thing.more],
    )


def _fault(fault: Fault) -> imported.ImportFault:
    return imported.ImportFault(
        place=fault.place, value=shown(fault.value), reason=fault.reason, fix=fault.fix
    )


_FIXES: Final[dict[Code, str]] = {
    "contract_unknown": "Add the contract to the file, or register it first.",
    "too_many_commitments": "Import it with fewer metrics.",
}
_BY_HAND: Final = "Register it by hand, under another id."
