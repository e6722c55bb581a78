"""Returns for programs: sent, withdrawn, and read.

Promises: `201` and `200` are sent after the commit and carry a signed receipt. A refusal names all
faults at once. A supplier sees its own returns, other callers those of their authority; any other
is `404`.
Refuses: too many requests of one client (`429`); everything while the disk is nearly full, messages
have waited too long for the broker, or too many posts wait (`503`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake import store
from services.intake.acceptance import desk, group_commit, withdrawals
from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, listed, narrowing, receipts, refusals, views
from services.intake.api.dependencies import Dependencies, Injected, Reader, Supplier
from services.intake.domain import admission, faults
from shared.web import auth, problems, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


_RETURN: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": desk.KEY_HEADER,
            "in": "header",
            "schema": {"type": "string", "maxLength": desk.KEY_CHARACTERS_MAX},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Submission"}}},
    },
}
"""For the description of the endpoint, which reads header and body by itself."""


@router.post(
    "/returns",
    status_code=201,
    responses=receipts.RESPONSES,
    openapi_extra=_RETURN,
    dependencies=[Depends(auth.caller("supplier"))],
)
async def post_return(request: Request) -> Response:
    """Send a month's return: the answer is a receipt, or every fault at once."""
    who = await auth.let_in(request, "supplier")  # by itself: `app` opens a fast path to it
    routes.assert_known(request)
    dependencies: Dependencies = request.app.state.dependencies
    refusals.accept(dependencies.throttle.admit(who.client))
    key = desk.read_key([k.encode("latin-1") for k in request.headers.getlist(desk.KEY_HEADER)])
    decision = await commit(await request.body(), key, who, dependencies)
    if isinstance(decision, admission.Refused):
        raise refusals.faulty(decision)
    return receipts.respond(decision.issued, is_new=isinstance(decision, admission.Accepted))


async def commit(
    body: bytes, key: str | faults.Fault | None, who: auth.Caller, dependencies: Dependencies
) -> admission.Decision:
    """The decision on what a supplier sends, after its commit. Raises a `503` problem."""
    post = await desk.read(body, key, _sender(who))
    try:
        return await dependencies.committer.submit(post)
    except group_commit.FullError:
        raise refusals.full() from None
    except group_commit.BrokenError:
        raise problems.unavailable() from None


@router.post("/returns/{return_id}/withdraw", status_code=201, responses=receipts.RESPONSES)
async def withdraw(
    return_id: UUID, body: documents.WithdrawalRequest, who: Supplier, dependencies: Injected
) -> Response:
    """Withdraw the current revision of a month, with a reason."""
    withdrawn = await take_back(return_id, body, who, dependencies)
    return receipts.respond(withdrawn.issued, is_new=withdrawn.is_new)


async def take_back(
    return_id: UUID, body: documents.WithdrawalRequest, who: auth.Caller, dependencies: Dependencies
) -> withdrawals.Withdrawn:
    """Withdraws a return, now or already before. Raises the problem of a refusal."""
    refusals.accept(dependencies.throttle.admit(who.client))
    delivery = dependencies.delivery
    if delivery.alarm is not None:
        raise problems.unavailable()
    seen = scope.of(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        withdrawn = refusals.accept(
            await withdrawals.withdraw(conn, dependencies.desk, seen, return_id, body.reason)
        )
    delivery.posted.set()
    return withdrawn


@router.get("/returns")
async def list_returns(
    who: Reader, dependencies: Injected, query: Annotated[documents.ReturnsQuery, Query()]
) -> documents.ReturnsListed:
    """The supplier's own returns, or those of the authority; the newest first. With
    `status=refused`, what was refused, and why."""
    listed.assert_fitting(query)
    pool = dependencies.delivery.pool
    seen = await narrowing.narrow(pool, scope.of(who), query.contract, query.party)
    if query.status == "refused":
        return await listed.list_refusals(pool, seen, query)
    return await listed.list_returns(pool, seen, query)


@router.get("/returns/{return_id}")
async def get_return(return_id: UUID, who: Reader, dependencies: Injected) -> documents.Return:
    """One return as it was sent, with the status of each line."""
    pool, seen = dependencies.delivery.pool, scope.of(who)
    found = await store.reading.find_return(pool, seen, return_id)
    row = refusals.accept(found if found is not None else Refusal("return_unknown"))
    statuses = await store.reading.load_line_statuses(pool, return_id)
    eyes = views.Eyes(who.role == "supplier", dependencies.desk.signer.public_key)
    return await views.show(row, statuses, eyes)


async def list_revisions(
    found: documents.Return, who: auth.Caller, dependencies: Dependencies
) -> list[documents.ReturnSummary]:
    """The newest revisions of the month of a return that the caller may see, this one or others."""
    of = scope.Scope(who.authority_id, found.party_id)
    asked = documents.ReturnsQuery(contract=found.contract_id, period=found.period)
    listing = await listed.list_returns(dependencies.delivery.pool, of, asked)
    return [each for each in listing.items if isinstance(each, documents.ReturnSummary)]


def _sender(who: auth.Caller) -> desk.Sender:
    assert who.party_id is not None, "a supplier's token has a party"
    return desk.Sender(who.party_id, who.authority_id, "http")
