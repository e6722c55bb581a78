"""What officers of councils are called: intake says it, every service keeps what was said last.

Promises: a name is for display only; nothing is decided by it. An officer belongs to one authority
for ever, and only an authority's own pages show its officers' names. A forgotten name is gone.
Refuses (parks): an officer in another authority's name than the one it is known in.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from shared import sql
from shared.delivery import belief, parking, transaction
from shared.wire import events


async def keep(unit: transaction.Unit) -> None:
    """Stores what the unit's messages say of officers; these messages leave the unit."""
    said = [each for each in unit.messages if isinstance(each.event, events.OfficerNamed)]
    if not said:
        return
    owners = await _load_owners(unit.conn, {each.event.officer_id for each in said})
    foreign = []
    for message in said:
        event = message.event
        if owners.setdefault(event.officer_id, event.authority_id) != event.authority_id:
            foreign.append(message)
    belief.set_aside(unit, foreign, parking.AUTHORITY_DIFFERS)
    believed = [each for each in unit.messages if isinstance(each.event, events.OfficerNamed)]
    await apply(unit.conn, [each.event for each in believed])
    unit.messages = tuple(
        each for each in unit.messages if not isinstance(each.event, events.OfficerNamed)
    )


class Officer(NamedTuple):
    """What is known of an officer."""

    authority_id: str
    name: str | None
    role: str | None


async def lock_officer(conn: sql.Connection, officer_id: str) -> Officer | None:
    """An officer, locked until the transaction ends."""
    row = await conn.fetchrow(
        "SELECT authority_id, name, role FROM officer WHERE officer_id = $1 FOR UPDATE", officer_id
    )
    return None if row is None else Officer(*row)


async def apply(conn: sql.Connection, said: Sequence[events.OfficerNamed]) -> None:
    """Stores what was said last of each officer."""
    last = {event.officer_id: event for event in said}
    await conn.execute(
        """
        INSERT INTO officer AS o (officer_id, authority_id, name, role, said_at)
        SELECT officer_id, authority_id, name, role, said_at
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
            AS n (officer_id, authority_id, name, role, said_at)
        ORDER BY officer_id
        ON CONFLICT ON CONSTRAINT officer_pk DO UPDATE SET
            name = excluded.name, role = excluded.role, said_at = excluded.said_at
        WHERE o.authority_id = excluded.authority_id AND o.said_at <= excluded.said_at
        """,
        *sql.columns(
            [
                (each.officer_id, each.authority_id, each.name, each.role, each.occurred_at)
                for each in last.values()
            ],
            5,
        ),
    )


async def _load_owners(conn: sql.Connection, officer_ids: Collection[str]) -> dict[str, str]:
    """The authorities of those that are known."""
    rows = await conn.fetch(
        "SELECT officer_id, authority_id FROM officer WHERE officer_id = ANY($1)",
        list(officer_ids),
    )
    return {row["officer_id"]: row["authority_id"] for row in rows}
