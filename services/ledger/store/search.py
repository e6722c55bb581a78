"""What a search finds exactly. The connection comes first."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

from services.ledger.domain.entries import sought
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))
HITS_MAX: Final = 20
"""One number is at most an entry and a receipt, unless intake gave a number twice."""

Kind: TypeAlias = Literal["entry", "receipt", "event", "return", "hash", "commitment"]


class Found(NamedTuple):
    """An entry, and by what it was found."""

    kind: Kind
    idx: int
    return_id: UUID | None
    """Of the return that the entry is about."""
    leaf: bytes


async def list_hits(conn: sql.Connection, seen_by: Scope, wanted: sought.Sought) -> list[Found]:
    """The entries that are exactly what was asked for."""
    found = QUERIES.list_hits(
        conn,
        number=wanted.number,
        id=wanted.id,
        digest=wanted.digest,
        authorities=seen_by.authorities,
        party=seen_by.party_id,
        count=HITS_MAX,
    )
    return [Found(*row) async for row in found if row["kind"] in wanted.kinds]
