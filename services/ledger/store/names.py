"""What things on a page are called, as the other services say: beside the log, for display only.

Promises: what was said last stands, also if an older message comes late.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import msgspec

from shared import sql
from shared.pages import names
from shared.web.scope import Scope
from shared.wire import events

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))


async def load_names(
    pool: sql.Pool | sql.Connection,
    of: Scope,
    contract_ids: Collection[str] = (),
    officer_ids: Collection[str] = (),
) -> names.Names:
    """The names of these contracts with their suppliers and commitments, and of these officers, as
    far as they are of the caller's authority and known."""
    if not contract_ids and not officer_ids:
        return names.NONE
    contracts: dict[str, events.ContractNames] = {}
    officers: dict[str, str] = {}
    found = QUERIES.load_names(
        pool,
        authorities=of.authorities,
        contract_ids=sorted(set(contract_ids)),
        officer_ids=sorted(set(officer_ids)),
    )
    async for row in found:
        if row["kind"] == "officer":
            officers[row["id"]] = row["said"]
        else:
            contracts[row["id"]] = msgspec.json.decode(row["said"], type=events.ContractNames)
    return names.collect(contracts, officers)


async def load_owners(conn: sql.Connection, contract_ids: Collection[str]) -> dict[str, str]:
    """The authorities of those of these contracts that are known: as the log says, else as they
    were named before."""
    found = QUERIES.load_owners(conn, contract_ids=list(contract_ids))
    return {row["contract_id"]: row["authority_id"] async for row in found}


async def apply_contracts(
    conn: sql.Connection, published: Sequence[events.ContractPublished]
) -> None:
    """Stores the names that were said last of each contract."""
    last = {each.contract_id: each for each in published if each.names is not None}
    if not last:
        return
    said = [
        (contract_id, each.authority_id, _encode(each.names), each.occurred_at)
        for contract_id, each in sorted(last.items())
    ]
    contract_ids, authority_ids, bodies, moments = sql.columns(said, 4)
    await QUERIES.apply_contracts(
        conn,
        contract_ids=contract_ids,
        authority_ids=authority_ids,
        names=bodies,
        moments=moments,
    )


def _encode(said: events.ContractNames | None) -> str:
    return msgspec.json.encode(said).decode()
