"""Recipients: who can be told, where, and how they want to be told.

Promises: an address is kept here only, and goes over no topic. A recipient that was switched off
keeps its choices.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from shared import sql
from shared.notifier.kinds import How

ADDRESS_MAX: Final = 320
"""Characters of an e-mail address: 64 before the @, 255 behind it."""
Channel: TypeAlias = Literal["email", "webhook"]

_COLUMNS: Final = "recipient_id, authority_id, party_id, channel, address, secret, choices, is_on"


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
    await conn.execute(
        """
        INSERT INTO recipient (recipient_id, authority_id, party_id, channel, address, secret,
            choices, is_on, set_by, set_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT ON CONSTRAINT recipient_pk DO UPDATE SET
            address = excluded.address, secret = excluded.secret, is_on = excluded.is_on,
            set_by = excluded.set_by, set_at = excluded.set_at
        """,
        who.recipient_id,
        who.authority_id,
        who.party_id,
        who.channel,
        who.address,
        who.secret,
        json.dumps(dict(who.choices)),
        who.is_on,
        set_by,
        at,
    )


async def set_choices(
    conn: sql.Connection | sql.Pool, recipient_id: str, choices: Mapping[str, How]
) -> bool:
    """Stores how a recipient wants to be told. False if there is no such recipient."""
    found = await conn.fetchval(
        "UPDATE recipient SET choices = $2 WHERE recipient_id = $1 RETURNING true",
        recipient_id,
        json.dumps(dict(choices)),
    )
    return bool(found)


async def find_recipient(conn: sql.Connection | sql.Pool, recipient_id: str) -> Recipient | None:
    """A recipient, if there is one."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM recipient WHERE recipient_id = $1", recipient_id
    )
    return None if row is None else read_recipient(row)


async def load_recipients(
    conn: sql.Connection | sql.Pool, recipient_ids: Collection[str]
) -> dict[str, Recipient]:
    """Those of these recipients that are switched on, by id."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM recipient WHERE recipient_id = ANY($1) AND is_on",
        list(recipient_ids),
    )
    return {row["recipient_id"]: read_recipient(row) for row in rows}


async def list_of_parties(
    conn: sql.Connection | sql.Pool, authority_id: str, party_ids: Collection[str]
) -> list[Recipient]:
    """The recipients of these suppliers under an authority that are switched on."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM recipient "
        "WHERE authority_id = $1 AND party_id = ANY($2) AND is_on ORDER BY recipient_id",
        authority_id,
        list(party_ids),
    )
    return [read_recipient(row) for row in rows]


async def list_webhooks(
    conn: sql.Connection | sql.Pool, authority_ids: Collection[str]
) -> list[Recipient]:
    """The webhooks of these authorities that are switched on."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM recipient "
        "WHERE authority_id = ANY($1) AND channel = 'webhook' AND is_on ORDER BY recipient_id",
        list(authority_ids),
    )
    return [read_recipient(row) for row in rows]


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
