"""Contacts: an operator says where the council's people are told of alerts (rule L3).

Promises: a contact is one officer of the operator's authority. A new address takes the place of the
old one, and what the officer chose stays. Deleting one forgets the address, and what was sent.
Refuses: an account of another authority; more than `CONTACTS_MAX` of one authority.
"""

from __future__ import annotations

from typing import Final

from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.notifier import recipients
from shared.notifier.recipients import Recipient

CONTACTS_MAX: Final = 10_000
"""Of one authority. It has fewer officers who follow contracts."""


async def set_contact(
    conn: sql.Connection, officer_id: str, address: str, acting: Acting
) -> Recipient | Refusal:
    """Makes an officer a contact, or gives a contact a new address."""
    if officer_id.rpartition("@")[2] != acting.authority_id:
        return Refusal("contact_elsewhere", pointer="/person_id")
    is_full = await recipients.count_people(conn, acting.authority_id) >= CONTACTS_MAX
    if is_full and await recipients.find_recipient(conn, officer_id) is None:
        return Refusal("contacts_full")
    who = Recipient(recipient_id=officer_id, authority_id=acting.authority_id, address=address)
    await recipients.set_recipient(conn, who, set_by=acting.actor_id, at=acting.at)
    return who


async def drop_contact(conn: sql.Connection, officer_id: str, acting: Acting) -> Refusal | None:
    """Forgets a contact."""
    is_known = await recipients.drop_recipient(conn, acting.authority_id, officer_id)
    return None if is_known else Refusal("contact_unknown")
