"""Lines that wait for the council: why, and what deciding each would change (rules A2, A5).

Promises: a page is five queries. A change is reckoned by the rules, of the contract as it is now;
where that cannot be done nothing is said. A supplier sees its own lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import contracts, figures, reasons
from services.verification.api.dependencies import Dependencies, Injected, Reader
from services.verification.api.documents import queried as documents
from services.verification.domain import deciding
from services.verification.domain.state import State
from services.verification.store import queried
from services.verification.store.reading import FIRST_LINE, LineKey, ListedLine
from shared.pages import names
from shared.web import auth, lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/lines/queried")
async def list_queried(
    who: Reader, dependencies: Injected, query: Annotated[documents.QueriedQuery, Query()]
) -> documents.QueriedLines:
    """Lines that wait for the council, by contract and month, with what confirming would change."""
    await contracts.assert_seen(dependencies, who, query.contract)
    return await find(dependencies, who, query)


async def find(
    dependencies: Dependencies, who: auth.Caller, query: documents.QueriedQuery
) -> documents.QueriedLines:
    """One page of what the caller may see. Raises a `400` problem for an odd cursor."""
    after = FIRST_LINE
    if query.cursor is not None:
        after = LineKey(*lists.decode_cursor(query.cursor, str, str, str, str))
    pool, of = dependencies.delivery.pool, scope.of(who)
    found = await queried.list_lines(pool, of, after, query.limit + 1, query.contract)
    shown, next_cursor = lists.cut(found.lines, query.limit, lambda each: each.key)
    items = []
    if shown:
        contract_ids = {each.key.contract_id for each in shown}
        why = await reasons.load(pool, of, (each.line for each in shown))
        states = await queried.load_states(pool, contract_ids)
        received = await queried.load_received(pool, {each.line.return_id for each in shown})
        known = await store.names.load_names(pool, of, contract_ids)
        items = [_item(each, states[each.key.contract_id], why, received, known) for each in shown]
    return documents.QueriedLines(
        items=items, next=next_cursor, lines=found.all_lines, contracts=found.all_contracts
    )


def _item(
    listed: ListedLine,
    state: State,
    why: reasons.Reasons,
    received: Mapping[UUID, datetime],
    known: names.Names,
) -> documents.QueriedLine:
    contract_id, line = listed.key.contract_id, listed.line
    commitment = state.commitments.get(line.commitment_id)
    changes = deciding.changes(state, line)
    return documents.QueriedLine(
        **figures.line_shown(contract_id, line, why).model_dump(),
        contract_title=known.contract(contract_id),
        commitment_title=known.promise(contract_id, line.commitment_id),
        party_name=known.party(line.party_id),
        unit=commitment and commitment.versions[-1].unit,
        received_at=received.get(line.return_id),
        changes=None if changes is None else [_change(each) for each in changes],
    )


def _change(change: deciding.Change) -> documents.RatingChange:
    return documents.RatingChange(
        period=change.period, rating=change.now, rating_if_confirmed=change.then
    )
