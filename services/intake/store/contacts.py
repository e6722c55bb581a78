"""Contacts: the people of suppliers who are told of changes. Their rows are recipients.

Promises: an address belongs to one person of one supplier under one authority. Dropping a contact
drops all that it was told and was to be told, with every trace of the address.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from services.intake.domain import telling
from services.intake.store.parties import Owner
from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_contacts(pool: sql.Pool, owner: Owner) -> list[sql.Record]:
    """The contacts of a supplier under an authority, by id."""
    return await sql.rows(QUERIES.list_contacts(pool, **owner._asdict()))


async def count_contacts(conn: sql.Connection, owner: Owner) -> int:
    """How many contacts a supplier has under an authority."""
    return int(await QUERIES.count_contacts(conn, **owner._asdict()))


class Held(NamedTuple):
    """Whose contact a person is."""

    authority_id: str
    party_id: str | None


async def lock_contact(conn: sql.Connection, person_id: str) -> Held | None:
    """Whose contact a person is already, locked until the transaction ends."""
    row = await QUERIES.lock_contact(conn, person_id=person_id)
    return None if row is None else Held(*row)


async def drop_contact(conn: sql.Connection, owner: Owner, person_id: str) -> bool:
    """Drops a contact with its notifications and dispatches. False if there is no such contact."""
    known = {"person_id": person_id, **owner._asdict()}
    if await QUERIES.drop_contact(conn, **known) is None:
        return False
    await QUERIES.drop_notifications(conn, person_id=person_id)
    await QUERIES.drop_dispatches(conn, person_id=person_id)
    return True


async def load_people(
    conn: sql.Connection, parties: Collection[telling.Party]
) -> dict[telling.Party, list[telling.Person]]:
    """The people of these suppliers who can be told."""
    authority_ids, party_ids = sql.columns(sorted(parties), 2)
    rows = QUERIES.load_people(conn, authority_ids=authority_ids, party_ids=party_ids)
    found: dict[telling.Party, list[telling.Person]] = {}
    async for row in rows:
        whose = telling.Party(row["authority_id"], row["party_id"])
        person = telling.Person(row["recipient_id"], json.loads(row["choices"]))
        found.setdefault(whose, []).append(person)
    return found
