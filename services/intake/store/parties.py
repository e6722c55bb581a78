"""How parties reach intake: their inbound topics and who holds their tokens."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

from shared import sql

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


class Owner(NamedTuple):
    """The party that an inbound topic belongs to."""

    party_id: str
    authority_id: str


class Inbound(NamedTuple):
    """An inbound topic's owner."""

    party_id: str
    authority_id: str
    has_replies: bool
    """Whether there is a topic on which the party is answered."""


async def load_inbound_topics(conn: sql.Connection, names: Collection[str]) -> dict[str, Inbound]:
    """The owner of each of these topics that has one."""
    if not names:
        return {}
    found = await sql.rows(QUERIES.load_inbound_topics(conn, topics=sorted(names)))
    return {topic: Inbound(*owner) for topic, *owner in found}


async def add_inbound_topic(conn: sql.Connection, topic: str, owner: Owner) -> None:
    """Stores whose a topic is, and that the party has one for replies too."""
    await QUERIES.add_inbound_topic(conn, topic=topic, **owner._asdict())


async def find_supplier(pool: sql.Pool, owner: Owner) -> str | None:
    """The party, if a contract of the authority names it."""
    return owner.party_id if await QUERIES.is_supplier(pool, **owner._asdict()) else None


async def list_credentials(
    pool: sql.Pool, party_id: str, authority_id: str | None
) -> list[sql.Record]:
    """Who holds tokens of a party for this authority, or for any; the oldest first, and never the
    tokens."""
    return await sql.rows(
        QUERIES.list_credentials(pool, party_id=party_id, authority_id=authority_id)
    )
