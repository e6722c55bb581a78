"""Verification for programs, under `/api/v1`: contracts, commitments, figures, alerts, cases.

Promises: each change is one transaction (`changes.py`) and is on its way to ledger and intake when
it is answered. Everything is scoped to the caller's authority, a supplier to its own contracts;
what a caller may not see is `404` to it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.verification import store
from services.verification.api import documents, figures
from services.verification.api.dependencies import Approver, Given, Importer, Manager, Parts, Reader
from services.verification.domain import cases, journal, state, wording
from services.verification.register import commitments, contracts, imports, publication
from shared import calendar, sql
from shared.web import auth, lists, problems
from shared.wire import events

router = APIRouter(prefix="/api/v1")

Day = Annotated[date, Query(ge=date(1970, 1, 1), le=date(2999, 12, 31))]
Cursor = Annotated[str | None, Query(max_length=lists.CURSOR_CHARACTERS_MAX)]


# --- contracts -----------------------------------------------------------------------------------


@router.post(
    "/contracts",
    status_code=201,
    responses={200: {"description": "It stands so already", "model": documents.ContractWhole}},
)
async def post_contract(
    given: documents.ContractRequest, who: Manager, parts: Given, response: Response
) -> documents.ContractWhole:
    """Register a contract; its promises come next."""
    wanted = contracts.registration(given)
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        is_new = await contracts.register(conn, wanted, acting(parts, who))
    parts.delivery.posted.set()
    response.status_code = 201 if is_new else 200
    return await _whole(parts, who, given.contract_id)


@router.post("/contracts/import")
async def import_contracts(
    request: Request, authority: str, who: Importer, parts: Given, *, commit: bool = False
) -> documents.ImportSummary:
    """Contracts from OCDS 1.1 releases; a dry run unless `commit=true`."""
    if who.role != "operator" and authority != who.authority_id:
        raise problems.Problem(403, "You may import for your own authority only")
    importing = publication.Acting(replace(who, authority_id=authority), parts.clock.now())
    return await imports.run(parts, await request.body(), importing, is_committed=commit)


@router.get("/contracts")
async def list_contracts(
    who: Reader, parts: Given, limit: lists.Limit = lists.ITEMS_DEFAULT, cursor: Cursor = None
) -> lists.Page[documents.Contract]:
    """The contracts of the authority, or the supplier's own."""
    after = "" if cursor is None else lists.decode_cursor(cursor, str)[0]
    rows = await store.reading.contracts(
        parts.delivery.pool, store.reading.scope(who), after, limit + 1
    )
    cut, following = lists.cut(rows, limit, lambda row: [row["contract_id"]])
    waiting = await store.reading.unpublished(
        parts.delivery.pool, [row["contract_id"] for row in cut]
    )
    return lists.Page(
        items=[documents.Contract(**_contract(row, waiting)) for row in cut], next=following
    )


@router.get("/contracts/{contract_id}")
async def get_contract(contract_id: str, who: Reader, parts: Given) -> documents.ContractWhole:
    """One contract with its commitments and their versions."""
    return await _whole(parts, who, contract_id)


async def _whole(parts: Parts, who: auth.Caller, contract_id: str) -> documents.ContractWhole:
    row = await _find(parts, who, contract_id)
    waiting = await store.reading.unpublished(parts.delivery.pool, [contract_id])
    rows = await store.fold.commitments(parts.delivery.pool, [contract_id])
    return documents.ContractWhole(**_contract(row, waiting), commitments=_commitments(rows))


async def _find(parts: Parts, who: auth.Caller, contract_id: str) -> sql.Record:
    row = await store.reading.contract(parts.delivery.pool, store.reading.scope(who), contract_id)
    if row is None:
        raise _not_here()
    return row


def _not_here() -> problems.Problem:
    return problems.Problem(404, "There is no such contract")


def _contract(row: sql.Record, waiting: set[str]) -> dict[str, Any]:
    words = json.loads(row["words"])
    names: Mapping[str, str | None] = words["suppliers"]
    return {
        "title": words["title"],
        "suppliers": [{"id": each, "name": names.get(each)} for each in row["supplier_ids"]],
        "buyer": words["buyer"],
        "published": row["contract_id"] not in waiting,
        **{name: row[name] for name in _SAME},
    }


_SAME: Final = (
    "contract_id",
    "version",
    "authority_id",
    "starts_on",
    "ends_on",
    "ocid",
    "award_id",
)


# --- commitments ---------------------------------------------------------------------------------


@router.post("/contracts/{contract_id}/commitments", status_code=201)
async def post_commitment(
    contract_id: str, given: documents.CommitmentRequest, who: Manager, parts: Given
) -> documents.Commitment:
    """Draft a promise; it binds when a second person has activated it (rule P3)."""
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        rows = await store.fold.commitments(conn, [contract_id])
        if any(each["commitment_id"] == given.commitment_id for each in rows):
            raise problems.Problem(409, "This commitment exists already; PATCH it to change it")
        terms = commitments.structure(row, given.commitment_id, given.measure, given.model_dump())
        title = given.title or commitments.title_of(given.measure)
        draft = commitments.Draft(given.commitment_id, title, terms, reason=given.reason)
        await commitments.propose(conn, row, draft, acting(parts, who))
    parts.delivery.posted.set()
    return await _commitment(parts, contract_id, given.commitment_id)


@router.patch("/contracts/{contract_id}/commitments/{commitment_id}")
async def patch_commitment(
    contract_id: str,
    commitment_id: str,
    given: documents.CommitmentChange,
    who: Manager,
    parts: Given,
) -> documents.Commitment:
    """Draft a new version; what is active stays so until a second person activates it."""
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        rows = await store.fold.commitments(conn, [contract_id])
        own = [each for each in rows if each["commitment_id"] == commitment_id]
        draft = commitments.revise(row, own, given)
        await commitments.propose(conn, row, draft, acting(parts, who))
    parts.delivery.posted.set()
    return await _commitment(parts, contract_id, commitment_id)


@router.post("/contracts/{contract_id}/commitments/{commitment_id}/activate")
async def activate_commitment(
    contract_id: str,
    commitment_id: str,
    who: Approver,
    parts: Given,
    given: documents.Activation | None = None,
) -> documents.Commitment:
    """Approve what was proposed; whoever proposed it may not (rule P3)."""
    read = given.version if given is not None else None
    async with parts.delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        await commitments.activate(conn, row, (commitment_id, read), acting(parts, who))
    parts.delivery.posted.set()
    return await _commitment(parts, contract_id, commitment_id)


async def _lock(conn: sql.Connection, who: auth.Caller, contract_id: str) -> sql.Record:
    row = await store.fold.lock_contract(conn, contract_id)
    if row is None or row["authority_id"] != who.authority_id:
        raise _not_here()
    return row


async def _commitment(parts: Parts, contract_id: str, commitment_id: str) -> documents.Commitment:
    rows = await store.fold.commitments(parts.delivery.pool, [contract_id])
    return next(each for each in _commitments(rows) if each.commitment_id == commitment_id)


def _commitments(rows: Sequence[sql.Record]) -> list[documents.Commitment]:
    found: dict[str, list[sql.Record]] = {}
    for row in rows:
        found.setdefault(row["commitment_id"], []).append(row)
    return [
        documents.Commitment(
            commitment_id=commitment_id,
            title=own[-1]["title"],
            state="active" if any(each["state"] == "active" for each in own) else own[-1]["state"],
            versions=[_version(each) for each in own],
        )
        for commitment_id, own in found.items()
    ]


def _version(row: sql.Record) -> documents.Version:
    terms = store.rows.read_commitment_version(row)
    names = ("measure", "kind", "unit", "target", "profile", "area", "from_")
    same = ("version", "state", "words", "reason")
    people = ("proposed_by", "proposed_at", "approved_by", "approved_at")
    return documents.Version(
        **{name: terms and getattr(terms, name) for name in names},
        **{name: row[name] for name in (*same, *people)},
    )


# --- figures -------------------------------------------------------------------------------------


@router.get("/contracts/{contract_id}/performance")
async def get_performance(
    contract_id: str, who: Reader, parts: Given, as_at: Day | None = None
) -> documents.Performance:
    """Each commitment's figures, now or as they were known at the end of a day."""
    row = await _find(parts, who, contract_id)
    pool = parts.delivery.pool
    titles = _titles(await store.fold.commitments(pool, [contract_id]))
    if as_at is None:
        returns = await store.reading.returns_of(pool, contract_id)
        return figures.show(
            state.from_bytes(row["state"]),
            titles,
            [line for each in returns for line in store.rows.read_lines(each.lines)],
            await store.reading.assessments_of(pool, contract_id),
            None,
        )
    inputs = await store.reading.inputs(pool, contract_id)
    end = calendar.midnight_after(as_at)
    known = next((n for n, each in enumerate(inputs) if each["occurred_at"] >= end), len(inputs))
    folded = await asyncio.to_thread(
        lambda: journal.refold([store.rows.read_entry(each) for each in inputs[:known]])
    )
    if folded.state is None:
        raise problems.Problem(404, "The contract was not known here on that day")
    rated = [row for each in folded.decisions for row in store.rows.assessment_rows(each.outcomes)]
    return figures.show(folded.state, titles, folded.lines.values(), rated, as_at)


def _titles(rows: Sequence[sql.Record]) -> dict[str, str]:
    return {row["commitment_id"]: row["title"] for row in rows}


@router.get("/lines")
async def list_lines(
    who: Reader, parts: Given, wanted: Annotated[documents.LinesWanted, Query()]
) -> lists.Page[documents.LineShown]:
    """Current lines with their results; `state=queried` waits for the council."""
    after = (
        ("", "", "", "")
        if wanted.cursor is None
        else lists.decode_cursor(wanted.cursor, *([str] * 4))
    )
    found = await store.reading.lines(
        parts.delivery.pool,
        store.reading.scope(who),
        (after[0], after[1], after[2], after[3]),
        wanted.limit + 1,
        outcome=wanted.state,
        contract_id=wanted.contract,
    )
    cut, following = lists.cut(found, wanted.limit, lambda each: each.place)
    items = [figures.line_shown(each.place[0], each.line) for each in cut]
    return lists.Page(items=items, next=following)


# --- what people must hear -----------------------------------------------------------------------


@router.get("/alerts")
async def list_alerts(
    who: Reader, parts: Given, wanted: Annotated[documents.AlertsWanted, Query()]
) -> lists.Page[documents.Alert]:
    """Alerts in words, the newest first."""
    rows = await store.reading.alerts(
        parts.delivery.pool,
        store.reading.scope(who),
        _place(wanted.cursor),
        wanted.limit + 1,
        kind=wanted.kind,
        contract_id=wanted.contract,
    )
    cut, following = lists.cut(
        rows, wanted.limit, lambda row: _key(row["raised_at"], row["event_id"])
    )
    titles: dict[str, dict[str, str]] = {}
    for row in await store.fold.commitments(
        parts.delivery.pool, sorted({r["contract_id"] for r in cut})
    ):
        titles.setdefault(row["contract_id"], {})[row["commitment_id"]] = row["title"]
    return lists.Page(
        items=[_alert(row, titles.get(row["contract_id"], {})) for row in cut], next=following
    )


def _alert(row: sql.Record, titles: Mapping[str, str]) -> documents.Alert:
    said = events.read(row["body"])
    assert isinstance(said, events.AlertRaised)
    return wording.describe(said, wording.names(json.loads(row["words"]), titles))


@router.get("/cases")
async def list_cases(
    who: Reader, parts: Given, wanted: Annotated[documents.CasesWanted, Query()]
) -> lists.Page[documents.Case]:
    """Shortfall and no-data cases as they stand, the oldest first."""
    rows = await store.reading.cases_of(
        parts.delivery.pool,
        store.reading.scope(who),
        _place(wanted.cursor),
        wanted.limit + 1,
        state=wanted.state,
        contract_id=wanted.contract,
    )
    cut, following = lists.cut(
        rows, wanted.limit, lambda row: _key(row["opened_at"], row["case_id"])
    )
    items = [documents.Case(**row, is_open=cases.is_open(row["state"])) for row in cut]
    return lists.Page(items=items, next=following)


def _key(moment: datetime, named: UUID) -> tuple[str, str]:
    return moment.isoformat(), str(named)


def _place(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Inverse of `_key`. Raises a `400` problem."""
    if cursor is None:
        return None
    moment, named = lists.decode_cursor(cursor, str, str)
    try:
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("a moment without a zone is none")
        return at.astimezone(UTC), UUID(named)
    except (ValueError, OverflowError):
        raise problems.Problem(400, "The cursor cannot be read") from None


def acting(parts: Parts, who: auth.Caller) -> publication.Acting:
    return publication.Acting(who, parts.clock.now())
