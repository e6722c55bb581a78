"""What stands around an entry. The connection comes first.

Promises: what an entry caused is looked for on its own contract alone, whose entries are few.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, NamedTuple

from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))
EFFECTS_MAX: Final = 50
"""Far more than an entry leads to."""


class Near(NamedTuple):
    """An entry near another one: its cause, its effect, or the one before or after it in the chain
    of its contract."""

    kind: Literal["cause", "effect", "before", "after"]
    idx: int
    leaf: bytes


async def list_around(conn: sql.Connection, seen_by: Scope, idx: int) -> list[Near]:
    """The entries near one, in their order."""
    found = QUERIES.list_around(
        conn,
        idx=idx,
        authorities=seen_by.authorities,
        party=seen_by.party_id,
        count=EFFECTS_MAX,
    )
    return [Near(*row) async for row in found]
