"""Filters of lists: a contract or party that a list is narrowed down to must be there.

Promises: a filter that names what does not exist, or what the caller may not see, is `404`. An
empty list always means that there is nothing, and never that a name was misspelt.
"""

from __future__ import annotations

from services.intake import store
from services.intake.acceptance.refusals import Code, Refusal
from services.intake.api import refusals
from shared import sql
from shared.web.scope import Scope


async def narrow(pool: sql.Pool, of: Scope, contract_id: str | None, party_id: str | None) -> Scope:
    """What the caller may see, of one party if that is asked for. Raises a `404` problem for a
    contract or party that it may not see."""
    if party_id is not None:
        found = await store.reading.find_party_id(pool, of, party_id)
        of = Scope(of.authority_id, _known(found, "party_unknown"))
    if contract_id is not None:
        _known(await store.reading.find_contract_id(pool, of, contract_id), "contract_unknown")
    return of


def _known(found: str | None, code: Code) -> str:
    return refusals.accept(found if found is not None else Refusal(code))
