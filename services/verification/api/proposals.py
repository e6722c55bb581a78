"""Proposals for programs: what waits for a second person, over all contracts (rule P3).

Promises: a page is one query. Each proposal stands beside what is in force now. Approving is
`commitments.activate_commitment`; `approve` does the same for several, all of them or none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments, contracts
from services.verification.api.dependencies import Dependencies, Injected, Officer
from services.verification.api.documents import Organisation
from services.verification.api.documents import proposals as documents
from services.verification.register import commitments as acts
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from services.verification.store.proposals import FIRST_PROPOSAL, ProposalKey
from shared import sql
from shared.web import auth, lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

TOGETHER_MAX: Final = 50
"""Approved in one transaction: each takes some 20 ms, and holds the lock of its contract."""


@router.get("/proposals")
async def list_proposals(
    who: Officer, dependencies: Injected, query: Annotated[documents.ProposalsQuery, Query()]
) -> lists.Page[documents.Proposal]:
    """Versions of commitments that are proposed, each beside what is in force now."""
    await contracts.assert_seen(dependencies, who, query.contract)
    after = FIRST_PROPOSAL
    if query.cursor is not None:
        after = ProposalKey(*lists.decode_cursor(query.cursor, str, str))
    rows = await store.proposals.list_proposals(
        dependencies.delivery.pool, scope.of(who), after, query.limit + 1, query.contract
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: [row["contract_id"], row["commitment_id"]]
    )
    return lists.Page(items=[_proposal(row, who) for row in shown], next=next_cursor)


def _proposal(row: sql.Record, who: auth.Caller) -> documents.Proposal:
    words = json.loads(row["contract_words"])
    names = words["suppliers"]
    return documents.Proposal(
        contract_id=row["contract_id"],
        contract_title=words["title"],
        suppliers=[Organisation(id=each, name=names.get(each)) for each in row["supplier_ids"]],
        commitment_id=row["commitment_id"],
        title=row["title"],
        proposed=commitments.version(row),
        active=_in_force(row),
        is_own=row["proposed_by"] == who.actor_id,
    )


def _in_force(row: sql.Record) -> documents.InForce | None:
    version = store.rows.read_terms(row["active_terms"])
    if version is None:
        return None
    names = ("version", "unit", "target", "profile", "area", "from_")
    return documents.InForce(
        title=row["active_title"], **{name: getattr(version, name) for name in names}
    )


# --- approving -----------------------------------------------------------------------------------


class Read(NamedTuple):
    """A proposal as its approver read it."""

    contract_id: str
    commitment_id: str
    version: int


class Refused(NamedTuple):
    """The first that is refused; then nothing is approved."""

    proposal: Read
    refusal: Refusal


async def approve(
    dependencies: Dependencies, who: auth.Caller, wanted: Sequence[Read]
) -> Refused | None:
    """Approves all of these, or none."""
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn:
        unit = conn.transaction()
        await unit.start()
        try:
            refused = await _approve(conn, wanted, acting)
        except BaseException:
            await unit.rollback()
            raise
        await (unit.commit() if refused is None else unit.rollback())
    delivery.posted.set()
    return refused


async def _approve(conn: sql.Connection, wanted: Sequence[Read], acting: Acting) -> Refused | None:
    for each in sorted(set(wanted)):  # in one order, so that two approvers cannot block each other
        approval = acts.Approval(each.commitment_id, each.version)
        refusal = await acts.activate(conn, each.contract_id, approval, acting)
        if refusal is not None:
            return Refused(each, refusal)
    return None
