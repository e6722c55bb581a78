"""Receipts as they are answered, and the public key that they are checked with."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response

from services.intake import store
from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, refusals
from services.intake.api.dependencies import Dependencies, Injected
from services.intake.domain import receipts
from shared.web import auth, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "Sent before: the same receipt", "model": documents.Receipt},
    201: {"description": "Accepted: a signed receipt", "model": documents.Receipt},
}
"""For the description of endpoints that answer with a receipt."""


@router.get("/receipt-key")
async def get_receipt_key(dependencies: Injected) -> documents.Key:
    """The public key that receipts are checked with."""
    return documents.Key(public_key=receipts.base64_of(dependencies.desk.signer.public_key))


async def find_with_return(
    who: auth.Caller, dependencies: Dependencies, return_id: UUID
) -> dict[str, Any]:
    """The receipt of a party's own return, with the exact text that it is of as `sent`. Raises a
    `404` problem."""
    assert who.party_id is not None, "what was sent has references to people (rule I7)"
    found = await store.reading.find_return(dependencies.delivery.pool, scope.of(who), return_id)
    row = refusals.accept(found if found is not None else Refusal("return_unknown"))
    # accepted bytes are UTF-8; of others, changed by hand, the digest differs anyway
    sent = row["body"].decode(errors="replace")
    return document(store.rows.read_receipt(row)) | {"sent": sent}


async def find_withdrawal(
    who: auth.Caller, dependencies: Dependencies, return_id: UUID
) -> receipts.Issued:
    """The receipt of the withdrawal of a party's own return. Raises a `404` problem."""
    async with dependencies.delivery.pool.acquire() as conn:
        found = await store.withdrawals.find_return(conn, scope.of(who), return_id)
    withdrawal = found.withdrawal if found is not None else None
    return refusals.accept(withdrawal if withdrawal is not None else Refusal("return_unknown"))


def document(issued: receipts.Issued) -> dict[str, Any]:
    """A receipt with its links, as JSON."""
    address = f"/api/v1/returns/{issued.receipt.return_id}"
    links = {"self": address, "withdraw": f"{address}/withdraw"}
    return receipts.document(issued) | {"links": links}


def respond(issued: receipts.Issued, *, is_new: bool) -> Response:
    """Answers with a receipt."""
    found = document(issued)
    headers = {"location": found["links"]["self"]}
    status = 201 if is_new else 200
    return Response(msgspec.json.encode(found), status, headers, "application/json")
