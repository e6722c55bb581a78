"""Intake for programs, under `/api/v1`: returns, withdrawals, their status, credentials.

Promises: `201` and `200` are answered after the commit and carry a signed receipt; every refusal
names all its faults. What a caller may not see is `404` to it.
Refuses: too much at once from one client (`429`), anything while there is no room (`503`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Request, Response

from services.intake import store
from services.intake.acceptance import desk, group_commit, withdrawals
from services.intake.api import documents, views
from services.intake.api.dependencies import Given, Parts
from services.intake.domain import admission, receipts, submission
from services.intake.settings import IntakeSettings
from shared.delivery import kafka, topics
from shared.web import auth, lists, problems

FULL_RETRY_SECONDS: Final = 1

Supplier = Annotated[auth.Caller, Depends(auth.caller("supplier"))]
Reader = Annotated[auth.Caller, Depends(auth.caller("supplier", "manager", "approver", "auditor"))]
Operator = Annotated[auth.Caller, Depends(auth.caller("operator"))]

router = APIRouter(prefix="/api/v1")


_RECEIPTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The same again: the same receipt", "model": documents.Receipt},
    201: {"description": "Accepted: a signed receipt", "model": documents.Receipt},
}


_SHAPE: Final = {"$id": "urn:makegood:return:1"} | submission.Submission.model_json_schema()
_RETURN: dict[str, Any] = {
    "parameters": [
        {
            "name": "idempotency-key",
            "in": "header",
            "schema": {"type": "string", "maxLength": desk.KEY_CHARACTERS_MAX},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _SHAPE}},
    },
}
"""What the endpoint reads by itself, for the description of the service."""


@router.post(
    "/returns",
    status_code=201,
    responses=_RECEIPTS,
    openapi_extra=_RETURN,
    dependencies=[Depends(auth.caller("supplier"))],
)
async def post_return(request: Request) -> Response:
    """Take a month's return: a receipt, or every fault at once."""
    who = await auth.let_in(request, "supplier")  # by itself: `app` opens a fast_path to it
    parts: Parts = request.app.state.parts
    parts.door.admit(who.actor_id)
    key = desk.key(request.headers.get("idempotency-key", "").encode("latin-1"))
    post = await desk.read(await request.body(), key, _sender(who))
    try:
        return _answer(await parts.committer.submit(post))
    except group_commit.FullError:
        headers = {"retry-after": str(FULL_RETRY_SECONDS)}
        raise problems.Problem(503, "Too much waits at once", headers=headers) from None
    except group_commit.BrokenError:
        raise problems.unavailable() from None


@router.post("/returns/{return_id}/withdraw", status_code=201, responses=_RECEIPTS)
async def withdraw(
    return_id: UUID, wanted: documents.WithdrawalRequest, who: Supplier, parts: Given
) -> Response:
    """Take the current revision of a month back, with a reason."""
    parts.door.admit(who.actor_id)
    if parts.delivery.alarm is not None:
        raise problems.unavailable()
    party_id = _sender(who).party_id
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        issued, is_new = await withdrawals.withdraw(
            conn, parts.desk, party_id, return_id, wanted.reason
        )
    parts.delivery.posted.set()
    return _receipt(issued, 201 if is_new else 200)


@router.get("/returns")
async def list_returns(
    who: Reader,
    parts: Given,
    contract: str | None = None,
    limit: lists.Limit = lists.ITEMS_DEFAULT,
    cursor: str | None = None,
) -> lists.Page[documents.ReturnSummary]:
    """Own returns, or the authority's; newest first."""
    before = None if cursor is None else lists.decode_cursor(cursor, int)[0]
    rows = await store.reading.list_returns(
        parts.delivery.pool, store.reading.scope(who), contract, before, limit + 1
    )
    cut, following = lists.cut(rows, limit, lambda row: [row["receipt_no"]])
    return lists.Page(items=[documents.ReturnSummary(**row) for row in cut], next=following)


@router.get("/returns/{return_id}")
async def get_return(return_id: UUID, who: Reader, parts: Given) -> documents.Return:
    """One return, and what became of each of its lines."""
    row = await store.reading.find_return(parts.delivery.pool, store.reading.scope(who), return_id)
    if row is None:
        raise problems.Problem(404, "There is no such return")
    return await views.one_return(
        row, await store.reading.load_line_statuses(parts.delivery.pool, return_id)
    )


@router.get("/receipt-key")
async def get_receipt_key(parts: Given) -> documents.Key:
    """The public key that receipts are checked with."""
    return documents.Key(public_key=receipts.base64_of(parts.desk.signer.public_key))


@router.post("/parties/{party_id}/credentials", status_code=201)
async def post_credential(party_id: str, who: Operator, parts: Given) -> documents.NewCredential:
    """A token for a party's programs, shown once, and its inbound topic."""
    try:
        topic = topics.inbound(party_id)
    except ValueError as error:
        fault = problems.Fault("form", str(error), "Give the party's org-id.", parameter="party_id")
        raise problems.Problem(422, "This cannot be a party", errors=[fault]) from None
    await _create_topic(parts.settings, topic)
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        owner = store.parties.Owner(party_id, who.authority_id)
        await store.parties.add_inbound_topic(conn, topic.name, owner)
        token = await auth.issue(conn, "supplier", who.authority_id, party_id, party_id)
    return documents.NewCredential(token=token, inbound_topic=topic.name)


@router.get("/parties/{party_id}/credentials")
async def list_credentials(
    party_id: str, who: Operator, parts: Given
) -> lists.Page[documents.Credential]:
    """Who holds tokens of a party; never the tokens."""
    owner = store.parties.Owner(party_id, who.authority_id)
    rows = await store.parties.list_credentials(parts.delivery.pool, owner)
    return lists.Page(items=[documents.Credential(**row) for row in rows], next=None)


def _sender(who: auth.Caller) -> desk.Sender:
    assert who.party_id is not None, "a supplier's token has a party"
    return desk.Sender(who.party_id, who.authority_id, "http")


async def _create_topic(settings: IntakeSettings, topic: topics.Topic) -> None:
    try:
        admin = await kafka.start_admin(settings)
        try:
            await topics.create(admin, (topic,))
        finally:
            await admin.close()
    except (KafkaError, OSError, TimeoutError):
        raise problems.unavailable() from None


_TITLES: Final = {
    409: "This does not follow what was sent before",
    413: "This is too large",
    422: "This return cannot be accepted",
}


def _answer(decision: admission.Decision) -> Response:
    if isinstance(decision, admission.Refused):
        errors = [
            problems.Fault(f.rule, f.message, f.fix, pointer=f.pointer, value=f.value)
            for f in decision.faults
        ]
        raise problems.Problem(decision.status, _TITLES[decision.status], errors=errors)
    return _receipt(decision.issued, 201 if isinstance(decision, admission.Accepted) else 200)


def _receipt(issued: receipts.Issued, status: int) -> Response:
    document = documents.receipt(issued)
    headers = {"location": document["links"]["self"]}
    return Response(msgspec.json.encode(document), status, headers, "application/json")
