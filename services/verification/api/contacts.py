"""Where the council's people are told of alerts, for operators (rule L3).

Promises: an address is shown to operators of its own authority only.
Refuses: an account of another authority.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.verification.api import refusals
from services.verification.api.dependencies import Injected, Operator
from services.verification.api.documents import contacts as documents
from services.verification.register import contacts as acts
from shared import fields
from shared.notifier import recipients
from shared.web import lists, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/contacts")
async def list_contacts(
    who: Operator,
    dependencies: Injected,
    limit: lists.Limit = lists.ITEMS_DEFAULT,
    cursor: lists.Cursor = None,
) -> lists.Page[documents.Contact]:
    """Which of the council's people are told of alerts, and where, by account."""
    after = lists.decode_cursor(cursor, str)[0] if cursor else ""
    pool = dependencies.delivery.pool
    found = await recipients.list_people(pool, who.authority_id, after, limit + 1)
    shown, next_cursor = lists.cut(found, limit, lambda each: [each.recipient_id])
    items = [documents.Contact(person_id=each.recipient_id, address=each.address) for each in shown]
    return lists.Page(items=items, next=next_cursor)


@router.post("/contacts", status_code=201)
async def post_contact(
    body: documents.ContactRequest, who: Operator, dependencies: Injected
) -> documents.Contact:
    """Say where one of the council's people is told of alerts, or give a new address."""
    acting = dependencies.acting(who)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await acts.set_contact(conn, body.person_id, body.address, acting))
    return documents.Contact(person_id=body.person_id, address=body.address)


@router.delete("/contacts/{person_id:path}", status_code=204)
async def delete_contact(
    person_id: fields.Identifier, who: Operator, dependencies: Injected
) -> Response:
    """Forget a contact: the address, the choices, and what was sent there."""
    acting = dependencies.acting(who)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        refusals.accept(await acts.drop_contact(conn, person_id, acting))
    return Response(status_code=204)
