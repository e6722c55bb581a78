"""Receipts as they are answered, and the public key that they are checked with."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Response

from services.intake.api import documents
from services.intake.api.dependencies import Injected
from services.intake.domain import receipts
from shared.web import routes

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
