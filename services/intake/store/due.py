"""What is due: contracts as they were published last, and what was sent for each of their months.

Promises: a handful of queries for a page, however many contracts there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from services.intake.domain import due
from services.intake.store import rows
from shared import sql
from shared.web.scope import Scope
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def list_contracts(
    pool: sql.Pool, of: Scope, contract_id: str | None, from_contract: str, limit: int
) -> list[events.ContractPublished]:
    """The contracts that the caller may see, or one of them; from `from_contract` on."""
    found = QUERIES.list_contracts(
        pool, contract_id=contract_id, from_contract=from_contract, limit=limit, **of.asked()
    )
    return [rows.read_published(row["body"]) async for row in found]


async def load_sent(
    pool: sql.Pool, contract_ids: Collection[str], party_id: str | None
) -> Mapping[str, Mapping[due.Slot, due.Sent]]:
    """What was sent under these contracts, by one party or all; by contract and slot."""
    found: defaultdict[str, dict[due.Slot, due.Sent]] = defaultdict(dict)
    asked = QUERIES.load_sent(pool, contract_ids=list(contract_ids), party_id=party_id)
    async for row in asked:
        slot = due.Slot(row["period"], row["party_id"])
        found[row["contract_id"]][slot] = rows.read_sent(row)
    return found


async def load_filled(
    pool: sql.Pool, contract_ids: Collection[str], party_id: str | None
) -> Mapping[str, due.Filled]:
    """For which months of these contracts a return is in, by one party or all; by contract. What is
    withdrawn is told in full: a second query, where there is any."""
    periods: defaultdict[str, dict[str, Collection[str]]] = defaultdict(dict)
    emptied: set[str] = set()
    asked = QUERIES.load_filled(pool, contract_ids=list(contract_ids), party_id=party_id)
    async for row in asked:
        periods[row["contract_id"]][row["party_id"]] = {*row["sent"]} - {*(row["emptied"] or ())}
        if row["emptied"]:
            emptied.add(row["contract_id"])
    sent = await load_sent(pool, emptied, party_id) if emptied else {}
    return {each: due.Filled(periods[each], sent.get(each, {})) for each in periods}
