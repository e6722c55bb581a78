"""Contacts of suppliers, for operators: who is told of changes, and where (rule L3).

Promises: an address is shown to operators of its own authority only. An operator of the
installation names the authority.
Refuses: a party that no contract of that authority names; somebody who is a contact elsewhere.
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.intake import store
from services.intake.acceptance import contacts
from services.intake.api import documents, parties, refusals
from services.intake.api.dependencies import Injected, Operator
from services.intake.store.parties import Owner
from shared import fields
from shared.web import auth, lists, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/parties/{party_id}/contacts")
async def list_contacts(
    party_id: fields.OrgId,
    who: Operator,
    dependencies: Injected,
    authority: fields.OrgId | None = None,
) -> lists.Page[documents.Contact]:
    """Which people of a supplier are told of changes, and where."""
    owner = _owner(who, party_id, authority)
    rows = await store.contacts.list_contacts(dependencies.delivery.pool, owner)
    return lists.Page(items=[documents.Contact(**row) for row in rows], next=None)


@router.post("/parties/{party_id}/contacts", status_code=201)
async def post_contact(
    party_id: fields.OrgId,
    body: documents.ContactRequest,
    who: Operator,
    dependencies: Injected,
    authority: fields.OrgId | None = None,
) -> documents.Contact:
    """Make somebody a contact of a supplier, or give a contact a new address."""
    owner = _owner(who, party_id, authority)
    pool, at = dependencies.delivery.pool, dependencies.clock.now()
    contact = contacts.Contact(body.person_id, body.address)
    refusals.accept(await contacts.set_contact(pool, owner, contact, who.actor_id, at))
    return documents.Contact(
        person_id=contact.person_id,
        address=contact.address,
        is_on=True,
        set_by=who.actor_id,
        set_at=at,
    )


@router.delete("/parties/{party_id}/contacts/{person_id:path}", status_code=204)
async def delete_contact(
    party_id: fields.OrgId,
    person_id: fields.Identifier,
    who: Operator,
    dependencies: Injected,
    authority: fields.OrgId | None = None,
) -> Response:
    """Forget a contact: the address, the choices, and what was sent there."""
    owner = _owner(who, party_id, authority)
    pool = dependencies.delivery.pool
    refusals.accept(await contacts.drop_contact(pool, owner, person_id))
    return Response(status_code=204)


def _owner(who: auth.Caller, party_id: str, authority: str | None) -> Owner:
    """The supplier, under the authority that the operator acts for. Raises a problem."""
    authority_id = parties.acts_for(who, authority)
    if authority_id is None:
        raise refusals.authority_missing()
    return Owner(party_id, authority_id)
