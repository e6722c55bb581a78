"""Recipients: who can be told, where, and how they want to be told.

Promises: an address is kept here only, and goes over no topic. A recipient that was switched off
keeps its choices.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, TypeAlias

from shared import sql
from shared.notifier.kinds import How

Channel: TypeAlias = Literal["email", "webhook"]

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A person or a program that can be told."""

    recipient_id: str
    """The account of a person; `webhook:` and an id."""
    authority_id: str
    party_id: str | None = None
    """Only people of suppliers have one."""
    channel: Channel = "email"
    address: str
    secret: bytes | None = field(default=None, repr=False)
    choices: Mapping[str, How] = field(default_factory=dict)
    is_on: bool = True


async def set_recipient(conn: sql.Connection, who: Recipient, *, set_by: str, at: datetime) -> None:
    """Stores a recipient, or a new address of one; its choices stay as they are."""
    await QUERIES.set_recipient(
        conn,
        recipient_id=who.recipient_id,
        authority_id=who.authority_id,
        party_id=who.party_id,
        channel=who.channel,
        address=who.address,
        secret=who.secret,
        choices=json.dumps(dict(who.choices)),
        is_on=who.is_on,
        set_by=set_by,
        set_at=at,
    )


async def set_choices(
    conn: sql.Connection | sql.Pool, recipient_id: str, choices: Mapping[str, How]
) -> bool:
    """Stores how a recipient wants to be told. False if there is no such recipient."""
    found = await QUERIES.set_choices(
        conn, recipient_id=recipient_id, choices=json.dumps(dict(choices))
    )
    return found is not None


async def switch_off(conn: sql.Connection | sql.Pool, recipient_id: str) -> None:
    """Tells a recipient nothing more."""
    await QUERIES.switch_off(conn, recipient_id=recipient_id)


async def find_recipient(conn: sql.Connection | sql.Pool, recipient_id: str) -> Recipient | None:
    """A recipient, if there is one, also if it is switched off."""
    return (await load_recipients(conn, [recipient_id])).get(recipient_id)


async def load_recipients(
    conn: sql.Connection | sql.Pool, recipient_ids: Collection[str]
) -> dict[str, Recipient]:
    """These recipients by id, also those that are switched off."""
    found = QUERIES.load_recipients(conn, recipient_ids=list(recipient_ids))
    return {row["recipient_id"]: read_recipient(row) for row in await sql.rows(found)}


async def list_webhooks(
    conn: sql.Connection | sql.Pool, authority_ids: Collection[str]
) -> list[Recipient]:
    """The authorities' webhooks that are switched on."""
    found = QUERIES.list_webhooks(conn, authority_ids=list(authority_ids))
    return [read_recipient(row) for row in await sql.rows(found)]


async def list_people(pool: sql.Pool, authority_id: str, after: str, limit: int) -> list[Recipient]:
    """A page of an authority's own people who have an address, by account; it begins behind the
    account `after`."""
    found = QUERIES.list_people(pool, authority_id=authority_id, after=after, limit=limit)
    return [read_recipient(row) for row in await sql.rows(found)]


async def count_people(conn: sql.Connection, authority_id: str) -> int:
    """How many of an authority's own people have an address."""
    return int(await QUERIES.count_people(conn, authority_id=authority_id))


async def drop_recipient(conn: sql.Connection, authority_id: str, recipient_id: str) -> bool:
    """Drops a recipient of an authority's own, with all that was sent there or waits. False if
    there is none."""
    found = await QUERIES.drop_recipient(conn, recipient_id=recipient_id, authority_id=authority_id)
    return found is not None


def read_recipient(row: sql.Record) -> Recipient:
    """A recipient from its row."""
    return Recipient(
        recipient_id=row["recipient_id"],
        authority_id=row["authority_id"],
        party_id=row["party_id"],
        channel=row["channel"],
        address=row["address"],
        secret=row["secret"],
        choices=json.loads(row["choices"]),
        is_on=row["is_on"],
    )
