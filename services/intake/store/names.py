"""The names of what stands on a page, in one query: as verification published them last, and as
officers signed in. For display only."""

from __future__ import annotations

from collections.abc import Collection
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
