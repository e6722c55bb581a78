"""Commitments for programs: drafted and changed by one person, activated by another (rule P3)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from services.verification import store
from services.verification.api import documents, refusals
from services.verification.api.dependencies import Approver, Dependencies, Injected, Manager
from services.verification.register import commitments
from services.verification.register.commitments import Approval, Draft
from services.verification.register.refusals import Refusal
from shared import catalogue, sql
from shared.web import auth, problems

router = APIRouter(prefix="/api/v1/contracts/{contract_id}/commitments")


@router.post("", status_code=201)
async def post_commitment(
    contract_id: str, body: documents.CommitmentRequest, who: Manager, dependencies: Injected
) -> documents.Commitment:
    """Draft a commitment; it binds when a second person has activated it (rule P3)."""
    delivery = dependencies.delivery
    async with delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        known = await store.register.list_commitments(conn, [contract_id])
        if any(each["commitment_id"] == body.commitment_id for each in known):
            raise refusals.problem(Refusal("commitment_known"))
        version = commitments.structure(row, body.commitment_id, body.measure, body.model_dump())
        if isinstance(version, Refusal):
            raise refusals.problem(version)
        title = body.title or catalogue.by_code[body.measure].title
        draft = Draft(body.commitment_id, title, version, reason=body.reason)
        proposed = await commitments.propose(conn, row, draft, dependencies.acting(who))
        if isinstance(proposed, Refusal):
            raise refusals.problem(proposed)
    delivery.posted.set()
    return await _get(dependencies, contract_id, body.commitment_id)


@router.patch("/{commitment_id}")
async def patch_commitment(
    contract_id: str,
    commitment_id: str,
    body: documents.CommitmentChange,
    who: Manager,
    dependencies: Injected,
) -> documents.Commitment:
    """Draft a new version; what is active stays so until a second person activates it."""
    delivery = dependencies.delivery
    async with delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        known = await store.register.list_commitments(conn, [contract_id])
        own = [each for each in known if each["commitment_id"] == commitment_id]
        draft = commitments.revise(row, own, body.model_dump(exclude_none=True))
        if isinstance(draft, Refusal):
            raise refusals.problem(draft)
        proposed = await commitments.propose(conn, row, draft, dependencies.acting(who))
        if isinstance(proposed, Refusal):
            raise refusals.problem(proposed)
    delivery.posted.set()
    return await _get(dependencies, contract_id, commitment_id)


@router.post("/{commitment_id}/activate")
async def activate_commitment(
    contract_id: str,
    commitment_id: str,
    who: Approver,
    dependencies: Injected,
    body: documents.Activation | None = None,
) -> documents.Commitment:
    """Approve what was proposed; the person who proposed it may not (rule P3)."""
    approval = Approval(commitment_id, body.version if body is not None else None)
    delivery = dependencies.delivery
    async with delivery.pool.acquire() as conn, conn.transaction():
        row = await _lock(conn, who, contract_id)
        refusal = await commitments.activate(conn, row, approval, dependencies.acting(who))
        if refusal is not None:
            raise refusals.problem(refusal)
    delivery.posted.set()
    return await _get(dependencies, contract_id, commitment_id)


async def _lock(conn: sql.Connection, who: auth.Caller, contract_id: str) -> sql.Record:
    row = await store.register.lock_contract(conn, contract_id)
    if row is None or row["authority_id"] != who.authority_id:
        raise no_such_contract()
    return row


def no_such_contract() -> problems.Problem:
    """Also for a contract that the caller may not see."""
    return problems.Problem(404, "There is no such contract")


async def _get(
    dependencies: Dependencies, contract_id: str, commitment_id: str
) -> documents.Commitment:
    rows = await store.register.list_commitments(dependencies.delivery.pool, [contract_id])
    return next(each for each in shown(rows) if each.commitment_id == commitment_id)


def shown(rows: Sequence[sql.Record]) -> list[documents.Commitment]:
    """Commitments with their versions. `rows`: versions, by commitment, in order."""
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


def titles(rows: Sequence[sql.Record]) -> dict[str, str]:
    """The title of each commitment, as its newest version has it."""
    return {row["commitment_id"]: row["title"] for row in rows}


def _version(row: sql.Record) -> documents.Version:
    version = store.rows.read_commitment_version(row)
    figures = ("measure", "kind", "unit", "target", "profile", "area", "from_")
    words = ("version", "state", "words", "reason")
    people = ("proposed_by", "proposed_at", "approved_by", "approved_at")
    return documents.Version(
        **{name: version and getattr(version, name) for name in figures},
        **{name: row[name] for name in (*words, *people)},
    )
