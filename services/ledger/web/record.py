"""What people look up in the record: the search and the list, a contract, a return's life."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import RedirectResponse

from services.ledger import store
from services.ledger.api import entries, refusals, returns, search
from services.ledger.api.dependencies import Injected, may_open
from services.ledger.pages import contract, home, life
from shared import calendar, fields, sql
from shared.pages import listing, site
from shared.pages.access import Reader
from shared.web import auth, lists, scope

router = APIRouter()


@router.get("/")
async def show_home(
    request: Request,
    who: Reader,
    dependencies: Injected,
    query: Annotated[home.Asked, Query()],
) -> Response:
    """The search, and the newest entries that this person may see."""
    here, caller = site.of(request.app), who.caller
    hits = await search.find(dependencies, caller, query.q) if query.q else []
    ways = home.ways(hits)
    if len(ways) == 1:
        return RedirectResponse(here.address(ways[0]), 303)
    faults = home.check(query)
    async with dependencies.pool.acquire() as conn:
        newest = await store.checkpoints.find_checkpoint(conn)
        rows = [] if query.q or faults else await _list(conn, caller, query)
        shown, next_cursor = lists.cut(
            rows, listing.ROWS, lambda row: home.key(query, row.idx, row.occurred_at)
        )
        leaves = [home.Leaf(row.idx, row.leaf) for row in shown]
        known = await store.names.load_names(conn, scope.of(caller), home.contract_ids(leaves))
    told = home.Told(
        home.Log(
            newest.size if newest else 0,
            newest.signed_at if newest else None,
            dependencies.clock.now(),
        ),
        hits,
        leaves,
        listing.pages("/", query.cursor, next_cursor, **query.given),
        known,
    )
    page = home.show(query, faults, told, is_supplier=caller.party_id is not None)
    return site.show(request, "home.html", page, who, 422 if faults else 200)


async def _list(
    conn: sql.Connection, who: auth.Caller, query: home.Asked
) -> list[store.rows.ShownLeaf]:
    """One row more than a page has. Between days in the order of occurrence, else of recording."""
    seen_by, count = scope.of(who), listing.ROWS + 1
    narrowed = store.reading.Filter(
        party=query.party, contract=query.contract or None, type=query.type or None,
        period=query.month or None,
    )  # fmt: skip
    if query.days is None:
        before = None if query.cursor is None else lists.decode_cursor(query.cursor, int)[0]
        return await store.newest.list_newest(conn, seen_by, narrowed, before, count)
    since, until = query.days
    end = store.reading.Occurrence(calendar.midnight_after(until), -1)
    before = end if query.cursor is None else entries.decode_occurrence(query.cursor)
    stretch = store.newest.Stretch(calendar.midnight(since), min(before, end))
    return await store.newest.list_latest(conn, seen_by, narrowed, stretch, count)


@router.get("/contracts/{contract_id}")
async def show_contract(
    request: Request,
    contract_id: fields.ContractId,
    who: Reader,
    dependencies: Injected,
    query: Annotated[contract.Asked, Query()],
) -> Response:
    """A contract: who changed what, its returns, its chain."""
    until = None if query.day is None else calendar.midnight_after(query.day)
    narrowed = store.reading.Filter(contract=contract_id, until=until)
    after = -1 if query.cursor is None else lists.decode_cursor(query.cursor, int)[0]
    async with dependencies.pool.acquire() as conn:
        seen_by, count = scope.of(who.caller), listing.ROWS + 1
        rows = await store.reading.list_entries(conn, seen_by, narrowed, after, count)
        if not rows:
            raise refusals.no_contract()
        told = None if query.cursor else await _tell(conn, who.caller, narrowed)
        officers = () if told is None else contract.officer_ids(told)
        known = await store.names.load_names(conn, seen_by, [contract_id], officers)
    shown, next_cursor = lists.cut(rows, listing.ROWS, lambda row: [row.idx])
    kept = {"as_at": query.as_at or None}
    page = contract.show(
        contract.Asking(contract_id, query, known),
        told,
        [contract.Link(row.idx, row.leaf) for row in shown],
        listing.pages(f"/contracts/{contract_id}", query.cursor, next_cursor, **kept),
    )
    return site.show(request, "contract.html", page, who, 422 if page.faults else 200)


async def _tell(
    conn: sql.Connection, who: auth.Caller, narrowed: store.reading.Filter
) -> contract.Told:
    """What the record tells of a contract beside its chain."""
    assert narrowed.contract is not None
    found = await store.changes.list_versions(
        conn, scope.of(who), narrowed.contract, narrowed.until, contract.VERSIONS_SHOWN_MAX + 1
    )
    shown, opens = found[: contract.VERSIONS_SHOWN_MAX], may_open(who)
    read = {each.idx: json.loads(each.leaf) for each in shown}
    wanted = {idx: _before(leaf, idx) for idx, leaf in read.items()}
    approved = await store.changes.load_approved_before(conn, list(wanted.values()))
    told = await returns.tell(conn, who, narrowed, lists.PageQuery())
    return contract.Told(
        versions=[
            contract.Version(
                each.idx,
                read[each.idx],
                json.loads(approved[wanted[each.idx]].leaf)["facts"]["commitment"]
                if wanted[each.idx] in approved
                else None,
                json.loads(each.disclosed.event) if opens and each.disclosed else None,
            )
            for each in shown
        ],
        has_more_versions=len(found) > len(shown),
        is_open=opens,
        returns=told,
    )


def _before(leaf: dict[str, dict[str, dict[str, str]]], idx: int) -> store.changes.VersionBefore:
    """Which version is looked up as the one before."""
    said = leaf["facts"]
    return store.changes.VersionBefore(
        str(said["authority_id"]),
        str(leaf["contract_id"]),
        said["commitment"]["commitment_id"],
        idx,
    )


@router.get("/returns/{return_id}")
async def show_life(
    request: Request, return_id: UUID, who: Reader, dependencies: Injected
) -> Response:
    """A return's life: received, checked, what it caused, withdrawn or replaced."""
    async with dependencies.pool.acquire() as conn:
        rows = await store.reading.list_life(conn, return_id, scope.of(who.caller))
        if not rows:
            raise refusals.no_return()
        newest = await store.checkpoints.find_checkpoint(conn)
        leaves = [life.Leaf(row.idx, row.leaf) for row in rows]
        ids = life.contract_ids(leaves)
        known = await store.names.load_names(conn, scope.of(who.caller), ids)
    page = life.show(str(return_id), leaves, size=newest.size if newest else 0, known=known)
    return site.show(request, "life.html", page, who)
