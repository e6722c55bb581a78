"""The names of what stands on a page, in one query: as they are registered here, and those of
officers as intake said them last. For display only."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from services.verification.store import rows
from shared import sql
from shared.pages import names
from shared.web.scope import Scope

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
    found = await sql.rows(
        QUERIES.load_names(
            pool,
            authorities=of.authorities,
            contract_ids=sorted(set(contract_ids)),
            officer_ids=sorted(set(officer_ids)),
        )
    )
    words = {row["id"]: row["words"] for row in found if row["kind"] == "contract"}
    titles: dict[str, dict[str, str]] = {contract_id: {} for contract_id in words}
    for row in found:
        if row["kind"] == "commitment":
            titles[row["id"]][row["part"]] = row["said"]
    return names.collect(
        {each: rows.contract_names(words[each], titles[each]) for each in words},
        {row["id"]: row["said"] for row in found if row["kind"] == "officer"},
    )
