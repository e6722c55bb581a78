"""Contracts for programs: registered one by one, and read.

Promises: a change is one transaction, and its messages to ledger and intake are posted with it. A
caller sees the contracts of its authority, a supplier only its own; any other is `404`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from fastapi import APIRouter, Response

from services.verification import store
from services.verification.api import commitments, documents, refusals
from services.verification.api.dependencies import Dependencies, Injected, Manager, Reader
from services.verification.domain.state import State
from services.verification.register import contracts
from services.verification.register.refusals import Refusal
from shared import calendar, sql
from shared.web import auth, lists, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.post(
    "/contracts",
    status_code=201,
    responses={
        200: {
            "description": "Unchanged: already registered with these values",
            "model": documents.ContractWhole,
        }
    },
)
async def post_contract(
    body: documents.ContractRequest, who: Manager, dependencies: Injected, response: Response
) -> documents.ContractWhole:
    """Register a contract; its commitments come next."""
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        registered = refusals.accept(await contracts.register(conn, _registration(body), acting))
    delivery.posted.set()
    response.status_code = 201 if registered == "new" else 200
    return await _whole(dependencies, who, body.contract_id)


@router.get("/contracts")
async def list_contracts(
    who: Reader,
    dependencies: Injected,
    limit: lists.Limit = lists.ITEMS_DEFAULT,
    cursor: lists.Cursor = None,
) -> lists.Page[documents.Contract]:
    """The contracts of the authority, or the supplier's own."""
    after = "" if cursor is None else lists.decode_cursor(cursor, str)[0]
    pool = dependencies.delivery.pool
    rows = await store.reading.list_contracts(pool, scope.of(who), after, limit + 1)
    shown, next_cursor = lists.cut(rows, limit, lambda row: [row["contract_id"]])
    waiting = await store.reading.list_unpublished(pool, [row["contract_id"] for row in shown])
    items = [documents.Contract(**_contract(row, waiting)) for row in shown]
    return lists.Page(items=items, next=next_cursor)


@router.get("/contracts/{contract_id}")
async def get_contract(
    contract_id: str, who: Reader, dependencies: Injected
) -> documents.ContractWhole:
    """One contract with its commitments and their versions."""
    return await _whole(dependencies, who, contract_id)


async def find(dependencies: Dependencies, who: auth.Caller, contract_id: str) -> sql.Record:
    """The contract's row. Raises a `404` problem unless there is one that the caller may see."""
    pool = dependencies.delivery.pool
    row = await store.reading.find_contract(pool, scope.of(who), contract_id)
    return refusals.accept(row if row is not None else Refusal("contract_unknown"))


async def assert_seen(
    dependencies: Dependencies, who: auth.Caller, contract_id: str | None
) -> None:
    """Raises a `404` problem if a list is narrowed down to a contract that the caller may not see:
    an empty list says that there is nothing."""
    if contract_id is not None:
        await find(dependencies, who, contract_id)


async def _whole(
    dependencies: Dependencies, who: auth.Caller, contract_id: str
) -> documents.ContractWhole:
    row = await find(dependencies, who, contract_id)
    pool = dependencies.delivery.pool
    waiting = await store.reading.list_unpublished(pool, [contract_id])
    versions = await store.register.list_commitments(pool, contract_id)
    return whole(row, versions, waiting)


def whole(
    row: sql.Record, versions: Sequence[sql.Record], waiting: set[str] | None = None
) -> documents.ContractWhole:
    """A contract with its commitments. `waiting`: contracts that are not published yet."""
    return documents.ContractWhole(
        **_contract(row, waiting or set()), commitments=commitments.shown(versions)
    )


def as_known(contract: documents.ContractWhole, then: State, day: date) -> documents.ContractWhole:
    """A contract with its commitments as they were at the end of a day; its titles and names are
    today's. `then`: the state that it had reached."""
    names = {each.id: each.name for each in contract.suppliers}
    known = (_commitment_then(each, calendar.midnight_after(day)) for each in contract.commitments)
    return contract.model_copy(
        update={
            "version": then.version,
            "starts_on": then.starts_on,
            "ends_on": then.ends_on,
            "suppliers": [
                documents.Organisation(id=each, name=names.get(each)) for each in then.suppliers
            ],
            "commitments": [each for each in known if each is not None],
        }
    )


def _commitment_then(
    commitment: documents.Commitment, end: datetime
) -> documents.Commitment | None:
    """None if it was not proposed by then. What was approved or replaced later still waited."""
    versions = [each for each in commitment.versions if each.proposed_at < end]
    if not versions:
        return None
    newest = versions[-1].version
    for place, each in enumerate(versions):
        is_approved_later = each.approved_at is not None and each.approved_at >= end
        if is_approved_later or (each.state == "replaced" and each.version == newest):
            state = "needs_structuring" if each.measure is None else "draft"
            later = {"state": state, "approved_by": None, "approved_at": None}
            versions[place] = each.model_copy(update=later)
    is_active = any(each.state == "active" for each in versions)
    state = "active" if is_active else versions[-1].state
    return commitment.model_copy(update={"state": state, "versions": versions})


def _contract(row: sql.Record, waiting: set[str]) -> dict[str, Any]:
    words = json.loads(row["words"])
    names: Mapping[str, str | None] = words["suppliers"]
    return {
        "title": words["title"],
        "suppliers": [{"id": each, "name": names.get(each)} for each in row["supplier_ids"]],
        "buyer": words["buyer"],
        "published": row["contract_id"] not in waiting,
        **{name: row[name] for name in _SHOWN_AS_STORED},
    }


_SHOWN_AS_STORED: Final = (
    "contract_id",
    "version",
    "authority_id",
    "starts_on",
    "ends_on",
    "ocid",
    "award_id",
)


def _registration(body: documents.ContractRequest) -> contracts.Registration:
    suppliers = tuple(dict.fromkeys(body.supplier_ids))
    buyer = body.buyer.model_dump(exclude_none=True) if body.buyer else None
    names = {each: body.supplier_names.get(each) for each in suppliers}
    return contracts.Registration(
        contract_id=body.contract_id,
        supplier_ids=suppliers,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        words={"title": body.title, "suppliers": names, "buyer": buyer},
        ocid=body.ocid,
        buyer_id=body.buyer.id if body.buyer else None,
    )
