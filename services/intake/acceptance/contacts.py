"""Contacts: an operator says which people of a supplier are told of changes, and where (rule L3).

Promises: a contact is one person of one supplier under one authority. A new address takes the place
of the old one, and what the person chose stays. Deleting one forgets the address, and all that was
sent there.
Refuses: a party that no contract of the authority names; somebody who is a contact of another
supplier or authority; more than `CONTACTS_MAX` of one supplier.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from services.intake import store
from services.intake.acceptance.refusals import Refusal
from services.intake.store.parties import Owner
from shared import sql
from shared.notifier import recipients

CONTACTS_MAX: Final = 50
"""Of one supplier under one authority: each of them gets each mail."""


class Contact(NamedTuple):
    """Somebody to be told, and where."""

    person_id: str
    address: str


async def set_contact(
    pool: sql.Pool, owner: Owner, contact: Contact, set_by: str, at: datetime
) -> Refusal | None:
    """Makes somebody a contact of a supplier, or gives a contact a new address."""
    if await store.parties.find_supplier(pool, owner) is None:
        return Refusal("party_unknown")
    async with pool.acquire() as conn, conn.transaction():
        held = await store.contacts.lock_contact(conn, contact.person_id)
        if held is None and await store.contacts.count_contacts(conn, owner) >= CONTACTS_MAX:
            return Refusal("contacts_full")
        if held is not None and held != (owner.authority_id, owner.party_id):
            return Refusal("contact_elsewhere")
        who = recipients.Recipient(
            recipient_id=contact.person_id,
            authority_id=owner.authority_id,
            party_id=owner.party_id,
            address=contact.address,
        )
        await recipients.set_recipient(conn, who, set_by=set_by, at=at)
    return None


async def drop_contact(pool: sql.Pool, owner: Owner, person_id: str) -> Refusal | None:
    """Forgets a contact."""
    async with pool.acquire() as conn, conn.transaction():
        is_known = await store.contacts.drop_contact(conn, owner, person_id)
    return None if is_known else Refusal("contact_unknown")
